import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { rfc3339 } from "../../agent/facts/index.ts";

const lastMs = 253_402_300_799_999;

test("writes a time as the runtime does, for every millisecond that RFC 3339 has", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: lastMs }), (ms) => rfc3339(ms) === new Date(ms).toISOString()),
    { numRuns: 2000 },
  );
  for (const text of ["2000-02-29T23:59:59.999Z", "2100-02-28T00:00:00.000Z", "1970-01-01T00:00:00.000Z"]) {
    assert.equal(rfc3339(Date.parse(text)), text);
  }
});

test("gives the nearest that can be written for what cannot be", () => {
  assert.equal(rfc3339(-1), "1970-01-01T00:00:00.000Z");
  assert.equal(rfc3339(Number.NaN), "1970-01-01T00:00:00.000Z");
  assert.equal(rfc3339(Number.MAX_VALUE), "9999-12-31T23:59:59.999Z");
  assert.equal(rfc3339(1.9), "1970-01-01T00:00:00.001Z");
});
