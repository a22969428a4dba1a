import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shellFunction } from "../../agent/checks/function.ts";
import { at } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

describe("function", () => {
  test("passes where there is none of that name", () => {
    assert.deepEqual(statuses(judge(shellFunction, {}, { names: ["rm", "cp"] })), ["rm: pass", "cp: pass"]);
  });

  test("fails a function, with its line", () => {
    const functions = [{ name: "rm", effective: true, where: at(3), line: 'rm() { command rm "$@" -i; }' }];
    assert.partialDeepStrictEqual(only(judge(shellFunction, { functions }, { names: ["rm"] })), {
      status: "fail",
      message: "rm is a function, not the program that is meant",
      where: at(3),
      line: 'rm() { command rm "$@" -i; }',
    });
  });

  test("near-miss: a function that does not act in this mode passes and says so", () => {
    const functions = [{ name: "rm", effective: false, where: at(3) }];
    assert.partialDeepStrictEqual(only(judge(shellFunction, { functions }, { names: ["rm"] })), {
      status: "pass",
      message: "rm is a function that does not act in this mode",
    });
  });

  test("near-miss: a function with another name is not asked about", () => {
    const functions = [{ name: "rm_all", effective: true, where: at(3) }];
    assert.equal(only(judge(shellFunction, { functions }, { names: ["rm"] })).status, "pass");
  });

  test("takes at least one name", () => {
    assert.equal(shellFunction.parameters.safeParse({ names: [] }).success, false);
  });
});
