import assert from "node:assert/strict";
import { test } from "node:test";
import { everybody, mixed } from "../support/format-cases.ts";
import { call, partsOf } from "../support/world.ts";

test("its lines are the report: findings first, and the last line all the rest", async () => {
  const report = JSON.parse((await call(["check", ...everybody, "--json"], partsOf(mixed))).stdout);
  const { stdout, exit } = await call(["check", ...everybody, "--format", "jsonl"], partsOf(mixed));
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { kind, ...rest } = lines.pop();
  assert.equal(kind, "Summary");
  const findings = lines.map(({ kind: word, ...finding }) => {
    assert.equal(word, "Finding");
    return finding;
  });
  assert.deepEqual({ kind: "Report", ...rest, findings }, report);
  assert.equal(exit, 1);
});
