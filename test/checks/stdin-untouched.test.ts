import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stdinUntouched } from "../../agent/checks/stdin-untouched.ts";
import type { StdinFact } from "../../agent/facts/index.ts";
import { at } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

function arriving(arrivedBytes: number, isTail = true, other: Partial<StdinFact> = {}) {
  return only(judge(stdinUntouched, { stdin: { sentBytes: 100, arrivedBytes, isTail, where: at(3), ...other } }));
}

describe("stdin-untouched", () => {
  test("says how much was taken, and the line", () => {
    assert.partialDeepStrictEqual(arriving(60), {
      status: "fail",
      message: "startup takes the first 40 of 100 bytes that were sent to the command's stdin",
      where: at(3),
      change: "keep line 3 from engines, or give it </dev/null",
      evidence: { sentBytes: 100, arrivedBytes: 60 },
    });
    assert.match(arriving(0).message, /^startup takes all 100 bytes that/);
    assert.match(arriving(60, false).message, /^startup takes some of 100 bytes, or puts others among them, that/);
  });

  test("near-miss: as many bytes that are not those that were sent fail", () => {
    assert.equal(arriving(100).status, "pass");
    assert.equal(arriving(100, false).status, "fail");
  });

  test("what was not seen is unknown", () => {
    assert.equal(only(judge(stdinUntouched, { stdin: null })).status, "unknown");
  });
});
