import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { duration, size } from "../../agent/documents/quantities.ts";

test("units mean what they say", () => {
  const rows = [
    ["1s", 1_000],
    ["30s", 30_000],
    ["60m", 3_600_000],
    ["6h", 21_600_000],
    ["2d", 172_800_000],
  ] as const;
  for (const [text, milliseconds] of rows) assert.equal(duration("1s", "365d").parse(text), milliseconds, text);
  const sizes = [
    ["1KiB", 1024],
    ["64MiB", 67_108_864],
    ["500GiB", 536_870_912_000],
    ["2TiB", 2_199_023_255_552],
  ] as const;
  for (const [text, bytes] of sizes) assert.equal(size("1KiB", "4TiB").parse(text), bytes, text);
});

test("nothing else is a duration or a size", () => {
  const bad = [
    "",
    "s",
    "0s",
    "01s",
    "-1s",
    "1.5h",
    "1 s",
    " 1s",
    "1s ",
    "1S",
    "1ms",
    "1w",
    "1m30s",
    "1e3s",
    "1234567890s",
    "１s",
  ];
  for (const text of bad) assert.equal(duration("1s", "365d").safeParse(text).success, false, text);
  for (const text of ["", "0MiB", "64", "64mib", "64MB", "64M", "1.5GiB", "64 MiB", "constructor", "1constructor"]) {
    assert.equal(size("1KiB", "4TiB").safeParse(text).success, false, text);
  }
});

test("the bounds themselves are in, what is beyond them is out, whatever its unit", () => {
  const bounded = duration("5s", "1h");
  for (const text of ["5s", "60m", "3600s", "1h"]) assert.ok(bounded.safeParse(text).success, text);
  for (const text of ["4s", "61m", "3601s", "1d"]) assert.equal(bounded.safeParse(text).success, false, text);
});

test("what the pattern for editors takes is what is taken, and the other way round", () => {
  const pattern = new RegExp(
    String(duration("1s", "365d").meta()?.pattern ?? duration("1s", "365d").in.meta()?.pattern),
  );
  const text = fc.oneof(
    fc
      .tuple(fc.integer({ min: -1, max: 400 }), fc.constantFrom("s", "m", "h", "d", "ms", "", "S"))
      .map((parts) => parts.join("")),
    fc.string({ maxLength: 6 }),
  );
  fc.assert(
    fc.property(text, (written) => {
      const taken = duration("1s", "999999999d").safeParse(written).success;
      assert.equal(taken, pattern.test(written), written);
    }),
  );
});
