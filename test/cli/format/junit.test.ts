import assert from "node:assert/strict";
import { test } from "node:test";
import { everybody, mixed, waitingAs } from "../support/format-cases.ts";
import { call, partsOf } from "../support/world.ts";

async function xml(...more: readonly string[]): Promise<string> {
  return (await call(["check", ...everybody, "--format", "junit", ...more], partsOf(mixed))).stdout;
}

test("a test for each rule and subject, in a suite for each account and mode", async () => {
  const text = await xml();
  const suites = [...text.matchAll(/<testsuite name="([^"]*)" tests="(\d+)"/g)].map(([, name, tests]) => [name, tests]);
  assert.deepEqual(suites, [
    ["oracle ssh-command", "11"],
    ["jenkins ssh-command", "11"],
    ["backup", "1"],
  ]);
  assert.ok(
    text.includes(
      'name="unattended-ssh / commands-do-what-they-say: cp -f {file} {existing}" file="/home/oracle/.cshrc" line="14"',
    ),
  );
});

test("what --fail-on lets through is skipped, and says why", async () => {
  const argv = ["check", "--account", "oracle", "--format", "junit"];
  const { stdout } = await call([...argv, "--fail-on", "high"], partsOf(waitingAs("medium")));
  assert.match(stdout, /<skipped message="medium is below --fail-on high: waits for ever/);
  assert.doesNotMatch(stdout, /<failure/);
  assert.match((await call(argv, partsOf(waitingAs("medium")))).stdout, /<failure type="hang" message="medium: waits/);
});
