/** Packages of one commit, built in two clones at different places, under another umask, language and time zone. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { dist } from "../support/rcwarden.ts";

const checkout = dirname(dist);

test("two clean clones make the same bytes", { timeout: 300_000 }, () => {
  // Below the checkout's own disk, so that the locked packages can be linked.
  const folder = mkdtempSync(join(tmpdir(), "rcw-clones-"));
  try {
    const sums = ["one", "other/by-another/name"].map((name, at) => made(join(folder, name), at));
    assert.equal(sums[0], sums[1]);
    assert.match(sums[0] ?? "", /\.deb\n/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The checksums of what a clone makes, under a umask and an environment of its own. */
function made(clone: string, at: number): string {
  mkdirSync(dirname(clone), { recursive: true });
  execFileSync("git", ["-c", "safe.directory=*", "clone", "-q", checkout, clone]);
  execFileSync("cp", ["-a", join(checkout, "node_modules"), join(clone, "node_modules")]);
  const node = join(clone, "node_modules/.bin/node");
  const env = {
    PATH: process.env.PATH,
    HOME: clone,
    TZ: at === 0 ? "UTC" : "Asia/Tokyo",
    LANG: at === 0 ? "C" : "C.UTF-8",
  };
  const build = 'umask "$1"; "$2" packaging/build.mjs && "$2" packaging/package.mjs --uncompressed';
  execFileSync("sh", ["-ec", build, "sh", at === 0 ? "022" : "027", node], { cwd: clone, env, stdio: "pipe" });
  return readFileSync(join(clone, "dist/SHA256SUMS"), "utf8");
}
