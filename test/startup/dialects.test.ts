// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of shells
import assert from "node:assert/strict";
import { test } from "node:test";
import { inShort, reading } from "./homes.ts";

const login = (shell: string, text: string, more: Readonly<Record<string, string>> = {}) =>
  reading(shell, "ssh-login-notty", { [shell === "yash" ? ".yash_profile" : ".profile"]: text, ...more });
const aliases = (shell: string, text: string, more = {}) =>
  login(shell, text, more)
    .statements.filter(({ kind }) => kind === "alias")
    .map(({ name, reached }) => `${name} ${reached}`);

test("a line of no meaning to a shell is no guess about what follows it", () => {
  for (const line of ["x=(1 2)", "cat <<<hi", "foo-bar() { :; }", "if true; then y=(1); fi", "f() { z+=(1); }"])
    for (const shell of ["dash", "ash", "posh"])
      assert.deepEqual(aliases(shell, `alias a=b\n${line}\nalias c=d\n`), ["a yes", "c maybe"], `${shell}: ${line}`);
  for (const shell of ["ksh93", "mksh", "bashsh", "zshsh"])
    assert.deepEqual(aliases(shell, "x=(1 2)\nalias c=d\n"), ["c yes"], shell);
  assert.deepEqual(aliases("dash", "function f { :; }\nalias c=d\n"), ["c maybe"]);
  assert.deepEqual(aliases("ksh93", "function f { :; }\nalias c=d\n"), ["c yes"]);
});

test("commands that a shell does not have are not followed", () => {
  const lib = { "/lib.sh": "alias inner=x\n" };
  assert.deepEqual(aliases("dash", "source /lib.sh\n", lib), []);
  assert.deepEqual(aliases("dash", ". /lib.sh\n", lib), ["inner yes"]);
  assert.deepEqual(aliases("ash", "source /lib.sh\n", lib), ["inner yes"]);
  assert.deepEqual(aliases("dash", "[[ a == a ]] && alias a=b\n"), ["a no"]);
  assert.deepEqual(aliases("mksh", "[[ a == a ]] && alias a=b\n"), ["a yes"]);
});

test("a guard that asks for PS1 does not guard where every shell has it", () => {
  const guard = '[ -z "$PS1" ] && return\nalias a=b\n';
  for (const shell of ["dash", "ash", "mksh", "posh"]) assert.deepEqual(aliases(shell, guard), ["a yes"], shell);
  for (const shell of ["bashsh", "ksh93", "zshsh"]) assert.deepEqual(aliases(shell, guard), ["a no"], shell);
  const right = "case $- in *i*) ;; *) return ;; esac\nalias a=b\n";
  for (const shell of ["dash", "ash", "mksh", "posh", "ksh93", "zshksh", "bashsh", "yash"])
    assert.deepEqual(aliases(shell, right), ["a no"], shell);
});

test("an interactive login reads what ENV names, where the shell does", () => {
  const read = (shell: string, profile: string) =>
    reading(shell, "ssh-login", { ".profile": profile, ".rc": "", ".kshrc": "", ".mkshrc": "" })
      .files.filter(({ state, path }) => state === "read" && path.startsWith("/home/"))
      .map(({ path }) => path.replace("/home/papaya/", ""));
  for (const shell of ["dash", "ash", "bashsh", "zshsh", "zshksh"]) {
    assert.deepEqual(read(shell, "ENV=$HOME/.rc\n"), [".profile", ".rc"], shell);
    assert.deepEqual(read(shell, "ENV='$HOME/.rc'\n"), [".profile", ".rc"], shell);
    assert.deepEqual(read(shell, ""), [".profile"], shell);
  }
  assert.deepEqual(read("ksh93", "ENV=~/.rc\n"), [".profile", ".rc"]);
  assert.deepEqual(read("ksh93", ""), [".profile", ".kshrc"]);
  assert.deepEqual(read("mksh", "ENV=~/.rc\n"), [".profile", ".rc"]);
  assert.deepEqual(read("mksh", ""), [".profile", ".mkshrc"]);
  assert.deepEqual(read("posh", "ENV=~/.rc\n"), [".profile"]);
});

test("a file named by what only a run can tell is a doubt", () => {
  const { doubts } = reading("dash", "ssh-login", { ".profile": "ENV=$(cat /etc/which)\n" });
  assert.deepEqual(
    doubts.map(({ message }) => message),
    ["dash reads the file that ENV names, and which that is is only known when it runs"],
  );
});

test("yash's autoloaded files are followed", () => {
  const found = reading("yash", "ssh-login", {
    "/usr/share/yash/initialization/default": ". --autoload initialization/sample\n",
    "/usr/share/yash/initialization/sample": ". --autoload --no-alias initialization/common\n",
    "/usr/share/yash/initialization/common": 'rm() if [ -t 0 ]; then command rm -i "$@"; fi\n',
  });
  assert.deepEqual(
    inShort(found).filter((line) => line.includes("function")),
    ["1:1 function rm yes"],
  );
  assert.deepEqual(found.doubts, []);
});
