import assert from "node:assert/strict";
import { test } from "node:test";
import { modeOfFlag, severityOfFlag, withinOfFlag } from "../../agent/cli/options.ts";

test("a duration is seconds or milliseconds, from 1 to 30 seconds", () => {
  for (const [text, ms] of [
    ["1s", 1000],
    ["30s", 30_000],
    ["1500ms", 1500],
  ] as const)
    assert.equal(withinOfFlag(text).value, ms);
  for (const text of ["", "0s", "31s", "999ms", "5", "5m", "-5s", "5 s", "1e1s", "99999999s"]) {
    assert.match(withinOfFlag(text).problem ?? "", /^--within: expected a duration from 1s to 30s, found "/, text);
  }
  assert.match(withinOfFlag("5").problem ?? "", /did you mean 5s\?$/);
});

test("a near miss of a listed word gets a suggestion, a far one the list", () => {
  assert.match(modeOfFlag("ssh-comand").problem ?? "", /did you mean ssh-command\?$/);
  assert.match(severityOfFlag("urgent").problem ?? "", /expected critical, high, medium, low or info, found "urgent"$/);
});
