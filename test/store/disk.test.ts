import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { scratch } from "./support/state.ts";

const script = fileURLToPath(new URL("support/disk.ts", import.meta.url));
const failing = fileURLToPath(new URL("support/failing.c", import.meta.url));
const skip = process.getuid?.() === 0 ? false : "needs root, to mount a small disk";

/** In a mount namespace of its own, on a tmpfs of 8 MB that goes with it. */
function onSmallDisk(scenario: string, folder: string, env: Record<string, string> = {}): void {
  const disk = `${folder}/disk`;
  mkdirSync(disk);
  const command = 'mount -t tmpfs -o size=8m,mode=0700 none "$1" && shift && exec "$@"';
  const args = ["-m", "sh", "-c", command, "sh", disk, process.execPath, script, scenario, disk];
  const { status, stdout, stderr } = spawnSync("unshare", args, {
    encoding: "utf8",
    env: { ...process.env, ...env },
    timeout: 120_000,
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /came to its end/);
}

for (const scenario of [
  "full at commit",
  "the queue drains on a full disk, and the cap makes room",
  "releases on a full disk, and an older database",
  "full at open",
  "damaged and full",
  "read-only at open",
])
  test(`on a small disk: ${scenario}`, { skip }, () => {
    using place = scratch();
    onSmallDisk(scenario, place.path);
  });

test("a disk that cannot write or sync: what was refused is not there, also not after a start, and it goes on after", {
  skip,
}, () => {
  using place = scratch();
  const library = `${place.path}/failing.so`;
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, failing, "-ldl"]);
  onSmallDisk("input/output errors", place.path, { LD_PRELOAD: library, RCWARDEN_FAIL: `${place.path}/fail` });
});
