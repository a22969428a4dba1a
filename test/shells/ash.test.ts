import assert from "node:assert/strict";
import { test } from "node:test";
import { ash } from "../../agent/shells/ash.ts";
import { listing } from "./listing.ts";
import { complaint } from "./real.ts";

listing(ash);

const complaints: Readonly<Record<string, readonly [text: string, line: number | null]>> = {
  "an if without its then": ["echo a\nif true\n", null],
  "an open quote": ['echo "un\n', null],
  "a stray fi": ["echo a\nfi\n", null],
  "an array": ["x=(1 2)\n", null],
  "a function's name with a hyphen": ["foo-bar() { :; }\n", null],
  "a file that is not there": ["echo a\n. ~/nosuch\n", 2],
  "an unset variable under set -u": ["set -u\necho $nosuch\n", null],
  "what eval makes no sense of": ["echo a\neval fi\n", 2],
};
for (const [name, [lines, line]] of Object.entries(complaints))
  test(`the complaint about ${name} is found`, async () => {
    const found = await complaint(ash, ".profile", lines, { login: true });
    assert.deepEqual({ file: found?.file, line: found?.line }, { file: null, line });
    assert.notEqual(found?.says, "");
  });

test("what does not end a login is no complaint of that kind", async () => {
  for (const lines of [
    "nosuch-command\n",
    "[ -f x\n",
    "sh -c fi\n",
    "cat <<EOF\nx\n",
    "trap x NOSIG\n",
    "set -o nosuch\n",
  ])
    assert.equal(await complaint(ash, ".profile", lines, { login: true }), null, lines);
});
