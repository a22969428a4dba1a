import assert from "node:assert/strict";
import { test } from "node:test";
import { ruleDigests } from "../../agent/evaluate/index.ts";
import { sends } from "../support/facts.ts";
import { engine, inForce, rule } from "../support/policies.ts";

const exec = engine("exec", ["ssh-command"], sends("rm -f {file}"));
const alias = (names: readonly string[], severity: "low" | "high" = "low") =>
  rule("alias", severity, { names }, "no-cp");
const digest = (policies: Parameters<typeof ruleDigests>[0]) => ruleDigests(policies)["unattended-ssh/no-cp"];
const usual = digest([inForce([alias(["cp"])], [exec])]);

test("a rule's digest is under the policy that says it, and equal where it says the same", () => {
  const included = inForce([{ ...alias(["cp"]), policy: "base" }, rule("trap")], [exec], { policy: "own" });
  assert.deepEqual(Object.keys(ruleDigests([included])), ["base/no-cp", "own/trap"]);
  assert.match(usual ?? "", /^sha256:[0-9a-f]{64}$/);
  assert.equal(digest([inForce([alias(["cp"])], [exec])]), usual);
});

test("it differs where the rule, what is sent or how the engine comes in differs", () => {
  for (const policies of [
    [inForce([alias(["cp"], "high")], [exec])],
    [inForce([alias(["cp", "rm"])], [exec])],
    [inForce([rule("function", "low", { names: ["cp"] }, "no-cp")], [exec])],
    [inForce([alias(["cp"])], [engine("exec", ["ssh-login"], exec.sends)])],
    [inForce([alias(["cp"])], [engine("exec", ["ssh-command"], sends("rm -rf {folder}"))])],
    [inForce([alias(["cp"])], [engine("exec", ["ssh-command"], [{ command: "rm -f {file}", try: "resolve" }])])],
  ]) {
    assert.notEqual(digest(policies), usual);
  }
});

test("a rule that two policies bring is one, in whatever order they come", () => {
  const other = engine("other", ["ssh-login"], sends("ls"));
  const both = [inForce([alias(["cp"])], [exec]), inForce([alias(["cp"])], [other])];
  assert.equal(digest(both), digest(both.toReversed()));
  assert.notEqual(digest(both), usual);
});
