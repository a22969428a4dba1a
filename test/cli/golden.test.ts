/** Each case is one readable file in test/golden. RCWARDEN_REWRITE_GOLDEN=1 writes them; the diff is what is reviewed. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { columns } from "../../agent/facts/layout.ts";
import { cases } from "./support/cases.ts";
import { call, partsOf, type Said } from "./support/world.ts";

const folder = new URL("../golden/", import.meta.url);
const rewrite = process.env.RCWARDEN_REWRITE_GOLDEN === "1";

function text(story: string, argv: readonly string[], { stdout, stderr, exit }: Said): string {
  const parts = [
    `# ${story}`,
    `$ rcwarden ${argv.join(" ")}`,
    stdout.trimEnd(),
    "--- stderr",
    stderr.trimEnd(),
    `--- exit ${exit}`,
  ];
  return `${parts.filter((part) => part !== "").join("\n")}\n`;
}

for (const { name, story, argv, world, wide } of cases) {
  test(`${name}: ${story}`, async () => {
    const said = await call(argv, partsOf(world));
    const found = text(story, argv, said);
    const file = new URL(`${name}.txt`, folder);
    if (rewrite) writeFileSync(file, found);
    assert.equal(found, readFileSync(file, "utf8"));
    if (!wide) for (const line of said.stdout.split("\n")) assert.ok(columns(line) <= 100, `wider than 100: ${line}`);
  });
}

test("every golden file has its case", () => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".txt"));
  assert.deepEqual(files.sort(), cases.map(({ name }) => `${name}.txt`).sort());
});
