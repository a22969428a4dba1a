/** plan, apply and journal as somebody types them, without an agent: real files, the real child, a real state folder. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Applying, quarantineName, recoverBelow, type Sweeping, sweepBelow } from "../../agent/cleanup/index.ts";
import type { Parts } from "../../agent/cli/parts.ts";
import { realCleanup } from "../../agent/cli/real-cleanup.ts";
import type { Retention } from "../../agent/documents/index.ts";
import { openStore, releaseKey, type StoredRelease } from "../../agent/store/index.ts";
import { builtSweeper, makeTree, type Tree } from "../cleanup/looking.ts";
import { hexPath, minuteMs, retentionOf } from "../cleanup/support.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { granted, withRetentions } from "./support/cleanup-documents.ts";
import { call, partsOf, root } from "./support/world.ts";

const skip = noAccounts;
const dayMs = 86_400_000;

interface Ground extends AsyncDisposable {
  readonly account: TestAccount;
  readonly tree: Tree;
  readonly state: string;
  /** Of an account's Retention for this tree; a day later, for nobody can set when an inode changed. */
  parts(retention: Partial<Retention>, sweeping?: (real: Sweeping) => Sweeping): Promise<Parts>;
}

async function ground(): Promise<Ground> {
  const account = await makeAccount({ home: "empty" });
  const tree = makeTree(account);
  const state = mkdtempSync(join(tmpdir(), "rcwarden-by-hand-"));
  const parts: Ground["parts"] = async (other, sweeping = (real) => real) => {
    const script = await builtSweeper();
    const retention = retentionOf({ account: account.name, root: tree.root, releasedBy: [], ...other });
    const allowed = { account: account.name, below: tree.above, apply: "by-hand", releasesFrom: "engine" } as const;
    const { name, uid, gid, home } = account;
    const whose = { name, uid, gid, home, groups: [gid], shell: "/bin/sh" };
    const world = { accounts: [root, whose], documents: withRetentions(retention)(granted([allowed])) };
    return {
      ...partsOf(world),
      now: () => new Date(Date.now() + dayMs),
      sweepBelow: (toLookAt, as, real) => sweepBelow(toLookAt, as, { ...sweeping(real), script }),
      cleanup: async () => ({
        ...realCleanup,
        recover: (below, as, open) => recoverBelow({ root: below }, as, open, { deadlineMs: 60_000, script }),
      }),
    };
  };
  return {
    ...{ account, tree, state, parts },
    async [Symbol.asyncDispose]() {
      tree[Symbol.dispose]();
      rmSync(state, { recursive: true, force: true });
      await account[Symbol.asyncDispose]();
    },
  };
}

function filesIn({ root: path }: Tree): readonly string[] {
  return readdirSync(path)
    .filter((name) => name !== quarantineName)
    .sort();
}

/** Runs what the plan's last line says. */
async function planned(parts: Parts, state: string): Promise<readonly string[]> {
  const { stdout, stderr, exit } = await call(["cleanup", "plan", "--state", state], parts);
  assert.deepEqual([stderr, exit], ["", 0]);
  const [, command] = /rcwarden (cleanup apply --plan [0-9a-f]{12} --state \S+)$/m.exec(stdout) ?? [];
  assert.ok(command !== undefined, stdout);
  return command.split(" ");
}

test("what a plan said goes by its hash, what changed since stays, and the journal tells of each", {
  skip,
}, async () => {
  await using here = await ground();
  const { tree, state } = here;
  for (const name of ["a.arc", "b.arc", "c.arc", "notes"]) tree.file(name, name);
  const parts = await here.parts({});
  const apply = await planned(parts, state);
  assert.deepEqual(filesIn(tree), ["a.arc", "b.arc", "c.arc", "notes"]);
  assert.deepEqual(readdirSync(tree.root).includes(quarantineName), false, "a plan makes nothing");
  tree.file("b.arc", "written since");
  tree.file("d.arc", "came since");
  const { stdout, stderr, exit } = await call(apply, parts);
  assert.deepEqual([stderr, exit], ["", 1], stdout);
  assert.match(stdout, /removed +2 files/);
  assert.match(stdout, /1 file of the plan was left alone: changed or gone since/);
  assert.deepEqual(filesIn(tree), ["b.arc", "d.arc", "notes"]);
  assert.equal(readFileSync(join(tree.root, "b.arc"), "utf8"), "written since");
  const journal = await call(["cleanup", "journal", "--state", state, "--json"], parts);
  const told = journal.stdout.trim().split("\n");
  assert.deepEqual(
    told.map((line) => /"outcome":"([a-z-]+)".*"path":"([^"]+)"/.exec(line)?.slice(1).join(" ")).sort(),
    ["removed a.arc", "removed c.arc"],
  );
  assert.equal((await call(["cleanup", "journal", "--state", state, "--verify"], parts)).exit, 0);
  const again = await call(apply, parts);
  assert.equal(again.exit, 1);
  assert.deepEqual(filesIn(tree), ["b.arc", "d.arc", "notes"]);
});

test("all of a plan gone is exit 0, and its JSON says so", { skip }, async () => {
  await using here = await ground();
  here.tree.file("a.arc", "12345");
  const parts = await here.parts({});
  const { stdout, exit } = await call([...(await planned(parts, here.state)), "--json"], parts);
  assert.equal(exit, 0);
  const { outcomes, planned: count, leftAlone, unfinished } = JSON.parse(stdout);
  assert.deepEqual(outcomes, [{ outcome: "removed", code: null, files: 1, bytes: 5 }]);
  assert.deepEqual([count, leftAlone, unfinished], [1, 0, ""]);
});

/** As a process that ends once files are gone and before it wrote that down. */
function dying(whole: Applying): Applying {
  return {
    limits: whole.limits,
    decide: (at) => whole.decide(at),
    intend: (files) => whole.intend(files),
    settle() {
      throw new Error("it died");
    },
  };
}

test("what a run left open when it died is settled before the next one, and nothing is lost by it", {
  skip,
}, async () => {
  await using here = await ground();
  const { tree, state } = here;
  for (let at = 0; at < 300; at++) tree.file(`${at}.arc`, `${at}`);
  const dies = await here.parts({}, (real) =>
    real.apply === undefined ? real : { ...real, apply: dying(real.apply) },
  );
  const apply = await planned(dies, state);
  const died = await call(apply, dies);
  assert.equal(died.exit, 3, died.stdout + died.stderr);
  const left = filesIn(tree).length;
  assert.ok(left < 300, "it had begun");
  const parts = await here.parts({});
  const { stdout, stderr, exit } = await call(apply, parts);
  assert.deepEqual([stderr, exit], ["", 1], stdout);
  assert.deepEqual(filesIn(tree), []);
  assert.deepEqual(readdirSync(join(tree.root, quarantineName)), []);
  const journal = await call(["cleanup", "journal", "--state", state], parts);
  assert.doesNotMatch(journal.stdout, / open /);
  const gone = await call(["cleanup", "journal", "--state", state, "--outcome", "gone-unconfirmed"], parts);
  assert.ok(gone.stdout.includes("gone-unconfirmed"), "what it removed and never told is not told as removed");
});

test("of a state at rest releases count: by content, and what another content has is put back", { skip }, async () => {
  await using here = await ground();
  const { tree, state, account } = here;
  for (const name of ["a.arc", "b.arc", "c.arc"]) tree.file(name, `copy of ${name}`);
  const retention = retentionOf({ account: account.name });
  const release = (name: string, content: string): StoredRelease => {
    const digest = createHash("sha256").update(content).digest("hex");
    const size = String(Buffer.byteLength(`copy of ${name}`));
    const says = { retention: retention.name, path: hexPath(name), size, content: { kind: "sha256", digest } } as const;
    const times = { receivedAt: new Date().toISOString(), expiresAt: new Date(Date.now() + 9 * dayMs).toISOString() };
    const by = { kind: "engine", name: "engine" } as const;
    return { key: releaseKey(says), ...says, account: account.name, by, ...times, answer: "accepted" };
  };
  mkdirSync(state, { recursive: true });
  const opened = openStore({ folder: state, instance: "host", nowMs: Date.now(), program: "0.1.0" });
  assert.ok(opened.kind !== "refused");
  const releases = [release("a.arc", "copy of a.arc"), release("b.arc", "copy of another")];
  assert.equal(opened.store.commit({ nowMs: Date.now(), releases }).kind, "committed");
  opened.store.close();
  const parts = await here.parts({
    after: "release",
    releasedBy: ["engine"],
    keep: { newest: 0, youngerThanMs: minuteMs },
  });
  const { stdout, exit } = await call(await planned(parts, state), parts);
  assert.equal(exit, 1);
  assert.match(stdout, /removed +1 file/);
  assert.match(stdout, /stays +1 file .*its content is none that was released/);
  assert.deepEqual(filesIn(tree), ["b.arc", "c.arc"]);
});

test("a state folder that somebody has, and a root that is none, remove nothing and say why", { skip }, async () => {
  await using here = await ground();
  const { tree, state } = here;
  tree.file("a.arc");
  const parts = await here.parts({});
  const apply = await planned(parts, state);
  const lock = realCleanup.lock(state);
  assert.ok(lock.kind === "locked");
  const held = await call(apply, parts);
  assert.equal(held.exit, 3);
  assert.match(held.stderr, /expected an agent to answer at .* or none to run, found pid \d+/);
  lock.release();
  mkdirSync(join(state, "cleanup", "journal.000001"));
  const damaged = await call(apply, parts);
  assert.equal(damaged.exit, 3, damaged.stdout);
  assert.match(damaged.stderr, /journal.*nothing (was|is) removed/s);
  assert.deepEqual(filesIn(tree), ["a.arc"]);
});
