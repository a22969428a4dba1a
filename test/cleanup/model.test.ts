/** Random trees, Retentions, releases and clocks: what goes is what a model says that shares no code with the program. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import fc from "fast-check";
import type { Journal } from "../../agent/cleanup/journal.ts";
import { verifyJournal } from "../../agent/cleanup/journal-read.ts";
import { openJournal } from "../../agent/cleanup/journal-writer.ts";
import { perform } from "../../agent/cleanup/perform.ts";
import type { Release } from "../../agent/cleanup/plan.ts";
import { sweepBelow } from "../../agent/cleanup/sweep.ts";
import type { Retention } from "../../agent/documents/index.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { isLong, seedOf } from "./attacking.ts";
import { barredNames, folderMarker, goes, type Made, patterns, treeMarker } from "./believed.ts";
import { builtSweeper, makeTree, type Tree } from "./looking.ts";
import { minuteMs, retentionOf } from "./support.ts";

before(async () => {
  await builtSweeper();
});

const seed = seedOf();

type Kind = "file" | "link" | "two-names" | "name-outside" | "folder" | "fifo" | "others" | "open" | "closed";

interface Entry {
  /** Index in `places`. */
  readonly place: number;
  readonly name: string;
  readonly kind: Kind;
  readonly text: string;
  /** From now, when the tree is made. */
  readonly writtenMinutes: number;
}

/** Folders below the root, as latin1 text. */
const places: readonly (readonly string[])[] = [
  [],
  ["sub"],
  ["sub", "od\nd\xff.arc"],
  ["sub", "od\nd\xff.arc", "deep"],
  ["-rf *"],
];

const anyByte = fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 0x2f);
const oddName = fc
  .array(anyByte, { minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString("latin1"))
  .filter((name) => name !== "." && name !== "..");
const stem = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", "aa", "d", "e") },
  {
    weight: 2,
    arbitrary: fc.constantFrom("*", "[a]", "-f", " ", "new\nline", "'\"$(x)`", "caf\xe9", "\xff\xfe", "x".repeat(251)),
  },
  { weight: 1, arbitrary: oddName },
);
const plainName = fc
  .tuple(stem, fc.constantFrom(".arc", ".arc", ".arc", ".log", ""))
  .map(([first, ending]) => `${first}${ending}`);
const name = fc.oneof(
  { weight: 60, arbitrary: plainName },
  { weight: 3, arbitrary: fc.constantFrom(...barredNames) },
  { weight: 1, arbitrary: fc.constantFrom(treeMarker, folderMarker) },
);
const kind = fc.oneof(
  { weight: 14, arbitrary: fc.constant<Kind>("file") },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Kind>("link", "two-names", "name-outside", "folder", "fifo", "others", "open", "closed"),
  },
);
const entry: fc.Arbitrary<Entry> = fc.record({
  place: fc.nat({ max: places.length - 1 }),
  name,
  kind,
  text: fc.constantFrom("", "x", "one", "two", "three and more", "y".repeat(60)),
  // No two kinds of time lie close to a limit: 10 minutes apart, limits at 5.
  writtenMinutes: fc.constantFrom(-60, -10, 0, 0, 10, 20, 30, 60, 70, 100, 130, 160, 180),
});

const retention = fc.record({
  match: fc.oneof(
    fc.constant(["*"]),
    fc.uniqueArray(fc.constantFrom(...Object.keys(patterns)), { minLength: 1, maxLength: 4 }),
  ),
  depth: fc.constantFrom(1, 2, 3, 4, 4),
  after: fc.constantFrom<Retention["after"]>("age", "release"),
  newest: fc.constantFrom(0, 0, 0, 0, 1, 3),
  youngerMinutes: fc.constantFrom(null, 5, 15, 65),
  files: fc.constantFrom(10_000, 10_000, 10_000, 3, 8),
  bytes: fc.constantFrom(2 ** 40, 2 ** 40, 2 ** 40, 10, 70),
  mayEmpty: fc.constantFrom(true, true, false),
});

/** Of the entry at this place of the tree (modulo): what somebody says of it. */
const word = fc.record({
  of: fc.nat({ max: 60 }),
  says: fc.constantFrom(
    ...(["digest", "digest", "digest", "other-digest", "other-size", "time", "time"] as const),
    ...(["second", "minute", "other-time", "other-path", "upper-path"] as const),
  ),
  isTwice: fc.boolean(),
});

const story = fc.record({
  entries: fc.array(entry, { minLength: 12, maxLength: 30 }),
  retention,
  words: fc.oneof(fc.array(word, { maxLength: 5 }), fc.array(word, { minLength: 30, maxLength: 60 })),
  clock: fc.record({
    // After all that was written, amid, and long before.
    aheadMinutes: fc.constantFrom(185, 185, 185, 185, 185, 185, 65, 5, -125),
    isTrusted: fc.constantFrom(true, true, true, true, true, true, false),
  }),
});

type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const bytesOf = (place: string, path: readonly string[]) => Buffer.from([place, ...path].join("/"), "latin1");

class Grown implements Disposable {
  readonly tree: Tree;
  readonly #open: number[] = [];
  readonly #inUse = new Set<string>();
  readonly #account: TestAccount;

  constructor(account: TestAccount, other: TestAccount, entries: readonly Entry[]) {
    this.#account = account;
    this.tree = makeTree(account);
    mkdirSync(join(this.tree.above, "outside"));
    for (const place of places.slice(1)) {
      mkdirSync(bytesOf(this.tree.root, place));
      chownSync(bytesOf(this.tree.root, place), account.uid, account.gid);
    }
    const now = Date.now();
    for (const [at, each] of entries.entries()) this.#make(each, at, now, other);
  }

  #make(
    { place, name: called, kind: is, text, writtenMinutes }: Entry,
    at: number,
    now: number,
    other: TestAccount,
  ): void {
    const parts = [...(places[place] ?? []), called];
    const path = bytesOf(this.tree.root, parts);
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
    if (is === "fifo") {
      this.#makeFifo(at);
      return;
    }
    if (is === "folder") mkdirSync(path);
    else if (is === "link") symlinkSync("/etc/hostname", path);
    else writeFileSync(path, text);
    if (is === "two-names") linkSync(path, bytesOf(this.tree.root, [`second${at}.arc`]));
    if (is === "name-outside") linkSync(path, join(this.tree.above, "outside", `${at}`));
    if (is !== "link") chownSync(path, is === "others" ? other.uid : this.#account.uid, this.#account.gid);
    if (is === "closed") chmodSync(path, 0);
    if (is === "open") this.#open.push(openSync(path, "r"));
    if (is === "open" || is === "closed") this.#inUse.add(parts.join("/"));
    // A file that is alike in everything but its time is another: none has the same.
    lutimesSync(path, now / 1000 + writtenMinutes * 60 + at / 1000, now / 1000 + writtenMinutes * 60 + at / 1000);
  }

  #makeFifo(at: number): void {
    const path = join(this.tree.root, `fifo${at}.arc`);
    execFileSync("mkfifo", [path]);
    chownSync(path, this.#account.uid, this.#account.gid);
  }

  /** Everything below the root but the quarantine folder, by path. */
  look(): ReadonlyMap<string, { readonly made: Made; readonly status: BigIntStats }> {
    const found = this.#pathsIn([]).filter((path) => !path.startsWith(".rcwarden-quarantine"));
    return new Map(found.map((path) => [path, this.#lookAt(path)]));
  }

  /** Node's own way down finds no folder whose name is no text. */
  #pathsIn(place: readonly string[]): readonly string[] {
    return readdirSync(bytesOf(this.tree.root, place), { encoding: "latin1", withFileTypes: true }).flatMap((entry) => {
      const path = [...place, entry.name];
      return [path.join("/"), ...(entry.isDirectory() ? this.#pathsIn(path) : [])];
    });
  }

  #lookAt(path: string) {
    const whole = Buffer.from(`${this.tree.root}/${path}`, "latin1");
    const status = lstatSync(whole, { bigint: true });
    const made: Made = {
      path: path.split("/"),
      isFile: status.isFile(),
      isOwn: Number(status.uid) === this.#account.uid,
      links: Number(status.nlink),
      isInUse: this.#inUse.has(path),
      content: status.isFile() ? readFileSync(whole) : Buffer.alloc(0),
      mtimeNs: status.mtimeNs,
      ctimeNs: status.ctimeNs,
    };
    return { made, status };
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) closeSync(fd);
    this.tree[Symbol.dispose]();
  }
}

/** What somebody says, right or wrong, once or twice, in any order. */
function releasesOf(words: Story["words"], made: readonly Made[]): readonly Release[] {
  return words.flatMap(({ of, says, isTwice }) => {
    const files = made.filter(({ isFile }) => isFile);
    const about = files[of % files.length];
    if (about === undefined) return [];
    const { content, mtimeNs } = about;
    const digest = createHash("sha256").update(content).digest("hex");
    const sha256 = { kind: "sha256", digest } as const;
    const time = (ns: bigint, precisionNs: bigint) =>
      ({ kind: "mtime", ns: `${ns}`, precisionNs: `${precisionNs}` }) as const;
    const second = 1_000_000_000n;
    const contents: Readonly<Record<typeof says, Release["content"]>> = {
      digest: sha256,
      "other-digest": { kind: "sha256", digest: "0".repeat(64) },
      "other-size": sha256,
      time: time(mtimeNs, 1n),
      second: time((mtimeNs / second) * second, second),
      minute: time((mtimeNs / (60n * second)) * 60n * second, 60n * second),
      "other-time": time(mtimeNs + 120n * second, second),
      "other-path": sha256,
      "upper-path": time(mtimeNs, 1n),
    };
    const path = about.path.map((part) => Buffer.from(part, "latin1").toString("hex"));
    const others: Partial<Record<typeof says, readonly string[]>> = {
      "other-path": [...path, "61"],
      "upper-path": path.slice(1),
    };
    const release: Release = {
      path: others[says] ?? path,
      size: `${content.length + (says === "other-size" ? 1 : 0)}`,
      content: contents[says],
    };
    return isTwice ? [release, release] : [release];
  });
}

function retentionFor(account: TestAccount, root: string, { retention: wish }: Story): Retention {
  const youngerMinutes = wish.after === "age" ? (wish.youngerMinutes ?? 15) : wish.youngerMinutes;
  return retentionOf({
    account: account.name,
    root,
    match: wish.match,
    depth: wish.depth,
    after: wish.after,
    releasedBy: wish.after === "release" ? ["engine"] : [],
    keep: { newest: wish.newest, youngerThanMs: youngerMinutes === null ? null : youngerMinutes * minuteMs },
    limits: { files: wish.files, bytes: wish.bytes, filesPerSecond: 10_000, readBytesPerSecond: 2 ** 40 },
    mayEmpty: wish.mayEmpty,
  });
}

/** What is unlike before and after, of those that did not go; a file that was taken and put back has another ctime. */
function unlike(earlier: BigIntStats, later: BigIntStats | undefined, wasTaken: boolean): string {
  if (later === undefined) return "it is gone";
  const fields = [
    "dev",
    "ino",
    "mode",
    "uid",
    "gid",
    "nlink",
    "size",
    "mtimeNs",
    ...(wasTaken ? [] : ["ctimeNs"]),
  ] as const;
  // The times of a folder change with what goes from it.
  const watched = earlier.isDirectory() ? (["dev", "ino", "mode", "uid", "gid"] as const) : fields;
  return watched
    .filter((field) => Reflect.get(earlier, field) !== Reflect.get(later, field))
    .map((field) => `${field} ${Reflect.get(earlier, field)} -> ${Reflect.get(later, field)}`)
    .join(", ");
}

const totals = { runs: 0, removed: 0, stayed: 0, putBack: 0 };

async function applyOnce(grown: Grown, account: TestAccount, it: Story, journal: Journal, at: number): Promise<void> {
  const earlier = grown.look();
  const made = [...earlier.values()].map((one) => one.made);
  const rules = retentionFor(account, grown.tree.root, it);
  const releases = releasesOf(it.words, made);
  const nowMs = Date.now() + it.clock.aheadMinutes * minuteMs;
  const believed = goes(made, rules, releases, { nowMs, isTrusted: it.clock.isTrusted });
  const after = journal.state().head.seq;
  const script = await builtSweeper();
  const performed = await perform(
    {
      retention: rules,
      account: { ...account, groups: [account.gid], shell: "/bin/sh" },
      releases,
      moment: { nowMs, clock: it.clock.isTrusted ? "trusted" : "not-trusted" },
      apply: { journal, run: `run-${at}`, because: "by-hand", only: null },
      isListed: false,
      prepare: true,
      deadlineMs: 60_000,
    },
    (toLookAt, as, sweeping) => sweepBelow(toLookAt, as, { ...sweeping, script }),
  );
  if (earlier.has(treeMarker)) {
    // The root itself is a database's.
    assert.equal(performed.kind === "none" && performed.code, "refused");
    assert.deepEqual([...grown.look().keys()].sort(), [...earlier.keys()].sort());
    return;
  }
  assert.ok(performed.kind === "planned" && performed.applied !== null, `${performed.kind}`);
  assert.deepEqual([performed.applied.refused, performed.applied.unfinished], [null, ""]);
  const files = [...journal.entries({ after })].flatMap((group) => group.files);
  const told = new Map(
    files.map((file) => [file.path.map((part) => Buffer.from(part, "hex").toString("latin1")).join("/"), file]),
  );
  assert.equal(told.size, files.length, "one file has two outcomes");
  const later = grown.look();
  const gone = [...earlier.keys()].filter((path) => !later.has(path));
  assert.deepEqual(gone.sort(), [...believed].sort());
  const removed = [...told].filter(([, { outcome }]) => outcome === "removed").map(([path]) => path);
  assert.deepEqual(removed.sort(), gone);
  for (const path of later.keys()) assert.ok(earlier.has(path), `${path} was not there before`);
  for (const [path, { status }] of earlier) {
    if (believed.has(path)) continue;
    const outcome = told.get(path)?.outcome;
    assert.ok(outcome === undefined || outcome === "put-back" || outcome === "kept", `${path} is ${outcome}`);
    assert.equal(unlike(status, later.get(path)?.status, outcome === "put-back"), "", path);
    totals.stayed += 1;
    if (outcome === "put-back") totals.putBack += 1;
  }
  assert.deepEqual(readdirSync(join(grown.tree.root, ".rcwarden-quarantine")), []);
  assert.equal(journal.state().openIntents, 0);
  totals.runs += 1;
  totals.removed += gone.length;
}

test("what goes is what the model says, nothing else is changed, and the journal tells just that", {
  skip: noAccounts,
}, async (t) => {
  await using account = await makeAccount({ home: "empty" });
  await using other = await makeAccount({ home: "empty" });
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-model-"));
  const opened = openJournal(join(folder, "journal"));
  assert.equal(opened.kind, "journal");
  if (opened.kind !== "journal") return;
  using journal = opened.journal;
  try {
    const check = async (it: Story) => {
      using grown = new Grown(account, other, it.entries);
      // The second time there is nothing left of what the limits let through, or the rest goes.
      for (let at = 0; at < 2; at++) await applyOnce(grown, account, it, journal, at);
    };
    await fc.assert(fc.asyncProperty(fc.noBias(story), check), { numRuns: isLong ? 400 : 40, seed });
    t.diagnostic(`seed ${seed}: ${JSON.stringify(totals)}`);
    assert.ok(
      totals.removed > 40 && totals.stayed > 100 && (!isLong || totals.putBack > 0),
      "too little went: the run is void",
    );
    assert.equal(verifyJournal(join(folder, "journal")).kind, "whole");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
