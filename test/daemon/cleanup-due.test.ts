import assert from "node:assert/strict";
import { test } from "node:test";
import { dueOf, looksEveryMs, type Waiting } from "../../agent/daemon/cleanup-due.ts";

const minuteMs = 60_000;
/** Looked at once, in a second, half an hour ago. */
const calm: Waiting = {
  plan: { everyMs: null, whenFreeBelowPercent: null },
  orders: 0,
  releasedMs: null,
  isUnderPressure: false,
  isNew: false,
  startedMs: 0,
  scheduledMs: null,
  endedMs: 1_000,
  tookMs: 1_000,
  failures: 0,
  isFruitless: false,
};
const nowMs = 30 * minuteMs;
const scheduled = { plan: { everyMs: 20 * minuteMs, whenFreeBelowPercent: null }, scheduledMs: 0 };

for (const [says, waiting, because] of [
  ["somebody's order", { orders: 1 }, "by-hand"],
  ["a release from a moment ago", { releasedMs: nowMs - 1_000 }, "release"],
  ["too little free", { isUnderPressure: true }, "pressure"],
  ["a schedule that is over", scheduled, "schedule"],
  ["a Retention that is new", { isNew: true, startedMs: null, endedMs: null }, "look"],
  ["an order before all else", { ...scheduled, orders: 1, releasedMs: 0, isUnderPressure: true }, "by-hand"],
  ["a release before a schedule", { ...scheduled, releasedMs: 0 }, "release"],
  ["an order though all failed a moment ago", { orders: 1, failures: 9, endedMs: nowMs }, "by-hand"],
  ["a retry", { releasedMs: 0, failures: 1, endedMs: nowMs - 15_000 }, "release"],
] as const) {
  test(`${says}: ${because}`, () => {
    assert.deepEqual(dueOf({ ...calm, ...waiting }, nowMs), { kind: "now", because });
  });
}

for (const [says, waiting, inMs] of [
  ["nothing but the hour", {}, looksEveryMs - nowMs],
  ["a release that may be one of many", { releasedMs: nowMs }, 300],
  ["a release after a long look", { releasedMs: nowMs, endedMs: nowMs, tookMs: 10_000 }, 30_000],
  ["a release after a look that took an hour", { releasedMs: nowMs, endedMs: nowMs, tookMs: 60 * minuteMs }, minuteMs],
  ["what failed once", { releasedMs: nowMs, endedMs: nowMs, failures: 1, tookMs: 60 * minuteMs }, 15_000],
  ["what failed often", { releasedMs: nowMs, endedMs: nowMs, failures: 30 }, 15 * minuteMs],
  ["pressure that nothing helped against", { isUnderPressure: true, isFruitless: true, endedMs: nowMs }, 15 * minuteMs],
  ["a schedule", { plan: { everyMs: 45 * minuteMs, whenFreeBelowPercent: null }, scheduledMs: 0 }, 15 * minuteMs],
] as const) {
  test(`${says}: in ${inMs / 1000} s`, () => {
    assert.deepEqual(dueOf({ ...calm, ...waiting }, nowMs), { kind: "later", inMs });
  });
}
