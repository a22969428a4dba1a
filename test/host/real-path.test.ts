import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { realPath } from "../../agent/host/real-path.ts";

test("a path leads where readlink -e says, and nowhere where it says so", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-real-"));
  try {
    mkdirSync(join(folder, "a/b"), { recursive: true });
    writeFileSync(join(folder, "a/b/file"), "");
    const links = {
      relative: "a/b/file",
      absolute: join(folder, "a"),
      up: "a/b/../../relative",
      dangling: "a/none",
      loop: "loop",
      through: "a/b/file/more",
    };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name));
    const inside = ["", "a/b/file", "a/none", "a/b/file/more", "absolute/b", "a/../a/b", ...Object.keys(links)];
    const paths = [...inside.map((name) => join(folder, name)), "/bin/sh", "/", "/nonexistent"];
    for (const path of paths) {
      const said = spawnSync("readlink", ["-e", "-n", "--", path], { encoding: "utf8" });
      assert.equal(await realPath(path), said.status === 0 ? said.stdout : null, path);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a path that is none leads nowhere", async () => {
  for (const path of ["", "relative/none", "/x\0y"]) assert.ok(!(await realPath(path)), JSON.stringify(path));
});
