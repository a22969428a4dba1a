import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { zsh } from "../../agent/shells/zsh.ts";
import { alias, answered, command, complaint, dumped, inHome, nonce, option, traced, value } from "./real.ts";
import { text, writtenForSh } from "./values.ts";

const env = (lines: string, names: readonly string[] = []) => answered(zsh, { files: { ".zshenv": lines }, names });

test("an alias, a function with its file, an option, variables, traps are told", async () => {
  const told = await env(`alias rm='rm -i'
alias -g ALL='| cat'
mine() { :; }
TRAPUSR2() { echo bye }
setopt noclobber
export SHOWN='a b'
hidden=c
list=(a 'b c')
trap 'echo "it'\\''s over"' EXIT
trap '' INT
trap 'two
lines' USR1
umask 027
cd /`);
  assert.equal(alias(told, "rm"), "rm -i");
  assert.equal(alias(told, "ALL"), "| cat");
  assert.deepEqual(told.functions.map(({ name, file }) => [name, file?.endsWith("/.zshenv")]).sort(), [
    ["TRAPUSR2", true],
    ["mine", true],
  ]);
  assert.equal(option(told, "clobber"), "off");
  assert.equal(option(told, "noclobber"), "on");
  assert.equal(option(told, "xtrace"), "off");
  const shown = told.variables.filter(({ name }) => ["SHOWN", "hidden", "list"].includes(name));
  assert.deepEqual(
    shown.sort((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: "SHOWN", value: "a b", exported: true },
      { name: "hidden", value: "c", exported: false },
      { name: "list", value: "a b c", exported: false },
    ],
  );
  assert.deepEqual(told.traps, [
    { signal: "EXIT", action: 'echo "it\'s over"' },
    { signal: "INT", action: "" },
    { signal: "USR1", action: "two\nlines" },
    { signal: "USR2", action: "TRAPUSR2" },
  ]);
  assert.equal(told.umask, "0027");
  assert.equal(told.cwd, "/");
  assert.deepEqual(told.doubts, []);
});

test("nothing of the dump's own is told, and what it sets is told as it was", async () => {
  const told = await env("setopt errexit nounset xtrace");
  const names = [...told.functions, ...told.variables, ...told.aliases].map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.includes("rcw")),
    [],
  );
  assert.deepEqual(
    ["errexit", "unset", "xtrace", "aliases"].map((name) => option(told, name)),
    ["on", "off", "on", "on"],
  );
});

test("what a name is, and where a search through PATH ends", async () => {
  const told = await env(
    `alias cp='cp -i' noprogram=true for=true
rm() { command rm -i "$@"; }
/bin/ls() { :; }
echo() { :; }
hash mv=/opt/other/mv
alias -g G='| grep'`,
    ["cp", "rm", "ls", "/bin/ls", "test", "if", "no-such", "noprogram", "echo", "mv", "G", "for"],
  );
  assert.deepEqual(
    told.commands.map((known) => [known.name, known.is, known.then]),
    [
      ["cp", "alias", "/usr/bin/cp"],
      ["rm", "function", "/usr/bin/rm"],
      ["ls", "file", "/usr/bin/ls"],
      ["/bin/ls", "function", "/bin/ls"],
      ["test", "builtin", null],
      ["if", "keyword", null],
      ["no-such", "none", null],
      ["noprogram", "alias", null],
      ["echo", "function", "/usr/bin/echo"],
      ["mv", "file", "/opt/other/mv"],
      ["G", "alias", null],
      ["for", "alias", null],
    ],
  );
});

test("an alias bites unless the option is off", async () => {
  assert.equal(zsh.aliasesBite((await env("alias cp='cp -i'")).options), true);
  const off = await env("alias cp='cp -i'\nunsetopt aliases", ["cp"]);
  assert.equal(zsh.aliasesBite(off.options), false);
  assert.equal(command(off, "cp")?.is, "file");
});

const names =
  "alias builtin command print printf typeset unset set export readonly eval type test local cat env trap exec whence umask emulate echo shift unalias zmodload hash";
const words = "for while if case do done then fi '{' '}' '[['";
const fakes = names
  .split(" ")
  .map((name) => `function ${name} { /bin/echo FAKE ${name} }`)
  .join("\n");

const hostile = {
  "functions named after builtins": fakes,
  "functions that remove functions":
    "enable() { echo FAKE }\nunfunction() { echo FAKE }\nunhash() { echo FAKE }\ndisable() { echo FAKE }",
  "aliases named after everything": `for f in ${names} ${words}; do alias -- "$f"='echo FAKE'; done`,
  "global aliases named after everything": `for f in ${names} ${words} eval print builtin enable; do alias -g -- "$f"='echo FAKE'; done`,
  "aliases and functions at once": `${fakes}\nfor f in ${names} ${words}; do aliases[$f]='echo FAKE'; done`,
  "disabled builtins":
    "disable alias typeset unset set print printf whence umask trap eval emulate builtin command unfunction hash",
  "disabled words": "disable -r for do done if then fi '[[' '{' '}'",
  "options that end or hinder": "setopt errexit nounset noglob noclobber errreturn; IFS=abcdefghijklmnopqrstuvwxyz:/",
  "options of other shells": "setopt ksharrays shwordsplit globsubst rcexpandparam",
  "quoting of csh": "setopt cshjunkiequotes",
  "quoting of rc": "setopt rcquotes",
  "ignored braces": "setopt ignorebraces ignoreclosebraces",
  "emulation of sh": "emulate sh",
  "emulation of ksh": "emulate ksh",
  "emulation of csh": "emulate csh",
  "options about globs": "setopt extendedglob nullglob cshnullglob globdots kshglob",
  "variables made readonly": "typeset -r IFS PATH",
  "exporting all": "setopt allexport warncreateglobal",
  "a trace": "set -x; PS4='+ noise '",
  "traps that speak": "trap 'echo NOISE' DEBUG; trap 'echo NOISE' ZERR EXIT",
  "trap functions that speak": "TRAPDEBUG() { echo NOISE }; TRAPEXIT() { echo NOISE }; TRAPZERR() { echo NOISE }",
  "a closed stdout and stderr": "exec 1>&- 2>&-",
  "closed spare descriptors": "exec 3>&- 4>&- 5>&- 9>&-",
  "another folder and umask": "cd /; umask 777",
  "no PATH": "unset PATH HOME; LC_ALL=C",
  command_not_found_handler: "command_not_found_handler() { echo NOISE; return 0; }; unset PATH",
  "paths of functions and modules that lead nowhere": "fpath=(/nosuch)",
} as const;

for (const [name, lines] of Object.entries(hostile))
  test(`the answer survives ${name}`, async () => {
    const told = await env(`alias kept='k -i'\nfunkept() { :; }\nvarkept='v w'\n${lines}`, ["cd", "/bin/ls"]);
    assert.equal(alias(told, "kept"), "k -i");
    assert.ok(told.functions.some((known) => known.name === "funkept" && known.file?.endsWith("/.zshenv")));
    assert.equal(value(told, "varkept"), "v w");
    assert.equal(command(told, "/bin/ls")?.then, "/bin/ls");
    assert.equal(command(told, "cd")?.is, "builtin");
    assert.notEqual(told.umask, null);
    assert.notEqual(told.cwd, null);
    assert.ok(told.options.length > 100);
    assert.deepEqual(told.doubts, []);
  });

test("the nonce comes on both streams, and not on one that startup sent away", async () => {
  const plain = await dumped(zsh, { files: { ".zshenv": "" } });
  assert.ok(plain.stdout.includes(nonce) && plain.stderr.includes(nonce));
  const lost = await dumped(zsh, { files: { ".zshenv": "exec >/dev/null" } });
  assert.ok(!lost.stdout.includes(nonce) && lost.stderr.includes(nonce) && lost.dumped !== null);
  const mute = await dumped(zsh, { files: { ".zshenv": "exec 2>/dev/null" } });
  assert.ok(mute.stdout.includes(nonce) && !mute.stderr.includes(nonce) && mute.dumped !== null);
});

test("any value comes back as it is in the shell", async () => {
  const check = async (values: readonly string[]) => {
    const lines = values.map((each, index) => {
      const written = writtenForSh(each);
      return `${index % 2 ? "export " : ""}v${index}=${written}\nalias a${index}=${written}`;
    });
    const told = await env(lines.join("\n"));
    values.forEach((each, index) => {
      const found = told.variables.find(({ name }) => name === `v${index}`);
      assert.deepEqual(found, { name: `v${index}`, value: each, exported: index % 2 === 1 });
      assert.equal(alias(told, `a${index}`), each);
    });
  };
  await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 80 }), check), { numRuns: 15 });
});

test("a value with a NUL does not tear the rest", async () => {
  const told = await env("with=$'a\\0b\\0c'\nafter=d");
  assert.equal(value(told, "with"), "a\0b\0c");
  assert.equal(value(told, "after"), "d");
});

test("missing or torn frames are no answer", () => {
  assert.equal(zsh.parseDump(Buffer.from(""), nonce, []), null);
  assert.equal(zsh.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:functions\n`), nonce, []), null);
  const empty = zsh.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:end\n`), nonce, []);
  assert.ok(empty !== null && empty.doubts.length > 5);
});

test("reading an answer never throws", () => {
  const sections = "begin end traps options aliases functions sources variables commands umask cwd left".split(" ");
  const part = fc.oneof(
    fc.constantFrom(...sections).map((name) => `\n${nonce}:${name}\n`),
    fc.string({ unit: "binary" }),
    fc.constant(`\0${nonce}\n`),
  );
  void fc.assert(
    fc.property(fc.array(part), (parts) => void zsh.parseDump(Buffer.from(parts.join("")), nonce, ["cp"])),
  );
});

test("the trace has every command with its file and the chain that led there", async () => {
  const files = {
    ".zshenv": `. "$HOME/lib with\nnewline"\nalias rm='rm -i'\nf\nexport Z=1`,
    "lib with\nnewline": "x=1\nf() {\n  : in f\n}\nsource $HOME/deep\nx=2\n",
    deep: "x=3\n",
  };
  await inHome(files, async (home) => {
    const lines = await traced(zsh, home);
    const of = (wanted: string) => lines?.find(({ text }) => text.startsWith(wanted));
    const [rc, lib, deep] = [".zshenv", "lib with\nnewline", "deep"].map((name) => join(home, name));
    assert.deepEqual(of("x=1"), { files: [lib, rc], line: 1, text: "x=1 " });
    assert.deepEqual(of("x=3"), { files: [deep, lib, rc], line: 1, text: "x=3 " });
    assert.deepEqual(of("x=2"), { files: [lib, rc], line: 6, text: "x=2 " });
    assert.deepEqual(of("alias"), { files: [rc], line: 3, text: "alias 'rm=rm -i'" });
    assert.deepEqual(of(": in f"), { files: [lib, rc], line: 3, text: ": in f" });
    assert.deepEqual(of("export"), { files: [rc], line: 5, text: "export 'Z=1'".replaceAll("'", "") });
    assert.deepEqual(of("echo"), { files: [], line: 1, text: "echo the command" });
  });
});

const complaints: Readonly<Record<string, readonly [text: string, line: number]>> = {
  "an open double quote": ['echo a\necho "un\n', 3],
  "an open single quote": ["x='y\n", 2],
  "a stray fi": ["echo a\nfi\n", 2],
  "a missing then": ["if true\nfi\n", 2],
  "a missing fi": ["if true; then\n", 2],
  "a missing brace": ["foo() {\n", 2],
  "an open substitution": ["echo $(ls\n", 2],
  "a bad condition": ["[[ x y z ]]\n", 1],
  "a bad substitution": [`x=\${a!b}\n`, 1],
  "line ends of Windows": ["if true\r\nthen\r\necho\r\nfi\r\n", 5],
  "an unset parameter under set -u": ["set -u\necho $nosuch\n", 2],
};
for (const [name, [lines, line]] of Object.entries(complaints))
  test(`the complaint about ${name} is found with its line`, async () => {
    const found = await complaint(zsh, ".zshenv", lines);
    assert.deepEqual({ file: found?.file, line: found?.line }, { file: "~/.zshenv", line });
    assert.notEqual(found?.says, "");
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch-command\n", ". ~/nosuch\n", 'eval "fi"\n', "echo /nosuch*\n", "setopt nosuch\n"])
    assert.equal(await complaint(zsh, ".zshenv", lines), null, lines);
});
