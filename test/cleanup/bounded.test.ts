/** However much lies below a root, and however slow whoever listens is. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { childrenOf } from "../../agent/host/process.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { builtSweeper, lookAt, makeTree } from "./looking.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-bounded-"));
const program = join(folder, "swap");

before(async () => {
  chmodSync(folder, 0o755);
  execFileSync("cc", ["-O1", "-o", program, join(import.meta.dirname, "swap.c")]);
  await builtSweeper();
});
after(() => rmSync(folder, { recursive: true, force: true }));

function files(account: TestAccount, place: string, count: number): void {
  const words = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups", program, "files", place];
  execFileSync("setpriv", [...words, `${count}`]);
}

const statusOf = (pid: number, word: string) =>
  new RegExp(`^${word}:\\s*(\\S+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";

/** The sweeper: the only child of this process that is the account's. */
function sweeperOf(account: TestAccount): number {
  const pid = childrenOf(process.pid).find((one) => statusOf(one, "Uid") === `${account.uid}`);
  assert.ok(pid, "no sweeper runs");
  return pid;
}

test("200,000 entries in one folder take no more memory than 2,000, and far less than 120 MB", {
  skip: noAccounts,
}, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const peaks: number[] = [];
  for (const [place, count] of [
    ["few", 2_000],
    ["many", 200_000],
  ] as const) {
    files(account, tree.folder(place), count);
    let [entries, peak, batches] = [0, 0, 0];
    const take = (batch: readonly unknown[]) => {
      entries += batch.length;
      batches += 1;
      if (batches % 4 === 1) peak = Math.max(peak, Number(statusOf(sweeperOf(account), "VmHWM")));
    };
    const { looked } = await lookAt({ root: join(tree.root, place) }, account, { take });
    assert.deepEqual([looked.kind, looked.message, entries], ["looked", "", count]);
    peaks.push(peak / 1024);
  }
  const [few = 0, many = 0] = peaks;
  assert.ok(few > 20 && many < 120 && many < few + 30, `${few} MiB for 2,000 entries, ${many} MiB for 200,000`);
});

test("a look waits for whoever listens, and goes on where it was", { skip: noAccounts }, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  files(account, tree.root, 20_000);
  let [entries, taken] = [0, 0];
  const take = async (batch: readonly unknown[]) => {
    entries += batch.length;
    taken += 1;
    if (taken > 1) return;
    const pid = sweeperOf(account);
    // It sleeps for good once the pipe is full: its processor time no longer grows.
    for (let [before, same] = ["", 0]; same < 50; ) {
      await setImmediate();
      const now = readFileSync(`/proc/${pid}/stat`, "utf8");
      same = now === before && / S /.test(now) ? same + 1 : 0;
      before = now;
    }
    assert.equal(taken, 1);
  };
  const { looked } = await lookAt({ root: tree.root }, account, { take });
  assert.deepEqual([looked.kind, entries], ["looked", 20_000]);
});

test("who is called off, is late or cannot listen leaves no sweeper behind", { skip: noAccounts }, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  files(account, tree.root, 2_000);
  const none = () =>
    assert.deepEqual(
      childrenOf(process.pid).filter((one) => statusOf(one, "Uid") === `${account.uid}`),
      [],
    );
  const controller = new AbortController();
  const forever = new Promise<void>(() => {});
  const calledOff = await lookAt({ root: tree.root }, account, {
    signal: controller.signal,
    take: () => {
      controller.abort();
      return forever;
    },
  });
  assert.deepEqual(calledOff.looked, { kind: "failed", message: "it was called off" });
  none();
  const late = await lookAt({ root: tree.root }, account, { deadlineMs: 1_500, take: () => forever });
  assert.deepEqual(late.looked, { kind: "timed-out", message: "it took longer than the time for it" });
  none();
  const take = () => {
    throw new Error("no room");
  };
  await assert.rejects(lookAt({ root: tree.root }, account, { take }), /no room/);
  none();
});
