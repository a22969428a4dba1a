import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** [file, what it imports, a part of the sentence that must stop it] */
const faults: readonly (readonly [string, string, string])[] = [
  ["facts/planted.ts", 'import { a } from "../host/a.ts";', "facts are the shapes"],
  ["documents/planted.ts", 'import { a } from "../shells/a.ts";', "documents know facts"],
  ["shells/planted.ts", 'import { a } from "../probe/a.ts";', "A shell is a value"],
  ["startup/planted.ts", 'import { a } from "../host/a.ts";', "startup reads text"],
  ["checks/planted.ts", 'import { a } from "../shells/a.ts";', "A check sees facts, never a shell"],
  ["evaluate/planted.ts", 'import { a } from "../checks/alias.ts";', "never a single check"],
  ["evaluate/planted.ts", 'import { a } from "../probe/a.ts";', "evaluate turns facts and documents"],
  ["drift/planted.ts", 'import { a } from "../store/a.ts";', "drift turns verdicts"],
  ["host/planted.ts", 'import { a } from "../shells/a.ts";', "host says what the kernel"],
  ["probe/planted.ts", 'import { a } from "../evaluate/a.ts";', "probe runs a shell"],
  ["collectors/planted.ts", 'import { a } from "../probe/a.ts";', "collectors gather facts"],
  ["children/planted.ts", 'import { a } from "../probe/a.ts";', "A child imports one subject"],
  ["children/sweeper.ts", 'import { a } from "../startup/a.ts";', "A child imports one subject"],
  ["store/planted.ts", 'import { a } from "../sinks/a.ts";', "store keeps what drift says"],
  ["sinks/planted.ts", 'import { a } from "../host/a.ts";', "sinks import store and documents"],
  ["status/planted.ts", 'import { a } from "../probe/a.ts";', "status imports store and documents"],
  ["status/page/planted.ts", 'import { a } from "../../store/a.ts";', "The page is rendered from"],
  ["runs/planted.ts", 'import { a } from "../store/a.ts";', "runs says whom to measure"],
  ["children/sender.ts", 'import { a } from "../startup/a.ts";', "A child imports one subject"],
  ["cleanup/planted.ts", 'import { a } from "../probe/a.ts";', "cleanup imports host"],
  ["probe/planted.ts", 'import { a } from "../cli/a.ts";', "probe runs a shell"],
  ["startup/planted.ts", 'import { readFileSync as a } from "node:fs";', "what it needs of the world comes in"],
  ["checks/planted.ts", 'import { spawn as a } from "node:child_process";', "what it needs of the world comes in"],
  ["documents/planted.ts", 'import { createServer as a } from "node:net";', "what it needs of the world comes in"],
  ["evaluate/planted.ts", 'import { performance as a } from "node:perf_hooks";', "the time comes in"],
  ["shells/planted.ts", 'import { randomBytes as a } from "node:crypto";', "randomness comes in"],
  ["probe/planted.ts", 'import { unlinkSync as a } from "node:fs";', "remove, rename or cut files"],
  ["cli/planted.ts", 'import { rm as a } from "node:fs/promises";', "remove, rename or cut files"],
  ["daemon/planted.ts", 'import a from "node:fs";', "imported by name"],
  ["host/planted.ts", 'import * as a from "node:fs";', "imported by name"],
];
/** What the rules must leave alone: a rule that stops everything proves nothing. */
const allowed: readonly (readonly [string, string])[] = [
  ["checks/planted.ts", 'import { a } from "../facts/index.ts";'],
  ["status/page/planted.ts", 'import { a } from "../shapes.ts";'],
  ["status/page/planted.ts", 'import { a } from "../../facts/index.ts";'],
  ["evaluate/planted.ts", 'import { a } from "../checks/index.ts";'],
  ["startup/planted.ts", 'import { a } from "../shells/index.ts";'],
  ["shells/planted.ts", 'import { createHash as a } from "node:crypto";'],
  ["probe/planted.ts", 'import { readFileSync as a } from "node:fs";'],
  ["children/sweeper.ts", 'import { unlinkSync as a } from "node:fs";'],
  ["cleanup/planted.ts", 'import { renameSync as a } from "node:fs";'],
  ["cli/except.ts", 'import { renameSync as a } from "node:fs";'],
  ["cli/planted.ts", 'import { a } from "../probe/index.ts";'],
];

let copy = "";
before(() => {
  copy = mkdtempSync(`${tmpdir()}/rcwarden-import-rules-`);
  copyFileSync(`${root}biome.json`, `${copy}/biome.json`);
});
after(() => rmSync(copy, { recursive: true, force: true }));

function lint(file: string, line: string, rest = "export const used = a;\n"): string {
  const path = `${copy}/agent/${file}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${line}\n${rest}`);
  const said = spawnSync(`${root}node_modules/.bin/biome`, ["lint", "--reporter=github", path], {
    cwd: copy,
    encoding: "utf8",
  });
  rmSync(path);
  return said.stdout;
}

for (const [file, line, sentence] of faults) {
  test(`agent/${file} may not say: ${line}`, () => {
    const said = lint(file, line);
    assert.match(said, /::error/);
    assert.ok(said.includes(sentence), said);
  });
}

for (const [file, line] of allowed) {
  test(`agent/${file} may say: ${line}`, () => assert.doesNotMatch(lint(file, line), /::error/));
}

test("a pure folder has no clock and no process", () => {
  for (const global of ["Date.now()", "process.env", "setTimeout(String, 1)", "crypto.randomUUID()"]) {
    assert.match(lint("drift/planted.ts", "", `export const used = ${global};\n`), /noRestrictedGlobals/, global);
  }
});

test("no pure folder draws random numbers", () => {
  const folders = ["facts", "documents", "shells", "startup", "checks", "evaluate"];
  for (const folder of folders) {
    for (const file of readdirSync(`${root}agent/${folder}`, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts")) continue;
      assert.doesNotMatch(readFileSync(`${root}agent/${folder}/${file}`, "utf8"), /Math\.random/, `${folder}/${file}`);
    }
  }
});

test("imports in a circle are found", () => {
  const path = `${copy}/agent/probe`;
  mkdirSync(path, { recursive: true });
  writeFileSync(`${path}/one.ts`, 'import { two } from "./two.ts";\nexport const one = () => two;\n');
  writeFileSync(`${path}/two.ts`, 'import { one } from "./one.ts";\nexport const two = () => one;\n');
  const said = spawnSync(`${root}node_modules/.bin/biome`, ["lint", "--reporter=github", "."], {
    cwd: copy,
    encoding: "utf8",
  });
  rmSync(path, { recursive: true });
  assert.match(said.stdout, /noImportCycles/);
});
