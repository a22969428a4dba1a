/** The archive where nothing is installed: unpacked, and the first true sentence, without configuration and without root. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { after, before, test } from "node:test";
import { makeAccount } from "../support/accounts.ts";
import { type Packages, packages } from "./made.ts";
import { noBoot, rootOf } from "./nspawn.ts";

const options = { timeout: 600_000, skip: noBoot };
/** From the unpacked archive to the answer; the account's alias waits, so that there is something to say. */
const withinMs = 10_000;
let made: Packages;
before(() => {
  if (noBoot === false) made = packages();
});
after(() => made?.[Symbol.dispose]());

const cshrc = 'alias cp "cp -i"\n';

test("on this machine one command, as nobody in particular, names the line", options, async () => {
  const folder = mkdtempSync(`/var/tmp/rcw-tarball-${process.pid}-`);
  try {
    chmodSync(folder, 0o755);
    execFileSync("tar", ["-C", folder, "-xzf", made.tarball]);
    await using account = await makeAccount({ shell: "/bin/tcsh", files: { ".cshrc": cshrc } });
    const program = join(folder, basename(made.tarball, ".tar.gz"), "bin/rcwarden");
    const who = ["--reuid", account.name, "--regid", account.name, "--init-groups", "--reset-env"];
    const started = performance.now();
    const said = spawnSync("setpriv", [...who, program, "check"], { encoding: "utf8", cwd: "/" });
    const tookMs = performance.now() - started;
    assert.match(said.stdout, /~\/\.cshrc:1 +alias cp "cp -i"/, said.stderr);
    assert.match(said.stdout, /waits for ever at: cp: overwrite/);
    assert.equal(said.status, 1);
    assert.ok(tookMs < withinMs, `${tookMs} ms`);
    console.log(`from the unpacked archive to the first true sentence: ${(tookMs / 1000).toFixed(2)} s`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

for (const name of ["bullseye", "bookworm"] as const) {
  test(`in a clean root of ${name} one command, without root, names the line`, options, async () => {
    const lower = await rootOf(name);
    const folder = mkdtempSync(`/run/rcw-tarball-${process.pid}-`);
    const root = join(folder, "root");
    try {
      for (const each of ["root", "upper", "work"]) mkdirSync(join(folder, each));
      const layers = `lowerdir=${lower},upperdir=${folder}/upper,workdir=${folder}/work`;
      execFileSync("mount", ["-t", "overlay", "overlay", "-o", layers, root]);
      execFileSync("tar", ["-C", join(root, "opt"), "-xzf", made.tarball]);
      // Smallest Debian has bash alone: there the alias bites where a startup file lets it.
      execFileSync("chroot", [root, "useradd", "-m", "-s", "/bin/bash", "oracle"]);
      writeFileSync(join(root, "home/oracle/.bashrc"), "shopt -s expand_aliases\nalias cp='cp -i'\n");
      const program = `/opt/${basename(made.tarball, ".tar.gz")}/bin/rcwarden`;
      const nspawn = ["-q", "--register=no", "--keep-unit", "--private-network", "--pipe", "-D", root];
      const line = `setpriv --reuid oracle --regid oracle --init-groups --reset-env ${program} check --mode ssh-command`;
      const said = spawnSync(
        "systemd-nspawn",
        [...nspawn, "/bin/sh", "-c", `date +%s%N; ${line}; echo "exit $?"; date +%s%N`],
        {
          encoding: "utf8",
          timeout: 120_000,
        },
      );
      const [began = 0, ended = 0] = [...said.stdout.matchAll(/^(\d{19})$/gm)].map(([, at]) => Number(at) / 1e6);
      assert.match(said.stdout, /~\/\.bashrc:2 +alias cp='cp -i'/, said.stderr + said.stdout);
      assert.match(said.stdout, /waits for ever at: cp: overwrite/);
      assert.match(said.stdout, /^exit 1$/m);
      assert.ok(ended - began < withinMs, `${ended - began} ms`);
      console.log(
        `${name}: from the unpacked archive to the first true sentence: ${((ended - began) / 1000).toFixed(2)} s`,
      );
    } finally {
      spawnSync("umount", ["-l", root]);
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
