/**
 * A sweeper that lies: it ran as the account, so it may say anything. Whatever it says, nothing is recorded that the plan does
 * not hold, nothing twice, nothing is kept of it without end, and it is ended.
 */
import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { JournalEntry } from "../../agent/cleanup/journal.ts";
import { readJournal, verifyJournal } from "../../agent/cleanup/journal-read.ts";
import { openJournal } from "../../agent/cleanup/journal-writer.ts";
import { type Performed, perform } from "../../agent/cleanup/perform.ts";
import type { Release } from "../../agent/cleanup/plan.ts";
import { sweepBelow } from "../../agent/cleanup/sweep.ts";
import { childrenOf } from "../../agent/host/process.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { builtSweeper, makeTree, type Tree } from "./looking.ts";
import { hexPath, minuteMs, retentionOf } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-liar-"));

before(async () => {
  await builtSweeper();
});
after(() => rmSync(folder, { recursive: true, force: true }));

const root = { skip: noAccounts };

/** What every liar begins with: how to speak, and what an honest look says of two files that are not there. */
const prelude = `
const fs = require("node:fs");
const say = (said) => fs.writeSync(1, JSON.stringify(said) + "\\n");
let rest = "";
function hear() {
  for (;;) {
    const end = rest.indexOf("\\n");
    if (end >= 0) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return JSON.parse(line);
    }
    const room = Buffer.alloc(65536);
    const bytes = fs.readSync(0, room);
    if (bytes === 0) process.exit(0);
    rest += room.subarray(0, bytes).toString();
  }
}
const hex = (name) => Buffer.from(name, "latin1").toString("hex");
const entry = (name, ino) => [hex(name), "f", "65024", String(ino), "8", "1700000000000000000", "1700000000000000000", globalThis.toSweep.uid, 1, null];
const entries = [entry("a.arc", 11), entry("b.arc", 12)];
const looked = { looked: { dev: "65024", ino: "7", unseen: 0, why: "" } };
const look = () => { say({ in: [], entries }); say(looked); };
const nap = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_600_000);
`;

interface Told {
  readonly performed: Performed;
  readonly entries: readonly JournalEntry[];
}

async function believe(
  account: TestAccount,
  tree: Tree,
  liar: string,
  releases: readonly Release[] = [],
): Promise<Told> {
  const script = join(folder, "liar.cjs");
  writeFileSync(script, prelude + liar);
  const journalFolder = mkdtempSync(join(folder, "journal-"));
  const opened = openJournal(join(journalFolder, "j"));
  assert.ok(opened.kind === "journal");
  using journal = opened.journal;
  const performed = await perform(
    {
      retention: retentionOf({
        account: account.name,
        root: tree.root,
        after: releases.length > 0 ? "release" : "age",
        releasedBy: releases.length > 0 ? ["engine"] : [],
        // Groups are as large as they can be.
        limits: { files: 10_000, bytes: 2 ** 40, filesPerSecond: 10_000, readBytesPerSecond: 2 ** 20 },
      }),
      account: { ...account, groups: [account.gid], shell: "/bin/sh" },
      releases,
      moment: { nowMs: Date.now() + 120 * minuteMs, clock: "trusted" },
      apply: { journal, run: "run", because: "by-hand", only: null },
      isListed: false,
      prepare: true,
      deadlineMs: 60_000,
    },
    (toLookAt, as, sweeping) => sweepBelow(toLookAt, as, { ...sweeping, deadlineMs: 4_000, script }),
  );
  assert.equal(verifyJournal(join(journalFolder, "j")).kind, "whole");
  const read = readJournal(join(journalFolder, "j"), {});
  assert.ok(read.kind === "entries");
  return { performed, entries: [...read.entries] };
}

function noChildOf({ uid }: TestAccount): void {
  const left = childrenOf(process.pid).filter((pid) => {
    try {
      return lstatSync(`/proc/${pid}`).uid === uid && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  });
  assert.deepEqual(left, [], "a liar still runs");
}

/** By what it does; the journal has an intent of what it was asked, and of nothing more. */
const liars: Readonly<Record<string, string>> = {
  "names another place of the group":
    "look(); const { intent } = hear(); say({ done: intent, outcomes: [0, 7] }); nap();",
  "names one place twice": "look(); const { intent } = hear(); say({ done: intent, outcomes: [0, 0] }); nap();",
  "leaves one out": "look(); const { intent } = hear(); say({ done: intent, outcomes: [0] }); nap();",
  "adds one": "look(); const { intent } = hear(); say({ done: intent, outcomes: [0, 1, 2] }); nap();",
  "names places that are none": "look(); const { intent } = hear(); say({ done: intent, outcomes: [-1, 0.5] }); nap();",
  "answers another intent": "look(); const { intent } = hear(); say({ done: intent + 1, outcomes: [0, 1] }); nap();",
  "answers before it is asked": "say({ done: 1, outcomes: [0, 1] }); look(); nap();",
  "says twice that it looked": "look(); say(looked); nap();",
  "sees more when the look is over": "look(); say({ in: [], entries }); nap();",
  "refuses the root when the look is over": "look(); say({ refused: 'x' }); nap();",
  "speaks of what only a recovery asks": "look(); say({ opened: { dev: '1', ino: '2' } }); nap();",
  "names strangers that nobody asked about": "look(); say({ strangers: [hex('x')], count: 1 }); nap();",
  "gives a reason for what it removed":
    "look(); const { intent } = hear(); say({ done: intent, outcomes: [[0, 'removed', 'changed', '', null], 1] }); nap();",
  "gives no reason for what it kept":
    "look(); const { intent } = hear(); say({ done: intent, outcomes: [[0, 'kept', null, '', null], 1] }); nap();",
  "gives a digest that nobody asked for":
    "look(); const { intent } = hear(); say({ done: intent, outcomes: [[0, 'kept', 'changed', '', 'a'.repeat(64)], 1] }); nap();",
  "removed with a digest that nobody asked for":
    "look(); const { intent } = hear(); say({ done: intent, outcomes: [0, [1, 'removed', null, '', 'a'.repeat(64)]] }); nap();",
  "says a reason of several lines":
    "look(); const { intent } = hear(); say({ done: intent, outcomes: [[0, 'kept', 'changed', 'a\\nb', null], 1] }); nap();",
  "says words that are none":
    "look(); const { intent } = hear(); say({ done: intent, outcomes: [[0, 'eaten', 'x', '', null], 1] }); nap();",
  "ends when it is asked": "look(); hear(); process.exit(0);",
  "is killed when it is asked": "look(); hear(); process.kill(process.pid, 'SIGKILL'); nap();",
  "says nothing when it is asked": "look(); hear(); nap();",
  "never listens": "look(); nap();",
  "says for ever that it goes on": "look(); hear(); for (;;) say({ alive: true });",
  "says a line without end": "look(); hear(); for (;;) fs.writeSync(1, 'x'.repeat(65536));",
  "says bytes that are no text": "look(); hear(); for (;;) fs.writeSync(1, Buffer.alloc(4096, 0xff));",
  "nests without end": "look(); hear(); fs.writeSync(1, '['.repeat(900_000) + '\\n'); nap();",
  "says what an object is made of":
    'look(); hear(); fs.writeSync(1, \'{"__proto__":{"done":1},"outcomes":[0,1]}\\n\'); nap();',
  "leaves somebody behind who holds its pipe":
    "look(); hear(); require('node:child_process').spawn('/bin/sleep', ['3600'], { stdio: ['ignore', 1, 1] }); process.exit(0);",
};

for (const [name, liar] of Object.entries(liars)) {
  test(`a sweeper that ${name} is not taken at its word`, root, async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    const mine = tree.file("a.arc", "planned.");
    const startedMs = performance.now();
    const { performed, entries } = await believe(account, tree, liar);
    assert.ok(performance.now() - startedMs < 60_000, "it was not ended in time");
    if (performed.kind === "planned") {
      assert.ok(performed.applied !== null);
      assert.notEqual(performed.applied.unfinished, "");
      assert.equal(performed.applied.outcomes.size, 0);
    }
    for (const { settledAt, files } of entries) assert.deepEqual([settledAt, files], [null, []]);
    assert.ok(entries.length <= 1);
    assert.ok(lstatSync(mine).isFile());
    noChildOf(account);
  });
}

test("what it says of a group that it was asked is taken, once, and nothing behind it", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const twice =
    "look(); const { intent } = hear(); for (let n = 0; n < 3; n++) say({ done: intent, outcomes: [0, 1] }); nap();";
  const { performed, entries } = await believe(account, tree, twice);
  assert.ok(performed.kind === "planned" && performed.applied !== null);
  assert.equal(entries.length, 1);
  assert.deepEqual(
    entries[0]?.files.map(({ path, outcome }) => [path, outcome]),
    [hexPath("a.arc"), hexPath("b.arc")].map((path) => [path, "removed"]),
  );
});

test("where a digest is asked for, none and another one are not taken for it", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const releases = ["a.arc", "b.arc"].map(
    (name): Release => ({ path: hexPath(name), size: "8", content: { kind: "sha256", digest: "1".repeat(64) } }),
  );
  for (const digest of ["null", "'2'.repeat(64)"]) {
    const liar = `look(); const { intent } = hear(); say({ done: intent, outcomes: [[0, 'removed', null, '', ${digest}], [1, 'removed', null, '', ${digest}]] }); nap();`;
    const { entries } = await believe(account, tree, liar, releases);
    assert.deepEqual(
      entries.map(({ settledAt, files }) => [settledAt, files.length]),
      [[null, 0]],
    );
  }
});

const released = "'1'.repeat(64)";

/** Of two files of which the content `1…` was released: the outcomes, and what the run is told of them; null: they are taken. */
const ofReleased: Readonly<Record<string, readonly [outcomes: string, unfinished: RegExp | null]>> = {
  "both removed as released": [`[0, 'removed', null, '', ${released}], [1, 'removed', null, '', ${released}]`, null],
  "one kept for its content": [
    `[0, 'removed', null, '', ${released}], [1, 'kept', 'other-content', '', '2'.repeat(64)]`,
    null,
  ],
  "one removed with other content": [
    `[0, 'removed', null, '', ${released}], [1, 'removed', null, '', '2'.repeat(64)]`,
    /other content than was released/,
  ],
  "one removed, and its content not said": [
    `[0, 'removed', null, '', ${released}], [1, 'removed', null, '', null]`,
    /other content than was released/,
  ],
  "one removed, said in short": [`[0, 'removed', null, '', ${released}], 1`, /other content than was released/],
  "one removed for a reason": [
    `[0, 'removed', null, '', ${released}], [1, 'removed', 'gone', '', ${released}]`,
    /a reason where none can be/,
  ],
  "one put back for none": [
    `[0, 'removed', null, '', ${released}], [1, 'put-back', null, '', ${released}]`,
    /a reason where none can be/,
  ],
  "one of them twice": [
    `[0, 'removed', null, '', ${released}], [0, 'removed', null, '', ${released}]`,
    /was not asked, or twice/,
  ],
  "a digest in capitals": [
    `[0, 'removed', null, '', ${released}], [1, 'removed', null, '', 'A'.repeat(64)]`,
    /another shape/,
  ],
};

for (const [name, [outcomes, unfinished]] of Object.entries(ofReleased)) {
  test(`of released files: ${name}, ${unfinished === null ? "is taken" : "ends the run"}`, root, async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    const releases = ["a.arc", "b.arc"].map(
      (path): Release => ({ path: hexPath(path), size: "8", content: { kind: "sha256", digest: "1".repeat(64) } }),
    );
    const liar = `look(); const { intent } = hear(); say({ done: intent, outcomes: [${outcomes}] }); nap();`;
    const { performed, entries } = await believe(account, tree, liar, releases);
    assert.ok(performed.kind === "planned" && performed.applied !== null);
    assert.match(performed.applied.unfinished, unfinished ?? /^$/);
    assert.equal(performed.applied.outcomes.size === 0, unfinished !== null);
    assert.deepEqual(
      entries.map(({ settledAt, files }) => [settledAt !== null, files.length]),
      [unfinished === null ? [true, 2] : [false, 0]],
    );
  });
}

/** Two groups, of which both are asked before the first is answered. */
const twoGroups = `
const many = Array.from({ length: 300 }, (_, at) => entry(at + ".arc", 100 + at));
for (const from of [0, 256]) say({ in: [], entries: many.slice(from, from + 256) });
say(looked);
const [first, second] = [hear(), hear()];
const all = ({ intent, files }) => ({ done: intent, outcomes: files.map((_, at) => at) });
const some = ({ intent, files }, count) => ({ done: intent, outcomes: Array.from({ length: count }, (_, at) => at) });
`;

/** What is settled of the two: the first, or none; whatever was said before the lie stays. */
const ofTwoGroups: Readonly<Record<string, readonly [liar: string, settled: number, unfinished: RegExp]>> = {
  "answers the second before the first": ["say(all(second)); say(all(first));", 0, /^the sweeper answered intent/],
  "says the first twice": ["say(all(first)); say(all(first));", 1, /^the sweeper answered intent/],
  "says as many of the second as of the first": [
    "say(all(first)); say(some(second, 256));",
    1,
    /not about all files of the group/,
  ],
  "leaves one of the second out": ["say(all(first)); say(some(second, 43));", 1, /not about all files of the group/],
  "names one of the first in the second": [
    "say(all(first)); const said = some(second, 44); said.outcomes[43] = 44; say(said);",
    1,
    /was not asked, or twice/,
  ],
  "ends between the two": ["say(all(first)); process.exit(0);", 1, /^the sweeper ended \(0\)/],
};

for (const [name, [liar, settled, unfinished]] of Object.entries(ofTwoGroups)) {
  test(`of two groups a sweeper that ${name} is believed what it said before`, root, async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    const { performed, entries } = await believe(account, tree, `${twoGroups}${liar} nap();`);
    assert.ok(performed.kind === "planned" && performed.applied !== null);
    assert.match(performed.applied.unfinished, unfinished);
    const sums = [...performed.applied.outcomes].map(([key, { files }]) => [key, files]);
    assert.deepEqual(sums, settled === 1 ? [["removed", 256]] : []);
    assert.deepEqual(
      entries.map(({ settledAt, files }) => [settledAt !== null, files.length]),
      settled === 1
        ? [
            [true, 256],
            [false, 0],
          ]
        : [
            [false, 0],
            [false, 0],
          ],
    );
    const planned = new Set(performed.decision.remove.map(({ path }) => path.join("/")));
    for (const { path } of entries.flatMap(({ files }) => files)) assert.ok(planned.has(path.join("/")));
    noChildOf(account);
  });
}

test("a look that never ends takes no memory without end, and is ended", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const before = process.memoryUsage.rss();
  const { performed, entries } = await believe(
    account,
    tree,
    `const many = Array.from({ length: 256 }, (_, at) => entry("x".repeat(200) + at + ".arc", at));
for (;;) say({ in: [], entries: many });`,
  );
  assert.equal(performed.kind, "none");
  assert.deepEqual(entries, []);
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  assert.ok(grown < 150, `it grew by ${grown} MiB`);
  assert.deepEqual(readdirSync(tree.root), []);
  noChildOf(account);
});
