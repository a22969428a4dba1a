import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type DocumentSet,
  documentsInForce,
  effectiveRules,
  enginesOf,
  policiesInForce,
} from "../../agent/documents/index.ts";
import { engineWith, given, load, policyWith } from "./support.ts";

function setOf(...texts: readonly string[]): DocumentSet {
  const loaded = load(...texts.map((text, index) => given(text, `${index}.yaml`)));
  if (loaded.kind === "problems") throw new Error(JSON.stringify(loaded.problems));
  return loaded.set;
}

function policy(
  name: string,
  includes: readonly string[],
  rules: readonly string[] = [],
  engines = "exec-channel",
): string {
  const rule = (id: string) => `{ id: ${id}, check: startup-output, severity: low }`;
  const text = `  accounts: all\n  engines: [${engines}]\n  includes: [${includes.join(", ")}]\n  rules: [${rules.map(rule).join(", ")}]\n`;
  return policyWith(text, name);
}

const names = (documents: readonly { readonly name: string }[]) => documents.map((document) => document.name);

test("without a policy the shipped default is in force, with the shipped engine", () => {
  const set = setOf();
  assert.deepEqual(names(policiesInForce(set)), ["unattended-ssh"]);
  assert.deepEqual(names(documentsInForce(set)), ["unattended-ssh", "exec-channel"]);
});

test("an engine alone changes what is sent, not which policy is in force", () => {
  const set = setOf(engineWith("  enters: [cron]\n", "exec-channel"));
  const [inForce] = policiesInForce(set);
  assert.equal(inForce?.name, "unattended-ssh");
  assert.deepEqual(inForce && enginesOf(inForce, set).map((engine) => engine.enters), [["cron"]]);
});

test("with policies exactly those that were given are in force, shipped ones only by being included", () => {
  const set = setOf(policy("a", [], ["x"]), policy("b", ["unattended-ssh"]));
  assert.deepEqual(names(policiesInForce(set)), ["a", "b"]);
  assert.deepEqual(names(documentsInForce(set)), ["a", "b", "unattended-ssh", "exec-channel"]);
  assert.deepEqual(names(documentsInForce(setOf(policy("a", [], ["x"])))), ["a", "exec-channel"]);
});

test("effective rules are one's own, then those of includes, each policy once, with the name of who says them", () => {
  const set = setOf(
    policy("a", ["b", "c"], ["own"]),
    policy("b", ["d"], ["one"]),
    policy("c", ["d"], ["two"]),
    policy("d", ["unattended-ssh"], ["own"]),
  );
  const [a] = policiesInForce(set);
  assert.deepEqual(a && effectiveRules(a, set).map((rule) => `${rule.policy}/${rule.id}`), [
    "a/own",
    "b/one",
    "d/own",
    "unattended-ssh/clean",
    "c/two",
  ]);
});

test("included policies bring rules, not engines", () => {
  const set = setOf(policy("a", ["b"]), policy("b", [], ["x"], "other"), engineWith("  enters: [cron]\n", "other"));
  const [a] = policiesInForce(set);
  assert.deepEqual(a && names(enginesOf(a, set)), ["exec-channel"]);
});
