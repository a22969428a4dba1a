import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type BacklogHistory, backlogOf, historyOf, historyText, noHistory } from "../../agent/cleanup/backlog.ts";
import { decide } from "../../agent/cleanup/decide.ts";
import type { Seen } from "../../agent/cleanup/plan.ts";
import type { Retention } from "../../agent/documents/index.ts";
import type { BacklogFacts } from "../../agent/facts/index.ts";
import { minuteMs, nowMs, retentionOf, rootIdentity, seenOf } from "./support.ts";

const GiB = 2 ** 30;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const untilReleased: Partial<Retention> = {
  after: "release",
  releasedBy: ["engine"],
  keep: { newest: 0, youngerThanMs: null },
};

interface Scene {
  /** Of the wall clock since `nowMs`, and of the steady one. */
  readonly afterMs?: number;
  readonly steadyMs?: number;
  readonly seen?: readonly Seen[];
  readonly removedFiles?: number;
  readonly retention?: Partial<Retention>;
  readonly free?: number;
  readonly lastReclaimedMs?: number | null;
}

function looked(history: BacklogHistory, scene: Scene = {}) {
  const { afterMs = 0, steadyMs = afterMs, seen = [], free = 1000 * GiB, lastReclaimedMs = null } = scene;
  const retention = retentionOf({ ...untilReleased, ...scene.retention });
  const atMs = nowMs + afterMs;
  const decision = decide(retention, seen, [], { nowMs: atMs, clock: "trusted" }, rootIdentity);
  const gone = decision.remove.slice(0, scene.removedFiles ?? 0);
  const bytes = gone.reduce((sum, { identity }) => sum + BigInt(identity.size), 0n);
  const removed = { files: gone.length, bytes };
  return backlogOf({ retention, decision, removed, atMs, steadyMs, free, total: 4000 * GiB, history, lastReclaimedMs });
}

/** One look after the other; what the last one says. */
function series(scenes: readonly Scene[], from = noHistory): { backlog: BacklogFacts; history: BacklogHistory } {
  let history = from;
  let last: BacklogFacts | undefined;
  for (const scene of scenes) ({ backlog: last, history } = looked(history, scene));
  assert.ok(last !== undefined);
  return { backlog: last, history };
}

/** A staging folder that holds so many bytes in one file. */
function holding(bytes: number, ageMinutes = 600): readonly Seen[] {
  return [seenOf("a.arc", { size: bytes, ageMinutes })];
}

/** A look each quarter of an hour for so long, at what `bytesAt` says of each hour. */
function quarters(hours: number, bytesAt: (hour: number) => number): readonly Scene[] {
  return Array.from({ length: hours * 4 + 1 }, (_, at) => ({
    afterMs: at * 15 * minuteMs,
    seen: holding(Math.round(bytesAt(at / 4))),
  }));
}

describe("what is there and what waits", () => {
  test("is told after the first look, without any growth", () => {
    const seen = [
      seenOf("a.arc", { size: 1000, ageMinutes: 600 }),
      seenOf("b.arc", { size: 10, ageMinutes: 60 }),
      seenOf("c.arc", { size: 5000, ageMinutes: 90, guard: { code: "held-open", message: "a process has it open" } }),
      seenOf("d.arc", { size: 7, guard: { code: "database", message: "its first bytes are SQLite's" } }),
      seenOf("other.log", { size: 9 }),
    ];
    assert.deepEqual(looked(noHistory, { seen }).backlog, {
      retention: "engine-staging",
      account: "oracle",
      root: "/u01/staging/engine",
      at: "2026-11-23T10:00:00.000Z",
      files: 4,
      bytes: 6017,
      oldestSeconds: 36_000,
      waiting: { files: 3, bytes: 6010, oldestSeconds: 36_000, mayGo: 0 },
      growthBytesPerHour: null,
      freeBytes: 1000 * GiB,
      totalBytes: 4000 * GiB,
      fullInSeconds: null,
      nothingReclaimedHours: 0,
      stays: [
        { code: "held-open", files: 1, bytes: 5000 },
        { code: "not-released", files: 2, bytes: 1010 },
      ],
    });
  });

  test("is nothing where nothing is", () => {
    const { backlog } = looked(noHistory);
    assert.partialDeepStrictEqual(backlog, { files: 0, bytes: 0, oldestSeconds: null, stays: [] });
    assert.deepEqual(backlog.waiting, { files: 0, bytes: 0, oldestSeconds: null, mayGo: 0 });
  });

  test("leaves out what was removed in this run, and what a keep rule keeps does not wait", () => {
    const retention = { after: "age", releasedBy: [], keep: { newest: 1, youngerThanMs: 60 * minuteMs } } as const;
    const seen = [
      seenOf("1.arc", { size: 1, ageMinutes: 600 }),
      seenOf("2.arc", { size: 20, ageMinutes: 500 }),
      seenOf("3.arc", { size: 300, ageMinutes: 400 }),
      seenOf("4.arc", { size: 4000, ageMinutes: 10 }),
    ];
    const before = looked(noHistory, { seen, retention }).backlog;
    assert.deepEqual(before.waiting, { files: 3, bytes: 321, oldestSeconds: 540 * 60, mayGo: 3 });
    const partly = looked(noHistory, { seen, retention, removedFiles: 2 }).backlog;
    assert.partialDeepStrictEqual(partly, { files: 2, bytes: 4300, waiting: { files: 1, bytes: 300, mayGo: 1 } });
    const after = looked(noHistory, { seen, retention, removedFiles: 3 }).backlog;
    assert.partialDeepStrictEqual(after, { files: 1, bytes: 4000, oldestSeconds: 600 });
    assert.deepEqual(after.waiting, { files: 0, bytes: 0, oldestSeconds: null, mayGo: 0 });
  });

  test("names the five reasons with the most bytes", () => {
    const codes = ["several-links", "another-owner", "held-open", "open-unknown", "changed"] as const;
    const guarded = codes.map((code, at) =>
      seenOf(`${code}.arc`, { size: 10 ** at, guard: { code, message: "it says" } }),
    );
    const { stays } = looked(noHistory, { seen: [...guarded, seenOf("a.arc", { size: 50 })] }).backlog;
    assert.deepEqual(
      stays.map(({ code }) => code),
      ["changed", "open-unknown", "held-open", "not-released", "another-owner"],
    );
  });
});

describe("growth", () => {
  test("is told after a quarter of an hour, and not before", () => {
    const first = { seen: holding(GiB) };
    const after = (minutes: number) => ({ afterMs: minutes * minuteMs, seen: holding(2 * GiB) });
    assert.equal(series([first, after(14)]).backlog.growthBytesPerHour, null);
    assert.equal(series([first, after(15)]).backlog.growthBytesPerHour, 4 * GiB);
  });

  test("steady growth fills the file system in what is left divided by it", () => {
    const { backlog } = series(quarters(8, (hour) => 100 * GiB * hour).map((each) => ({ ...each, free: 900 * GiB })));
    assert.equal(backlog.growthBytesPerHour, 100 * GiB);
    assert.equal(backlog.fullInSeconds, 9 * 3600);
  });

  test("a burst of half an hour foretells nothing beyond two hours", () => {
    const scenes = quarters(1, (hour) => 100 * GiB * hour).slice(0, 3);
    const full = (free: number) => series(scenes.map((each) => ({ ...each, free }))).backlog.fullInSeconds;
    assert.equal(full(201 * GiB), null);
    assert.equal(full(199 * GiB), 1.99 * 3600);
  });

  test("a day of quiet does not hide a burst that fills the file system soon", () => {
    const burst = (hour: number) => (hour < 24 ? GiB : GiB + (hour - 24) * 500 * GiB);
    const { backlog } = series(quarters(25, burst).map((each) => ({ ...each, free: 600 * GiB })));
    assert.ok(backlog.fullInSeconds !== null && Math.abs(backlog.fullInSeconds - 1.2 * 3600) < 60);
  });

  test("what shrinks or stands still never fills anything", () => {
    const { backlog } = series(quarters(4, (hour) => 10 * GiB - hour * GiB));
    assert.partialDeepStrictEqual(backlog, { growthBytesPerHour: -GiB, fullInSeconds: null });
    assert.equal(series(quarters(4, () => GiB)).backlog.fullInSeconds, null);
  });

  test("is what it is whatever the wall clock does meanwhile", () => {
    const scenes = quarters(8, (hour) => GiB * hour);
    const jumping = scenes.map((each, at) => ({
      ...each,
      steadyMs: 5000 + (each.afterMs ?? 0),
      afterMs: (each.afterMs ?? 0) + (at % 3) * 400 * dayMs,
    }));
    const [steady, jumped] = [series(scenes).backlog, series(jumping).backlog];
    assert.equal(jumped.growthBytesPerHour, steady.growthBytesPerHour);
    assert.equal(jumped.nothingReclaimedHours, steady.nothingReclaimedHours);
  });

  test("what other files are meant is another history", () => {
    const { history } = series(quarters(2, (hour) => GiB * hour));
    const elsewhere = { afterMs: 3 * hourMs, seen: holding(GiB), retention: { match: ["*.arc", "*.log"] } };
    assert.equal(looked(history, elsewhere).backlog.growthBytesPerHour, null);
    const { retention: _, ...same } = elsewhere;
    assert.notEqual(looked(history, same).backlog.growthBytesPerHour, null);
  });
});

describe("nothing reclaimed", () => {
  const hours = (scenes: readonly Scene[]) => series(scenes).backlog.nothingReclaimedHours;

  test("counts from when something began to wait", () => {
    const empty = [{}, { afterMs: 50 * hourMs }];
    assert.equal(hours(empty), 0);
    const waits = (hour: number) => ({ afterMs: hour * hourMs, seen: holding(1) });
    assert.equal(hours([...empty, waits(51)]), 0);
    assert.equal(hours([...empty, waits(51), waits(60), waits(77.5)]), 26.5);
    assert.equal(hours([...empty, waits(51), { afterMs: 60 * hourMs }, waits(77.5)]), 0, "in between nothing waited");
  });

  test("begins anew when something was removed, by this run or by another", () => {
    const waits = (hour: number, lastReclaimedMs: number | null = null) => ({
      afterMs: hour * hourMs,
      seen: holding(1),
      lastReclaimedMs,
    });
    assert.equal(hours([waits(0), waits(10), waits(12, nowMs)]), 0);
    assert.equal(hours([waits(0), waits(10), waits(12, nowMs), waits(15, nowMs)]), 3);
    const ages = { after: "age", releasedBy: [], keep: { newest: 0, youngerThanMs: minuteMs } } as const;
    const held = seenOf("held.arc", { guard: { code: "held-open", message: "a process has it open" } });
    const run = (hour: number, removedFiles: number) => ({
      afterMs: hour * hourMs,
      seen: [...holding(1), held],
      retention: ages,
      removedFiles,
    });
    assert.equal(hours([run(0, 0), run(5, 1), run(7, 0)]), 2);
  });

  test("young files do not wait", () => {
    const young = (hour: number) => ({
      afterMs: hour * hourMs,
      seen: holding(1, -hour * 60),
      retention: { keep: { newest: 0, youngerThanMs: hourMs } },
    });
    assert.equal(hours([young(0), young(40)]), 0);
  });
});

describe("what is remembered", () => {
  test("survives a restart, and the time without the program counts for a day at most", () => {
    const waits = (hour: number, other: Scene = {}) => ({ afterMs: hour * hourMs, seen: holding(1), ...other });
    const { history } = series([waits(0), waits(4)]);
    const restarted = historyOf(historyText(history));
    const after = (hour: number) => looked(restarted, waits(hour, { steadyMs: 17 })).backlog.nothingReclaimedHours;
    assert.equal(after(6), 6);
    assert.equal(after(400), 28);
    assert.equal(after(-400), 4, "a clock that went back");
  });

  test("is at most 200 looks of 7 days, near and far", () => {
    let history = noHistory;
    for (let at = 0; at < 3000; at += 1) {
      ({ history } = looked(history, { afterMs: at * 5 * minuteMs, seen: holding(at * GiB), free: 2 ** 50 }));
      assert.ok(history.looks.length <= 200);
    }
    const last = history.looks.at(-1)?.atMs ?? 0;
    const within = (ms: number) => history.looks.filter(({ atMs }) => last - atMs <= ms).length;
    assert.ok(within(hourMs) > 10 && within(6 * hourMs) > 40, "the last hours are not thinned away");
    assert.ok(last - (history.looks[0]?.atMs ?? 0) > 6 * dayMs, "a week is remembered");
    assert.ok(last - (history.looks[0]?.atMs ?? 0) <= 7 * dayMs);
    assert.ok(Buffer.byteLength(historyText(history)) < 10_000);
    const { growthBytesPerHour } = looked(history, { afterMs: 3000 * 5 * minuteMs, seen: holding(3000 * GiB) }).backlog;
    assert.equal(growthBytesPerHour, 12 * GiB);
  });

  test("is nothing where the text is none of a history", () => {
    const { history } = series([{ seen: holding(1) }, { afterMs: hourMs, seen: holding(2) }]);
    const text = historyText(history);
    assert.deepEqual(historyOf(text), { ...history, steadyMs: null });
    for (const odd of [
      null,
      "",
      "{}",
      "7",
      text.slice(1),
      text.replace("[0,1]", "[9e15,1]"),
      text.replace("[0,", '["",'),
    ])
      assert.deepEqual(historyOf(odd), noHistory, String(odd));
  });

  const anyScene = fc.record({
    stepMinutes: fc.integer({ min: 0, max: 3000 }),
    jumpMinutes: fc.integer({ min: -1e6, max: 1e6 }),
    files: fc.array(
      fc.record({ size: fc.integer({ min: 0, max: 1e12 }), ageMinutes: fc.integer({ min: -60, max: 9000 }) }),
      {
        maxLength: 5,
      },
    ),
    free: fc.integer({ min: 0, max: 1e12 }),
    restarts: fc.boolean(),
    lastReclaimedMs: fc.constantFrom(null, null, nowMs, nowMs - 1),
    removedFiles: fc.integer({ min: 0, max: 5 }),
  });

  test("whatever the clocks do, every number is one, and ages and durations are never below zero", () => {
    fc.assert(
      fc.property(fc.array(anyScene, { minLength: 1, maxLength: 30 }), fc.boolean(), (scenes, byAge) => {
        let history = noHistory;
        let steadyMs = 0;
        const keep = { newest: 1, youngerThanMs: minuteMs };
        const retention = byAge ? ({ after: "age", releasedBy: [], keep } as const) : {};
        for (const { stepMinutes, jumpMinutes, files, restarts, ...scene } of scenes) {
          steadyMs = restarts ? 0 : steadyMs + stepMinutes * minuteMs;
          if (restarts) history = historyOf(historyText(history));
          const seen = files.map((options, at) => seenOf(`${at}.arc`, options));
          const look = looked(history, { ...scene, afterMs: jumpMinutes * minuteMs, steadyMs, seen, retention });
          history = look.history;
          const { waiting, growthBytesPerHour, fullInSeconds, nothingReclaimedHours, ...rest } = look.backlog;
          for (const each of [growthBytesPerHour ?? 0, fullInSeconds ?? 0, nothingReclaimedHours])
            assert.ok(Number.isFinite(each));
          assert.ok((fullInSeconds ?? 0) >= 0 && nothingReclaimedHours >= 0);
          for (const each of [waiting, rest]) {
            assert.ok(each.files >= 0 && each.bytes >= 0 && (each.oldestSeconds ?? 0) >= 0);
            assert.equal(each.oldestSeconds === null, each.files === 0);
          }
          assert.ok(waiting.files <= rest.files && waiting.bytes <= rest.bytes && waiting.mayGo <= waiting.files);
          const why = rest.stays.reduce((sum, each) => sum + each.files, waiting.mayGo);
          assert.equal(why, waiting.files, "each that waits has its reason");
        }
      }),
      { numRuns: 300 },
    );
  });
});
