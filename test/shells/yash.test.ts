import assert from "node:assert/strict";
import { test } from "node:test";
import { yash } from "../../agent/shells/yash.ts";
import { listing } from "./listing.ts";
import { answered, complaint } from "./real.ts";

// In the POSIX locale it cannot hold other characters.
const env = { LC_ALL: "C.UTF-8" };

listing(yash, { env, file: ".yash_profile", kinds: { echo: ["function", "/usr/bin/echo"] } });

const complaints: Readonly<Record<string, readonly [text: string, file: string | null, line: number | null]>> = {
  "an if without its then": ["echo a\nif true\n", "~/.yash_profile", 3],
  "an open quote": ['echo "un\n', "~/.yash_profile", 2],
  "an odd name of a function": ["foo-bar() { :; }\n", "~/.yash_profile", 1],
  "an unset variable under set -u": ["set -u\necho $nosuch\n", null, null],
  "a file that is not there": [". ~/nosuch\n", null, null],
};
for (const [name, [lines, file, line]] of Object.entries(complaints))
  test(`the complaint about ${name} is found`, async () => {
    const found = await complaint(yash, ".yash_profile", lines, { login: true });
    assert.deepEqual({ file: found?.file, line: found?.line }, { file, line });
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch\n", "eval fi\n", "set -o nosuch\n", "export 1a=b\n"])
    assert.equal(await complaint(yash, ".yash_profile", lines, { login: true }), null, lines);
});

test("a readonly function named after a builtin is a doubt, and the rest is still told", async () => {
  const told = await answered(yash, {
    files: { ".yash_profile": "alias kept=k\nfunkept() { :; }\numask() { echo FAKE; }\nreadonly -f umask\n" },
    names: ["umask"],
    login: true,
  });
  assert.deepEqual(
    told.doubts.map((doubt) => /named (\w+) /.exec(doubt)?.[1]),
    ["umask"],
  );
  assert.deepEqual(told.aliases, [{ name: "kept", value: "k" }]);
  assert.deepEqual(told.functions.map(({ name }) => name).sort(), ["funkept", "umask"]);
});

test("the vendor's own rc brings its function rm, and the dump answers", async () => {
  const told = await answered(yash, {
    files: { ".yash_profile": ". --autoload initialization/common\n" },
    names: ["rm"],
    login: true,
  });
  assert.deepEqual([told.commands[0]?.is, told.commands[0]?.then], ["function", "/usr/bin/rm"]);
  assert.ok(told.functions.some(({ name }) => name === "rm"));
  assert.deepEqual(told.doubts, []);
});
