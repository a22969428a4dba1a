/** The .rpm in a root of its own: installed with its scripts, verified, upgraded, refused as an older one, erased. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Packages, packages } from "./made.ts";
import { noBoot, rootOf } from "./nspawn.ts";

const options = { timeout: 300_000, skip: noBoot };
let made: Packages;
let folder = "";
let root = "";

/** A copy of Debian's root, so that scripts find a shell and useradd; rpm's database in it begins empty. */
before(async () => {
  if (noBoot !== false) return;
  const lower = await rootOf("bookworm");
  made = packages();
  folder = mkdtempSync(`/run/rcw-rpm-${process.pid}-`);
  root = join(folder, "root");
  for (const each of ["root", "upper", "work"]) mkdirSync(join(folder, each));
  const layers = `lowerdir=${lower},upperdir=${folder}/upper,workdir=${folder}/work`;
  execFileSync("mount", ["-t", "overlay", "overlay", "-o", layers, root]);
  rpm("--initdb");
});
after(() => {
  if (root !== "") spawnSync("umount", ["-l", root]);
  if (folder !== "") rmSync(folder, { recursive: true, force: true });
  made?.[Symbol.dispose]();
});

function rpm(...words: readonly string[]) {
  return spawnSync("rpm", ["--root", root, ...words], { encoding: "utf8" });
}

test("it installs with its scripts, and everything is as packed", options, () => {
  // Debian's root has no rpm database that could say what is there.
  const done = rpm("-i", "--nodeps", made.rpm);
  assert.equal(done.status, 0, done.stderr);
  // Debian's rpm warns whoever installs by it; what our scripts complain about would stand beside that.
  assert.equal(done.stderr.replace(/^rpm: .*\n/gm, ""), "");
  assert.equal(rpm("-V", "--nodeps", "rcwarden").stdout, "");
  const accounts = execFileSync("chroot", [root, "getent", "group", "rcwarden", "rcwarden-sender"], {
    encoding: "utf8",
  });
  assert.equal(accounts.trim().split("\n").length, 2);
  assert.match(execFileSync("chroot", [root, "rcwarden", "--version"], { encoding: "utf8" }), /^rcwarden /);
});

test("what it needs is said", options, () => {
  const needs = execFileSync("rpm", ["-qp", "--requires", made.rpm], { encoding: "utf8" });
  for (const need of ["glibc >= 2.28", "libstdc++ >= 8", "shadow-utils"]) assert.ok(needs.includes(`${need}\n`), need);
});

test("the same again is no upgrade, and what the owner wrote stays", options, () => {
  const file = join(root, "etc/rcwarden/agent.yaml");
  writeFileSync(file, "# mine\n");
  assert.notEqual(rpm("-U", "--nodeps", made.rpm).status, 0);
  const again = rpm("-U", "--nodeps", "--replacepkgs", made.rpm);
  assert.equal(again.status, 0, again.stderr);
  assert.match(rpm("-V", "--nodeps", "rcwarden").stdout, /c \/etc\/rcwarden\/agent\.yaml/);
});

test("erasing keeps state and what the owner wrote, and nothing else", options, () => {
  mkdirSync(join(root, "var/lib/rcwarden/host"), { mode: 0o700 });
  writeFileSync(join(root, "var/lib/rcwarden/host/store"), "");
  const done = rpm("-e", "rcwarden");
  assert.equal(done.status, 0, done.stderr);
  assert.ok(!existsSync(join(root, "usr/lib/rcwarden")) && !existsSync(join(root, "usr/share/rcwarden")));
  assert.deepEqual(readdirSync(join(root, "etc/rcwarden")), ["agent.yaml.rpmsave"]);
  assert.ok(existsSync(join(root, "var/lib/rcwarden/host/store")));
});
