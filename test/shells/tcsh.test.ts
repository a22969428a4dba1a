import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { tcsh } from "../../agent/shells/tcsh.ts";
import { hostile, names } from "./csh.ts";
import { alias, answered, command, complaint, dumped, nonce, option, value } from "./real.ts";
import { text, writtenForCsh } from "./values.ts";

const rc = (lines: string, names: readonly string[] = []) => answered(tcsh, { files: { ".cshrc": lines }, names });

test("aliases, variables of both kinds, switches are told", async () => {
  const told = await rc(`alias rm 'rm -i'
alias ml 'echo a; echo "b c" \\!*'
set noclobber
set list = (a b)
set one = "v w"
setenv SHOWN 'a b'
setenv LINES_2 'a\\
FOO=b'
umask 027
cd /`);
  assert.deepEqual(
    told.aliases.filter(({ name }) => ["rm", "ml"].includes(name)),
    [
      { name: "ml", value: 'echo a; echo "b c" !*' },
      { name: "rm", value: "rm -i" },
    ],
  );
  assert.equal(option(told, "noclobber"), "on");
  assert.equal(option(told, "noglob"), "off");
  assert.equal(value(told, "list"), "(a b)");
  assert.equal(value(told, "one"), "v w");
  assert.deepEqual(
    told.variables.filter(({ exported }) => exported).filter(({ name }) => ["SHOWN", "LINES_2", "FOO"].includes(name)),
    [
      { name: "SHOWN", value: "a b", exported: true },
      { name: "LINES_2", value: "a\nFOO=b", exported: true },
    ],
  );
  assert.deepEqual([told.functions, told.traps, told.doubts], [[], [], []]);
  assert.equal(told.umask, "0027");
  assert.equal(told.cwd, "/");
});

test("nothing of the dump's own is told", async () => {
  const told = await rc("");
  assert.equal(value(told, "command"), undefined);
  assert.deepEqual(told.aliases, []);
  for (const { value: each } of told.variables) assert.ok(!each.includes(nonce));
});

test("what a name is, and where a search through PATH ends", async () => {
  const told = await rc("alias cp 'cp -i'\nalias echo 'echo -n'\nalias noprogram true\nalias /bin/ls 'ls -F'", [
    "cp",
    "rm",
    "echo",
    "cd",
    "if",
    "no-such",
    "noprogram",
    "/bin/ls",
    "/bin/rm",
    "/bin/no-such",
  ]);
  assert.deepEqual(
    told.commands.map((known) => [known.name, known.is, known.then]),
    [
      ["cp", "alias", "/usr/bin/cp"],
      ["rm", "file", "/usr/bin/rm"],
      ["echo", "alias", null],
      ["cd", "builtin", null],
      ["if", "builtin", null],
      ["no-such", "none", null],
      ["noprogram", "alias", null],
      ["/bin/ls", "alias", "/bin/ls"],
      ["/bin/rm", "file", "/bin/rm"],
      ["/bin/no-such", "none", null],
    ],
  );
});

test("a name that csh cannot take literally is a doubt", async () => {
  const told = await rc("", ["rm", "a!b", "-x"]);
  assert.deepEqual(
    told.commands.map(({ name }) => name),
    ["rm"],
  );
  assert.equal(told.doubts.length, 2);
});

test("aliases bite always", () => {
  assert.equal(tcsh.aliasesBite([]), true);
});

for (const [name, lines] of Object.entries(hostile))
  test(`the answer survives ${name}`, async () => {
    const told = await rc(`alias kept 'k -i'\nset varkept = 'v w'\nsetenv ENVKEPT 'e f'\n${lines}`, [
      "test",
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

test("each alias of a builtin is told as it is", async () => {
  const told = await rc(hostile["aliases named after builtins"]);
  assert.deepEqual(told.aliases.map(({ name }) => name).sort(), names.split(" ").sort());
});

test("the nonce comes on both streams", async () => {
  for (const lines of ["", "alias echo true\nalias nosuch true", "set path = ()"]) {
    const run = await dumped(tcsh, { files: { ".cshrc": lines } });
    assert.ok(run.stdout.includes(nonce) && run.stderr.includes(nonce), lines);
  }
});

test("~/.tcshrc is read in place of ~/.cshrc", async () => {
  const told = await answered(tcsh, { files: { ".cshrc": "set here", ".tcshrc": "set there" } });
  assert.deepEqual([value(told, "here"), value(told, "there")], [undefined, ""]);
});

test("any exported value comes back as it is in the shell", async () => {
  const check = async (values: readonly string[]) => {
    const told = await rc(values.map((each, index) => `setenv V${index} ${writtenForCsh(each)}`).join("\n"));
    for (const [index, each] of values.entries()) assert.equal(value(told, `V${index}`), each);
  };
  await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 80 }), check), { numRuns: 15 });
});

test("any value of a shell variable comes back, but for control characters and lines that look like another variable", async () => {
  const check = async (values: readonly string[]) => {
    const told = await rc(values.map((each, index) => `set v${index} = ${writtenForCsh(each)}`).join("\n"));
    for (const [index, each] of values.entries()) assert.equal(value(told, `v${index}`), each);
  };
  // tcsh shows a control character as ^X, and quotes nothing.
  const plain = text.filter((each) => !/\n\w+\t|[^\P{Cc}\n\t]/u.test(each));
  await fc.assert(fc.asyncProperty(fc.array(plain, { minLength: 1, maxLength: 80 }), check), { numRuns: 15 });
});

test("without env(1) the environment comes from setenv, with a doubt", () => {
  const parts = ["begin", "shell-variables", "setenv", "env", "builtins", "commands", "end"];
  const content: Readonly<Record<string, string>> = { "shell-variables": "cwd\t/\n", setenv: "A=1\nB=x\ny\n" };
  const bytes = parts.map((name) => `\n${nonce}:${name}\n${content[name] ?? ""}`).join("");
  const told = tcsh.parseDump(Buffer.from(bytes), nonce, []);
  assert.equal(told?.variables.find(({ name }) => name === "B")?.value, "x\ny");
  assert.equal(told?.doubts.length, 1);
});

test("missing or torn frames are no answer", () => {
  assert.equal(tcsh.parseDump(Buffer.from(""), nonce, []), null);
  assert.equal(tcsh.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:env\n`), nonce, []), null);
  const empty = tcsh.parseDump(Buffer.from(`\n${nonce}:begin\n\n${nonce}:end\n`), nonce, []);
  assert.ok(empty !== null && empty.doubts.length >= 4);
});

test("reading an answer never throws", () => {
  const sections = "begin end shell-variables setenv env builtins umask commands".split(" ");
  const part = fc.oneof(
    fc.constantFrom(...sections).map((name) => `\n${nonce}:${name}\n`),
    fc.string({ unit: "binary" }),
    fc.constantFrom("a\tb\n", "\0", `${nonce}\n`),
  );
  void fc.assert(
    fc.property(fc.array(part), (parts) => void tcsh.parseDump(Buffer.from(parts.join("")), nonce, ["cp"])),
  );
});

test("tcsh cannot trace with files and lines", () => {
  assert.equal(tcsh.trace, null);
});

const complaints: Readonly<Record<string, string>> = {
  'echo a\necho "un\n': "Unmatched '\"'.",
  "set a='x\n": "Unmatched '''.",
  "echo `ls\n": "Unmatched '`'.",
  "if (1\n": "Too many ('s.",
  "echo )\n": "Too many )'s.",
  "echo ${a\n": "Missing '}'.",
  "echo $nosuch\n": "nosuch: Undefined variable.",
  "if x then\n": "if: Expression Syntax.",
  "else\necho\n": "else: endif not found.",
  "switch (x)\ncase y:\n": "switch: endsw not found.",
  "end\n": "end: Not in while/foreach.",
  "echo a > > b\n": "Missing name for redirect.",
  "rm() { x; }\n": "Badly placed ()'s.",
  "ls |\n": "Invalid null command.",
  "goto nowhere\n": "nowhere: label not found.",
  "echo /nosuch*\n": "echo: No match.",
  "set x = (a b)\necho $x[9]\n": "x: Subscript out of range.",
  'echo "a!b"\n': "b: Event not found.",
};
for (const [lines, says] of Object.entries(complaints))
  test(`the complaint ${says} is found, without file and line, for tcsh says none`, async () => {
    assert.deepEqual(await complaint(tcsh, ".cshrc", lines), { file: null, line: null, says });
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch-command\n", "if (1) then\r\necho x\r\nendif\r\n", "set a = 1\n"])
    assert.equal(await complaint(tcsh, ".cshrc", lines), null, lines);
});
