import assert from "node:assert/strict";
import { test } from "node:test";
import { bash } from "../../agent/shells/bash.ts";
import type { Shell } from "../../agent/shells/shell.ts";
import { tcsh } from "../../agent/shells/tcsh.ts";
import { zsh } from "../../agent/shells/zsh.ts";
import { dumpedIn, inHome } from "./real.ts";

const shells: readonly { readonly shell: Shell; readonly file: string }[] = [
  { shell: bash, file: ".bashrc" },
  { shell: zsh, file: ".zshenv" },
  { shell: tcsh, file: ".cshrc" },
];

for (const { shell, file } of shells) {
  test(`${shell.name}: the working directory is told without links, as a program sees it`, () =>
    inHome({ [file]: "ln -s ~ ~/me\ncd ~/me\n" }, async (home) => {
      const { dumped } = await dumpedIn(shell, home);
      assert.equal(dumped?.cwd, home);
    }));

  test(`${shell.name}: a working directory that is gone is told by its name`, () =>
    inHome({ [file]: "mkdir ~/gone\ncd ~/gone\nrmdir ~/gone\n" }, async (home) => {
      const { dumped } = await dumpedIn(shell, home);
      assert.equal(dumped?.cwd, `${home}/gone`);
    }));
}

test("zsh: functions that run at its end are EXIT traps", () =>
  inHome({ ".zshenv": "zshexit() { exit 0 }\nbye() { : }\nzshexit_functions=(bye none)\n" }, async (home) => {
    const { dumped } = await dumpedIn(zsh, home);
    assert.deepEqual(dumped?.traps, [
      { signal: "EXIT", action: "zshexit" },
      { signal: "EXIT", action: "bye" },
    ]);
  }));
