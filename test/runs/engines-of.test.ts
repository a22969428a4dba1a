import assert from "node:assert/strict";
import { test } from "node:test";
import { enginesOfAccount } from "../../agent/runs/engines-of.ts";
import { execChannel, unattended } from "../cli/support/world.ts";

const rule = (id: string, policy?: string) =>
  ({ ...unattended.rules[0], id, check: "x", severity: "high", with: {}, ...(policy && { policy }) }) as const;
const terminal = {
  ...execChannel,
  name: "terminal",
  enters: ["ssh-command-pty", "ssh-command"],
  sends: [{ command: "ls", try: "effect" }],
} as const;

test("an engine is decided by the policies whose rules apply to it, in each mode that it enters by", () => {
  const found = enginesOfAccount([
    { policy: "own", accounts: "all", rules: [rule("a"), rule("b", "base")], engines: [execChannel, terminal] },
    { policy: "other", accounts: "all", rules: [rule("c")], engines: [execChannel] },
  ]);
  assert.deepEqual(
    found.map(({ name, rules }) => [name, rules.map(({ policy, mode }) => `${policy} ${mode}`).sort()]),
    [
      ["exec-channel", ["base ssh-command", "other ssh-command", "own ssh-command"]],
      ["terminal", ["base ssh-command", "base ssh-command-pty", "own ssh-command", "own ssh-command-pty"]],
    ],
  );
  assert.deepEqual(found[1]?.sends, ["ls"]);
  assert.deepEqual(
    found[0]?.sends,
    execChannel.sends.map(({ command }) => command),
  );
});

test("without a policy there is no engine; without rules nothing decides", () => {
  assert.deepEqual(enginesOfAccount([]), []);
  const [only] = enginesOfAccount([{ policy: "own", accounts: "all", rules: [], engines: [execChannel] }]);
  assert.deepEqual(only?.rules, []);
});
