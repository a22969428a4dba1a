/** What is applied is what was decided, told to the journal before; with a child and a journal made of values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Journal, JournalRefusal } from "../../agent/cleanup/journal.ts";
import { candidateKey } from "../../agent/cleanup/kept-plans.ts";
import type { FileOutcome, Intended } from "../../agent/cleanup/outcome.ts";
import { type Performed, type Performing, perform, type ToApply } from "../../agent/cleanup/perform.ts";
import type { Candidate, Seen } from "../../agent/cleanup/plan.ts";
import type { Applying, Sweeping, Swept } from "../../agent/cleanup/sweep.ts";
import { nowMs, retentionOf, rootIdentity, seenOf, textPath } from "./support.ts";

const account = { name: "oracle", uid: 501, gid: 501, groups: [501], home: "/home/oracle", shell: "/bin/sh" };
const full: JournalRefusal = { kind: "refused", code: "full", message: "/state: expected room, found none" };
const looked = { kind: "looked", message: "", root: rootIdentity, unseen: "", applied: true } as const;

/** What it was told, in order; refuses the calls with these numbers (from 1), counted over all of them. */
function journalOf(refuses: readonly number[] = []) {
  const told: string[] = [];
  const intended: Intended[] = [];
  let calls = 0;
  const answer = <T>(word: string, given: T): T | JournalRefusal => {
    calls += 1;
    told.push(word);
    return refuses.includes(calls) ? full : given;
  };
  const journal: Journal = {
    intend(group) {
      intended.push(group);
      return answer("intend", { kind: "written", intent: intended.length });
    },
    settle: (intent, outcomes) => answer(`settle ${intent} ${outcomes.length}`, { kind: "written" }),
    sync: () => answer("sync", { kind: "written" }),
    open: () => [],
    entries: () => [],
    state: () => ({ folder: "/state/cleanup", head: { seq: 0, hash: "" }, openIntents: 0, bytes: 0, notices: [] }),
    [Symbol.dispose]() {},
  };
  return { journal, told, intended };
}

function removedAll(files: readonly Candidate[]): FileOutcome[] {
  return files.map((_, at) => ({ at, outcome: "removed", code: null, detail: "", sha256: null }));
}

/** Removes everything that it is given, in groups of so many. */
function obedient(applying: Applying, size = 2): Swept {
  const files = applying.decide(rootIdentity);
  for (let from = 0; from < files.length; from += size) {
    const group = files.slice(from, from + size);
    const intent = applying.intend(group);
    if (intent === null) return { ...looked, applied: false };
    applying.settle(intent, removedAll(group));
  }
  return looked;
}

interface Wish {
  readonly seen?: readonly Seen[];
  readonly apply?: Partial<ToApply> | null;
  readonly child?: (applying: Applying) => Swept;
  readonly performing?: Partial<Performing>;
}

function run({ seen = [seenOf("a.arc"), seenOf("b.arc"), seenOf("c.arc")], ...wish }: Wish): Promise<Performed> {
  const base = { journal: journalOf().journal, run: "r1", because: "schedule", only: null } as const;
  const performing: Performing = {
    retention: retentionOf(),
    account,
    releases: [],
    moment: { nowMs, clock: "trusted" },
    apply: wish.apply === null ? null : { ...base, ...wish.apply },
    isListed: false,
    prepare: false,
    deadlineMs: 1_000,
    ...wish.performing,
  };
  return perform(performing, async (_, __, { take, apply }: Sweeping) => {
    await take(seen);
    return apply === undefined ? looked : (wish.child ?? obedient)(apply);
  });
}

function sumsOf(performed: Performed): Record<string, number> {
  assert.equal(performed.kind, "planned");
  const outcomes = performed.kind === "planned" ? (performed.applied?.outcomes ?? new Map()) : new Map();
  return Object.fromEntries([...outcomes].map(([key, { files }]) => [key, files]));
}

test("each group's intent is durable before it goes, and the end is synced", async () => {
  const { journal, told, intended } = journalOf();
  const performed = await run({ apply: { journal } });
  assert.deepEqual(told, ["intend", "sync", "settle 1 2", "intend", "sync", "settle 2 1", "sync"]);
  assert.deepEqual(sumsOf(performed), { removed: 3 });
  const [first] = intended;
  assert.ok(performed.kind === "planned" && performed.applied !== null);
  assert.deepEqual([performed.applied.refused, performed.applied.unfinished], [null, ""]);
  assert.deepEqual(
    { ...first, files: first?.files.map(({ path }) => textPath(path)) },
    {
      ...{ run: "r1", retention: "engine-staging", account: "oracle", root: "/u01/staging/engine" },
      ...{ rootIdentity, plan: performed.decision.hash, because: "schedule", files: ["a.arc", "b.arc"] },
    },
  );
});

test("without apply nothing is asked of the journal, and the plan is the same", async () => {
  const dry = await run({ apply: null });
  const wet = await run({});
  assert.ok(dry.kind === "planned" && wet.kind === "planned");
  assert.equal(dry.applied, null);
  assert.equal(dry.decision.hash, wet.decision.hash);
});

test("of a kept plan exactly what it holds goes, under its own hash", async () => {
  const kept = seenOf("b.arc");
  const key = candidateKey(kept);
  const { journal, intended } = journalOf();
  const performed = await run({ apply: { journal, only: { hash: "f".repeat(64), holds: (one) => one === key } } });
  assert.deepEqual(sumsOf(performed), { removed: 1 });
  assert.deepEqual(
    intended.map(({ plan, files }) => [plan, files.map(({ path }) => textPath(path))]),
    [["f".repeat(64), ["b.arc"]]],
  );
});

for (const [name, refuses, begun] of [
  ["intent", [1], 0],
  ["sync of an intent", [2], 0],
  ["outcome", [3], 1],
  ["second intent", [4], 1],
] as const) {
  test(`where the journal refuses the ${name}, nothing more is taken and it is said`, async () => {
    let groups = 0;
    const child = (applying: Applying) => {
      const files = applying.decide(rootIdentity);
      for (const file of files) {
        const intent = applying.intend([file]);
        if (intent === null) return { ...looked, applied: false };
        groups += 1;
        applying.settle(intent, removedAll([file]));
      }
      return looked;
    };
    const performed = await run({ apply: { journal: journalOf(refuses).journal }, child });
    assert.equal(groups, begun);
    assert.ok(performed.kind === "planned" && performed.applied !== null);
    assert.equal(performed.applied.refused?.code, "full");
    assert.equal(performed.applied.unfinished, full.message);
  });
}

test("what the plan does not hold, or holds once, is neither begun nor recorded", async () => {
  const [other] = [{ ...seenOf("z.arc"), content: { kind: "as-seen" } as const }];
  const lies: readonly ((applying: Applying) => void)[] = [
    (applying) => applying.intend([other]),
    (applying) => {
      const [file] = applying.decide(rootIdentity);
      if (file !== undefined) applying.intend([file, file]);
    },
    (applying) => {
      const files = applying.decide(rootIdentity);
      applying.settle(applying.intend(files) ?? 0, removedAll(files).slice(1));
    },
    (applying) => {
      const files = applying.decide(rootIdentity);
      const intent = applying.intend(files) ?? 0;
      applying.settle(
        intent,
        removedAll(files).map((each) => ({ ...each, at: 0 })),
      );
    },
    (applying) => applying.settle(7, []),
    (applying) => void applying.intend([]),
  ];
  for (const lie of lies) {
    const { journal, told } = journalOf();
    const child = (applying: Applying) => {
      lie(applying);
      return looked;
    };
    const performed = await run({ apply: { journal }, child });
    const unfinished = performed.kind === "planned" ? performed.applied?.unfinished : performed.because;
    assert.match(String(unfinished), /^expected /);
    assert.deepEqual(
      told.filter((each) => each.startsWith("settle")),
      [],
    );
  }
});

test("a child that ends in the midst leaves a plan, what was settled, and why not all was", async () => {
  const child = (applying: Applying): Swept => {
    const [first] = applying.decide(rootIdentity);
    if (first !== undefined) applying.settle(applying.intend([first]) ?? 0, removedAll([first]));
    return { kind: "timed-out", message: "it took longer than the time for it" };
  };
  const performed = await run({ child });
  assert.deepEqual(sumsOf(performed), { removed: 1 });
  assert.ok(performed.kind === "planned");
  assert.equal(performed.applied?.unfinished, "it took longer than the time for it");
});

test("without a whole look there is no plan, whatever was to be applied", async () => {
  for (const [end, code] of [
    [{ kind: "refused", message: "no root" }, "refused"],
    [{ kind: "failed", message: "gone" }, "failed"],
    [{ ...looked, unseen: "1 folder" }, "unseen"],
  ] as const) {
    const { journal, told } = journalOf();
    const performed = await run({ apply: { journal }, child: () => end });
    assert.deepEqual([performed.kind, performed.kind === "none" && performed.code], ["none", code]);
    assert.deepEqual(told, []);
  }
});
