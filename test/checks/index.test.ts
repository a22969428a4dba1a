import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { describe, test } from "node:test";
import * as z from "zod";
import { checkKinds, consequences } from "../../agent/checks/index.ts";
import { agentFacts, everyFact, hostFacts } from "../../agent/facts/index.ts";
import { checkFacts } from "../support/facts.ts";

/** What a clause never shows: values that nobody put into words, and a full stop. */
const leaked = /undefined|(?<!\/dev\/)null|\[object|NaN|\.$/;

const shared = [
  "check-kind.ts",
  "example-facts.ts",
  "index.ts",
  "outcome.ts",
  "owning.ts",
  "patterns.ts",
  "resolution.ts",
  "sent.ts",
  "ssh-wording.ts",
  "transfer-wording.ts",
  "vacuous.ts",
  "wording.ts",
];

describe("the registry of check kinds", () => {
  test("names each kind once, in words joined by dashes", () => {
    const ids = checkKinds.map(({ id }) => id);
    assert.deepEqual(ids, [...new Set(ids)]);
    for (const id of ids) assert.match(id, /^[a-z]+(-[a-z]+)*$/);
  });

  test("lists every file of the folder that is a kind, and no other", () => {
    const files = readdirSync(new URL("../../agent/checks/", import.meta.url)).filter((name) => !shared.includes(name));
    assert.deepEqual(files.sort(), checkKinds.map(({ id }) => `${id}.ts`).sort());
  });
});

for (const kind of checkKinds) {
  describe(`the check kind ${kind.id}`, () => {
    test("has a test of its own", () => {
      assert.ok(existsSync(new URL(`./${kind.id}.test.ts`, import.meta.url)));
    });

    test("says in one sentence what holds, and why it matters", () => {
      for (const text of [kind.summary, kind.why]) assert.match(text, /^[A-Za-z].*\.$/);
      assert.doesNotMatch(kind.summary.slice(0, -1), /\. /);
      assert.ok(consequences.includes(kind.consequence));
    });

    test("needs facts that exist, each once", () => {
      assert.deepEqual(kind.needs, [...new Set(kind.needs)]);
      for (const need of kind.needs) assert.ok([...everyFact, ...hostFacts, ...agentFacts].includes(need));
    });

    test("has parameters that a JSON Schema can say, refuses unknown ones, and describes each", () => {
      const schema = z.toJSONSchema(kind.parameters, { io: "input" });
      assert.equal(schema.additionalProperties, false);
      for (const [name, property] of Object.entries(schema.properties ?? {})) {
        assert.ok(typeof property === "object" && property.description, `${name} has no description`);
      }
    });

    test("has examples that hold and that fail", () => {
      assert.ok(kind.examples.some(({ fails, unknown = [] }) => fails.length + unknown.length === 0));
      assert.ok(kind.examples.some(({ fails }) => fails.length > 0));
    });

    for (const example of kind.examples) {
      test(`example: ${example.says}`, () => {
        const parameters = kind.parameters.parse(example.with);
        const facts = checkFacts(example.facts);
        const judgements = kind.judge(parameters, facts);
        const of = (status: string) =>
          judgements.filter((each) => each.status === status).map(({ subject }) => subject);
        assert.deepEqual(of("fail"), example.fails);
        assert.deepEqual(of("unknown"), example.unknown ?? []);
        assert.deepEqual(
          judgements.map(({ subject }) => subject),
          kind.subjects(parameters, facts),
          "judges exactly the subjects that it names beforehand",
        );
        assert.ok(judgements.length > 0, "an empty judgement would look as if the rule held");
        for (const { status, message, change } of judgements) {
          assert.notEqual(message, "");
          assert.doesNotMatch(message, leaked);
          if (status === "fail") assert.ok(change, "a failure says what to change");
          if (change !== undefined) assert.doesNotMatch(change, leaked);
        }
      });
    }
  });
}
