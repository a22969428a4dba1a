import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { modeIds } from "../../agent/facts/index.ts";
import { reading } from "./homes.ts";

const skeleton = `case $- in *i*) ;; *) return;; esac
if [ -x /usr/bin/dircolors ]; then
    test -r ~/.dircolors && eval "$(dircolors -b ~/.dircolors)" || eval "$(dircolors -b)"
    alias ls='ls --color=auto'
fi
f() { local x=$1; cat <<-EOF
	text
	EOF
}
for f in ~/.bashrc.d/*.sh; do . "$f"; done
export PATH="\${PATH:+$PATH:}/x" A=\`date\`
`;
const csh = `if ($?prompt) then
  set history=5
else if (-e ~/.aliases) then
  source ~/.aliases
endif
switch ($TERM)
case xterm*:
  breaksw
default:
endsw
foreach f (a b)
 alias $f 'rm \\!*'
end
`;
const bits = (
  "if then fi else elif case esac in for do done while { } ( ) (( )) [[ ]] ` $( ${ $(( ' \" \\ ; ;; & && || | <<E E = a $x " +
  "$- ~ * ? [ # ! < > &> function f() return exit source . eval @ set alias foreach end endif switch endsw breaksw default: $< é 😀"
)
  .split(" ")
  .concat(["\n", "\r", "\t", " ", "\0"]);
const soup = fc
  .tuple(fc.array(fc.constantFrom(...bits), { maxLength: 60 }), fc.constantFrom("", " "))
  .map(([all, by]) => all.join(by));
const edits = fc.array(fc.tuple(fc.nat(600), fc.nat(40), fc.constantFrom(...bits, "")), { maxLength: 8 });
const mutated = fc.tuple(fc.constantFrom(skeleton, csh), edits).map(([text, changes]) =>
  changes.reduce<string>((old, [at, length, bit]) => {
    const from = at % (old.length + 1);
    return old.slice(0, from) + bit + old.slice(from + length);
  }, text),
);
const anyText = fc.oneof(soup, mutated, fc.string({ unit: "binary", maxLength: 200 }));
const anyShell = fc.constantFrom("bash", "zsh", "tcsh");

test("reading never throws, and every statement has a place in its file", () => {
  const startable = modeIds.slice(0, 7);
  fc.assert(
    fc.property(anyText, anyShell, fc.constantFrom(...startable), (text, shell, mode) => {
      const files = [".bashrc", ".zshenv", ".zshrc", ".cshrc", ".profile", ".login"];
      const { statements, guards } = reading(shell, mode, Object.fromEntries(files.map((file) => [file, text])));
      const lines = text.split("\n").length;
      for (const { where } of [...statements, ...guards]) {
        assert.ok(where.line >= 1 && where.line <= lines && where.column >= 1);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("what is put behind a return is never reached", () => {
  const inert = fc.array(fc.constantFrom("alias a=b", "x=1", "[ -n x ] && y=2", "f() { :; }", "if some; then z=1; fi"));
  fc.assert(
    fc.property(inert, (lines) => {
      const { statements } = reading("bash", "ssh-command", { ".bashrc": ["return", ...lines].join("\n") });
      assert.deepEqual(
        statements.filter(({ reached, where }) => reached !== "no" && where.line > 1),
        [],
      );
    }),
  );
});

/** Texts whose reading could cost the square of their length, or worse. */
const heavy: Readonly<Record<string, string>> = {
  "openers of substitutions": "$(",
  "openers of arithmetic": "$((",
  parentheses: "(",
  braces: "${",
  brackets: "$[",
  backquotes: "`",
  "quotes in substitutions": '"$(',
  "ifs without end": "if x\n",
  "here-documents without end": "cat <<X\n",
  "conditions nobody knows": '[ -n "$LANG" ] && {\n',
  "values that grow": "x=$x$x$x\n",
  negations: "! ",
};
for (const [name, text] of Object.entries(heavy)) {
  test(`half a megabyte of ${name} costs about twice what half of it costs`, () => {
    for (const shell of ["bash", "zsh", "tcsh"]) {
      const cost = (length: number) => {
        const whole = text.repeat(length / text.length);
        const started = process.cpuUsage();
        reading(shell, "ssh-command", { ".bashrc": whole, ".zshenv": whole, ".cshrc": whole });
        return process.cpuUsage(started).user;
      };
      const half = Math.min(cost(262_144), cost(262_144));
      // A square would be four times; collectors and compilers make it noisy.
      assert.ok(cost(524_288) < half * 3.5 + 200_000 || cost(524_288) < half * 3.5 + 200_000);
    }
  });
}

test("functions that call each other without end come to one", () => {
  const calls = Array.from({ length: 30 }, (_, at) => `f${at + 1}() { f${at}; f${at}; f${at}; }`).join("\n");
  const { doubts } = reading("bash", "ssh-command", { ".bashrc": `f0() { :; }\n${calls}\nf19` });
  assert.deepEqual(doubts, [{ code: "over-ceiling", message: "the startup files do more than is followed" }]);
});

test("more statements than are kept are a doubt", () => {
  const found = reading("bash", "ssh-command", { ".bashrc": "alias rm='rm -i'\n".repeat(60_000) });
  assert.equal(found.doubts[0]?.code, "over-ceiling");
  assert.ok(JSON.stringify(found).length < 8 * 1_048_576);
});
