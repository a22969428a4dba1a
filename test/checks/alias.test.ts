import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alias } from "../../agent/checks/alias.ts";
import type { AliasFact } from "../../agent/facts/index.ts";
import { at } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

function is(name: string, value: string, effective = true): AliasFact {
  return { name, value, effective, where: at(14) };
}

function judged(aliases: readonly AliasFact[], names: readonly string[], forbid?: readonly string[]) {
  return judge(alias, { aliases }, forbid === undefined ? { names } : { names, forbid });
}

describe("alias", () => {
  test("passes where there is none of that name", () => {
    assert.deepEqual(statuses(judged([is("ll", "ls -l")], ["cp", "rm"])), ["cp: pass", "rm: pass"]);
  });

  test("fails an alias that acts", () => {
    assert.partialDeepStrictEqual(only(judged([is("cp", "cp -i")], ["cp"])), {
      status: "fail",
      message: "cp is an alias for cp -i",
      where: at(14),
      evidence: { value: "cp -i", effective: true },
    });
  });

  test("near-miss: an alias that does not act in this mode passes and says so", () => {
    assert.partialDeepStrictEqual(only(judged([is("cp", "cp -i", false)], ["cp"])), {
      status: "pass",
      message: "cp is an alias for cp -i, which does not act in this mode",
    });
  });

  test("near-miss: an alias without the forbidden word passes", () => {
    assert.equal(only(judged([is("ls", "ls --color=auto")], ["ls"], ["-i"])).status, "pass");
    assert.equal(only(judged([is("cp", "cp --interactive=never")], ["cp"], ["-i"])).status, "pass");
  });

  test("finds the forbidden word alone, quoted, among joined letters, and behind another alias", () => {
    for (const value of ["cp -i", "'cp' '-i'", "cp -pi", "cp -v -i"]) {
      assert.equal(only(judged([is("cp", value)], ["cp"], ["-i"])).status, "fail", value);
    }
    const behind = only(judged([is("cp", "ask -v"), is("ask", "cp -i")], ["cp"], ["-i"]));
    assert.partialDeepStrictEqual(behind, { status: "fail", message: "cp is an alias for ask -v, which brings -i" });
  });

  test("comes to an end where aliases name each other", () => {
    assert.equal(only(judged([is("a", "b"), is("b", "c"), is("c", "b")], ["a"], ["-i"])).status, "pass");
  });

  test("judges each name once, and takes at least one", () => {
    assert.equal(judged([], ["cp", "cp"]).length, 1);
    assert.equal(alias.parameters.safeParse({ names: [] }).success, false);
    assert.equal(alias.parameters.safeParse({}).success, false);
    assert.equal(alias.parameters.safeParse({ names: ["cp"], forbid: [] }).success, false);
  });
});
