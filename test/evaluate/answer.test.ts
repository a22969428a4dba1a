import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { severities } from "../../agent/checks/index.ts";
import { exitCode, summary } from "../../agent/evaluate/index.ts";
import { account, gap, modeFacts, tried } from "../support/facts.ts";

const clean = [{ account, modes: [modeFacts({ tried: [tried("rm -f {file}"), tried("cat {file}")] })] }];
const gappy = [{ account, modes: [modeFacts(), modeFacts({ mode: "cron", gaps: [gap("timed-out", ["limits"])] })] }];

const pass = { status: "pass", severity: "critical" } as const;
const unknown = { status: "unknown", severity: "info" } as const;
const fails = severities.map((severity) => ({ status: "fail", severity }) as const);
const [critical, high, medium, low, info] = fails;

describe("the exit code", () => {
  const table = [
    ["nothing failed and all is determined", [pass], clean, "medium", 0],
    ["nothing was asked", [], clean, "medium", 0],
    ["a failure as severe as --fail-on", [pass, medium], clean, "medium", 1],
    ["a more severe failure", [critical], clean, "medium", 1],
    ["a less severe failure", [low], clean, "medium", 0],
    ["a less severe failure and something unknown", [low, unknown], clean, "medium", 3],
    ["a failure and something unknown", [high, unknown], clean, "medium", 1],
    ["something unknown, however slight", [pass, unknown], clean, "critical", 3],
    ["a gap that no rule asked about", [pass], gappy, "medium", 3],
    ["a failure and such a gap", [medium], gappy, "medium", 1],
    ["a high failure under --fail-on critical", [high], clean, "critical", 0],
    ["an info failure under --fail-on info", [info], clean, "info", 1],
  ] as const;
  for (const [says, verdicts, measured, failOn, expected] of table) {
    test(`is ${expected} for ${says}`, () => {
      const given = verdicts.flatMap((verdict) => verdict ?? []);
      assert.equal(given.length, verdicts.length);
      assert.equal(exitCode(given, measured, failOn), expected);
    });
  }

  test("takes medium where no --fail-on is given", () => {
    assert.equal(exitCode([{ status: "fail", severity: "medium" }], clean), 1);
    assert.equal(exitCode([{ status: "fail", severity: "low" }], clean), 0);
  });
});

describe("the summary", () => {
  test("counts verdicts by status, and what was tried", () => {
    const counted = summary([pass, pass, unknown, { status: "fail" }], clean);
    assert.deepEqual(counted, { pass: 2, fail: 1, unknown: 1, tried: 2 });
  });
});
