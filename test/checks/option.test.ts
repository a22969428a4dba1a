import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { option } from "../../agent/checks/option.ts";
import { at } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

const zsh = { path: "/bin/zsh", personality: "zsh" };

describe("option", () => {
  test("says which is on, and the line", () => {
    const options = [{ name: "noclobber", value: "on", where: at(3), line: "set noclobber" }];
    const found = only(judge(option, { options }, { names: ["noclobber"] }));
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      message: "noclobber is on",
      where: at(3),
      change: "put line 3 behind a guard for people, or delete it",
    });
  });

  test("knows an option by its opposite, and with underscores", () => {
    const off = [{ name: "clobber", value: "off", where: at(1) }];
    const on = [{ name: "clobber", value: "on", where: null }];
    assert.deepEqual(statuses(judge(option, { shell: zsh, options: off }, { names: ["no_clobber"] })), [
      "no_clobber: fail",
    ]);
    assert.deepEqual(statuses(judge(option, { shell: zsh, options: on }, { names: ["noclobber"] })), [
      "noclobber: pass",
    ]);
    const unset = [{ name: "nounset", value: "on", where: at(1) }];
    assert.deepEqual(statuses(judge(option, { options: unset }, { names: ["unset"], is: "on" })), ["unset: fail"]);
  });

  test("an option that should be on and is off fails", () => {
    const options = [{ name: "nonomatch", value: "off", where: null }];
    assert.equal(only(judge(option, { options }, { names: ["nonomatch"], is: "on" })).status, "fail");
  });

  test("near-miss: a name that begins with no and has no opposite is unknown, not a pass", () => {
    const options = [{ name: "ify", value: "off", where: null }];
    assert.deepEqual(statuses(judge(option, { options: [] }, { names: ["notify"] })), ["notify: unknown"]);
    assert.deepEqual(statuses(judge(option, { options }, { names: ["other"] })), ["other: unknown"]);
  });

  test("asks only the shells that the rule names", () => {
    const asked = { names: ["nullglob"], shells: ["bash", "zsh"] };
    assert.equal(only(judge(option, { options: [] }, asked)).status, "pass");
    assert.equal(only(judge(option, { shell: zsh, options: [] }, asked)).status, "unknown");
  });

  test("refuses no names, and names that are none", () => {
    for (const names of [[], [""], ["set -o"]]) assert.equal(option.parameters.safeParse({ names }).success, false);
    assert.equal(option.parameters.safeParse({ names: ["a"], shells: [] }).success, false);
  });
});
