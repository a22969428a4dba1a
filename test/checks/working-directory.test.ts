import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CheckFacts } from "../../agent/checks/index.ts";
import { workingDirectory } from "../../agent/checks/working-directory.ts";
import { at } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

function starting(facts: Partial<CheckFacts>, parameters = {}) {
  return only(judge(workingDirectory, facts, parameters));
}

describe("working-directory", () => {
  test("passes the home", () => {
    assert.equal(starting({ cwd: "/home/oracle" }).status, "pass");
  });

  test("fails another folder, with the line that goes there", () => {
    assert.partialDeepStrictEqual(starting({ cwd: "/u01", cwdFrom: { where: at(8), line: "cd /u01" } }), {
      status: "fail",
      message: "commands start in /u01, not in /home/oracle",
      where: at(8),
      line: "cd /u01",
      evidence: { cwd: "/u01", wanted: "/home/oracle" },
    });
  });

  test("fails a home that is no folder", () => {
    assert.partialDeepStrictEqual(starting({ cwd: "/", homeReal: null }), {
      status: "fail",
      consequence: "failed-command",
      message: "the home /home/oracle is no folder, and commands start in /",
    });
  });

  test("is unknown where the folder is not known", () => {
    assert.equal(starting({ cwd: null }).status, "unknown");
  });

  test("near-miss: a home that is a link holds under both names", () => {
    assert.equal(starting({ cwd: "/data/oracle", homeReal: "/data/oracle" }).status, "pass");
    assert.equal(starting({ cwd: "/home/oracle", homeReal: "/data/oracle" }).status, "pass");
  });

  test("near-miss: a slash at the end makes no other folder", () => {
    assert.equal(starting({ cwd: "/home/oracle", home: "/home/oracle/" }).status, "pass");
    assert.equal(starting({ cwd: "/", home: "/" }).status, "pass");
  });

  test("near-miss: a folder whose name only begins like the home's fails", () => {
    assert.equal(starting({ cwd: "/home/oracle2" }).status, "fail");
  });

  test("asks for the folder that the rule names", () => {
    assert.equal(starting({ cwd: "/u01" }, { path: "/u01" }).status, "pass");
    assert.equal(starting({ cwd: "/home/oracle/stage" }, { path: "~/stage" }).status, "pass");
    assert.equal(starting({ cwd: "/home/oracle" }, { path: "/u01" }).status, "fail");
    assert.equal(starting({ cwd: "/u01", homeReal: null }, { path: "/u01" }).status, "pass");
  });

  test("refuses a path that means another folder each time", () => {
    assert.equal(workingDirectory.parameters.safeParse({ path: "stage" }).success, false);
  });
});
