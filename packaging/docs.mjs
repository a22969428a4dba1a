/** Renders what is checked in but comes from tables. `--check` says what is stale instead of writing it, and exits 1. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { checkKinds } from "../agent/checks/index.ts";
import { documentSchemas } from "../agent/documents/index.ts";
import { engineOpenapi } from "../agent/sinks/openapi.ts";
import { openapi, routes } from "../agent/status/index.ts";
import { catalogue } from "./catalogue.ts";
import { biomeConfiguration } from "./import-rules.mjs";
import { manPage, pages } from "./man/pages.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const rendered = {
  "biome.json": biomeJson(),
  ...policySchemas(),
  "policies/README.md": catalogue(),
  "agent/status/openapi.json": endpoint(),
  "agent/sinks/openapi.json": engineSide(),
  ...(await manPages()),
};

let stale = 0;
for (const [file, text] of Object.entries(rendered)) {
  if (readIfThere(root + file) === text) continue;
  if (process.argv.includes("--check")) {
    stale++;
    console.error(`${file}: expected what the tables render, found something else; run: npm run docs`);
  } else {
    mkdirSync(dirname(root + file), { recursive: true });
    writeFileSync(root + file, text);
    console.log(`${file} rendered`);
  }
}
process.exitCode = stale === 0 ? 0 : 1;

async function manPages() {
  const texts = pages.map(async (page) => [`packaging/man/${page}`, await manPage(page)]);
  return Object.fromEntries(await Promise.all(texts));
}

/** What can be asked over the agent's socket, as OpenAPI. */
function endpoint() {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  return `${JSON.stringify(openapi(routes, version), null, 2)}\n`;
}

/** What an engine implements that is sent events, as OpenAPI. */
function engineSide() {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
  return `${JSON.stringify(engineOpenapi(version), null, 2)}\n`;
}

/** JSON Schemas of the documents, one a kind, for editors. */
function policySchemas() {
  const schemas = Object.entries(documentSchemas(checkKinds));
  return Object.fromEntries(
    schemas.map(([file, schema]) => [`policies/schema/${file}`, `${JSON.stringify(schema, null, 2)}\n`]),
  );
}

/** Laid out by biome itself, under the very configuration. */
function biomeJson() {
  const folder = mkdtempSync(`${tmpdir()}/rcwarden-docs-`);
  try {
    writeFileSync(`${folder}/biome.json`, JSON.stringify(biomeConfiguration()));
    execFileSync(`${root}node_modules/.bin/biome`, ["format", "--write", "biome.json"], { cwd: folder, stdio: "pipe" });
    return readFileSync(`${folder}/biome.json`, "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readIfThere(path) {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}
