import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as z from "zod";
import { limit } from "../../agent/checks/limit.ts";
import { limitNames } from "../../agent/host/limits.ts";
import { at } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

describe("limit", () => {
  test("says what it is, what is asked for, and the line", () => {
    const limits = { fsize: 1024 };
    const limitsFrom = { where: at(3), line: "ulimit -f 1" };
    const found = only(judge(limit, { limits, limitsFrom }, { name: "fsize", atLeast: "unlimited" }));
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      message: "the limit fsize is 1024 bytes, less than unlimited",
      where: at(3),
      change: "raise the limit of line 3, or keep the line from engines",
      evidence: { limit: "fsize", is: 1024, atLeast: "unlimited" },
    });
  });

  test("exactly as much holds, one less fails", () => {
    const asked = { name: "nofile", atLeast: "4096" };
    assert.equal(only(judge(limit, { limits: { nofile: 4096 } }, asked)).status, "pass");
    assert.equal(only(judge(limit, { limits: { nofile: 4095 } }, asked)).status, "fail");
    assert.equal(only(judge(limit, { limits: { nofile: "unlimited" } }, asked)).status, "pass");
  });

  test("a limit that is not known is unknown", () => {
    assert.equal(only(judge(limit, { limits: { nproc: 9 } }, { name: "nofile", atLeast: "1" })).status, "unknown");
  });

  test("refuses 0, which every limit is, and limits that there are not", () => {
    for (const atLeast of ["0", "00", "-1", "1k", "", "infinity"])
      assert.equal(limit.parameters.safeParse({ name: "nofile", atLeast }).success, false, atLeast);
    assert.equal(limit.parameters.safeParse({ name: "files", atLeast: "1" }).success, false);
    assert.equal(limit.parameters.safeParse({ name: "nofile" }).success, false);
  });

  test("takes exactly the limits that are measured", () => {
    const { properties } = z.toJSONSchema(limit.parameters);
    const name = properties?.name;
    assert.ok(typeof name === "object");
    assert.deepEqual([...(name.enum ?? [])].sort(), [...limitNames].sort());
  });
});
