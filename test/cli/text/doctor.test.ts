/** The text of doctor: whatever the host says in it, lines of at most 100 harmless columns. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { doctorText } from "../../../agent/cli/text/doctor.ts";
import { printed } from "../../../agent/cli/text/printable.ts";
import { columns } from "../../../agent/facts/layout.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.constantFrom("\u001b[2J", "\u202e", "\r\n", "\u0085", "\ud800", "$(reboot)", "x".repeat(300), "a b", ""),
);
const outcome = fc.oneof(
  fc.record({ kind: fc.constant("ok" as const), message: text }),
  fc.record({ kind: fc.constantFrom("warn" as const, "fail" as const), message: text, change: text }),
);

test("is harmless and fits, whatever was found", () => {
  const property = fc.property(fc.array(outcome, { minLength: 1, maxLength: 4 }), (outcomes) => {
    const said = printed(doctorText([{ id: "x", outcomes, seconds: 0 }]), false);
    for (const line of said.split("\n")) {
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      assert.ok(columns(line) <= 100, line);
    }
  });
  fc.assert(property, { numRuns: 300 });
});

test("what mends it stands on the line where it fits, else below; what fails is counted", () => {
  const short = { kind: "warn", message: "engine: certificate expires in 9 days", change: "renew engine.crt" } as const;
  const long = { kind: "fail", message: "x".repeat(80), change: "chmod g-w /etc/rcwarden" } as const;
  const lines = printed(doctorText([{ id: "x", outcomes: [short, long], seconds: 0 }]), false).split("\n");
  assert.equal(lines[0], "  warn  engine: certificate expires in 9 days    renew engine.crt");
  assert.equal(lines[1], `  FAIL  ${"x".repeat(80)}`);
  assert.equal(lines[2], "        chmod g-w /etc/rcwarden");
  assert.equal(lines[4], "1 self-check: 1 FAIL, 1 warn.");
});
