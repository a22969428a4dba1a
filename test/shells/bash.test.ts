import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { bash } from "../../agent/shells/bash.ts";
import { alias, answered, command, complaint, dumped, inHome, nonce, option, traced, value } from "./real.ts";
import { text, writtenForSh } from "./values.ts";

const rc = (lines: string, names: readonly string[] = []) => answered(bash, { files: { ".bashrc": lines }, names });

test("an alias, a function with its line, an option, variables, traps are told", async () => {
  const told = await rc(`alias rm='rm -i'
mine() { :; }
set -o noclobber
export SHOWN='a b'
hidden=c
trap 'echo "it'\\''s over"' EXIT
trap '' INT
trap 'two
lines' USR1
umask 027
cd /`);
  assert.equal(alias(told, "rm"), "rm -i");
  assert.deepEqual(
    told.functions.map(({ name, line, file }) => [name, line, file?.endsWith("/.bashrc")]),
    [["mine", 2, true]],
  );
  assert.equal(option(told, "noclobber"), "on");
  assert.equal(option(told, "expand_aliases"), "off");
  assert.equal(option(told, "posix"), "off");
  assert.deepEqual(
    told.variables.filter(({ name }) => name === "SHOWN" || name === "hidden"),
    [
      { name: "hidden", value: "c", exported: false },
      { name: "SHOWN", value: "a b", exported: true },
    ],
  );
  assert.deepEqual(told.traps, [
    { signal: "EXIT", action: 'echo "it\'s over"' },
    { signal: "INT", action: "" },
    { signal: "USR1", action: "two\nlines" },
  ]);
  assert.equal(told.umask, "0027");
  assert.equal(told.cwd, "/");
  assert.deepEqual(told.doubts, []);
});

test("nothing of the dump's own is told", async () => {
  const told = await rc("");
  const names = [...told.functions, ...told.variables, ...told.aliases].map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => name.includes("rcw") || name === "POSIXLY_CORRECT"),
    [],
  );
});

test("the same home tells the same twice", async () => {
  const [once, twice] = [await rc("a=1\nf() { :; }"), await rc("a=1\nf() { :; }")];
  const still = ({ name }: { name: string }) => !["HOME", "PWD", "DIRSTACK"].includes(name);
  assert.deepEqual(once.variables.filter(still), twice.variables.filter(still));
  assert.deepEqual(once.options, twice.options);
});

test("what a name is, and where a search through PATH ends", async () => {
  const told = await rc(
    `shopt -s expand_aliases
alias cp='cp -i' noprogram=true
rm() { command rm -i "$@"; }
/bin/ls() { :; }
unset -f true; echo() { :; }`,
    ["cp", "rm", "ls", "/bin/ls", "test", "for", "no-such", "noprogram", "echo"],
  );
  assert.deepEqual(
    told.commands.map((known) => [known.name, known.is, known.then]),
    [
      ["cp", "alias", "/usr/bin/cp"],
      ["rm", "function", "/usr/bin/rm"],
      ["ls", "file", "/usr/bin/ls"],
      ["/bin/ls", "function", "/bin/ls"],
      ["test", "builtin", null],
      ["for", "keyword", null],
      ["no-such", "none", null],
      ["noprogram", "alias", null],
      ["echo", "function", "/usr/bin/echo"],
    ],
  );
});

test("an alias bites only where bash expands it", async () => {
  const without = await rc("alias cp='cp -i'", ["cp"]);
  assert.equal(bash.aliasesBite(without.options), false);
  assert.equal(command(without, "cp")?.is, "file");
  const expanded = await rc("shopt -s expand_aliases\nalias cp='cp -i'", ["cp"]);
  assert.equal(bash.aliasesBite(expanded.options), true);
  assert.equal(command(expanded, "cp")?.is, "alias");
  const posix = await rc("set -o posix\nalias cp='cp -i'", ["cp"]);
  assert.equal(bash.aliasesBite(posix.options), true);
});

test("a path that hash was told wins over PATH", async () => {
  assert.equal(command(await rc("hash -p /opt/other/rm rm", ["rm"]), "rm")?.then, "/opt/other/rm");
});

test("with no PATH at all it still answers", async () => {
  const told = await rc("unset PATH\nalias a=b", ["ls", "test"]);
  assert.equal(command(told, "ls")?.is, "none");
  assert.equal(command(told, "test")?.is, "builtin");
  assert.equal(alias(told, "a"), "b");
});

const builtins =
  "alias builtin command printf declare typeset unset set export readonly eval type test local cat env trap exec enable shopt umask pwd compgen echo shift unalias [".split(
    " ",
  );
const fakes = builtins.map((name) => `${name}() { /bin/echo FAKE ${name}; }`).join("\n");
/** By assignment: `alias` may be a function by then. */
const fakeAliases = `shopt -s expand_aliases; for f in ${builtins.join(" ")} for while if case do done '{' '}' then fi in; do BASH_ALIASES[$f]='echo FAKE'; done`;

/** What startup files did to the shell before it is asked; all of them also define an alias, a function, a variable. */
const hostile = {
  "functions named after builtins": fakes,
  "readonly functions named after some of them":
    "declare() { echo FAKE; }; printf() { echo FAKE; }; readonly -f declare printf",
  "aliases named after everything": fakeAliases,
  "aliases and functions at once": `${fakeAliases.replace(";", ";\n").split("\n")[0]}\n${fakes}\n${fakeAliases.split("; ").slice(1).join("; ")}`,
  "disabled builtins":
    "enable -n alias declare typeset unset set printf type shopt umask pwd compgen builtin command trap",
  "options that end or hinder": "set -eu -o noglob -o noclobber -o pipefail; IFS=abcdefghijklmnopqrstuvwxyz:/",
  "a trace": "set -x; PS4='+ $(echo noise) '",
  "traps that speak": "set -T; trap 'echo NOISE' DEBUG; trap 'echo NOISE' ERR RETURN EXIT",
  "a closed stdout and stderr": "exec 1>&- 2>&-",
  "closed spare descriptors": "exec 3>&- 4>&- 5>&- 9>&- 10>&- 255>&-",
  "another folder and umask": "cd /; umask 777",
  "posix mode": "set -o posix",
  extdebug: "shopt -s extdebug",
  "nullglob and failglob": "shopt -s nullglob failglob nocasematch extglob",
  "no BASH_ENV of ours": "unset PATH HOME; LC_ALL=C",
  command_not_found_handle: "command_not_found_handle() { echo NOISE; return 0; }; unset PATH",
} as const;

for (const [name, lines] of Object.entries(hostile))
  test(`the answer survives ${name}`, async () => {
    const told = await rc(`alias kept='k -i'\nfunkept() { :; }\nvarkept='v w'\n${lines}`, ["test", "/bin/ls"]);
    assert.equal(alias(told, "kept"), "k -i");
    assert.equal(told.functions.find((known) => known.name === "funkept")?.line, 2);
    assert.equal(value(told, "varkept"), "v w");
    assert.equal(command(told, "/bin/ls")?.then, "/bin/ls");
    assert.notEqual(told.umask, null);
    assert.notEqual(told.cwd, null);
    assert.ok(told.options.length > 60);
  });

test("functions that stand for what lists functions are listed with their lines, too", async () => {
  const told = await rc(
    "builtin() { :; }\ndeclare() { :; }\nenable() { :; }\ncommand() { :; }\nprintf() { :; }\nshopt() { :; }",
  );
  const lines = Object.fromEntries(told.functions.map(({ name, line }) => [name, line]));
  assert.deepEqual(lines, { builtin: 1, declare: 2, enable: 3, command: 4, printf: 5, shopt: 6 });
});

test("a readonly function named after a builtin is a doubt, and the rest is still told", async () => {
  const all = "builtin command declare typeset alias printf";
  const lines = all.split(" ").map((name) => `${name}() { echo FAKE; }`);
  const told = await rc(`alias kept=k\nfunkept() { :; }\n${lines.join("\n")}\nreadonly -f ${all}`);
  assert.deepEqual(
    told.doubts.map((doubt) => /named (\w+):/.exec(doubt)?.[1]),
    ["builtin", "command", "declare", "printf"],
  );
  assert.equal(alias(told, "kept"), "k");
  assert.ok(told.functions.some((known) => known.name === "funkept"));
});

test("the nonce comes on both streams, and not on one that startup sent away", async () => {
  const plain = await dumped(bash, { files: { ".bashrc": "" } });
  assert.ok(plain.stdout.includes(nonce) && plain.stderr.includes(nonce));
  const lost = await dumped(bash, { files: { ".bashrc": "exec >/dev/null" } });
  assert.ok(!lost.stdout.includes(nonce) && lost.stderr.includes(nonce) && lost.dumped !== null);
  const mute = await dumped(bash, { files: { ".bashrc": "exec 2>/dev/null" } });
  assert.ok(mute.stdout.includes(nonce) && !mute.stderr.includes(nonce) && mute.dumped !== null);
});

test("any value comes back as it is in the shell", async () => {
  const check = async (values: readonly string[]) => {
    const lines = values.map((each, index) => {
      const written = writtenForSh(each);
      return `${index % 2 ? "export " : ""}v${index}=${written}\nalias a${index}=${written}\ntrap -- ${written} RTMIN+${(index % 14) + 1}`;
    });
    const told = await rc(lines.join("\n"));
    values.forEach((each, index) => {
      const found = told.variables.find(({ name }) => name === `v${index}`);
      assert.deepEqual(found, { name: `v${index}`, value: each, exported: index % 2 === 1 });
      assert.equal(alias(told, `a${index}`), each);
    });
    values.slice(-14).forEach((each, index) => {
      const signal = `RTMIN+${((values.length - Math.min(14, values.length) + index) % 14) + 1}`;
      assert.equal(told.traps.find((known) => known.signal === signal)?.action, each);
    });
  };
  await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 80 }), check), { numRuns: 15 });
});

test("missing or torn frames are no answer", () => {
  assert.equal(bash.parseDump(Buffer.from(""), nonce, []), null);
  assert.equal(bash.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:functions\n`), nonce, []), null);
  const empty = bash.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:end\n`), nonce, []);
  assert.ok(empty !== null && empty.doubts.length > 5);
});

test("reading an answer never throws", () => {
  const part = fc.oneof(
    fc
      .constantFrom(
        ..."begin end functions alias-names alias-values options exported variables traps commands umask cwd".split(
          " ",
        ),
      )
      .map((name) => `\n${nonce}:${name}\n`),
    fc.string({ unit: "binary" }),
    fc.constant(`\0${nonce}\n`),
  );
  void fc.assert(
    fc.property(fc.array(part), (parts) => void bash.parseDump(Buffer.from(parts.join("")), nonce, ["cp"])),
  );
});

test("the trace has every command with the chain of its files", async () => {
  await inHome(
    {
      ".bashrc": `. "$HOME/lib with\nnewline"\nIFS=/\nalias rm='rm -i'\nf`,
      "lib with\nnewline": "x=1\nf() {\n  : in f\n}\n",
    },
    async (home) => {
      const lines = await traced(bash, home);
      const of = (wanted: string) => lines?.find(({ text }) => text.startsWith(wanted));
      const lib = join(home, "lib with\nnewline");
      const rcFile = join(home, ".bashrc");
      assert.deepEqual(of("x=1"), { files: [lib, rcFile], line: 1, text: "x=1" });
      assert.deepEqual(of("alias"), { files: [rcFile], line: 4, text: "alias 'rm=rm -i'" });
      assert.deepEqual(of(": in f"), { files: [lib, rcFile], line: 3, text: ": in f" });
      assert.deepEqual(of("echo"), { files: [], line: 1, text: "echo the command" });
    },
  );
});

test("other words on stderr do not disturb the trace", async () => {
  await inHome({ ".bashrc": `echo -n "no newline" >&2\nnosuch\necho '+${nonce}:bad:line' >&2` }, async (home) => {
    assert.deepEqual(
      (await traced(bash, home))?.filter(({ files }) => files[0] === join(home, ".bashrc")).map(({ line }) => line),
      [1, 2, 3],
    );
  });
});

test("root's bash does not trace", () => {
  assert.equal(bash.trace?.works({ uid: 0 }), false);
  assert.equal(bash.trace?.works({ uid: 1000 }), true);
});

const complaints: Readonly<Record<string, readonly [text: string, line: number]>> = {
  "an open double quote": ['echo a\necho "un\n', 2],
  "an open single quote": ["x='y\n", 1],
  "a stray fi": ["echo a\nfi\n", 2],
  "a missing then": ["if true\nfi\n", 2],
  "a missing fi": ["if true; then\n", 2],
  "a missing brace": ["foo() {\n", 2],
  "an open substitution": ["echo $(ls\n", 2],
  "an open array": ["a=(1\n", 1],
  "a bad condition": ["[[ x y z ]]\n", 1],
  "line ends of Windows": ["if true\r\nthen\r\necho\r\nfi\r\n", 5],
  "an unset variable under set -u": ["set -u\necho $nosuch\n", 2],
};
for (const [name, [lines, line]] of Object.entries(complaints))
  test(`the complaint about ${name} is found with its line`, async () => {
    const found = await complaint(bash, ".bashrc", lines);
    assert.deepEqual({ file: found?.file, line: found?.line }, { file: "~/.bashrc", line });
    assert.notEqual(found?.says, "");
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch-command\n", ". ~/nosuch\n", 'eval "fi"\n', `x=\${a!b}\n`, "cat <<EOF\nx\n", "[ -f x\n"])
    assert.equal(await complaint(bash, ".bashrc", lines), null, lines);
});
