/** What was decided on goes, by a real sweeper, and nothing else does. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import type { FileOutcome } from "../../agent/cleanup/outcome.ts";
import type { Candidate, Seen } from "../../agent/cleanup/plan.ts";
import { type Applying, type Sweeping, type Swept, sweepBelow } from "../../agent/cleanup/sweep.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { builtSweeper, makeTree, pathOf } from "./looking.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };
const quick = { filesPerSecond: 1_000_000, readBytesPerSecond: 2 ** 40 };

interface Went {
  readonly swept: Swept;
  /** Path to `OUTCOME CODE`. */
  readonly became: Readonly<Record<string, string>>;
  readonly settled: readonly FileOutcome[];
}

interface Going extends Partial<Applying> {
  /** After everything was seen, before anything is touched. */
  meanwhile?(): void;
  readonly content?: Candidate["content"];
}

/** Everything that matches and that nothing guards is to go, unless `going` decides otherwise. */
async function go(
  at: { readonly root: string; readonly depth?: number; readonly match?: readonly string[] },
  account: TestAccount,
  going: Going = {},
  more: Partial<Sweeping> = {},
): Promise<Went> {
  const { meanwhile, content = { kind: "as-seen" }, ...apply } = going;
  const candidates: Candidate[] = [];
  const became: Record<string, string> = {};
  const settled: FileOutcome[] = [];
  const groups = new Map<number, readonly Candidate[]>();
  const take = (batch: readonly Seen[]) => {
    for (const { path, identity, type, guard } of batch)
      if (type === "file" && guard === null) candidates.push({ path, identity, content });
  };
  const { name, uid, gid, home } = account;
  const swept = await sweepBelow(
    { depth: 1, match: ["*"], ...at },
    { name, uid, gid, home, groups: [gid], shell: "/bin/sh" },
    {
      ...{ script: await builtSweeper(), deadlineMs: 60_000, take },
      apply: {
        decide() {
          meanwhile?.();
          return candidates;
        },
        intend: (files) => {
          groups.set(groups.size + 1, files);
          return groups.size;
        },
        settle(intent, outcomes) {
          for (const each of outcomes) {
            const file = groups.get(intent)?.[each.at];
            assert.ok(file);
            became[pathOf(file)] = `${each.outcome} ${each.code}`;
            settled.push(each);
          }
        },
        limits: quick,
        ...apply,
      },
      ...more,
    },
  );
  return { swept, became, settled };
}

const left = (folder: string) => readdirSync(folder, { recursive: true, encoding: "latin1" }).sort();

test("what was decided on goes, folder by folder, and what else is there stays", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (const name of ["a.arc", "b/c.arc", "b/d/e.arc", "b/d/.f.arc", "b/keep.log"]) tree.file(name);
  symlinkSync("a.arc", join(tree.root, "link.arc"));
  const { swept, became } = await go({ root: tree.root, depth: 3, match: ["*.arc"] }, account, {
    meanwhile: () => void tree.file("b/later.arc"),
  });
  assert.deepEqual([swept.kind, swept.message, "applied" in swept && swept.applied], ["looked", "", true]);
  const removed = "removed null";
  // Nothing says that a file matches but who decides: the log went, for it was told to.
  assert.deepEqual(became, {
    ...{ "a.arc": removed, "b/c.arc": removed, "b/d/e.arc": removed, "b/d/.f.arc": removed, "b/keep.log": removed },
  });
  assert.deepEqual(left(tree.root), [".rcwarden-quarantine", "b", "b/d", "b/later.arc", "link.arc"]);
  const quarantine = lstatSync(join(tree.root, ".rcwarden-quarantine"));
  assert.deepEqual([quarantine.mode & 0o7777, quarantine.uid], [0o700, account.uid]);
});

test("names of any bytes and paths of 4,000 bytes go", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const bytes = ["-rf", "line\nend", "*", "'; rm -rf $HOME'", "\x1b[2J", "caf\xe9", "..x", " ", "x".repeat(255)];
  for (const name of bytes) {
    const path = Buffer.concat([Buffer.from(`${tree.root}/`), Buffer.from(name, "latin1")]);
    writeFileSync(path, "x");
    chownSync(path, account.uid, account.gid);
  }
  const deep = Array.from({ length: 15 }, () => "d".repeat(255)).join("/");
  tree.file(`${deep}/end`);
  const { became } = await go({ root: tree.root, depth: 16 }, account);
  const removed = [...bytes, `${deep}/end`].map((name) => [name, "removed null"]);
  assert.deepEqual(became, Object.fromEntries(removed));
});

test("many go in groups, and the next intent is told before the last one is settled", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (let at = 0; at < 600; at += 1) tree.file(`${at % 2 ? "odd" : "even"}/${at}.arc`);
  const told: string[] = [];
  const { swept } = await go({ root: tree.root, depth: 2 }, account, {
    intend(files) {
      told.push(`intend ${files.length}`);
      return 10 + told.length;
    },
    settle: (intent, outcomes) => void told.push(`settle ${intent} ${outcomes.length}`),
  });
  assert.equal("applied" in swept && swept.applied, true);
  assert.deepEqual(told, ["intend 256", "intend 256", "settle 11 256", "intend 88", "settle 12 256", "settle 14 88"]);
  assert.deepEqual(left(join(tree.root, "odd")), []);
});

test("what is no longer exactly what was decided on is not touched", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  using away = makeTree(account);
  const at = (name: string) => join(tree.root, name);
  const precious = away.file("precious", "dear");
  const names = ["grown", "touched", "replaced", "link", "linked", "folder", "gone", "moved/a", "exchanged/a", "mode"];
  for (const name of names) tree.file(name, "same");
  const { became } = await go({ root: tree.root, depth: 2 }, account, {
    meanwhile() {
      writeFileSync(at("grown"), "same and more");
      utimesSync(at("touched"), 1, 1);
      for (const name of ["replaced", "link", "folder", "gone"]) unlinkSync(at(name));
      tree.file("replaced", "same");
      symlinkSync(precious, at("link"));
      linkSync(at("linked"), at("other-name"));
      tree.folder("folder");
      renameSync(at("moved"), join(away.root, "moved"));
      renameSync(at("exchanged"), join(away.root, "exchanged"));
      symlinkSync(join(away.root, "exchanged"), at("exchanged"));
      chmodSync(at("mode"), 0o600);
    },
  });
  assert.deepEqual(became, {
    grown: "kept changed",
    touched: "kept changed",
    replaced: "kept changed",
    link: "kept not-a-regular-file",
    linked: "kept several-links",
    folder: "kept not-a-regular-file",
    gone: "kept gone",
    "moved/a": "kept moved",
    "exchanged/a": "kept moved",
    mode: "kept changed",
  });
  for (const path of [at("linked"), at("replaced"), join(away.root, "moved/a"), join(away.root, "exchanged/a")])
    assert.equal(readFileSync(path, "utf8"), "same");
  assert.equal(readFileSync(precious, "utf8"), "dear");
});

test("a file that somebody opened meanwhile is back where it was", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const path = tree.file("a.arc");
  tree.file("b.arc");
  const { ino } = lstatSync(path);
  let fd = -1;
  try {
    const { became } = await go({ root: tree.root }, account, {
      meanwhile() {
        fd = openSync(path, "r");
      },
    });
    assert.deepEqual(became, { "a.arc": "put-back held-open", "b.arc": "removed null" });
    assert.equal(lstatSync(path).ino, ino);
  } finally {
    closeSync(fd);
  }
});

test("where a digest is asked for, only that very content goes, and it is said", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const large = Buffer.alloc(700_001, "abc");
  const digest = createHash("sha256").update(large).digest("hex");
  tree.file("right.arc", large);
  tree.file("wrong.arc", Buffer.alloc(700_001, "abd"));
  const content = { kind: "digest", anyOf: ["0".repeat(64), digest] } as const;
  const { became, settled } = await go({ root: tree.root }, account, { content });
  assert.deepEqual(became, { "right.arc": "removed null", "wrong.arc": "put-back other-content" });
  assert.equal(settled.find(({ outcome }) => outcome === "removed")?.sha256, digest);
  assert.deepEqual(left(tree.root), [".rcwarden-quarantine", "wrong.arc"]);
});

test("a database that began meanwhile keeps what lies in its tree, and its first bytes keep a file", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (const name of ["data/sub/a", "free/b"]) tree.file(name);
  const { became } = await go({ root: tree.root, depth: 3 }, account, {
    meanwhile: () => void tree.file("data/PG_VERSION", "16"),
  });
  assert.deepEqual(became, { "data/sub/a": "kept database", "free/b": "removed null" });
});

test("a quarantine folder that is not the account's alone takes nothing", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  for (const [spoil, found] of [
    [(path: string) => chmodSync(path, 0o750), /mode 750$/],
    [(path: string) => chownSync(path, 0, 0), /uid 0$/],
  ] as const) {
    using tree = makeTree(account);
    tree.file("a.arc");
    const path = tree.folder(".rcwarden-quarantine");
    chmodSync(path, 0o700);
    spoil(path);
    const { became, settled } = await go({ root: tree.root }, account);
    assert.deepEqual(became, { "a.arc": "kept refused" });
    assert.match(settled[0]?.detail ?? "", found);
  }
  using tree = makeTree(account);
  using away = makeTree(account);
  tree.file("a.arc");
  symlinkSync(away.root, join(tree.root, ".rcwarden-quarantine"));
  assert.deepEqual((await go({ root: tree.root }, account)).became, { "a.arc": "kept refused" });
});

test(
  "the quarantine folder is made before it is needed where that is asked for, and never by a plan",
  root,
  async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    const { name, uid, gid, home } = account;
    const as = { name, uid, gid, home, groups: [gid], shell: "/bin/sh" };
    const at = { root: tree.root, depth: 1, match: ["*"] };
    const script = await builtSweeper();
    await sweepBelow(at, as, { script, deadlineMs: 60_000, take: () => {} });
    assert.equal(existsSync(join(tree.root, ".rcwarden-quarantine")), false);
    await sweepBelow(at, as, { script, deadlineMs: 60_000, take: () => {}, prepare: true });
    assert.equal(lstatSync(join(tree.root, ".rcwarden-quarantine")).mode & 0o7777, 0o700);
  },
);

test("where the journal takes no more nothing more goes, and it is not said to be applied", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (let at = 0; at < 300; at += 1) tree.file(`${at}.arc`);
  let intents = 0;
  const settled: number[] = [];
  const { swept } = await go({ root: tree.root }, account, {
    intend: () => (intents++ === 0 ? 7 : null),
    settle: (intent) => void settled.push(intent),
  });
  assert.deepEqual([settled, "applied" in swept && swept.applied], [[7], false]);
  assert.equal(left(tree.root).length, 300 - 256 + 1);
  const throwing = go({ root: tree.root }, account, {
    intend() {
      throw new Error("no disk");
    },
  });
  await assert.rejects(throwing, /^Error: no disk$/);
});

test("files go no faster than the limit says", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (let at = 0; at < 40; at += 1) tree.file(`${at}.arc`);
  let begun = 0;
  const { swept } = await go({ root: tree.root }, account, {
    meanwhile() {
      begun = performance.now();
    },
    limits: { ...quick, filesPerSecond: 40 },
  });
  assert.equal("applied" in swept && swept.applied, true);
  assert.ok(performance.now() - begun > 900, "40 files at 40 a second took less than a second");
});
