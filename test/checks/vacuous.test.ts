import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkKinds } from "../../agent/checks/index.ts";
import { loadDocuments, problemText } from "../../agent/documents/index.ts";
import { given, policyWith, shippedEngine } from "../documents/support.ts";

/** What the loader says of one rule: code, and the text without the file's name. */
function said(rule: string): string[] {
  const text = policyWith(
    `  accounts: all\n  engines: [exec-channel]\n  rules:\n    - { id: r, severity: low, ${rule} }\n`,
  );
  const loaded = loadDocuments([given(text)], { checks: checkKinds, shipped: [shippedEngine] });
  if (loaded.kind !== "problems") return [];
  return loaded.problems.map((problem) => `${problem.code}: ${problemText(problem).replace("db.yaml:", "")}`);
}

describe("a rule that could never fail, or asks for nothing", () => {
  test("is refused at its place, with what would be one", () => {
    assert.deepEqual(said("check: umask, with: { atMost: 777 }"), [
      "rule-vacuous: 8:61: expected a mask below 777: none takes away more, found 777",
    ]);
    assert.deepEqual(said("check: limit, with: { name: nofile, atLeast: 0 }"), [
      'value-format: 8:76: expected a whole number above 0, or unlimited: no limit is below 0, found "0"',
    ]);
  });

  test("is refused by every kind that takes such", () => {
    for (const rule of [
      "check: umask",
      "check: umask, with: { atLeast: 000 }",
      "check: variable, with: { names: [A] }",
      "check: variable, with: { names: [A], is: unset, equals: b }",
      "check: variable, with: { names: ['A*'], is: set }",
      "check: path-entries, with: { forbid: [] }",
      "check: background-process, with: { allowed: ['*'] }",
      "check: locale, with: { allowed: ['*'] }",
    ]) {
      assert.deepEqual(
        said(rule).map((each) => each.split(":")[0]),
        ["rule-vacuous"],
        rule,
      );
    }
    for (const rule of [
      "check: option, with: { names: [] }",
      "check: startup-duration, with: { atMostSeconds: 60 }",
      "check: startup-file, with: { require: [] }",
      "check: home, with: { require: [] }",
      "check: home, with: { leastFreeMiB: 0 }",
      "check: sudo-noninteractive, with: { commands: [] }",
      "check: stdin-untouched, with: { streams: [stdin] }",
    ])
      assert.equal(said(rule).length, 1, rule);
  });

  test("near-miss: what could fail is taken", () => {
    for (const rule of [
      "check: umask, with: { atMost: 776, atLeast: 001 }",
      "check: variable, with: { names: ['A*'], exported: no }",
      "check: path-entries, with: { forbid: [], order: [/usr/bin] }",
      "check: background-process, with: { allowed: ['*-agent'] }",
      "check: startup-duration, with: { atMostSeconds: 0.5 }",
    ])
      assert.deepEqual(said(rule), [], rule);
  });
});
