import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Cell, nothingSeen, seenIn, stale, waysOf } from "../../agent/daemon/ways.ts";
import type { Verdict } from "../../agent/evaluate/index.ts";
import { modeIds } from "../../agent/facts/index.ts";
import { goodFacts, oracle } from "../cli/support/world.ts";
import { storyKey } from "../support/finding.ts";

function verdict(other: Partial<Verdict>): Verdict {
  return {
    fingerprint: "0123456789abcdef",
    status: "fail",
    ...storyKey,
    message: "",
    where: null,
    line: null,
    change: "",
    evidence: {},
    gaps: [],
    finding: true,
    ...other,
  };
}

const cellOf = (...verdicts: Verdict[]) => seenIn([], verdicts, true).cells.get("ssh-command");
const fingerprint = "0123456789abcdef";

describe("a cell", () => {
  const words: readonly (readonly [Partial<Verdict>, string])[] = [
    [{ evidence: { outcome: "hang" } }, "waits"],
    [{ evidence: { outcome: "not-done" } }, "not done"],
    [{ evidence: { outcome: "failed", exit: 127 } }, "exits 127"],
    [{ evidence: { outcome: "failed", exit: "SIGKILL" } }, "fails"],
    [{ evidence: { outcome: "noisy" } }, "noisy"],
    [{ check: "startup-finishes", evidence: { ended: "hang" } }, "waits"],
    [{ check: "startup-finishes", evidence: { ended: "exited", exit: 0 } }, "exits 0"],
    [{ check: "startup-output", evidence: { stream: "stdout", bytes: 6 } }, "fails"],
    [{ check: "command-resolves", evidence: { exit: 1 } }, "fails"],
  ];
  for (const [other, word] of words) {
    test(`says ${word} for ${JSON.stringify(other)}`, () => {
      assert.deepEqual(cellOf(verdict(other)), { state: "fails", word, finding: fingerprint });
    });
  }

  test("holds where everything passes, and is unknown where something is undecided", () => {
    const passes = verdict({ status: "pass", finding: false });
    assert.deepEqual(cellOf(passes, passes), { state: "holds", word: "", finding: null });
    const unknown = verdict({ status: "unknown" });
    assert.deepEqual(cellOf(passes, unknown), { state: "unknown", word: "unknown", finding: fingerprint });
  });

  test("tells of what fails before what is undecided, and of the most severe", () => {
    const worst = verdict({ severity: "high", fingerprint: "a", evidence: { outcome: "noisy" } });
    const others = [verdict({ status: "unknown", fingerprint: "b" }), verdict({ severity: "low", fingerprint: "c" })];
    assert.deepEqual(cellOf(...others, worst), { state: "fails", word: "noisy", finding: "a" });
  });

  test("is waived only where nothing else is wrong", () => {
    const waived = { exception: "e", reason: "r", until: "2026-12-31" };
    const excused = verdict({ waived, evidence: { outcome: "hang" } });
    assert.deepEqual(cellOf(excused), { state: "waived", word: "waits", finding: fingerprint });
    assert.equal(cellOf(excused, verdict({ fingerprint: "a" }))?.state, "fails");
  });

  test("by which no engine comes in leads to no finding", () => {
    const { cells } = seenIn([], [verdict({ mode: "ssh-command-pty", evidence: { outcome: "hang" } })], false);
    assert.deepEqual(cells.get("ssh-command-pty"), { state: "fails", word: "waits", finding: null });
  });

  test("that only follows from another finding is undecided, and leads nowhere", () => {
    assert.deepEqual(cellOf(verdict({ status: "unknown", finding: false }))?.finding, null);
  });
});

test("every mode has its cell, in the order of the table; nothing is said where nothing was judged", () => {
  const seen = seenIn([], [verdict({})], true);
  const ways = waysOf(seen, nothingSeen, ["ssh-command", "ssh-login"]);
  assert.deepEqual(
    ways.map(({ mode }) => mode),
    modeIds,
  );
  const by = (id: string) => ways.find(({ mode }) => mode === id);
  assert.equal(by("ssh-command")?.state, "fails");
  assert.deepEqual(by("ssh-login"), {
    mode: "ssh-login",
    isEngines: true,
    state: "unknown",
    word: "unknown",
    finding: null,
  });
  assert.deepEqual(by("cron"), { mode: "cron", isEngines: false, state: "none", word: "", finding: null });
});

test("cells that say the same are one value, so that a thousand accounts take no more room than one", () => {
  const seen = seenIn([], [verdict({ status: "pass", finding: false })], true);
  const [some, others] = [waysOf(seen, nothingSeen, ["ssh-command"]), waysOf(seen, nothingSeen, ["ssh-command"])];
  assert.ok(some.every((way, at) => way === others[at]));
});

test("what was seen before a change is not known any more", () => {
  const seen = seenIn([], [verdict({ status: "pass", finding: false })], false);
  const cell: Cell | undefined = stale(seen).cells.get("ssh-command");
  assert.deepEqual(cell, { state: "unknown", word: "unknown", finding: null });
});

test("gaps are kept each once, short and without secrets", () => {
  const gap = {
    code: "unreadable",
    message: "DB_PASS=hunter2 in it",
    change: "x".repeat(5_000),
    of: ["tried"],
  } as const;
  const many = Array.from({ length: 50 }, (_, at) => ({ ...gap, message: `${at}` }));
  const facts = goodFacts(oracle, "ssh-command", [], { gaps: [gap, gap, ...many] });
  const { gaps } = seenIn([facts], [], true);
  assert.equal(gaps.length, 8);
  assert.equal(gaps[0]?.message, "DB_PASS=[masked] in it");
  assert.equal(gaps[0]?.change.length, 300);
});
