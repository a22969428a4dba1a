import assert from "node:assert/strict";
import { test } from "node:test";
import { cpWaits, tried } from "../../../agent/checks/example-facts.ts";
import { everybody, mixed } from "../support/format-cases.ts";
import { call, oracle, partsOf, root, type World } from "../support/world.ts";
import { sarifOf } from "./support/signs.ts";

async function resultsOf(world: World, argv: readonly string[]) {
  const [run] = sarifOf((await call(["check", ...argv, "--format", "sarif"], partsOf(world))).stdout).runs;
  return { rules: run.tool.driver.rules, results: run.results ?? [], invocation: run.invocations[0] };
}

test("a failure has its line, its level, its fingerprint and its change", async () => {
  const { results, rules } = await resultsOf(mixed, everybody);
  const failure = results.find(({ kind, suppressions }) => kind === "fail" && suppressions.length === 0);
  assert.deepEqual(failure?.locations, [
    {
      physicalLocation: {
        artifactLocation: { uri: "file:///home/oracle/.cshrc" },
        region: { startLine: 14, startColumn: 1 },
      },
      logicalLocations: [{ name: "oracle", fullyQualifiedName: "oracle/ssh-command", kind: "account" }],
    },
  ]);
  assert.equal(failure?.level, "error");
  assert.deepEqual(failure?.partialFingerprints, { "rcwardenFinding/v1": "4fb1a6fb14153b66" });
  assert.equal(
    failure?.message.text,
    "cp -f FILE EXISTING: waits for ever at: cp: overwrite 'existing.1'? Account oracle, ssh-command (unattended-ssh / commands-do-what-they-say). " +
      'Change: move line 14 below the "if ($?prompt)" of line 22, or delete it.',
  );
  for (const { ruleId, ruleIndex } of results) assert.equal(rules[ruleIndex]?.id, ruleId);
});

test("what is undecided is open, and what left it so is told of the run", async () => {
  const { results, invocation } = await resultsOf(mixed, everybody);
  const open = results.filter(({ kind }) => kind === "open");
  assert.equal(open.length, 10);
  assert.ok(open.every(({ level }) => level === "none"));
  assert.deepEqual(
    invocation.toolExecutionNotifications?.map(({ level }) => level),
    ["warning", "error"],
  );
  assert.equal(invocation.exitCode, 1);
});

test("what is waived is suppressed, and says by what", async () => {
  const { results } = await resultsOf(mixed, everybody);
  assert.deepEqual(
    results.flatMap(({ suppressions }) => suppressions),
    [
      {
        kind: "external",
        status: "accepted",
        justification: "exception moves-ask, to the end of 2027-01-31 (UTC): CHG0012345, until the new image is out",
      },
    ],
  );
});

test("no text of the host is a link or takes an argument, and a file's name keeps its place", async () => {
  const odd: World = {
    accounts: [root, oracle],
    facts: () => ({
      tried: [
        tried("rm -f {file}"),
        tried("rm -rf {folder}"),
        {
          ...cpWaits,
          prompt: "[click](http://evil) {0}",
          where: { file: "/u01/a b%#?.csh", line: 3, column: 2, through: ["/etc/x y"] },
        },
        tried("mv -f {file} {existing}"),
      ],
    }),
  };
  const { results } = await resultsOf(odd, ["--account", "oracle"]);
  const text = results[0]?.message.text ?? "";
  assert.ok(text.includes("[click\\](http://evil) {{0}}"), text);
  assert.match(JSON.stringify(results[0]?.locations), /"uri":"file:\/\/\/u01\/a%20b%25%23%3F\.csh"/);
});
