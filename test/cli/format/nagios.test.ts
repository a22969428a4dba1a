import assert from "node:assert/strict";
import { test } from "node:test";
import type { Severity } from "../../../agent/checks/index.ts";
import { clean, everybody, mixed, waitingAs } from "../support/format-cases.ts";
import { call, partsOf, type World } from "../support/world.ts";

const argv = ["check", "--account", "oracle", "--format", "nagios"];

async function stateOf(world: World, ...more: readonly string[]): Promise<string> {
  const { stdout, exit } = await call([...argv, ...more], partsOf(world));
  return `${/^RCWARDEN (\w+):/.exec(stdout)?.[1]} ${exit}`;
}

test("the state follows the severity, and what --fail-on lets through is OK", async () => {
  const states: Readonly<Record<Severity, string>> = {
    critical: "CRITICAL 2",
    high: "CRITICAL 2",
    medium: "WARNING 1",
    low: "OK 0",
    info: "OK 0",
  };
  for (const severity of ["critical", "high", "medium", "low", "info"] as const)
    assert.equal(await stateOf(waitingAs(severity)), states[severity], severity);
  assert.equal(await stateOf(waitingAs("low"), "--fail-on", "low"), "WARNING 1");
  assert.equal(await stateOf(waitingAs("critical"), "--fail-on", "critical"), "CRITICAL 2");
});

test("what was not measured is UNKNOWN, what failed comes before it", async () => {
  assert.equal(await stateOf({ ...clean, unavailable: ["backup"] }, "--account", "backup"), "UNKNOWN 3");
  assert.equal((await call(["check", ...everybody, "--format", "nagios"], partsOf(mixed))).exit, 2);
});

test("a mistyped value is UNKNOWN too, not CRITICAL", async () => {
  assert.equal(await stateOf(clean, "--mode", "ssh-comand"), "UNKNOWN 3");
});

test("a pipe, a quote and a substitution in a name stay text, and the first line is one", async () => {
  const where = { file: "/home/a|b/$(reboot)`x`;\n\\x1b'", line: 3, column: 1, through: [] };
  const world: World = {
    ...clean,
    facts: () => ({ cwd: "/tmp", cwdFrom: { where } }),
  };
  const [first = ""] = (await call(argv, partsOf(world))).stdout.split("\n");
  assert.match(first, /^RCWARDEN CRITICAL: [^|]* \| fail=1;;;0 unknown=0;;;0 pass=\d+;;;0 /);
  assert.ok(first.includes("/home/a%7Cb/%24(reboot)%60x%60,%0A%5Cx1b:3"), first);
});
