import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { checkKinds } from "../../agent/checks/index.ts";
import { fingerprint } from "../../agent/evaluate/fingerprint.ts";
import { evaluate } from "../../agent/evaluate/index.ts";
import type { ModeFacts, Tried } from "../../agent/facts/index.ts";
import { account, at, modeFacts, sends, tried } from "../support/facts.ts";
import { engine, inForce, rule } from "../support/policies.ts";

const key = { policy: "p", rule: "r", account: "oracle", mode: "ssh-command", subject: "cp -f {file}" } as const;

describe("a fingerprint", () => {
  test("is the first 16 hex digits of sha256 over policy, rule, account, mode and subject", () => {
    const whole = createHash("sha256").update("p\nr\noracle\nssh-command\ncp -f {file}").digest("hex");
    assert.equal(fingerprint(key), whole.slice(0, 16));
  });

  test("differs with each of them", () => {
    const others = Object.keys(key).map((name) => fingerprint({ ...key, [name]: name === "mode" ? "-" : "other" }));
    assert.equal(new Set([fingerprint(key), ...others]).size, 6);
  });

  test("stays while value, line, wording, severity and outcome move", () => {
    const exec = engine("e", ["ssh-command"], sends("cp {file} {new}"));
    const of = (other: Partial<Tried>, severity: "critical" | "low", facts: Partial<ModeFacts> = {}) => {
      const modes = [modeFacts({ tried: [tried("cp {file} {new}", other)], ...facts })];
      const policies = [inForce([rule("engine-commands", severity)], [exec])];
      return evaluate({ policies, measured: [{ account, modes }], checks: checkKinds }).map((each) => each.fingerprint);
    };
    const first = of({ outcome: "hang", prompt: "a? ", where: at(14), line: "alias cp 'cp -i'" }, "critical");
    assert.deepEqual(
      of({ outcome: "hang", prompt: "b? ", where: at(20), line: "alias cp 'cp -ip'" }, "critical"),
      first,
    );
    assert.deepEqual(of({ outcome: "failed" }, "low"), first);
    assert.deepEqual(of({ outcome: "done" }, "low"), first);
    assert.deepEqual(
      of({}, "low", { gaps: [{ code: "probe-limited", message: "x", change: "", of: ["tried"] }] }),
      first,
    );
  });
});
