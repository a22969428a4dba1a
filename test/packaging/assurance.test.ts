import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("every test that ASSURANCE.md names is there", () => {
  const text = readFileSync(`${root}agent/ASSURANCE.md`, "utf8");
  const rows = text
    .split("\n")
    .filter((line) => /^\|.*\| [a-z0-9-]+(\/[a-z0-9-]+)?(, [a-z0-9-]+(\/[a-z0-9-]+)?)* \|$/.test(line));
  const named = rows.flatMap((row) => (row.split("|").at(-2) ?? "").split(",").map((name) => name.trim()));
  const tests = named.filter((name) => name !== "test" && !name.startsWith("---"));
  assert.ok(tests.length > 20, `${tests.length}`);
  for (const name of tests) {
    const isThere = existsSync(`${root}test/${name}.test.ts`) || existsSync(`${root}test/${name}`);
    assert.ok(isThere, `${name}: no test/${name}.test.ts and no folder test/${name}`);
  }
});
