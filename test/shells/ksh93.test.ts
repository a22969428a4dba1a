import assert from "node:assert/strict";
import { test } from "node:test";
import { ksh93 } from "../../agent/shells/ksh93.ts";
import { listing } from "./listing.ts";
import { answered, complaint } from "./real.ts";

listing(ksh93, { kinds: { "/bin/cat": ["file", "/bin/cat"] } });

const complaints: Readonly<Record<string, readonly [text: string, line: number | null]>> = {
  "an if without its then": ["echo a\nif true\n", null],
  "an open quote": ['echo "un\n', null],
  "a stray fi": ["echo a\nfi\n", null],
  "an unset variable under set -u": ["set -u\necho $nosuch\n", 2],
  "a function's name with a hyphen": ["echo a\nfoo-bar() { :; }\n", 2],
};
for (const [name, [lines, line]] of Object.entries(complaints))
  test(`the complaint about ${name} is found`, async () => {
    const found = await complaint(ksh93, ".profile", lines, { login: true });
    assert.deepEqual({ file: found?.file, line: found?.line }, { file: "~/.profile", line });
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch\n", ". ~/nosuch\n", "eval fi\n", "x=(1 2)\n", "trap x NOSIG\n"])
    assert.equal(await complaint(ksh93, ".profile", lines, { login: true }), null, lines);
});

test("traps that speak before every command, and functions and variables of its own kinds, do not hinder", async () => {
  const told = await answered(ksh93, {
    files: {
      ".profile":
        "trap 'echo NOISE' DEBUG ERR\nfunction mine { :; }\nPATH.set() { :; }\ntypeset -C both=(one=1 two=2)\na[3]=x\nalias cp='cp -i'\n",
    },
    login: true,
  });
  assert.deepEqual(told.functions.map(({ name }) => name).sort(), ["PATH.set", "mine"]);
  assert.deepEqual(told.traps.map(({ signal }) => signal).sort(), ["DEBUG", "ERR"]);
  assert.equal(told.aliases.find(({ name }) => name === "cp")?.value, "cp -i");
  assert.deepEqual(told.doubts, []);
});
