import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Dumped, Shell } from "../../agent/shells/index.ts";
import { alias, answered, command, dumped, inHome, nonce, option, ran, value } from "./real.ts";
import { text, writtenForSh } from "./values.ts";

const builtins =
  "alias command printf type test cat env umask pwd echo unalias true false kill read cd getopts hash wait jobs bg fg ulimit".split(
    " ",
  );
const fakes = builtins.map((name) => `${name}() { /bin/echo FAKE ${name}; }`).join("\n");
const fakeAliases = `for f in ${builtins.join(" ")} local [ unset set export readonly eval trap exec for while if case do done '{' '}' then fi in; do alias $f='echo FAKE'; done`;

/** What startup files did to the shell before it is asked; all of them also define an alias, a function, a variable. */
const hostile = {
  "functions named after builtins": fakes,
  "options that end or hinder": "set -eu -f -C; IFS=abcdefghijklmnopqrstuvwxyz:/",
  "a trace": "set -xv; PS4='+ noise '",
  "a trap that speaks": "trap 'echo NOISE' EXIT",
  "a closed stdout and stderr": "exec 1>&- 2>&-",
  "closed spare descriptors": "exec 3>&- 4>&- 5>&- 9>&-",
  "another folder and umask": "cd /; umask 777",
  "readonly variables": "readonly IFS PATH PWD OPTIND",
  "no PATH and no HOME": "unset PATH HOME",
  "exporting everything": "set -a",
} as const;

const hostileAliases = {
  "aliases named after everything": fakeAliases,
  "aliases and functions at once": `${fakes}\n\\unset -f alias\n${fakeAliases}`,
} as const;

/** What differs between the shells that only write listings. */
export interface Ways {
  /** The file that a login reads. */
  readonly file?: string;
  readonly hasAliases?: boolean;
  /** Builtins for which a function may stand and which the dump uses. */
  readonly stand?: string;
  /** What some names are here, where it is not what they are in dash. */
  readonly kinds?: Readonly<Record<string, readonly [is: string, then: string | null]>>;
  /** Options that `set -euf` in that file leaves on. */
  readonly leaves?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly hostile?: Readonly<Record<string, string>>;
}

/** What holds for all of them alike. */
export function listing(shell: Shell, ways: Ways = {}): void {
  const {
    file = ".profile",
    hasAliases = true,
    stand = "alias command printf pwd type umask unalias",
    kinds = {},
  } = ways;
  const aliases = (line: string) => (hasAliases ? line : ":");
  const isAlias = (told: Dumped, name: string, wanted: string) =>
    assert.equal(alias(told, name), hasAliases ? wanted : undefined);
  const rc = (lines: string, names: readonly string[] = []) =>
    answered(shell, { files: { [file]: lines }, names, login: true, env: ways.env ?? {} });

  test("an alias, an option, variables, traps, umask and folder are told", async () => {
    const told = await rc(`${aliases("alias rm='rm -i'")}
set -o noclobber
export SHOWN='a b'
hidden=c
trap 'echo "it'\\''s over"' EXIT
trap '' INT
trap 'two
lines' USR1
umask 027
cd /`);
    isAlias(told, "rm", "rm -i");
    assert.equal(option(told, "noclobber"), "on");
    assert.equal(option(told, "errexit"), "off");
    assert.deepEqual(
      told.variables
        .filter(({ name }) => name === "SHOWN" || name === "hidden")
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      [
        { name: "SHOWN", value: "a b", exported: true },
        { name: "hidden", value: "c", exported: false },
      ],
    );
    assert.deepEqual(
      told.traps.toSorted((a, b) => (a.signal < b.signal ? -1 : 1)),
      [
        { signal: "EXIT", action: 'echo "it\'s over"' },
        { signal: "INT", action: "" },
        { signal: "USR1", action: "two\nlines" },
      ],
    );
    assert.equal(told.umask, "0027");
    assert.equal(told.cwd, "/");
    assert.deepEqual(told.doubts, []);
  });

  test("options are told as startup left them", async () => {
    const told = await rc("set -euf");
    assert.deepEqual(
      ["errexit", "nounset", "noglob"].filter((name) => option(told, name) === "on"),
      ways.leaves ?? ["errexit", "nounset", "noglob"],
    );
  });

  test("nothing of the dump's own is told", async () => {
    const told = await rc("");
    const names = [...told.functions, ...told.variables, ...told.aliases].map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.includes("rcw")),
      [],
    );
    assert.deepEqual(told.functions, []);
  });

  test("an interactive shell answers, too", async () => {
    const read = "\\. ./dump\nexit\n";
    await inHome({}, async (home) => {
      const answer = join(home, "answer");
      writeFileSync(join(home, "dump"), shell.dump({ answer, nonce, names: ["cp"] }));
      await ran(shell, ["-i"], home, { login: true, stdin: read });
      assert.deepEqual(shell.parseDump(readFileSync(answer), nonce, ["cp"])?.doubts, []);
    });
  });

  test("the same home tells the same twice", async () => {
    const [once, twice] = [await rc("a=1\nf() { :; }"), await rc("a=1\nf() { :; }")];
    const still = ({ name }: { name: string }) => !["HOME", "PWD", "OLDPWD", "ENV"].includes(name);
    assert.deepEqual(once.variables.filter(still), twice.variables.filter(still));
    assert.deepEqual(once.options, twice.options);
  });

  test("what a name is, and where a search through PATH ends", async () => {
    const told = await rc(
      `${aliases("alias cp='cp -i' noprogram=true for=fake; alias /bin/cat='cat -n' 2>/dev/null")}
rm() { command rm -i "$@"; }
echo() { :; }`,
      ["cp", "rm", "ls", "/bin/ls", "/bin/cat", "test", "for", "no-such", "noprogram", "echo", "/bin/nosuch"],
    );
    const here = Object.fromEntries(told.commands.map((known) => [known.name, [known.is, known.then]]));
    assert.deepEqual(here, {
      cp: ["alias", "/usr/bin/cp"],
      rm: ["function", "/usr/bin/rm"],
      ls: ["file", "/usr/bin/ls"],
      "/bin/ls": ["file", "/bin/ls"],
      "/bin/cat": ["alias", "/bin/cat"],
      test: ["builtin", null],
      for: ["keyword", null],
      "no-such": ["none", null],
      noprogram: ["alias", null],
      echo: ["function", null],
      "/bin/nosuch": ["none", null],
      ...kinds,
    });
    assert.deepEqual(told.functions.map(({ name }) => name).sort(), ["echo", "rm"]);
  });

  for (const [name, lines] of Object.entries({
    ...(hasAliases ? { ...hostile, ...hostileAliases } : hostile),
    ...ways.hostile,
  }))
    test(`the answer survives ${name}`, async () => {
      const told = await rc(`${aliases("alias kept='k -i'")}\nfunkept() { :; }\nvarkept='v w'\n${lines}`, [
        "test",
        "/bin/ls",
        "funkept",
      ]);
      isAlias(told, "kept", "k -i");
      assert.ok(told.functions.some((known) => known.name === "funkept"));
      assert.equal(value(told, "varkept"), "v w");
      assert.equal(command(told, "/bin/ls")?.then, "/bin/ls");
      assert.notEqual(told.umask, null);
      assert.notEqual(told.cwd, null);
      assert.ok(told.options.length > 10);
      assert.deepEqual(told.doubts, []);
    });

  test("functions that stand for what the dump asks by are told, too", async () => {
    const told = await rc(
      stand
        .split(" ")
        .map((name) => `${name}() { :; }`)
        .join("\n"),
      stand.split(" "),
    );
    assert.deepEqual(told.functions.map(({ name }) => name).sort(), stand.split(" ").sort());
  });

  test("the nonce comes on both streams, and not on one that startup sent away", async () => {
    const plain = await dumped(shell, { files: {} });
    assert.ok(plain.stdout.includes(nonce) && plain.stderr.includes(nonce));
    const lost = await dumped(shell, { files: { [file]: "exec >/dev/null" }, login: true });
    assert.ok(!lost.stdout.includes(nonce) && lost.stderr.includes(nonce) && lost.dumped !== null);
    const mute = await dumped(shell, { files: { [file]: "exec 2>/dev/null" }, login: true });
    assert.ok(mute.stdout.includes(nonce) && !mute.stderr.includes(nonce) && mute.dumped !== null);
  });

  test("any value comes back as it is in the shell", async () => {
    const check = async (values: readonly string[]) => {
      const lines = values.map((each, index) => {
        const written = writtenForSh(each);
        return `${index % 2 ? "export " : ""}v${index}=${written}\n${aliases(`alias a${index}=${written}`)}`;
      });
      const told = await rc(lines.join("\n"));
      values.forEach((each, index) => {
        const found = told.variables.find(({ name }) => name === `v${index}`);
        assert.deepEqual(found, { name: `v${index}`, value: each, exported: index % 2 === 1 });
        isAlias(told, `a${index}`, each);
      });
    };
    await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 60 }), check), { numRuns: 10 });
  });

  test("missing or torn frames are no answer, and what is missing is a doubt", () => {
    assert.equal(shell.parseDump(Buffer.from(""), nonce, []), null);
    assert.equal(shell.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:asked\n`), nonce, []), null);
    const empty = shell.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:end\n`), nonce, []);
    assert.ok(empty !== null && empty.doubts.length > 5);
    const open = shell.parseDump(
      Buffer.from(`\n${nonce}:begin\n\n${nonce}:aliases\na='b\n\n${nonce}:end\n`),
      nonce,
      [],
    );
    assert.equal(
      open?.doubts.some((doubt) => doubt.includes("list of aliases could not be read")),
      hasAliases,
    );
  });
}
