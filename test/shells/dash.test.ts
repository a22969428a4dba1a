import assert from "node:assert/strict";
import { test } from "node:test";
import { dash } from "../../agent/shells/dash.ts";
import { listing } from "./listing.ts";
import { complaint } from "./real.ts";

listing(dash);

const complaints: Readonly<Record<string, readonly [text: string, line: number]>> = {
  "an if without its then": ["echo a\nif true\n", 3],
  "an open quote": ['echo "un\n', 2],
  "a stray fi": ["echo a\nfi\n", 2],
  "an array": ["x=(1 2)\n", 1],
  "a function's name with a hyphen": ["foo-bar() { :; }\n", 1],
  "a file that is not there": [". ~/nosuch\n", 1],
  "an unset variable under set -u": ["set -u\necho $nosuch\n", 2],
  "a bad substitution": [`:\n: \${a!b}\n`, 2],
  "line ends of Windows": ["if true\r\nthen\r\necho\r\nfi\r\n", 5],
  "what eval makes no sense of": ["eval fi\n", 1],
};
for (const [name, [lines, line]] of Object.entries(complaints))
  test(`the complaint about ${name} is found with its line`, async () => {
    const found = await complaint(dash, ".profile", lines, { login: true });
    assert.deepEqual({ file: found?.file, line: found?.line }, { file: null, line });
    assert.notEqual(found?.says, "");
  });

test("what does not end a login is no complaint of that kind", async () => {
  for (const lines of ["nosuch-command\n", "[ -f x\n", "sh -c fi\n", "cat <<EOF\nx\n", "trap x NOSIG\n"])
    assert.equal(await complaint(dash, ".profile", lines, { login: true }), null, lines);
});
