import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLike } from "../../agent/checks/patterns.ts";
import { variable } from "../../agent/checks/variable.ts";
import { at } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

const secret = {
  name: "DB_PASSWORD",
  exported: true,
  value: "hunter2",
  where: at(4),
  line: "export DB_PASSWORD=hunter2",
};
const plain = { name: "TMOUT", exported: false, value: "1", where: at(3) };

describe("variable", () => {
  test("says which is set, and the line", () => {
    const found = only(judge(variable, { variables: [plain] }, { names: ["TMOUT"], is: "unset" }));
    assert.partialDeepStrictEqual(found, { status: "fail", message: "TMOUT is set", where: at(3) });
  });

  test("never says a value", () => {
    for (const asked of [{ is: "unset" }, { equals: "x" }, { matches: ["a*"] }, { exported: "no" }]) {
      const { line, ...said } = only(judge(variable, { variables: [secret] }, { names: ["DB_PASSWORD"], ...asked }));
      assert.equal(said.status, "fail");
      assert.doesNotMatch(JSON.stringify(said), /hunter2/);
    }
  });

  test("a pattern asks of every name that it fits, and of no other", () => {
    const asked = { names: ["*PASS*", "*TOKEN*"], is: "unset" };
    assert.deepEqual(statuses(judge(variable, { variables: [plain, secret] }, asked)), [
      "*PASS*: fail",
      "*TOKEN*: pass",
    ]);
  });

  test("only an exported one counts where none should be exported", () => {
    const asked = { names: ["*PASS*"], exported: "no" };
    const kept = { ...secret, name: "A_PASS", exported: false };
    assert.deepEqual(statuses(judge(variable, { variables: [kept] }, asked)), ["*PASS*: pass"]);
    assert.deepEqual(statuses(judge(variable, { variables: [kept, secret] }, asked)), ["*PASS*: fail"]);
  });

  test("a value that is as good as none", () => {
    const asked = { names: ["TMOUT"], is: "unset", matches: ["0"] };
    assert.deepEqual(statuses(judge(variable, { variables: [plain] }, asked)), ["TMOUT: fail"]);
    assert.deepEqual(statuses(judge(variable, { variables: [{ ...plain, value: "0" }] }, asked)), ["TMOUT: pass"]);
    assert.deepEqual(statuses(judge(variable, { variables: [] }, asked)), ["TMOUT: pass"]);
  });

  test("what is empty and not exported is not there: a shell has it by itself", () => {
    const own = { name: "CDPATH", exported: false, value: "", where: null };
    const asked = { names: ["CDPATH"], is: "unset" };
    assert.deepEqual(statuses(judge(variable, { variables: [own] }, asked)), ["CDPATH: pass"]);
    assert.deepEqual(statuses(judge(variable, { variables: [own] }, { ...asked, is: "set" })), ["CDPATH: fail"]);
    assert.deepEqual(statuses(judge(variable, { variables: [{ ...own, exported: true }] }, asked)), ["CDPATH: fail"]);
  });

  test("what is not set has no value", () => {
    for (const asked of [{ is: "set" }, { equals: "" }, { matches: ["*"] }, { exported: "yes" }]) {
      assert.deepEqual(statuses(judge(variable, { variables: [] }, { names: ["SID"], ...asked })), ["SID: fail"]);
    }
  });

  test("near-miss: a name in other letters is another variable", () => {
    assert.deepEqual(statuses(judge(variable, { variables: [plain] }, { names: ["tmout"], is: "unset" })), [
      "tmout: pass",
    ]);
  });

  test("refuses what asks for nothing, or for two things that exclude each other", () => {
    for (const asked of [
      { names: ["A"] },
      { names: [], is: "set" },
      { names: ["A"], is: "unset", equals: "b" },
      { names: ["A*"], is: "set" },
      { names: ["A*"], equals: "b" },
      { names: ["A*"], exported: "yes" },
      { names: ["A B"], is: "set" },
      { names: ["A"], matches: [] },
    ]) {
      assert.equal(variable.parameters.safeParse(asked).success, false, JSON.stringify(asked));
    }
  });
});

describe("patterns of rules", () => {
  test("fit the whole text", () => {
    const fitting: [string, string, boolean][] = [
      ["a", "a", true],
      ["a", "ab", false],
      ["a*", "a", true],
      ["*b*", "abc", true],
      ["a?c", "abc", true],
      ["a?c", "ac", false],
      ["*", "", true],
      ["?", "", false],
      ["*.x*y", "a.xb.xzy", true],
      ["a.c", "abc", false],
    ];
    for (const [pattern, text, fits] of fitting) assert.equal(isLike(pattern, text), fits, `${pattern} ${text}`);
  });

  test("end soon on what is made to take long", () => {
    assert.equal(isLike("*a".repeat(40), "a".repeat(39) + "b".repeat(4000)), false);
  });
});
