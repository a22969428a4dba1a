import assert from "node:assert/strict";
import { test } from "node:test";
import { posh } from "../../agent/shells/posh.ts";
import { listing } from "./listing.ts";
import { answered, complaint } from "./real.ts";

listing(posh, {
  hasAliases: false,
  stand: "command pwd umask",
  kinds: { cp: ["file", "/usr/bin/cp"], "/bin/cat": ["file", "/bin/cat"], noprogram: ["none", null] },
});

const complaints: Readonly<Record<string, readonly [text: string, line: number]>> = {
  "an if without its then": ["echo a\nif true\n", 2],
  "an open quote": ['echo "un\n', 2],
  "an array": ["echo a\nx=(1 2)\n", 2],
  "an unset variable under set -u": ["set -u\necho $nosuch\n", 2],
  "a file that is not there": ["echo a\n. ~/nosuch\n", 2],
};
for (const [name, [lines, line]] of Object.entries(complaints))
  test(`the complaint about ${name} is found with its line`, async () => {
    const found = await complaint(posh, ".profile", lines, { login: true });
    assert.deepEqual({ file: found?.file, line: found?.line }, { file: "~/.profile", line });
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch\n", "eval fi\n", "[[ x == y ]]\n", "trap x NOSIG\n"])
    assert.equal(await complaint(posh, ".profile", lines, { login: true }), null, lines);
});

test("special builtins are asked by, whatever functions have their names", async () => {
  const told = await answered(posh, {
    files: { ".profile": "set() { :; }\nunset() { :; }\neval() { :; }\ntrap() { :; }\nv=1\n" },
    names: ["set", "eval"],
    login: true,
  });
  assert.equal(told.variables.find(({ name }) => name === "v")?.value, "1");
  assert.deepEqual(told.doubts, []);
});
