/** What Debian's and rpm's own judges say of the packages. Their exceptions stand, with reasons, beside what makes the packages. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { dist } from "../support/rcwarden.ts";
import { type Packages, packages } from "./made.ts";

let made: Packages;
before(() => {
  made = packages();
});
after(() => made[Symbol.dispose]());

test("lintian finds no error and no warning", { timeout: 200_000 }, () => {
  // What is tested is not compressed, for speed.
  const uncompressed = "uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball";
  const said = spawnSync("lintian", ["--allow-root", "--suppress-tags", uncompressed, made.deb], { encoding: "utf8" });
  assert.equal(said.stdout, "");
  assert.equal(said.status, 0, said.stderr);
});

test("rpmlint finds no error", { timeout: 200_000 }, () => {
  const filters = join(dirname(dist), "packaging/package/rpm/rpmlintrc");
  const said = spawnSync("rpmlint", ["-r", filters, made.rpm], { encoding: "utf8" });
  assert.match(said.stdout, / 0 errors,/);
  assert.equal(said.status, 0, said.stdout);
});
