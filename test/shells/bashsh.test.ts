import assert from "node:assert/strict";
import { test } from "node:test";
import { bashsh } from "../../agent/shells/bashsh.ts";
import { alias, answered, command, complaint, inHome, option, ran, traced, value } from "./real.ts";

const rc = (lines: string, names: readonly string[] = []) =>
  answered(bashsh, { files: { ".profile": lines }, names, login: true });

test("a login reads ~/.profile alone, and a command nothing", async () => {
  const files = { ".profile": "from=profile\n", ".bash_profile": "from=bash\n", ".bashrc": "from=bashrc\n" };
  await inHome(files, async (home) => {
    assert.equal((await ran(bashsh, ["-c", "echo $from"], home, { login: true })).stdout, "profile\n");
    assert.equal((await ran(bashsh, ["-c", "echo $from"], home)).stdout, "\n");
  });
});

test("what startup defines is told, and aliases bite", async () => {
  const told = await rc("alias cp='cp -i'\nmine() { :; }\nset -C\nexport SHOWN=1\ntrap 'echo bye' EXIT\n", [
    "cp",
    "mine",
  ]);
  assert.equal(alias(told, "cp"), "cp -i");
  assert.equal(command(told, "cp")?.is, "alias");
  assert.equal(bashsh.aliasesBite(told.options), true);
  const [mine] = told.functions.filter(({ name }) => name === "mine");
  assert.equal(mine?.line, 2);
  assert.ok(mine?.file?.endsWith("/.profile"));
  assert.equal(option(told, "noclobber"), "on");
  assert.equal(option(told, "posix"), "on");
  assert.equal(value(told, "SHOWN"), "1");
  assert.deepEqual(told.traps, [{ signal: "EXIT", action: "echo bye" }]);
  assert.deepEqual(told.doubts, []);
});

test("posix mode's own variable is no fact, unless startup exports it", async () => {
  assert.equal(value(await rc(""), "POSIXLY_CORRECT"), undefined);
  assert.notEqual(value(await rc("export POSIXLY_CORRECT"), "POSIXLY_CORRECT"), undefined);
});

const builtins =
  "alias builtin command printf declare typeset type test cat env enable shopt umask pwd compgen echo unalias";
const fakes = builtins
  .split(" ")
  .map((name) => `${name}() { /bin/echo FAKE ${name}; }`)
  .join("\n");
const hostile = {
  "functions named after builtins": fakes,
  "aliases named after everything": `for f in ${builtins} unset set trap exec for while if case do done; do alias $f='echo FAKE'; done`,
  "readonly functions": "declare() { echo FAKE; }; printf() { echo FAKE; }; readonly -f declare printf",
  "options that end or hinder": "set -eu -f -C; IFS=abcdefghijklmnopqrstuvwxyz:/",
  "no posix mode": "set +o posix",
  "traps that speak": "set -T; trap 'echo NOISE' DEBUG; trap 'echo NOISE' EXIT",
  "a closed stdout and stderr": "exec 1>&- 2>&-",
} as const;
for (const [name, lines] of Object.entries(hostile))
  test(`the answer survives ${name}`, async () => {
    const told = await rc(`alias kept='k -i'\nfunkept() { :; }\nvarkept='v w'\n${lines}`, ["/bin/ls"]);
    assert.equal(alias(told, "kept"), "k -i");
    assert.equal(told.functions.find((known) => known.name === "funkept")?.line, 2);
    assert.equal(value(told, "varkept"), "v w");
    assert.equal(command(told, "/bin/ls")?.then, "/bin/ls");
    assert.ok(told.options.length > 60);
  });

test("the trace has file and line of what ~/.profile does", async () => {
  await inHome({ ".profile": ". ~/lib\nalias rm='rm -i'\n", lib: "x=1\n" }, async (home) => {
    const lines = await traced(bashsh, home, { login: true });
    const of = (wanted: string) => lines?.find(({ text }) => text.startsWith(wanted));
    assert.deepEqual(of("x=1"), { files: [`${home}/lib`, `${home}/.profile`], line: 1, text: "x=1" });
    assert.equal(of("alias rm")?.line ?? of("alias 'rm")?.line, 2);
  });
});

test("a complaint about ~/.profile is found with its line", async () => {
  const found = await complaint(bashsh, ".profile", "echo a\nif true\n", { login: true });
  assert.deepEqual({ file: found?.file, line: found?.line }, { file: "~/.profile", line: 3 });
});
