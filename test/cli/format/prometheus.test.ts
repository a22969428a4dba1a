import assert from "node:assert/strict";
import { test } from "node:test";
import { everybody, mixed } from "../support/format-cases.ts";
import { account, call, partsOf, root } from "../support/world.ts";

test("findings are counted, and no label names what has no end", async () => {
  const { stdout } = await call(["check", ...everybody, "--format", "prometheus"], partsOf(mixed));
  const names = new Set([...stdout.matchAll(/[{,](\w+)="/g)].map(([, name]) => name));
  const known = ["version", "status", "account", "mode", "policy", "rule", "check", "severity", "consequence", "code"];
  assert.deepEqual([...names].sort(), known.sort());
  assert.match(stdout, /\nrcwarden_check_findings\{account="jenkins",.*,status="unknown"\} 4\n/);
});

test("a label's backslash, quote and newline are escaped", async () => {
  const odd = account('a"b\\c\nd', 502);
  const { stdout } = await call(
    ["check", "--account", odd.name, "--format", "prometheus"],
    partsOf({ accounts: [root, odd] }),
  );
  assert.ok(
    stdout.includes('rcwarden_check_measuring_seconds{account="a\\"b\\\\c\\\\x0ad",mode="ssh-command"} 0.14\n'),
    stdout,
  );
});
