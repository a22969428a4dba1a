/** Whatever the host, its files and its documents say, only this program writes to the terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { columns } from "../../agent/facts/layout.ts";
import { hostileWorld, word } from "./support/hostile-world.ts";
import { call, partsOf, root } from "./support/world.ts";

const calls = [
  ["check"],
  ["check", "--mode", "ssh-command-pty", "--mode", "ssh-command"],
  ["accounts"],
  ["policy", "list"],
];

test("no control byte but the newline reaches the text, and no line is too wide", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(word),
      fc.constantFrom(...calls),
      fc.boolean(),
      async (words, argv, terminal) => {
        const world = hostileWorld(() => words.next().value ?? "");
        const said = await call(argv, partsOf(world), { terminal });
        assert.doesNotMatch(said.stderr, /internal error/);
        const own = said.stdout.replace(/\u001b\[(?:1|2|22|31|32|33|39)m/g, "");
        if (!terminal) assert.equal(own, said.stdout);
        for (const line of `${own}${said.stderr}`.split("\n")) {
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        }
        for (const line of own.split("\n")) assert.ok(columns(line) <= 100, line);
      },
    ),
    { numRuns: 200 },
  );
});

test("what a person typed comes back harmless, too", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(word, { maxLength: 4 }),
      fc.constantFrom("check", "accounts", "policy", ""),
      async (words, verb) => {
        const said = await call(verb === "" ? words : [verb, ...words], partsOf({ accounts: [root] }));
        for (const line of `${said.stdout}${said.stderr}`.split("\n"))
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      },
    ),
    { numRuns: 200 },
  );
});

test("colour is for terminals, and for none with NO_COLOR or a dumb one", async () => {
  const parts = partsOf({ accounts: [root] });
  const sequence = /\u001b/;
  const argv = ["check", "--account", "root"];
  assert.match((await call(argv, parts, { terminal: true })).stdout, sequence);
  assert.doesNotMatch((await call(argv, parts)).stdout, sequence);
  assert.doesNotMatch((await call(argv, parts, { terminal: true, env: { NO_COLOR: "1" } })).stdout, sequence);
  assert.doesNotMatch((await call(argv, parts, { terminal: true, env: { TERM: "dumb" } })).stdout, sequence);
});
