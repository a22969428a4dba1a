/**
 * Death at every step: of the sweeper before each of its calls, of what puts back before each of its own, and of the process
 * that writes the journal before each call to the disk. Whatever was begun is decided afterwards, nothing is removed
 * without an intent, and nothing lies in quarantine for ever.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { AskedGroup, AskedIntent, SweepRequest } from "../../agent/cleanup/asked.ts";
import { readJournal, verifyJournal } from "../../agent/cleanup/journal-read.ts";
import { openJournal } from "../../agent/cleanup/journal-writer.ts";
import type { FileOutcome } from "../../agent/cleanup/outcome.ts";
import type { Candidate, Seen } from "../../agent/cleanup/plan.ts";
import { recoverBelow } from "../../agent/cleanup/recover.ts";
import { heardOf } from "../../agent/cleanup/said-door.ts";
import { settleBelow } from "../../agent/cleanup/settle.ts";
import { sweep } from "../../agent/cleanup/sweeping.ts";
import { enterPath } from "../../agent/host/enter.ts";
import { addonPath } from "../../agent/host/native.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { isLong } from "./attacking.ts";
import { HeldFile } from "./judged.ts";
import { builtSweeper, makeTree, type Tree } from "./looking.ts";
import { asAccount, type CallName, calling } from "./seam.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };

class Death extends Error {}

const dyingAt = (place: number) => (at: number) => {
  if (at === place) throw new Death();
  return undefined;
};

/** Three files to go, and one that stays. */
class World implements Disposable {
  readonly account: TestAccount;
  readonly tree: Tree;
  readonly planned: readonly HeldFile[];
  readonly precious: HeldFile;
  readonly #places: readonly string[];
  intent: AskedIntent | null = null;

  constructor(account: TestAccount) {
    this.account = account;
    this.tree = makeTree(account);
    this.#places = ["a", "d/b", "d/c"].map((path) => this.tree.file(path, path));
    this.planned = this.#places.map((path) => new HeldFile(path));
    this.precious = new HeldFile(this.tree.file("d/g"));
  }

  get #request() {
    const { uid, home } = this.account;
    return { root: this.tree.root, uid, home };
  }

  /** One life of the sweeper; what it said of the group before it died. */
  sweep(place: number): {
    readonly trace: readonly CallName[];
    readonly lookedAt: number;
    readonly said: readonly FileOutcome[];
  } {
    const pace = { filesPerSecond: 1_000_000, readBytesPerSecond: 2 ** 40 };
    const request: SweepRequest = { kind: "sweep", ...this.#request, depth: 2, match: ["*"], prepare: true, pace };
    const files: Candidate[] = [];
    let lookedAt = 0;
    let asked: AskedGroup | null = null;
    const life = this.#live(request, place, {
      seen: (candidates) => files.push(...candidates),
      looked: (identity, at) => {
        lookedAt = at;
        this.intent = { intent: 7, files, rootIdentity: identity };
        asked = { intent: 7, files };
      },
      next: () => {
        const line = asked === null ? null : JSON.stringify(asked);
        asked = null;
        return line;
      },
    });
    return { ...life, lookedAt };
  }

  /** One life of what puts back. */
  recover(place: number): {
    readonly trace: readonly CallName[];
    readonly said: readonly FileOutcome[];
    readonly strangers: number;
  } {
    const lines = [JSON.stringify(this.intent), "null"];
    const life = this.#live({ kind: "recover", ...this.#request }, place, { next: () => lines.shift() ?? null });
    return life;
  }

  #live(
    request: SweepRequest,
    place: number,
    hear: {
      seen?(candidates: readonly Candidate[]): void;
      looked?(identity: { readonly dev: string; readonly ino: string }, at: number): void;
      next(): string | null;
    },
  ) {
    const trace: CallName[] = [];
    let said: readonly FileOutcome[] = [];
    let strangers = 0;
    const say = (what: unknown) => {
      const heard = heardOf(Buffer.from(JSON.stringify(what)), 2);
      if (heard.kind === "odd") throw new Error(heard.message);
      if (heard.kind === "seen") hear.seen?.(this.#candidates(heard.batch));
      if (heard.kind === "looked") hear.looked?.(heard.root, trace.length);
      if (heard.kind === "done") said = heard.outcomes;
      if (heard.kind === "strangers") strangers = heard.count;
    };
    // The account may not enter the folder in which the addon lies.
    const calls = calling(dyingAt(place), trace);
    try {
      asAccount(this.account, () => sweep(request, { say, hear: hear.next }, calls));
    } catch (error) {
      if (!(error instanceof Death)) throw error;
    }
    return { trace, said, strangers };
  }

  #candidates(batch: readonly Seen[]): readonly Candidate[] {
    const keys = this.planned.map(({ key }) => key);
    return batch
      .filter(({ identity: { dev, ino } }) => keys.includes(`${dev}:${ino}`))
      .map(({ path, identity }) => ({ path, identity, content: { kind: "as-seen" } }));
  }

  /** After all is told: each file is where it was, or gone and never said to be removed by who does not know. */
  judge(told: readonly FileOutcome[], where: string): void {
    assert.equal(told.length, this.planned.length, where);
    assert.deepEqual(readdirSync(join(this.tree.root, ".rcwarden-quarantine")), [], where);
    assert.equal(this.precious.now().place, this.precious.place, where);
    const byKey = new Map(this.planned.map((held, at) => [held.key, { held, path: this.#places[at] }]));
    for (const { at, outcome } of told) {
      const identity = this.intent?.files[at]?.identity;
      const { held, path } = byKey.get(`${identity?.dev}:${identity?.ino}`) ?? {};
      assert.ok(held !== undefined);
      const { isGone, place } = held.now();
      assert.equal(isGone, outcome === "gone-unconfirmed" || outcome === "removed", `${where}: ${outcome} ${place}`);
      if (!isGone) assert.equal(place, path, where);
    }
  }

  [Symbol.dispose](): void {
    for (const held of [...this.planned, this.precious]) held[Symbol.dispose]();
    this.tree[Symbol.dispose]();
  }
}

/** Where a life may end so that it makes a difference: from the look's end on. */
function deathsOf(account: TestAccount): { readonly trace: readonly CallName[]; readonly places: readonly number[] } {
  using world = new World(account);
  const { trace, lookedAt, said } = world.sweep(-1);
  assert.deepEqual(
    said.map(({ outcome }) => outcome),
    ["removed", "removed", "removed"],
  );
  const places = trace.flatMap((name, at) =>
    at >= lookedAt && (name !== "statAt" || trace[at - 1] !== name) ? [at] : [],
  );
  return { trace, places: [...places, trace.length] };
}

test(
  "the sweeper dies before any of its calls: all is put back or told as gone, and none as removed",
  root,
  async (t) => {
    await using account = await makeAccount({ home: "empty" });
    const outcomes = new Map<string, number>();
    const { trace, places } = deathsOf(account);
    for (const place of places) {
      using world = new World(account);
      world.sweep(place);
      const { said, strangers } = world.recover(-1);
      const where = `it died before call ${place} (${trace[place] ?? "its end"})`;
      world.judge(said, where);
      assert.equal(strangers, 0, where);
      for (const { outcome } of said) {
        assert.notEqual(outcome, "removed", where);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }
      assert.deepEqual(
        world.recover(-1).said.map(({ outcome }) => outcome.replace("put-back", "kept")),
        said.map(({ outcome }) => outcome.replace("put-back", "kept")),
        `${where}: a second recovery found something else`,
      );
    }
    t.diagnostic(`${places.length} deaths: ${JSON.stringify(Object.fromEntries(outcomes))}`);
    for (const each of ["kept", "put-back", "gone-unconfirmed"]) assert.ok(outcomes.has(each), `nothing was ${each}`);
  },
);

test("who puts back dies before any of its calls: the next one comes to the end", root, async (t) => {
  await using account = await makeAccount({ home: "empty" });
  const { trace, places } = deathsOf(account);
  const taken = trace.flatMap((name, at) => (name === "moveAt" || name === "removeAt" ? [at + 1] : []));
  let deaths = 0;
  for (const place of isLong ? places : taken) {
    let calls = 1;
    for (let second = 0; second < calls; second++) {
      using world = new World(account);
      world.sweep(place);
      const first = world.recover(second);
      const { said, strangers } = world.recover(-1);
      world.judge(
        said,
        `it died before call ${place}, and who put back before call ${second} (${first.trace.join(" ")})`,
      );
      assert.equal(strangers, 0);
      if (second === 0) {
        using other = new World(account);
        other.sweep(place);
        calls = other.recover(-1).trace.length;
      }
      deaths += 1;
    }
  }
  t.diagnostic(`${deaths} deaths`);
  assert.ok(deaths > taken.length);
});

const folder = mkdtempSync(join(tmpdir(), "rcwarden-death-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Three groups of them. */
const files = 520;

/** Whoever was at work for the process that is dead ends by itself. */
async function endOf({ uid }: TestAccount): Promise<void> {
  const deadline = performance.now() + 60_000;
  const runs = () => readdirSync("/proc").some((pid) => /^\d+$/.test(pid) && isRunning(pid, uid));
  while (runs()) {
    assert.ok(performance.now() < deadline, "the sweeper of a process that is dead runs on");
    await setImmediate();
  }
}

function isRunning(pid: string, uid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return new RegExp(`^Uid:\\s+${uid}\\s`, "m").test(status) && !/^State:\s+Z/m.test(status);
  } catch {
    return false;
  }
}

/** A process that removes the files of a tree with a journal on the disk, until it kills itself before this call to the disk. */
async function live(
  account: TestAccount,
  tree: Tree,
  journal: string,
  call: number,
): Promise<{ isKilled: boolean; calls: number }> {
  const { name, uid, gid, home } = account;
  const as = JSON.stringify({ name, uid, gid, home });
  const parts = [await builtSweeper(), addonPath(), enterPath()];
  const words = [join(import.meta.dirname, "ask-dying.ts"), tree.root, as, journal, `${call}`, ...parts];
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, words, { encoding: "utf8", timeout: 60_000 });
  assert.ok(signal === "SIGKILL" || status === 0, `${status} ${signal} ${stderr}`);
  return { isKilled: signal === "SIGKILL", calls: Number(stdout.trim() || "0") };
}

test("who writes the journal dies before any call to the disk: nothing went without an intent", root, async (t) => {
  await using account = await makeAccount({ home: "empty" });
  const totals: Record<string, number> = {};
  for (let call = 1, isOver = false; !isOver; call += isLong ? 1 : 2) {
    using tree = makeTree(account);
    const held = Array.from({ length: files }, (_, at) => new HeldFile(tree.file(`${at}.arc`, `${at}`)));
    const kept = new HeldFile(tree.file("kept.log"));
    try {
      const place = join(folder, `${call}`);
      isOver = !(await live(account, tree, place, call)).isKilled;
      await endOf(account);
      const opened = openJournal(place);
      assert.ok(opened.kind === "journal");
      using journal = opened.journal;
      const begun = new Set(journal.open().flatMap((each) => each.files.map(({ identity }) => identity.ino)));
      const script = await builtSweeper();
      const whole = { ...account, groups: [account.gid], shell: "/bin/sh" };
      const problems = await settleBelow(tree.root, journal, {
        account: async () => whole,
        recover: (below, as, open) => recoverBelow({ root: below }, as, open, { deadlineMs: 60_000, script }),
      });
      assert.deepEqual(problems, []);
      assert.equal(journal.state().openIntents, 0);
      assert.equal(verifyJournal(place).kind, "whole");
      const read = readJournal(place, {});
      assert.ok(read.kind === "entries");
      const told = new Map(
        [...read.entries].flatMap((each) => each.files.map((file) => [file.identity.ino, file] as const)),
      );
      for (const each of held) {
        const { isGone, place: now } = each.now();
        const said = told.get(`${each.was.ino}`)?.outcome ?? "never begun";
        assert.equal(isGone, said === "removed" || said === "gone-unconfirmed", `before call ${call}: ${said}, ${now}`);
        if (!isGone) assert.equal(now, each.place);
        if (said === "removed")
          assert.ok(!begun.has(`${each.was.ino}`), "a file that was left open is said to be removed");
        totals[said] = (totals[said] ?? 0) + 1;
      }
      assert.equal(kept.now().place, kept.place);
      const quarantine = join(tree.root, ".rcwarden-quarantine");
      assert.deepEqual(readdirSync(tree.root).includes(".rcwarden-quarantine") ? readdirSync(quarantine) : [], []);
    } finally {
      for (const each of [...held, kept]) each[Symbol.dispose]();
    }
  }
  t.diagnostic(JSON.stringify(totals));
  assert.ok((totals["never begun"] ?? 0) > 0 && (totals.removed ?? 0) > 0, "it never died in the midst");
});
