import assert from "node:assert/strict";
import { test } from "node:test";
import { mksh } from "../../agent/shells/mksh.ts";
import { listing } from "./listing.ts";
import { answered, complaint } from "./real.ts";

listing(mksh, { kinds: { "/bin/cat": ["file", "/bin/cat"] }, leaves: ["nounset", "noglob"] });

const complaints: Readonly<Record<string, readonly [text: string, line: number]>> = {
  "an if without its then": ["echo a\nif true\n", 2],
  "an open quote": ['echo a\necho "un\n', 3],
  "a stray fi": ["echo a\nfi\n", 2],
  "an unset variable under set -u": ["set -u\necho $nosuch\n", 2],
  "an assignment to what is readonly": ["readonly X=1\nX=2\n", 2],
  "a here-document without its end": ["cat <<EOF\nx\n", 3],
};
for (const [name, [lines, line]] of Object.entries(complaints))
  test(`the complaint about ${name} is found with its line`, async () => {
    const found = await complaint(mksh, ".profile", lines, { login: true });
    assert.deepEqual({ file: found?.file, line: found?.line }, { file: "~/.profile", line });
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch\n", "eval fi\n", "x=(1 2)\n", "trap x NOSIG\n"])
    assert.equal(await complaint(mksh, ".profile", lines, { login: true }), null, lines);
});

test("functions of any name and a trap on errors do not hinder", async () => {
  const names = ["set", "unset", "trap", "builtin", "whence", "typeset", "print", "k-l"];
  const told = await answered(mksh, {
    files: { ".profile": `trap 'echo NOISE' ERR\n${names.map((name) => `${name}() { :; }`).join("\n")}\n` },
    login: true,
  });
  assert.deepEqual(told.functions.map(({ name }) => name).sort(), names.sort());
  assert.deepEqual(told.traps, [{ signal: "ERR", action: "echo NOISE" }]);
  assert.deepEqual(told.doubts, []);
});
