import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Shell } from "../../agent/shells/index.ts";
import { alias, answered, command, complaint, inHome, option, ran, traced, value } from "./real.ts";
import { text, writtenForSh } from "./values.ts";

const builtins =
  "alias builtin command print printf whence hash trap umask eval emulate enable disable unset unfunction unhash zmodload test cat set pwd";
const fakes = (names: string) =>
  names
    .split(" ")
    .map((name) => `${name}() { /bin/echo FAKE ${name}; }`)
    .join("\n");

const hostile = {
  // All but one of those that can remove functions.
  "functions named after builtins": fakes(builtins.replace("unfunction ", "")),
  "functions named after builtins but unset": fakes(builtins.replace("unset ", "")),
  "aliases named after everything": `for f in ${builtins} exec for while if case do done; do alias $f='echo FAKE'; done`,
  "disabled builtins": "disable builtin print whence emulate eval zmodload trap umask",
  "options that end or hinder": "set -eu -f -C; IFS=abcdefghijklmnopqrstuvwxyz:/",
  "a trace": "set -x; PS4='+ noise '",
  "options of zsh": "setopt ksharrays shwordsplit nullglob",
  "zsh's own emulation": "emulate zsh",
  "traps that speak": "trap 'echo NOISE' EXIT",
  "a closed stdout and stderr": "exec 1>&- 2>&-",
  "no PATH and no HOME": "unset PATH HOME",
} as const;

/** What holds for zsh started as `sh` and as `ksh` alike. */
export function zshAsSh(shell: Shell): void {
  const rc = (lines: string, names: readonly string[] = []) =>
    answered(shell, { files: { ".profile": lines }, names, login: true });

  test("a login reads ~/.profile and no file of zsh, and a command nothing", async () => {
    const files = {
      ".profile": "from=profile\n",
      ".zshenv": "from=zshenv\n",
      ".zprofile": "from=z\n",
      ".kshrc": "from=k\n",
    };
    await inHome(files, async (home) => {
      assert.equal((await ran(shell, ["-c", "echo $from"], home, { login: true })).stdout, "profile\n");
      assert.equal((await ran(shell, ["-c", "echo $from"], home)).stdout, "\n");
    });
  });

  test("what startup defines is told, and aliases bite", async () => {
    const told = await rc("alias cp='cp -i'\nmine() { :; }\nset -C\nexport SHOWN=1\nhidden=2\numask 027\ncd /\n", [
      "cp",
      "mine",
      "ls",
    ]);
    assert.equal(alias(told, "cp"), "cp -i");
    assert.deepEqual(
      told.commands.map(({ is }) => is),
      ["alias", "function", "file"],
    );
    assert.equal(shell.aliasesBite(told.options), true);
    assert.deepEqual(
      told.functions.map(({ name }) => name),
      ["mine"],
    );
    assert.equal(option(told, "noclobber"), "on");
    assert.deepEqual(
      told.variables
        .filter(({ name }) => name === "SHOWN" || name === "hidden")
        .map(({ name, exported }) => [name, exported])
        .sort(),
      [
        ["SHOWN", true],
        ["hidden", false],
      ],
    );
    assert.equal(told.umask, "0027");
    assert.equal(told.cwd, "/");
    assert.deepEqual(told.doubts, []);
  });

  test("nothing of the dump's own is told", async () => {
    const told = await rc("");
    const names = [...told.functions, ...told.variables, ...told.aliases].map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.includes("rcw")),
      [],
    );
  });

  for (const [name, lines] of Object.entries(hostile))
    test(`the answer survives ${name}`, async () => {
      const told = await rc(`alias kept='k -i'\nfunkept() { :; }\nvarkept='v w'\n${lines}`, ["/bin/ls"]);
      assert.equal(alias(told, "kept"), "k -i");
      assert.ok(told.functions.some((known) => known.name === "funkept"));
      assert.equal(value(told, "varkept"), "v w");
      assert.equal(command(told, "/bin/ls")?.then, "/bin/ls");
      assert.ok(told.options.length > 100);
    });

  test("functions that stand for what the dump uses are told", async () => {
    const told = await rc("builtin() { :; }\nzmodload() { :; }\nprint() { :; }");
    assert.deepEqual(told.functions.map(({ name }) => name).sort(), ["builtin", "print", "zmodload"]);
  });

  test("any value comes back as it is in the shell", async () => {
    const check = async (values: readonly string[]) => {
      const told = await rc(
        values.map((each, at) => `v${at}=${writtenForSh(each)}\nalias a${at}=${writtenForSh(each)}`).join("\n"),
      );
      values.forEach((each, at) => {
        assert.equal(value(told, `v${at}`), each);
        assert.equal(alias(told, `a${at}`), each);
      });
    };
    await fc.assert(fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 40 }), check), { numRuns: 8 });
  });

  test("the trace has file and line of what ~/.profile does", async () => {
    await inHome({ ".profile": ". ~/lib\nalias rm='rm -i'\n", lib: "x=1\n" }, async (home) => {
      const lines = await traced(shell, home, { login: true });
      const of = (wanted: string) => lines?.find((one) => one.text.startsWith(wanted));
      assert.deepEqual(of("x=1")?.files, [`${home}/lib`, `${home}/.profile`]);
      assert.equal(of("x=1")?.line, 1);
      assert.deepEqual(of("alias")?.files, [`${home}/.profile`]);
      assert.equal(of("alias")?.line, 2);
    });
  });

  test("complaints that end the file or the login are found with their line", async () => {
    for (const lines of ["echo a\nfi\n", "echo a\n. ~/nosuch\n", "echo a\nset -o nosuch\n", "set -u\necho $nosuch\n"]) {
      const found = await complaint(shell, ".profile", lines, { login: true });
      assert.deepEqual({ file: found?.file, line: found?.line }, { file: "~/.profile", line: 2 }, lines);
    }
    assert.equal(await complaint(shell, ".profile", "nosuch\n", { login: true }), null);
  });
}
