import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { checkKinds } from "../../agent/checks/index.ts";
import {
  documentKinds,
  documentSchemas,
  documentsInForce,
  loadDocuments,
  problemText,
  selfPolicy,
} from "../../agent/documents/index.ts";
import { shipped } from "./support.ts";

const policies = new URL("../../policies/", import.meta.url);

function shippedDocuments() {
  const files = readdirSync(policies, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml"));
  return files.sort().map((file) => shipped(readFileSync(new URL(file, policies), "utf8"), `policies/${file}`));
}

/** The keys that a schema of policies/schema allows at a path of keys; lists are passed through. */
function keysAt(schema: unknown, ...path: readonly string[]): readonly string[] {
  const { properties, items } = Object(schema);
  const [key, ...rest] = path;
  if (items !== undefined) return keysAt(items, ...path);
  return key === undefined ? Object.keys(properties) : keysAt(properties[key], ...rest);
}

test("kinds have one name each, sentences, and a test of their own", () => {
  assert.equal(new Set(documentKinds.map((each) => each.kind)).size, documentKinds.length);
  for (const { kind, summary, why, owner, livesIn } of documentKinds) {
    for (const sentence of [summary, why]) assert.match(sentence, /^[A-Z].*\.$/, kind);
    assert.ok(owner !== "" && livesIn.startsWith("/etc/rcwarden/"));
    assert.ok(existsSync(new URL(`./${kind.toLowerCase()}.test.ts`, import.meta.url)), kind);
  }
});

test("the example of each kind is accepted", () => {
  for (const { kind, example, tier } of documentKinds) {
    const file = { file: `${kind}.yaml`, shipped: false, bytes: new TextEncoder().encode(example) };
    const [policies, host] = tier === "host" ? [[], [file]] : [[file], []];
    const loaded = loadDocuments(policies, { checks: checkKinds, shipped: shippedDocuments(), host });
    assert.deepEqual(loaded.kind === "problems" ? loaded.problems.map(problemText) : [], [], kind);
  }
});

test("what is shipped is sound, and is the default", () => {
  const loaded = loadDocuments([], { checks: checkKinds, shipped: shippedDocuments() });
  assert.deepEqual(loaded.kind === "problems" ? loaded.problems.map(problemText) : [], []);
  if (loaded.kind === "problems") return;
  assert.deepEqual(
    documentsInForce(loaded.set).map((document) => document.name),
    ["unattended-ssh", "exec-channel"],
  );
  assert.deepEqual(
    loaded.set.policies.find(({ name }) => name === "unattended-ssh")?.rules.map((rule) => [rule.check, rule.severity]),
    [
      ["engine-commands", "critical"],
      ["startup-finishes", "critical"],
      ["startup-output", "high"],
      ["file-transfer", "high"],
      ["working-directory", "high"],
      ["trap", "high"],
    ],
  );
  assert.deepEqual(
    selfPolicy(loaded.set).rules.map((rule) => [rule.check, rule.severity]),
    [
      ["watch-coverage", "high"],
      ["sessions-stuck", "high"],
      ["log-backlog", "medium"],
      ["reviewed", "medium"],
      ["exceptions", "low"],
    ],
  );
  assert.deepEqual(
    loaded.set.engines[0]?.sends.map((sent) => sent.command),
    [
      "rm -f {file}",
      "rm -rf {folder}",
      "cp -f {file} {existing}",
      "mv -f {file} {existing}",
      "mkdir -p {new}",
      "cat {file}",
    ],
  );
});

test("the schemas that are checked in are those that the loader checks by", () => {
  const rendered = documentSchemas(checkKinds);
  assert.deepEqual(readdirSync(new URL("schema/", policies)).sort(), Object.keys(rendered).sort());
  for (const [file, schema] of Object.entries(rendered)) {
    const written = readFileSync(new URL(`schema/${file}`, policies), "utf8");
    assert.equal(
      written,
      `${JSON.stringify(schema, null, 2)}\n`,
      `policies/schema/${file} is stale; run: npm run docs`,
    );
  }
});

test("the schemas say every key, every check kind with its parameters, and take text without quotes", () => {
  const schemas = documentSchemas(checkKinds);
  assert.deepEqual(keysAt(schemas["engine.json"]), ["apiVersion", "kind", "metadata", "spec"]);
  assert.deepEqual(keysAt(schemas["engine.json"], "spec"), ["enters", "sends"]);
  assert.deepEqual(keysAt(schemas["policy.json"], "spec", "rules"), ["id", "check", "severity", "with"]);
  assert.deepEqual(keysAt(schemas["grant.json"], "spec"), ["measure", "local", "share", "remove"]);
  assert.deepEqual(keysAt(schemas["exception.json"], "spec", "finding"), [
    "policy",
    "rule",
    "account",
    "mode",
    "subject",
  ]);
  const agent = JSON.stringify(schemas["agent.json"]);
  for (const pattern of ["^[1-9][0-9]{0,8}(s|m|h|d)$", "^[1-9][0-9]{0,8}(KiB|MiB|GiB|TiB)$"])
    assert.ok(agent.includes(JSON.stringify(pattern)), pattern);
  assert.ok(agent.includes('"default":"30s"'), "defaults are what may be written, not what it becomes");
  const text = JSON.stringify(schemas["policy.json"]);
  for (const { id } of checkKinds) assert.ok(text.includes(`{"if":{"properties":{"check":{"const":"${id}"}}}`), id);
  assert.ok(text.includes('"type":["string","number","boolean"]'));
});
