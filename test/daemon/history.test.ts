import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type Interval,
  lookedIn,
  type Past,
  ranIn,
  restsOf,
  spansOf,
  startsOf,
  turnedBy,
  turnsIn,
  withRun,
} from "../../agent/daemon/history.ts";
import { finding } from "../store/support/state.ts";

const always: readonly Interval[] = [{ fromMs: Number.NEGATIVE_INFINITY, toMs: Number.POSITIVE_INFINITY }];

function past(other: Partial<Past>): string[] {
  const spans = spansOf({ fromMs: 0, toMs: 100, turns: [], now: "fail", sinceMs: -1, seen: always, ...other });
  const ms = (time: string) => Date.parse(time);
  return spans.map(({ from, to, state }) => `${ms(from)}-${ms(to)} ${state}`);
}

const turn = (atMs: number, from: "pass" | "fail" | "unknown" | "gone" | null, to: typeof from) => ({ atMs, from, to });

describe("spans", () => {
  test("what never turned was always so", () => {
    assert.deepEqual(past({}), ["0-100 fails"]);
    assert.deepEqual(past({ now: "pass" }), ["0-100 holds"]);
  });

  test("each turn ends a span, and the first one says what was before", () => {
    const turns = [turn(20, "pass", "fail"), turn(50, "fail", "unknown"), turn(70, "unknown", "fail")];
    assert.deepEqual(past({ turns }), ["0-20 holds", "20-50 fails", "50-70 unknown", "70-100 fails"]);
  });

  test("nobody asked before the rule was there, nor while it was gone", () => {
    const turns = [turn(20, "gone", "fail"), turn(40, "fail", "gone"), turn(60, "gone", "fail")];
    assert.deepEqual(past({ turns }), ["0-20 unseen", "20-40 fails", "40-60 unseen", "60-100 fails"]);
  });

  test("what an earlier program did not keep is not guessed", () => {
    assert.deepEqual(past({ turns: [turn(20, null, null), turn(50, null, null)] }), ["0-50 unseen", "50-100 fails"]);
    assert.deepEqual(past({ sinceMs: 30 }), ["0-30 unseen", "30-100 fails"]);
  });

  test("while nobody looked nothing is known, whatever stood before and after", () => {
    const seen = [
      { fromMs: 10, toMs: 40 },
      { fromMs: 60, toMs: 200 },
    ];
    const turns = [turn(20, "pass", "fail")];
    assert.deepEqual(past({ turns, seen }), [
      "0-10 unseen",
      "10-20 holds",
      "20-40 fails",
      "40-60 unseen",
      "60-100 fails",
    ]);
  });

  test("a clock that went back makes no span of negative length", () => {
    const turns = [turn(60, "pass", "fail"), turn(30, "fail", "unknown"), turn(80, "unknown", "fail")];
    assert.deepEqual(past({ turns }), ["0-60 holds", "60-80 unknown", "80-100 fails"]);
  });

  test("what turns without end is shown by parts of the time, by the worst in each", () => {
    const turns = Array.from({ length: 4_000 }, (_, at) =>
      turn(10_000 + at, at % 2 === 0 ? "pass" : "fail", at % 2 === 0 ? "fail" : "pass"),
    );
    const shown = past({ turns, now: "pass", toMs: 28_800 });
    assert.deepEqual(shown, ["0-10000 holds", "10000-14000 fails", "14000-28800 holds"]);
  });

  test("spans have no holes, do not overlap and differ from their neighbours", () => {
    const state = fc.constantFrom("pass" as const, "fail" as const, "unknown" as const, "gone" as const, null);
    const turns = fc.array(fc.record({ atMs: fc.integer({ min: -50, max: 150 }), from: state, to: state }), {
      maxLength: 12,
    });
    const seen = fc.array(fc.tuple(fc.integer({ min: -50, max: 150 }), fc.integer({ min: 0, max: 60 })), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(
        turns,
        seen,
        fc.constantFrom("pass" as const, "fail" as const, "unknown" as const),
        (all, looks, now) => {
          const intervals = looks
            .map(([fromMs, ms]) => ({ fromMs, toMs: fromMs + ms }))
            .sort((a, b) => a.fromMs - b.fromMs);
          const inTurn = all.toSorted((a, b) => a.atMs - b.atMs);
          const spans = spansOf({ fromMs: 0, toMs: 100, turns: inTurn, now, sinceMs: 0, seen: intervals });
          const [first, last] = [spans[0], spans.at(-1)];
          assert.equal(Date.parse(first?.from ?? ""), 0);
          assert.equal(Date.parse(last?.to ?? ""), 100);
          for (const [at, span] of spans.entries()) {
            assert.ok(Date.parse(span.from) < Date.parse(span.to));
            const next = spans[at + 1];
            if (next === undefined) continue;
            assert.equal(span.to, next.from);
            assert.notEqual(span.state, next.state);
          }
          const isSeen = (ms: number) => intervals.some(({ fromMs, toMs }) => fromMs <= ms && ms < toMs);
          for (let ms = 0; ms < 100; ms++) {
            const span = spans.find(({ from, to }) => Date.parse(from) <= ms && ms < Date.parse(to));
            if (!isSeen(ms)) assert.equal(span?.state, "unseen", `at ${ms}`);
          }
        },
      ),
    );
  });
});

describe("when anybody looked", () => {
  const at = (key: "started" | "stopped", atMs: number) => ({ kind: "agent", key, atMs }) as const;

  test("the agent ran from each start to its end, and runs now", () => {
    const happened = [at("started", 10), at("stopped", 20), at("started", 30)];
    assert.deepEqual(ranIn(happened, 100), [
      { fromMs: 10, toMs: 20 },
      { fromMs: 30, toMs: 100 },
    ]);
  });

  test("an end without a start is of one whose start is no longer kept", () => {
    assert.deepEqual(ranIn([at("stopped", 20), at("started", 30)], 100), [
      { fromMs: Number.NEGATIVE_INFINITY, toMs: 20 },
      { fromMs: 30, toMs: 100 },
    ]);
    assert.deepEqual(ranIn([], 100), [{ fromMs: Number.NEGATIVE_INFINITY, toMs: 100 }]);
  });

  test("a start tells until when the one before it was seen to live", () => {
    assert.deepEqual(startsOf(null, 30), [at("started", 30)]);
    assert.deepEqual(startsOf(20, 30), [at("stopped", 20), at("started", 30)]);
  });

  test("where no run followed for longer than two that were due, nobody looked from the one that was due on", () => {
    const rests = restsOf([0, 10, 20, 100, 110], 10);
    assert.deepEqual(rests, { between: [{ fromMs: 30, toMs: 100 }], lastMs: 110 });
    assert.deepEqual(withRun(rests, 125, 10).between, rests.between);
    assert.deepEqual(withRun(rests, 200, 10).between, [...rests.between, { fromMs: 120, toMs: 200 }]);
  });

  test("an account was looked at since it is watched, while the agent ran, but for its rests", () => {
    const ran = [
      { fromMs: Number.NEGATIVE_INFINITY, toMs: 40 },
      { fromMs: 50, toMs: 100 },
    ];
    assert.deepEqual(lookedIn(ran, { sinceMs: 5, rests: [{ fromMs: 30, toMs: 60 }], nowMs: 100 }), [
      { fromMs: 5, toMs: 30 },
      { fromMs: 60, toMs: 100 },
    ]);
  });
});

describe("what is remembered of a turn", () => {
  const waived = { exception: "e", reason: "r", until: "2026-12-31" };
  const state = (fingerprint: string, status: "fail" | "unknown", isWaived = false) =>
    finding(1, { fingerprint, status, ...(isWaived && { waived }) });
  const told = (fingerprint: string, data: object) =>
    ({ type: "finding.opened", subject: fingerprint, account: "oracle", data: { ...data } }) as const;
  const of = { account: "oracle", prior: [], isFirst: false, isLast: false, nowMs: 5 };
  const keys = (...args: Parameters<typeof turnedBy>) => turnedBy(...args).map(({ kind, key }) => `${kind} ${key}`);

  test("what opened held before, unless it is the first run or the documents are new", () => {
    const opened = { put: [state("f1", "fail")], remove: [], turned: ["f1"] };
    const byHost = { ...opened, events: [told("f1", { because: "host" })] };
    assert.deepEqual(keys(byHost, of), ["turn f1 pass fail", "state oracle pass fail"]);
    assert.deepEqual(keys(byHost, { ...of, isFirst: true }), ["turn f1 gone fail", "state oracle gone fail"]);
    const byDocuments = { ...opened, events: [told("f1", { because: "documents" })] };
    assert.deepEqual(keys(byDocuments, of)[0], "turn f1 gone fail");
  });

  test("what passes holds, what is withdrawn is gone", () => {
    const ended = { put: [], remove: ["f1"], turned: ["f1"] };
    const prior = [state("f1", "fail")];
    assert.deepEqual(keys({ ...ended, events: [told("f1", { because: "host", how: "pass" })] }, { ...of, prior }), [
      "turn f1 fail pass",
      "state oracle fail pass",
    ]);
    assert.deepEqual(
      keys({ ...ended, events: [told("f1", { because: "host", how: "withdrawn" })] }, { ...of, prior, isLast: true }),
      ["turn f1 fail gone", "state oracle fail gone"],
    );
  });

  test("an account turns with the worst that no exception waives, also where nothing else turned", () => {
    const nothing = { put: [], remove: [], turned: [], events: [] };
    const prior = [state("f1", "fail"), state("f2", "unknown")];
    assert.deepEqual(keys(nothing, { ...of, prior }), []);
    assert.deepEqual(keys({ ...nothing, put: [state("f1", "fail", true)] }, { ...of, prior }), [
      "state oracle fail unknown",
    ]);
  });

  test("is read again by its own name, and not by another that begins alike", () => {
    const happened = [
      { kind: "state", key: "oracle pass fail", atMs: 1 },
      { kind: "state", key: "oracle x fail pass", atMs: 2 },
      { kind: "state", key: "oracle", atMs: 3 },
      { kind: "state", key: "oracle pass fail pass", atMs: 4 },
    ] as const;
    assert.deepEqual(turnsIn(happened, "oracle"), [turn(1, "pass", "fail"), turn(3, null, null)]);
    assert.deepEqual(turnsIn(happened.slice(1, 2), "oracle x"), [turn(2, "fail", "pass")]);
  });
});
