import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { whileSame } from "../../agent/host/while-same.ts";

test("a file is looked at again when it is another one, is in another state, or its link leads elsewhere", () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-same-"));
  try {
    let looks = 0;
    const textOf = whileSame((path) => {
      looks += 1;
      return readFileSync(path, "utf8");
    });
    const [file, other, link] = [join(folder, "file"), join(folder, "other"), join(folder, "link")];
    assert.equal(textOf(file), null);
    writeFileSync(file, "one");
    symlinkSync(file, link);
    assert.deepEqual([textOf(file), textOf(file), textOf(link), textOf(link), looks], ["one", "one", "one", "one", 2]);
    writeFileSync(file, "longer");
    assert.deepEqual([textOf(file), textOf(link)], ["longer", "longer"]);
    writeFileSync(other, "others");
    renameSync(other, file);
    assert.deepEqual([textOf(file), textOf(link)], ["others", "others"]);
    rmSync(file);
    assert.deepEqual([textOf(file), textOf(link)], [null, null]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a folder is looked at again when a name in it came or went", () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-same-"));
  try {
    const namesIn = whileSame((path) => readdirSync(path));
    assert.deepEqual(namesIn(folder), []);
    mkdirSync(join(folder, "x86_64-linux-gnu"));
    assert.deepEqual(namesIn(folder), ["x86_64-linux-gnu"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
