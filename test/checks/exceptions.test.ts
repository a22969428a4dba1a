import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exceptions } from "../../agent/checks/exceptions.ts";
import type { ExceptionFacts } from "../../agent/facts/index.ts";
import { judge, only, statuses } from "../support/judging.ts";

function exception(name: string, state: ExceptionFacts["state"]): ExceptionFacts {
  return { name, state, until: "2027-01-31", reason: "CHG0012345" };
}

describe("exceptions", () => {
  test("judges each by its name: what is in force holds, also near its end", () => {
    const facts = { exceptions: [exception("a", "in-force"), exception("b", "soon")] };
    assert.deepEqual(statuses(judge(exceptions, facts)), ["a: pass", "b: pass"]);
  });

  test("fails one that has ended, and one that names what no rule judges, and says what to do", () => {
    const facts = { exceptions: [exception("old", "expired"), exception("typo", "never-matched")] };
    const judged = judge(exceptions, facts);
    assert.partialDeepStrictEqual(only(judged, "old"), {
      status: "fail",
      message: "held until 2027-01-31 and waives nothing any more",
      evidence: { state: "expired", until: "2027-01-31" },
    });
    assert.partialDeepStrictEqual(only(judged, "typo"), { status: "fail", evidence: { state: "never-matched" } });
    for (const { change } of judged) assert.ok(change);
  });

  test("has nothing to say where there is none, and is unknown where nobody knows them", () => {
    assert.deepEqual(judge(exceptions, { exceptions: [] }), []);
    assert.deepEqual(statuses(judge(exceptions, { exceptions: null })), ["exceptions: unknown"]);
  });
});
