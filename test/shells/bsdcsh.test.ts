import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { bsdcsh } from "../../agent/shells/bsdcsh.ts";
import { personalityOf } from "../../agent/shells/index.ts";
import { hostile, names } from "./csh.ts";
import { alias, answered, command, complaint, dumped, nonce, option, value } from "./real.ts";
import { text, writtenForCsh } from "./values.ts";

const rc = (lines: string, asked: readonly string[] = []) =>
  answered(bsdcsh, { files: { ".cshrc": `${lines}\n` }, names: asked });

test("csh is the program behind the link, whatever its name", () => {
  const named = (path: string, resolved: string) => personalityOf({ path, resolved })?.name ?? null;
  assert.equal(named("/bin/csh", "/usr/bin/bsd-csh"), "bsdcsh");
  assert.equal(named("/bin/csh", "/usr/bin/tcsh"), "tcsh");
  assert.equal(named("/bin/bsd-csh", "/usr/bin/bsd-csh"), "bsdcsh");
  assert.equal(named("/bin/bsd-csh", "/usr/bin/tcsh"), null);
  assert.equal(named("/bin/csh", "/bin/csh"), null);
});

test("aliases, variables of both kinds, switches, umask and folder are told", async () => {
  const told = await rc(`alias rm 'rm -i'
alias ml 'echo a; echo "b c" \\!*'
set noclobber
set list = (a b)
setenv SHOWN 'a b'
umask 027
cd /`);
  assert.equal(alias(told, "rm"), "rm -i");
  assert.equal(alias(told, "ml"), 'echo a; echo "b c" !*');
  assert.equal(option(told, "noclobber"), "on");
  assert.equal(value(told, "list"), "(a b)");
  assert.deepEqual(
    told.variables.find(({ name }) => name === "SHOWN"),
    { name: "SHOWN", value: "a b", exported: true },
  );
  assert.deepEqual([told.functions, told.traps, told.doubts], [[], [], []]);
  assert.deepEqual([told.umask, told.cwd], ["0027", "/"]);
});

test("what a name is, and where a search through PATH ends", async () => {
  const told = await rc("alias cp 'cp -i'\nalias noprogram true", [
    "cp",
    "rm",
    "cd",
    "where",
    "no-such",
    "noprogram",
    "/bin/rm",
  ]);
  assert.deepEqual(
    told.commands.map((known) => [known.name, known.is, known.then]),
    [
      ["cp", "alias", "/usr/bin/cp"],
      ["rm", "file", "/usr/bin/rm"],
      ["cd", "builtin", null],
      ["where", "none", null],
      ["no-such", "none", null],
      ["noprogram", "alias", null],
      ["/bin/rm", "file", "/bin/rm"],
    ],
  );
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
    const run = await dumped(bsdcsh, { files: { ".cshrc": lines } });
    assert.ok(run.stdout.includes(nonce) && run.stderr.includes(nonce), lines);
  }
});

test("~/.tcshrc is nothing to it, and exit ends the file only", async () => {
  const told = await answered(bsdcsh, { files: { ".tcshrc": "set there", ".cshrc": "set here\nexit 3\nset after\n" } });
  assert.deepEqual([value(told, "there"), value(told, "here"), value(told, "after")], [undefined, "", undefined]);
});

test("a last line without a newline is nothing to it", async () => {
  const told = await answered(bsdcsh, { files: { ".cshrc": "set here\nset there" } });
  assert.deepEqual([value(told, "here"), value(told, "there")], ["", undefined]);
});

test("any exported value comes back as it is in the shell", async () => {
  const check = async (values: readonly string[]) => {
    const told = await rc(values.map((each, index) => `setenv V${index} ${writtenForCsh(each)}`).join("\n"));
    for (const [index, each] of values.entries()) assert.equal(value(told, `V${index}`), each);
  };
  await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 60 }), check), { numRuns: 10 });
});

const complaints: Readonly<Record<string, string>> = {
  'echo a\necho "un\n': 'Unmatched ".',
  "set a='x\n": "Unmatched '.",
  "echo `ls\n": "Unmatched `.",
  "if (1\n": "Too many ('s.",
  "echo )\n": "Too many )'s.",
  "echo ${a\n": "Missing }.",
  "echo $nosuch\n": "nosuch: Undefined variable.",
  "if x then\n": "if: Expression Syntax.",
  "else\necho\n": "else: endif not found.",
  "end\n": "end: Not in while/foreach.",
  "rm() { x; }\n": "Badly placed ()'s.",
  "@ x = 1 / 0\n": "Division by 0.",
  "set a\necho $a:z\n": "Unknown variable modifier.",
};
for (const [lines, says] of Object.entries(complaints))
  test(`the complaint ${says} is found, without file and line, for csh says none`, async () => {
    assert.deepEqual(await complaint(bsdcsh, ".cshrc", lines), { file: null, line: null, says });
  });

test("what does not end the file is no complaint of that kind", async () => {
  for (const lines of ["nosuch-command\n", "if (1) then\r\necho x\r\nendif\r\n", "set a = 1\n"])
    assert.equal(await complaint(bsdcsh, ".cshrc", lines), null, lines);
});
