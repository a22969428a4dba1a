/** The addon as it is shipped, and once more with sanitizers. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { compileAddon } from "../support/addon.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-host-"));
const [plain, sanitized] = [join(folder, "plain.node"), join(folder, "sanitized.node")];
const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

before(() => {
  compileAddon(plain);
  compileAddon(sanitized, ["-O1", "-g", ...sanitizers]);
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** What each source of the addon is called by. */
const callers = { "host.c": "host-calls.ts", "at.c": "at-calls.ts" } as const;

function calls(caller: string, addon: string, env: Readonly<Record<string, string>>): string {
  const own = mkdtempSync(join(folder, "own-"));
  const words = [join(import.meta.dirname, caller), addon, own];
  const done = spawnSync(process.execPath, words, {
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", ...env },
    timeout: 120_000,
  });
  return `${done.stdout}${done.stderr}${done.signal ?? ""}`;
}

for (const [source, caller] of Object.entries(callers)) {
  test(`every call of ${source} answers what it is made for and refuses everything else`, () => {
    assert.equal(calls(caller, plain, {}), "done\n");
  });

  test(`${source}: the same finds nothing under address and undefined-behaviour sanitizers`, () => {
    const libraries = ["libasan.so", "libubsan.so"].map((name) =>
      execFileSync("cc", [`-print-file-name=${name}`], { encoding: "utf8" }).trim(),
    );
    // V8 keeps what it made until the end: only what is broken is looked for, not what is left.
    const env = { LD_PRELOAD: libraries.join(" "), ASAN_OPTIONS: "detect_leaks=0" };
    assert.equal(calls(caller, sanitized, env), "done\n");
  });
}

test("where a lease cannot be had it is said that nobody knows who has a file open", {
  skip: process.getuid?.() !== 0 && "needs root",
}, () => {
  const own = mkdtempSync(join(folder, "own-"));
  writeFileSync(join(own, "theirs"), "theirs");
  chownSync(join(own, "theirs"), 65_533, 65_533);
  const script = `
    import { openSync } from "node:fs";
    const module = { exports: {} };
    process.dlopen(module, ${JSON.stringify(plain)});
    const { statAt, examineAt } = module.exports;
    const [held, name, seen] = [openSync(${JSON.stringify(own)}), Buffer.from("theirs"), new BigInt64Array(11)];
    console.log(statAt(held, name, seen), ...[false, true].map((is) => examineAt(held, name, seen, Buffer.alloc(9), is)));`;
  const drop = ["--inh-caps=-all", "--bounding-set=-lease"];
  const said = execFileSync("setpriv", [...drop, process.execPath, "--input-type=module", "-e", script]);
  assert.equal(said.toString(), `0 ${512 + 6} ${512 + 6}\n`);
});

test("the addon needs nothing newer than glibc 2.28, and no other library", () => {
  const symbols = execFileSync("objdump", ["-T", plain], { encoding: "utf8" });
  const versions = [...symbols.matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(
    ([, major, minor]) => [Number(major), Number(minor)] as const,
  );
  assert.ok(versions.length > 0, symbols);
  assert.deepEqual(
    versions.filter(([major, minor]) => major > 2 || minor > 28),
    [],
  );
  const needed = [...execFileSync("objdump", ["-p", plain], { encoding: "utf8" }).matchAll(/NEEDED +(\S+)/g)];
  assert.deepEqual(
    needed.map(([, name]) => name),
    ["libc.so.6"],
  );
});
