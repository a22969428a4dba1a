import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import * as fc from "fast-check";
import { latin1, literal, utf8, wordsOf } from "../../agent/shells/quote.ts";

/** Any text that a shell can hold: no NUL, no half of a surrogate pair. */
const text = fc.string({ unit: "binary", maxLength: 30 }).filter((value) => !value.includes("\0"));
const nasty = fc.string({ unit: fc.constantFrom(..."a'\"\\$`!\n\t =;&|*?[]{}()<>#~^%é\x01\x7f€"), maxLength: 12 });
const batch = fc.array(fc.oneof(text, nasty), { minLength: 1, maxLength: 60 });
const locales = ["C", "C.UTF-8"];
/** Not a pipe of Node's for stdin: it is a socket, and bash would take it for a network connection and read ~/.bashrc. */
const stdio: ["ignore", "pipe", "inherit"] = ["ignore", "pipe", "inherit"];

for (const shell of ["bash", "zsh"])
  for (const LC_ALL of locales)
    test(`${shell} takes a literal word for exactly that word (${LC_ALL})`, () => {
      const check = (words: readonly string[]) => {
        const script = `printf '%s\\0' ${words.map(literal).join(" ")}`;
        const said = execFileSync(shell, ["-c", script], { env: { LC_ALL }, stdio });
        assert.deepEqual(said.toString("utf8").split("\0").slice(0, -1), words);
      };
      void fc.assert(fc.property(batch, check), { numRuns: 15 });
    });

/** How the shells quote for themselves. zsh's `(qqqq)` is its $'...'. */
const quoting = {
  "bash printf %q": ["bash", `printf '%q\\0' "$@"`],
  "bash @Q": ["bash", `printf '%s\\0' "\${@@Q}"`],
  "zsh (q)": ["zsh", `print -rN -- "\${(@q)@}"`],
  "zsh (qq)": ["zsh", `print -rN -- "\${(@qq)@}"`],
  "zsh (qqq)": ["zsh", `print -rN -- "\${(@qqq)@}"`],
  "zsh (qqqq)": ["zsh", `print -rN -- "\${(@qqqq)@}"`],
  "zsh (q+)": ["zsh", `print -rN -- "\${(@q+)@}"`],
} as const;

/** zsh (q+) writes the characters U+0080 to U+009F as it writes the single bytes 80 to 9f: which of the two nobody can tell. */
const isTold = (name: string, words: readonly string[]) =>
  name !== "zsh (q+)" || words.every((word) => !/[\u0080-\u009f]/.test(word));

for (const [name, [shell, script]] of Object.entries(quoting))
  for (const LC_ALL of locales)
    test(`what ${name} quoted is undone exactly (${LC_ALL})`, () => {
      const check = (words: readonly string[]) => {
        const said = execFileSync(shell, ["-c", script, shell, ...words], { env: { LC_ALL }, stdio }).toString(
          "latin1",
        );
        const undone = said
          .split("\0")
          .slice(0, -1)
          .map((word) => wordsOf(word)?.map(utf8));
        assert.deepEqual(
          undone,
          words.map((word) => [word]),
        );
      };
      const told = batch.filter((words) => isTold(name, words));
      void fc.assert(fc.property(told, check), { numRuns: 15 });
    });

test("several words stay several words", () => {
  assert.deepEqual(wordsOf(latin1(`'/a b' $'c\\nd' "e\\"f" g\\ h ''`)), ["/a b", "c\nd", 'e"f', "g h", ""]);
});

test("a quote that is not closed is no word", () => {
  for (const torn of ["'a", '"a', "$'a", "a \\"]) assert.equal(wordsOf(torn), null, torn);
});

test("reading words never throws, whatever the bytes", () => {
  void fc.assert(fc.property(fc.string({ unit: "binary" }), (bytes) => void wordsOf(latin1(bytes))));
});
