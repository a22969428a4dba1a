/** Renders what is checked in but comes from tables. `--check` says what is stale instead of writing it, and exits 1. */
import { readFileSync, writeFileSync } from "node:fs";
import { biomeConfiguration } from "./import-rules.mjs";

const root = new URL("..", import.meta.url);
const rendered = { "biome.json": `${JSON.stringify(biomeConfiguration(), null, 2)}\n` };

let stale = 0;
for (const [file, text] of Object.entries(rendered)) {
  const url = new URL(file, root);
  let before = "";
  try {
    before = readFileSync(url, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  if (before === text) continue;
  if (process.argv.includes("--check")) {
    stale++;
    console.error(`${file}: expected what the tables render, found something else; run: npm run docs`);
  } else {
    writeFileSync(url, text);
    console.log(`${file} rendered`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;
