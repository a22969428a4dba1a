import assert from "node:assert/strict";
import { globSync, mkdirSync, mkdtempDisposableSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { matchingPaths } from "../../agent/collectors/matching-paths.ts";

test("names what Node's own glob names, links that lead nowhere with them, and nothing hidden", () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), "rcwarden-glob-"));
  for (const name of ["b.conf.d", "a.conf.d", ".c.conf.d"]) {
    mkdirSync(join(folder.path, name));
    for (const file of ["2.conf", "10.conf", ".hidden.conf", "x", "[y].conf"])
      writeFileSync(join(folder.path, name, file), "");
  }
  symlinkSync("/nonexistent", join(folder.path, "a.conf.d/lost.conf"));
  for (const pattern of ["*.d/*.conf", "a.conf.d/?.conf", "[!a]*/[0-9]*", "a.conf.d/*", "*/x", "none/*", "*/*/*"]) {
    const whole = join(folder.path, pattern);
    assert.deepEqual(matchingPaths(whole), globSync(whole).sort(), pattern);
  }
  assert.equal(matchingPaths(join(folder.path, "*.d/*.conf")).length, 7);
});
