import assert from "node:assert/strict";
import { test } from "node:test";
import { checkKinds } from "../../agent/checks/index.ts";
import { asksFor, evaluate } from "../../agent/evaluate/index.ts";
import type { ModeFacts } from "../../agent/facts/index.ts";
import { account, modeFacts } from "../support/facts.ts";
import { engine, inForce, rule } from "../support/policies.ts";

const exec = engine("exec-channel", ["ssh-command"], []);
const limit = rule("limit", "high", { name: "nofile", atLeast: "1024" });
const policies = [inForce([limit], [exec])];

function verdictOf(facts: Partial<ModeFacts>) {
  const [verdict] = evaluate({ policies, measured: [{ account, modes: [modeFacts(facts)] }], checks: checkKinds });
  assert.ok(verdict !== undefined);
  return verdict;
}

test("what costs something is asked for only where a rule needs it", () => {
  assert.deepEqual(asksFor(policies, checkKinds, "ssh-command"), ["limits"]);
  assert.deepEqual(
    asksFor([inForce([rule("alias", "high", { names: ["cp"] })], [exec])], checkKinds, "ssh-command"),
    [],
  );
  const home = [inForce([rule("home", "high", {}), limit], [exec])];
  assert.deepEqual(asksFor(home, checkKinds, "ssh-command"), ["limits", "standings"]);
});

test("what nobody asked for is unknown, whatever stands there: limits are those with which a session begins", () => {
  assert.equal(verdictOf({ limits: { nofile: 4096 }, asked: ["limits"] }).status, "pass");
  assert.partialDeepStrictEqual(verdictOf({ limits: { nofile: 4096 } }), {
    status: "unknown",
    message: "it was not asked for",
  });
  assert.equal(verdictOf({ limits: { nofile: 64 }, asked: ["stdin"] }).status, "unknown");
});
