import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { ModeId } from "../../agent/facts/index.ts";
import { home, inShort, reading } from "./homes.ts";

const config = ".config/fish/config.fish";
const said = (text: string, mode: ModeId = "ssh-command", more: Readonly<Record<string, string>> = {}) =>
  inShort(reading("fish", mode, { [config]: text, ...more }));

/** Each statement alone, and what is noted of it. */
const statements: Readonly<Record<string, readonly string[]>> = {
  "alias rm 'rm -i'": ["1:1 alias rm=rm -i yes"],
  'alias rm="rm -i"': ["1:1 alias rm=rm -i yes"],
  "alias -s rm=rm\\ -i": ["1:1 alias rm=rm -i yes"],
  "set -gx EDITOR vim": ["1:1 variable EDITOR=vim yes"],
  "set --global --export LIST a 'b c'": ["1:1 variable LIST=a b c yes"],
  "set -x PATH ~/bin /x; set -p PATH /y; set -a PATH /z": [
    "1:1 path PATH=/home/papaya/bin:/x yes",
    "1:23 path PATH=/y:/home/papaya/bin:/x yes",
    "1:39 path PATH=/y:/home/papaya/bin:/x:/z yes",
  ],
  "set -x PATH /x $PATH": ["1:1 path PATH yes"],
  "set -Ux fish_user_paths ~/bin": ["1:1 path fish_user_paths=/home/papaya/bin yes"],
  "fish_add_path ~/bin": ["1:1 path PATH yes"],
  "set -l x 1; echo $x {$x}y \"$x\" '$x' \\$x": ["1:1 command set yes", "1:13 output echo=1 1y 1 $x $x\n yes"],
  'set -g a 1 2; echo "$a" $a': ["1:1 variable a=1 2 yes", "1:15 output echo=1 2 1 2\n yes"],
  "export A=b": ["1:1 variable A=b yes"],
  "setenv A b": ["1:1 variable A=b yes"],
  "umask 027": ["1:1 umask =027 yes"],
  "ulimit -n 10": ["1:1 limit nofile=10 yes"],
  "cd /": ["1:1 cd cd=/ yes"],
  "exec bash -l": ["1:1 exec bash=-l yes"],
  "exit 3\necho no": ["1:1 exit exit=3 yes", "2:1 output echo=no\n no"],
  "return\necho no": ["1:1 exit return yes", "2:1 output echo=no\n no"],
  "read -P 'who? ' x": ["1:1 read read=who?  yes"],
  "echo x | read y": ["1:1 command echo yes", "1:10 command read yes"],
  "sleep 10 &": ["1:1 background sleep yes", "1:1 command sleep yes"],
  "echo err >&2": ["1:1 output echo=err\n yes"],
  "echo no >/dev/null": ["1:1 command echo yes"],
  "trap 'echo bye' EXIT": ["1:1 trap EXIT=echo bye yes"],
  "functions -e ls": ["1:1 unalias ls yes"],
  "some init | source": ["1:1 command some yes", "1:13 source  yes"],
  "eval 'alias a b'": ["1:1 command eval yes", "1:1 alias a=b yes"],
  "command alias a b": ["1:1 command alias yes"],
  "A=1 cat": ["1:1 output cat yes"],
};
for (const [text, expected] of Object.entries(statements))
  test(`means what it does: ${text}`, () => assert.deepEqual(said(text), expected));

test("a function is told, and what is in it where it is called", () => {
  assert.deepEqual(said("function f -d 'x y' --on-event fish_exit\n  echo in\nend\nf"), [
    "1:1 function f yes",
    "1:1 trap EXIT=f yes",
    "2:3 output echo=in\n yes in f",
    "4:1 command f yes",
  ]);
});

test("exit in a function ends the file, return only the function", () => {
  assert.equal(said("function f; exit; end\nf\necho no").at(-1), "3:1 output echo=no\n no");
  assert.equal(said("function f; return; end\nf\necho yes").at(-1), "3:1 output echo=yes\n yes");
});

test("exit in a file that is sourced ends that one", () => {
  assert.equal(said("source ~/x\necho yes", "ssh-command", { x: "exit 1" }).at(-1), "2:1 output echo=yes\n yes");
});

test("guards hold by the mode", () => {
  const reached = (text: string, mode: ModeId) =>
    said(text, mode)
      .find((one) => one.includes("alias"))
      ?.split(" ")
      .at(-1);
  const cases: readonly (readonly [string, string, string, string])[] = [
    // The text, and whether it is reached by ssh-command, ssh-login, su-login-command.
    ["if status is-interactive; alias a b; end", "no", "yes", "no"],
    ["status --is-interactive; and alias a b", "no", "yes", "no"],
    ["not status -i; and exit\nalias a b", "no", "yes", "no"],
    ["status is-interactive || exit\nalias a b", "no", "yes", "no"],
    ["if status is-login\nalias a b\nend", "no", "yes", "yes"],
    ["isatty stdin; or exit\nalias a b", "no", "yes", "no"],
    ["if test -t 0; alias a b; end", "no", "yes", "no"],
    ["set -q SSH_TTY; and alias a b", "no", "yes", "no"],
    ["set -q NOSUCH; or alias a b", "yes", "yes", "yes"],
    ["command -q rm; and alias a b", "maybe", "maybe", "maybe"],
  ];
  for (const [text, ...expected] of cases)
    assert.deepEqual(
      (["ssh-command", "ssh-login", "su-login-command"] as const).map((mode) => reached(text, mode)),
      expected,
      text,
    );
});

test("a file that makes no sense is not run at all, and where is said", () => {
  const broken = [
    "if true\n",
    "echo )\n",
    "echo 'open\n",
    "end\n",
    "for x on a; end\n",
    "echo (a\n",
    "echo $\n",
    "begin; echo\n",
  ];
  for (const text of broken)
    assert.deepEqual(
      reading("fish", "ssh-command", { [config]: `alias a b\n${text}` }).statements.map(({ kind }) => kind),
      ["syntax-error"],
      text,
    );
});

test("conf.d is sorted as fish sorts, the first of a name wins, and what is called is read when it is called", () => {
  const { files, statements: noted } = reading("fish", "ssh-command", {
    ".config/fish/conf.d/a10.fish": "",
    ".config/fish/conf.d/a2.fish": "",
    ".config/fish/conf.d/B.fish": "",
    ".config/fish/conf.d/no.txt": "",
    "/etc/fish/conf.d/a2.fish": "alias hidden x",
    ".local/share/fish/vendor_conf.d/c.fish": "deploy",
    ".config/fish/functions/deploy.fish": "echo loaded",
    ".config/fish/functions/rm.fish": "echo loaded\nfunction rm; end",
    ".config/fish/functions/contains.fish": "alias x y",
  });
  assert.deepEqual(
    files.filter(({ state }) => state === "read").map(({ path }) => path.replace(`${home}/`, "")),
    [
      ".config/fish/conf.d/a2.fish",
      ".config/fish/conf.d/a10.fish",
      ".config/fish/conf.d/B.fish",
      ".local/share/fish/vendor_conf.d/c.fish",
      ".config/fish/functions/contains.fish",
      ".config/fish/functions/deploy.fish",
    ],
  );
  const skipped = files.find(({ state }) => state === "skipped");
  assert.deepEqual(
    [skipped?.path, skipped?.reason],
    [`${home}/.config/fish/functions/rm.fish`, "it is read when rm is called"],
  );
  const reached = Object.fromEntries(
    noted.map((one) => [`${one.where.file.split("/").at(-1)} ${one.kind}`, one.reached]),
  );
  assert.deepEqual(reached, {
    "c.fish command": "yes",
    "contains.fish alias": "maybe",
    "deploy.fish output": "maybe",
    "rm.fish output": "no",
    "rm.fish function": "no",
  });
});

test("XDG_CONFIG_HOME and XDG_DATA_HOME move what is below them", () => {
  const env = { XDG_CONFIG_HOME: "/srv/c", XDG_DATA_HOME: "/srv/d" };
  const files = {
    "/srv/c/fish/config.fish": "alias a b",
    "/srv/d/fish/vendor_conf.d/x.fish": "alias c d",
    [config]: "alias no no",
  };
  const { statements: noted } = reading("fish", "ssh-command", files, env);
  assert.deepEqual(noted.map(({ name }) => name).sort(), ["a", "c"]);
});

test("universal variables are told with their line, as fish writes them", () => {
  const text =
    "# VERSION: 3.0\nSETUVAR --export A:x\\x20y\\u00e9\nSETUVAR fish_user_paths:/a\\x1e/b\nSETUVAR none:\\x1d\n";
  assert.deepEqual(said("echo $A", "ssh-command", { ".config/fish/fish_variables": text }), [
    "2:1 variable A=x yé yes",
    "3:1 path fish_user_paths=/a:/b yes",
    "4:1 variable none= yes",
    "1:1 output echo=x yé\n yes",
  ]);
});

const bits = (
  "if else end for in while switch case begin function and or not ! ; & | && || > >> 2> < ( ) $( { } [ ] ' \" \\ $ $x $$x $x[1] " +
  "set alias source . exit return exec status is-interactive # * ? ~ é 😀 a"
)
  .split(" ")
  .concat(["\n", " ", "\t", "\0", "\\\n"]);
const soup = fc
  .array(fc.constantFrom(...bits), { maxLength: 60 })
  .chain((all) => fc.constantFrom(all.join(""), all.join(" ")));

test("reading never throws, and every statement has a place in its file", () => {
  void fc.assert(
    fc.property(fc.oneof(soup, fc.string({ unit: "binary", maxLength: 200 })), (text) => {
      const lines = text.split("\n").length;
      const files = { [config]: text, ".config/fish/fish_variables": text, ".config/fish/functions/a.fish": text };
      for (const { where } of reading("fish", "ssh-login", files).statements)
        assert.ok(where.line >= 1 && where.line <= lines && where.column >= 1);
    }),
    { numRuns: 2_000 },
  );
});

test("what nests deep is given up, and costs no time", () => {
  for (const text of [
    "(".repeat(50_000),
    "begin;".repeat(50_000),
    `echo ${"(echo ".repeat(2_000)}`,
    "not ".repeat(50_000),
  ])
    assert.ok(reading("fish", "ssh-command", { [config]: text }).statements.length <= 2, text.slice(0, 20));
});
