import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { askedPauseMs, later, mendingPauseMs, pauseMs } from "../../agent/sinks/pace.ts";

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("never more than one try a second, never longer than five minutes of its own will", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), chance, (failures, by) => {
      const ms = pauseMs(failures, by, null);
      assert.ok(ms >= 1000 && ms <= 300_000, `${ms} ms after ${failures} failures`);
    }),
  );
});

test("the other side may ask for up to an hour, and never for less than a second", () => {
  assert.equal(pauseMs(1, 0, 3_600_000), 3_600_000);
  assert.equal(pauseMs(1, 0, 9_999_999), 3_600_000);
  assert.equal(pauseMs(1, 0, 1), 1000);
});

test("what somebody must mend is tried every few minutes", () => {
  fc.assert(fc.property(chance, (by) => mendingPauseMs(by) >= 180_000 && mendingPauseMs(by) <= 300_000));
});

test("Retry-After is seconds or a date to come, and nothing else", () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const at = (field: string | null) => askedPauseMs(field, nowMs);
  assert.equal(at("7"), 7_000);
  assert.equal(at(" 7 "), 7_000);
  assert.equal(at("999999999"), 3_600_000);
  assert.equal(at(new Date(nowMs + 90_000).toUTCString()), 90_000);
  for (const none of [null, "", "soon", "-5", "0", "1e3x", new Date(nowMs - 1000).toUTCString()])
    assert.equal(at(none), null);
});

test("a rest that is called off is over at once", async () => {
  const end = new AbortController();
  const rest = later(3_600_000, end.signal);
  end.abort();
  await rest;
  await later(3_600_000, end.signal);
});
