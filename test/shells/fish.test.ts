import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as fc from "fast-check";
import { fish } from "../../agent/shells/fish.ts";
import { quoted } from "../../agent/shells/fish-dump.ts";
import { alias, answered, command, complaint, dumped, dumpedIn, inHome, nonce, value } from "./real.ts";
import { text } from "./values.ts";

const config = ".config/fish/config.fish";
const rc = (lines: string, names: readonly string[] = [], files: Readonly<Record<string, string>> = {}) =>
  answered(fish, { files: { [config]: `${lines}\n`, ...files }, names });

test("aliases, functions with their line, variables of every kind, umask and folder are told", async () => {
  const told = await rc(`alias rm 'rm -i'
alias cp="cp -i"
function mv -d 'asks first'
  command mv -i $argv
end
eval 'function made; end'
set -gx LIST a b
set -gx MYPATH /a /b
set -g plain 'x
y'
set -U kept 1 2
umask 027
cd /`);
  assert.deepEqual([alias(told, "rm"), alias(told, "cp")], ["rm -i", "cp -i"]);
  // What `eval` is given has lines of its own.
  const [made, mv, ...others] = told.functions;
  assert.deepEqual([made?.name, made?.line, mv?.name, mv?.line, others], ["made", 1, "mv", 3, []]);
  assert.ok(mv?.file?.endsWith(config));
  assert.deepEqual(
    ["LIST", "MYPATH", "plain", "kept"].map((name) => told.variables.find((one) => one.name === name)),
    [
      { name: "LIST", value: "a b", exported: true },
      { name: "MYPATH", value: "/a:/b", exported: true },
      { name: "plain", value: "x\ny", exported: false },
      { name: "kept", value: "1 2", exported: false },
    ],
  );
  assert.deepEqual([told.umask, told.cwd, told.doubts], ["0027", "/", []]);
});

test("an untouched fish defines nothing: what it ships is its own, and nothing of the dump is told", async () => {
  const told = await answered(fish, { files: {}, names: ["rm", "ls", "kill", "if", "echo", "no-such"] });
  assert.deepEqual([told.aliases, told.functions, told.traps, told.doubts], [[], [], [], []]);
  for (const one of told.variables) assert.ok(!one.name.includes(nonce) && !one.value.includes(nonce), one.name);
  assert.deepEqual(
    told.commands.map((known) => [known.name, known.is, known.then]),
    [
      ["rm", "file", "/usr/bin/rm"],
      ["ls", "builtin", null],
      ["kill", "builtin", null],
      ["if", "builtin", null],
      ["echo", "builtin", null],
      ["no-such", "none", null],
    ],
  );
});

test("an autoloaded function is told by its file, and is not loaded", async () => {
  const files = {
    ".config/fish/functions/rm.fish": "touch ~/loaded\nfunction rm\n  command rm -i $argv\nend\n",
    ".local/share/fish/vendor_functions.d/cp.fish": "function cp; end\n",
    ".local/share/fish/vendor_functions.d/rm.fish": "function rm; end\n",
    // This is how people take a shipped function away.
    ".config/fish/functions/grep.fish": "",
  };
  await inHome(files, async (home) => {
    const { dumped: told } = await dumpedIn(fish, home, { names: ["rm", "cp", "grep"] });
    assert.deepEqual(told?.functions, [
      { name: "rm", file: join(home, ".config/fish/functions/rm.fish") },
      { name: "cp", file: join(home, ".local/share/fish/vendor_functions.d/cp.fish") },
    ]);
    assert.deepEqual(
      told.commands.map(({ name, is, then: file }) => [name, is, file]),
      [
        ["rm", "function", "/usr/bin/rm"],
        ["cp", "function", "/usr/bin/cp"],
        ["grep", "file", "/usr/bin/grep"],
      ],
    );
    assert.ok(!existsSync(join(home, "loaded")));
  });
});

test("a file that would hang whoever loads it keeps nothing from being told", async () => {
  const told = await rc("alias kept 'k -i'", ["rm"], { ".config/fish/functions/rm.fish": "sleep 1000\nread x\n" });
  assert.equal(alias(told, "kept"), "k -i");
});

test("handlers of the shell's end and of signals are traps", async () => {
  const told = await rc("function bye --on-event fish_exit; end\nfunction hup -s HUP; end\ntrap 'true' TERM");
  assert.deepEqual(told.traps, [
    { signal: "HUP", action: "hup" },
    { signal: "TERM", action: "__trap_handler_TERM" },
    { signal: "EXIT", action: "bye" },
  ]);
});

const taken = "functions printf contains echo pwd status source alias count type ls cat env read return math true";
const hostile = {
  "functions named after builtins": taken
    .split(" ")
    .map((name) => `function ${name}; command echo FAKE; end`)
    .join("\n"),
  "aliases named after builtins": "alias printf 'command echo FAKE'\nalias contains 'command echo FAKE'",
  "builtins whose names are reserved": "function set; end\nfunction builtin; end\nfunction command; end",
  "functions taken away": "functions -e alias ls fish_add_path",
  "a trace": "set -g fish_trace 1",
  "an own function path": "set -g fish_function_path ~/none",
  "a handler of the function path": "function watch --on-variable fish_function_path; echo NOISE; end",
  "no path": "set -e PATH",
  "no field separator": "set -g IFS",
  "another locale": "set -gx LC_ALL C",
  "a status that is not 0": "false",
  exit: "exit 3",
} as const;

for (const [name, lines] of Object.entries(hostile))
  test(`the answer survives ${name}`, async () => {
    const told = await rc(`alias kept 'k -i'\nset -g varkept 'v w'\nset -gx ENVKEPT 'e f'\n${lines}`, [
      "if",
      "/bin/ls",
    ]);
    assert.equal(alias(told, "kept"), "k -i");
    assert.equal(value(told, "varkept"), "v w");
    assert.equal(value(told, "ENVKEPT"), "e f");
    assert.equal(command(told, "/bin/ls")?.then, "/bin/ls");
    assert.notEqual(told.umask, null);
    assert.notEqual(told.cwd, null);
    assert.deepEqual(told.doubts, []);
  });

test("each function of a builtin's name is told", async () => {
  const told = await rc(hostile["functions named after builtins"]);
  const names = told.functions.map(({ name }) => name).sort();
  // These are reserved.
  assert.deepEqual(
    names,
    taken
      .split(" ")
      .filter((name) => !["read", "return", "status"].includes(name))
      .sort(),
  );
});

test("the nonce comes on both streams", async () => {
  for (const lines of ["", "function printf; end", "set -e PATH", "if broken"]) {
    const run = await dumped(fish, { files: { [config]: lines } });
    assert.ok(run.stdout.includes(nonce) && run.stderr.includes(nonce), lines);
  }
});

test("any value comes back as it is in the shell", async () => {
  const check = async (values: readonly string[]) => {
    const told = await rc(values.map((each, index) => `set -g V${index} ${quoted(each)}`).join("\n"));
    for (const [index, each] of values.entries()) assert.equal(value(told, `V${index}`), each);
  };
  await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 60 }), check), { numRuns: 10 });
});

test("missing or torn frames are no answer", () => {
  assert.equal(fish.parseDump(Buffer.from(""), nonce, []), null);
  assert.equal(fish.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:variables\n`), nonce, []), null);
  const empty = fish.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:end\n`), nonce, []);
  assert.ok(empty !== null && empty.doubts.length >= 5);
});

test("reading an answer never throws", () => {
  const sections = "begin own functions called commands variables handlers umask cwd end".split(" ");
  const part = fc.oneof(
    fc.constantFrom(...sections).map((name) => `\n${nonce}:${name}\n`),
    fc.string({ unit: "binary" }),
    fc.constantFrom("a\0-\n", "\0", `\0${nonce}\n`, "Event signal\n"),
  );
  void fc.assert(
    fc.property(fc.array(part), (parts) => void fish.parseDump(Buffer.from(parts.join("")), nonce, ["cp"])),
  );
});

const complaints: Readonly<Record<string, readonly [number, string]>> = {
  "if true\necho open\n": [1, "Missing end to balance this if statement"],
  "echo a\necho )\n": [2, "Unexpected ')' for unopened parenthesis"],
  "set -g X 1\n\necho $\n": [3, "Expected a variable name after this $."],
  "echo 'open\n": [1, "Unexpected end of string, quotes are not balanced"],
};
for (const [lines, [line, says]] of Object.entries(complaints))
  test(`the complaint ${says} is found with its line`, async () => {
    assert.deepEqual(await complaint(fish, config, lines), { file: "~/.config/fish/config.fish", line, says });
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch-command\n", "echo /nosuch*\n", "string nosuch\n", "set -g a 1\n"])
    assert.equal(await complaint(fish, config, lines), null, lines);
});
