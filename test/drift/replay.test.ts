/** Whoever follows the rules ends in the host's state, whatever happened meanwhile and however often an event comes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type EventDraft, type FindingState, stateDigest } from "../../agent/drift/index.ts";
import type { Verdict } from "../../agent/evaluate/index.ts";
import { at } from "../support/facts.ts";
import { after, findingData, ground, now, pass, unknown, verdict } from "./support.ts";

const subjects = ["cp", "rm", "mv"] as const;
const waived = { exception: "e", reason: "r", until: "2027-01-31" };

/** What one run says of one subject; null: no rule asks. */
const said = fc.record({
  status: fc.constantFrom("pass", "fail", "unknown", "follows", null),
  line: fc.constantFrom(3, 14),
  message: fc.constantFrom("waits", "exit 1", "pid 12 waits", "pid 345 waits"),
  waived: fc.boolean(),
});
type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;

function verdictOf(subject: string, { status, line, message, waived: is }: Said): Verdict[] {
  const other = { subject, message, ...(is ? { waived } : {}) };
  switch (status) {
    case "pass":
      return [pass({ subject })];
    case "fail":
      return [verdict({ ...other, where: at(line) })];
    case "unknown":
      return [unknown(other)];
    case "follows":
      return [unknown({ ...other, finding: false })];
    case null:
      return [];
  }
}

const run = fc.record({
  of: fc.tuple(said, said, said),
  program: fc.constantFrom("0.1.0", "0.2.0"),
  minutes: fc.integer({ min: 0, max: 90 }),
  first: fc.boolean(),
});

/** An engine: drops what it has by its place, puts what opened or changed, removes what resolved. */
function receive(
  states: Map<string, FindingState>,
  seen: Set<number>,
  events: readonly (readonly [number, EventDraft])[],
) {
  for (const [place, event] of events) {
    if (seen.has(place)) continue;
    seen.add(place);
    const { finding, digest } = findingData(event);
    if (event.type === "finding.resolved") states.delete(finding.fingerprint);
    else states.set(finding.fingerprint, { finding, digest: digest.new ?? "" });
  }
}

function inOrder(states: Iterable<FindingState>) {
  return [...states].sort((a, b) => (a.finding.fingerprint < b.finding.fingerprint ? -1 : 1));
}

test("a receiver that follows the rules ends in the host's state, also with events that come twice", () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 25 }), fc.infiniteStream(fc.boolean()), (runs, again) => {
      const host = new Map<string, FindingState>();
      const engine = new Map<string, FindingState>();
      const seen = new Set<number>();
      const stream: (readonly [number, EventDraft])[] = [];
      const turns = new Map<string, number[]>();
      let nowMs = now;
      for (const { of, program, minutes, first } of runs) {
        nowMs += minutes * 60_000;
        const verdicts = subjects.flatMap((subject, index) => verdictOf(subject, of[index] ?? of[0]));
        const told = after([...host.values()], verdicts, {
          nowMs,
          inputs: { ...ground, program },
          last: first ? null : ground,
          turns: (key) => (turns.get(key) ?? []).filter((atMs) => atMs > nowMs - 3_600_000),
        });
        for (const key of told.turned) turns.set(key, [...(turns.get(key) ?? []), nowMs]);
        for (const state of told.put) host.set(state.finding.fingerprint, state);
        for (const key of told.remove) host.delete(key);
        const fresh = told.events.map((event, index) => [stream.length + index, event] as const);
        stream.push(...fresh);
        // The last batch comes once more, or all of it, as after a lost acknowledgement.
        receive(engine, seen, again.next().value ? [...fresh, ...fresh] : fresh);
        if (again.next().value) receive(engine, seen, stream);

        assert.deepEqual(inOrder(engine.values()), inOrder(host.values()));
        assert.equal(stateDigest([...engine.values()]), stateDigest([...host.values()]));
      }
    }),
    { numRuns: 400 },
  );
});

test("a gap never resolves, and nothing that failed vanishes without an event that says so", () => {
  fc.assert(
    fc.property(fc.array(run, { maxLength: 25 }), (runs) => {
      let kept: FindingState[] = [];
      for (const { of } of runs) {
        const verdicts = subjects.flatMap((subject, index) => verdictOf(subject, of[index] ?? of[0]));
        const told = after(kept, verdicts);
        const next = new Map(kept.map((state) => [state.finding.fingerprint, state]));
        for (const state of told.put) next.set(state.finding.fingerprint, state);
        for (const key of told.remove) next.delete(key);
        for (const { finding } of kept) {
          const here = verdicts.find((each) => each.fingerprint === finding.fingerprint);
          const stands = next.get(finding.fingerprint)?.finding;
          const told1 = told.events.filter(({ subject }) => subject === finding.fingerprint);
          assert.ok(told1.length <= 1);
          if (here !== undefined && here.status !== "pass") {
            assert.equal(stands?.status, here.status, "a gap resolves nothing");
            assert.equal(stands.openedAt, finding.openedAt);
            const failed = finding.status === "fail" || finding.was === "fail";
            assert.equal(stands.was, failed && here.status === "unknown" ? "fail" : undefined);
          } else {
            assert.equal(stands, undefined);
            assert.equal(findingData(told1[0]).how, here === undefined ? "withdrawn" : "pass");
          }
        }
        kept = [...next.values()];
      }
    }),
    { numRuns: 400 },
  );
});

test("equal hosts have equal digests, in whatever order and however they came there", () => {
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 8 }), (runs) => {
      const last = runs.at(-1)?.of ?? [];
      // What a gap leaves is what was before: only a state without one is the same whatever came before.
      const verdicts = subjects.flatMap((subject, index) => {
        const of = last[index];
        return of === undefined || of.status === "unknown" || of.status === "follows" ? [] : verdictOf(subject, of);
      });
      let kept: readonly FindingState[] = [];
      for (const { of } of runs) {
        const told = after(
          kept,
          subjects.flatMap((subject, index) => verdictOf(subject, of[index] ?? of[0])),
        );
        const gone = new Set([...told.remove, ...told.put.map(({ finding }) => finding.fingerprint)]);
        kept = [...kept.filter(({ finding }) => !gone.has(finding.fingerprint)), ...told.put];
      }
      const there = after(kept, verdicts);
      const gone = new Set([...there.remove, ...there.put.map(({ finding }) => finding.fingerprint)]);
      const state = [...kept.filter(({ finding }) => !gone.has(finding.fingerprint)), ...there.put];
      assert.equal(stateDigest(state), stateDigest(after([], verdicts).put.toReversed()));
    }),
    { numRuns: 300 },
  );
});
