import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startupDuration } from "../../agent/checks/startup-duration.ts";
import { at, ready } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

function taking(seconds: number, parameters = {}) {
  return only(
    judge(startupDuration, { startup: { ...ready, seconds, slowest: { where: at(7), line: "sleep 2" } } }, parameters),
  );
}

describe("startup-duration", () => {
  test("says how long it takes, how long it may, and the line", () => {
    assert.partialDeepStrictEqual(taking(2.14), {
      status: "fail",
      message: "startup takes 2.14 s, more than 2.00 s",
      where: at(7),
      evidence: { seconds: 2.14, atMostSeconds: 2 },
    });
  });

  test("exactly as long holds", () => {
    assert.equal(taking(0.5, { atMostSeconds: "0.5" }).status, "pass");
    assert.equal(taking(0.501, { atMostSeconds: "0.5" }).status, "fail");
  });

  test("what is not known is unknown", () => {
    assert.equal(only(judge(startupDuration, { startup: null })).status, "unknown");
  });

  test("refuses 0, and what no probe waits for", () => {
    for (const atMostSeconds of ["0", "0.0", "10", "0500", "2.", "-1", "2s", ""])
      assert.equal(startupDuration.parameters.safeParse({ atMostSeconds }).success, false, atMostSeconds);
  });
});
