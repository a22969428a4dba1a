/** What happens on a disk of its own, a small tmpfs at the given folder: `node disk.ts SCENARIO FOLDER`. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import type { Store } from "../../../agent/store/index.ts";
import { answered, asVersion1, release } from "./releases.ts";
import { all, commitSome, committed, finding, open, opened, refusal, startMs } from "./state.ts";

const [scenario = "", disk = ""] = process.argv.slice(2);
const folder = `${disk}/state`;
const ballast = `${disk}/ballast`;

/** Leaves so many bytes free. */
function fill(leave: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leave), 1));
}

/** Commits until it is refused; how many there are then, and the refusal. */
function untilRefused(store: Store): { code: string; message: string } {
  for (let at = 1; at < 100_000; at++) {
    const state = finding(at);
    const outcome = store.commit({ nowMs: startMs, put: [state], events: [opened(state, 2000)] });
    if (outcome.kind === "refused") return outcome;
  }
  throw new Error("the disk never filled");
}

const numbers = (store: Store) => all(store).map(({ seq }) => seq);
const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

const scenarios: Record<string, () => void> = {
  "full at commit"() {
    const store = open(folder);
    fill(3_000_000);
    const { code, message } = untilRefused(store);
    assert.equal(code, "full");
    assert.match(message, new RegExp(`^${folder}: expected to write the state, found ".*"; make room there$`));
    const { seq } = store.head;
    assert.ok(seq > 100, `${seq} events on 3 MB`);
    assert.deepEqual(numbers(store), upTo(seq));
    assert.equal(store.findings().length, seq);
    for (let times = 0; times < 20; times++) {
      const again = store.commit({ nowMs: startMs, events: [opened(finding(1), 100_000)] });
      assert.ok(again.kind === "refused" && again.code === "full");
    }
    assert.deepEqual(store.head.seq, seq);
    rmSync(ballast);
    commitSome(store, 200_000, 200_009);
    assert.deepEqual(numbers(store), upTo(seq + 10));
    store.close();
    using later = open(folder);
    assert.deepEqual(later.notices, []);
    assert.deepEqual(numbers(later), upTo(seq + 10));
    assert.equal(later.findings().length, seq + 10);
  },

  "the queue drains on a full disk, and the cap makes room"() {
    const store = open(folder);
    fill(3_000_000);
    assert.equal(untilRefused(store).code, "full");
    const { head } = store;
    const page = store.events(null);
    assert.ok(page.events.length > 100);
    rmSync(ballast);
    fill(400_000);
    assert.equal(store.acknowledge("engine", page.through), null);
    assert.deepEqual(store.cursor("engine"), page.through);
    const [lost] = committed(store.housekeeping(startMs, 500_000));
    assert.equal(lost?.type, "events.lost");
    assert.equal(lost.seq, head.seq + 1);
    commitSome(store, 1, 50);
    store.close();
  },

  "releases on a full disk, and an older database"() {
    const store = open(folder);
    fill(3_000_000);
    assert.equal(untilRefused(store).code, "full");
    const { head } = store;
    const rows = Array.from({ length: 4000 }, (_, at) => release(`${at}.arc`));
    const outcome = store.commit({ nowMs: startMs, releases: rows, marks: { told: "7" }, events: [answered(rows[0])] });
    assert.equal(outcome.kind === "refused" && outcome.code, "full");
    assert.deepEqual([store.releases(), store.mark("told"), store.head], [[], null, head], "all of it or nothing");
    store.close();
    rmSync(ballast);
    asVersion1(folder);
    fill(0);
    assert.equal(refusal(folder).code, "full");
    rmSync(ballast);
    using later = open(folder);
    committed(later.commit({ nowMs: startMs, releases: rows }));
    assert.equal(later.releases().length, 4000);
    assert.deepEqual(later.notices, []);
  },

  "full at open"() {
    fill(0);
    assert.equal(refusal(folder).code, "full");
    rmSync(ballast);
    const store = open(folder);
    commitSome(store, 1, 5);
    const { epoch } = store;
    store.close();
    fill(0);
    const { code, message } = refusal(folder);
    assert.equal(code, "full");
    assert.match(message, /make room there$/);
    rmSync(ballast);
    using later = open(folder);
    assert.deepEqual(later.notices, []);
    assert.ok(later.epoch.n > epoch.n);
    assert.deepEqual(numbers(later), upTo(5));
  },

  "damaged and full"() {
    const store = open(folder);
    commitSome(store, 1, 50);
    store.close();
    const path = `${folder}/state.db`;
    writeFileSync(path, readFileSync(path).fill(0x55, 0, 100));
    fill(60_000);
    const { code } = refusal(folder);
    assert.equal(code, "full");
    rmSync(ballast);
    using later = open(folder);
    assert.equal(later.findings().length, 50, "a try that failed has lost nothing");
    assert.equal(later.notices.length, 1);
  },

  "read-only at open"() {
    const store = open(folder);
    commitSome(store, 1, 5);
    store.close();
    const before = readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, "latin1")]);
    execFileSync("mount", ["-o", "remount,ro", disk]);
    const { code, message } = refusal(folder);
    assert.equal(code, "read-only");
    assert.match(message, /expected to write the state, found "EROFS: read-only file system.*"; make it writable/);
    assert.equal(refusal(`${disk}/new`).code, "read-only");
    execFileSync("mount", ["-o", "remount,rw", disk]);
    assert.deepEqual(
      readdirSync(folder).map((name) => [name, readFileSync(`${folder}/${name}`, "latin1")]),
      before,
    );
    using later = open(folder);
    assert.deepEqual(numbers(later), upTo(5));
  },

  "input/output errors"() {
    const control = process.env.RCWARDEN_FAIL ?? "";
    let told = 0;
    let store = open(folder);
    for (const [call, errno, code] of [
      ["fdatasync", 5, "failed"],
      ["pwrite", 5, "failed"],
      ["pwrite", 28, "full"],
      ["fdatasync", 28, "failed"],
    ] as const) {
      commitSome(store, 1, 3);
      told += 3;
      writeFileSync(control, `${call} ${errno}`);
      for (let times = 0; times < 3; times++) {
        const outcome = store.commit({ nowMs: startMs, put: [finding(9000)], events: [opened(finding(9000))] });
        assert.ok(outcome.kind === "refused", `${call} ${errno}`);
        assert.equal(outcome.code, code, outcome.message);
      }
      const asKilled = `${disk}/as-killed`;
      cpSync(folder, asKilled, { recursive: true });
      rmSync(control);
      const after = open(asKilled);
      assert.equal(all(after).length, told, `a kill brings back what was refused for ${call} ${errno}`);
      after.close();
      rmSync(asKilled, { recursive: true });
      assert.equal(all(store).length, told, `nothing of what was refused is there after ${call} ${errno}`);
      assert.ok(
        !store.findings().some(({ finding: { fingerprint } }) => fingerprint === finding(9000).finding.fingerprint),
      );
      commitSome(store, 4, 5);
      told += 2;
      writeFileSync(control, `${call} ${errno}`);
      assert.equal(store.commit({ nowMs: startMs, put: [finding(9000)] }).kind, "refused");
      store.close();
      rmSync(control);
      store = open(folder);
      assert.deepEqual(store.notices, []);
      assert.equal(all(store).length, told, `nor after a start`);
      assert.equal(store.findings().length, 5);
    }
    store.close();
  },
};

const run = scenarios[scenario];
assert.ok(run !== undefined, `no scenario ${scenario}`);
run();
console.log("came to its end");
