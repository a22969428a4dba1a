import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as z from "zod";
import type { ModeId } from "../../agent/facts/index.ts";
import { modeIds } from "../../agent/facts/index.ts";
import { knownNames, personalityOf, type Shell, shells } from "../../agent/shells/index.ts";
import { ended, inHome, nonce, ran } from "./real.ts";

const measured = z
  .object({
    rows: z.array(
      z.object({
        shell: z.string(),
        mode: z.enum(modeIds),
        argv: z.array(z.string()),
        tried: z.array(z.string()),
        read: z.array(z.string()),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/shell-truth-reads.json"), "utf8")));

/** Read because /etc/profile says so on Debian, not by the shell itself. */
const throughProfile = ["/etc/bash.bashrc", "/etc/profile.d/*.sh"];

/**
 * What the shell tries in this mode, in order: of each step the first file that is there is read. Files that variables
 * name are left out: where they were measured these variables were not set.
 */
function stepsOf(shell: Shell, mode: ModeId): string[][] {
  return shell.reads
    .filter((row) => row.modes.includes(mode))
    .map((row) => [row.file, ...(row.orElse ?? [])].filter((file) => !file.startsWith("$")))
    .filter((step) => step.length > 0);
}

test("names are unique, lower case, and each shell has a test file and a source", () => {
  const names = knownNames();
  assert.equal(new Set(names).size, names.length);
  for (const shell of shells) {
    assert.match(shell.name, /^[a-z][a-z0-9]*$/);
    assert.ok(existsSync(join(import.meta.dirname, `${shell.name}.test.ts`)), `no test/shells/${shell.name}.test.ts`);
    assert.notEqual(shell.source, "");
    assert.notEqual(shell.guard, "");
    assert.ok(shell.startedAs.length > 0 && shell.binaries.length > 0);
  }
});

test("no two shells claim the same name and binary", () => {
  const claims = shells.flatMap((shell) =>
    shell.startedAs.flatMap((name) => shell.binaries.map((binary) => `${name} -> ${binary}`)),
  );
  assert.equal(new Set(claims).size, claims.length);
});

for (const shell of shells) {
  const rows = measured.rows.filter((row) => row.shell === shell.name);

  test(`${shell.name}: rows were measured for every mode that it is started in or reads in`, () => {
    const modes = new Set([...Object.keys(shell.starts), ...shell.reads.flatMap((row) => row.modes)]);
    for (const mode of modes)
      assert.ok(
        rows.some((row) => row.mode === mode),
        `${mode} was not measured`,
      );
  });

  for (const row of rows) {
    const steps = stepsOf(shell, row.mode);
    const own = (files: readonly string[]) =>
      files.filter((file) => steps.flat().includes(file) || !throughProfile.includes(file));

    test(`${shell.name} reads in ${row.mode} what was measured, in that order`, () => {
      // A file of the system that was tried and not read was not there on the measured host.
      const wasAbsent = (file: string) => file.startsWith("/") && row.tried.includes(file) && !row.read.includes(file);
      assert.deepEqual(
        steps.flatMap(([first = ""]) => (wasAbsent(first) ? [] : [first])),
        own(row.read),
      );
    });

    test(`${shell.name} tries in ${row.mode} every file that was measured, and no other`, () => {
      const compiled = shell.reads
        .filter((known) => known.modes.includes(row.mode))
        .flatMap((known) => known.compiled ?? []);
      // What a file of the system looks for (a folder of parts, the first-run question of zsh) is not the shell's own.
      const others = [
        "/etc/csh/cshrc.d",
        "/etc/csh/login.d",
        "/etc/zsh/newuser.zshrc.recommended",
        "/usr/share/yash/initialization/common",
        "/usr/share/yash/initialization/sample",
        "/etc/ksh_audit",
      ];
      assert.deepEqual(
        [...steps.flat(), ...compiled].sort(),
        own(row.tried)
          .filter((file) => !others.includes(file))
          .sort(),
      );
    });

    test(`${shell.name} is started in ${row.mode} as was measured, if at all`, () => {
      const start = shell.starts[row.mode];
      if (start === undefined) return;
      const [name, ...words] = row.argv;
      const [started = ""] = shell.startedAs;
      assert.equal(name, { name: started, "-name": `-${started}`, path: "/bin/sh" }[start.argv0]);
      assert.deepEqual(
        start.words.map((word) => (word === "COMMAND" ? words.at(-1) : word)),
        words,
      );
    });
  }
}

test("the personality follows from the name in the account's entry and from the binary", () => {
  const named = (path: string, resolved: string) => personalityOf({ path, resolved })?.name ?? null;
  assert.equal(named("/bin/bash", "/usr/bin/bash"), "bash");
  assert.equal(named("/usr/local/bin/zsh", "/usr/local/bin/zsh"), "zsh");
  assert.equal(named("/usr/bin/zsh", "/usr/bin/zsh5"), "zsh");
  assert.equal(named("/bin/tcsh", "/usr/bin/tcsh"), "tcsh");
  assert.equal(named("/bin/csh", "/usr/bin/tcsh"), "tcsh");
  assert.equal(named("/bin/sh", "/usr/bin/dash"), "dash");
  assert.equal(named("/bin/dash", "/usr/bin/dash"), "dash");
  assert.equal(named("/bin/sh", "/usr/bin/bash"), "bashsh");
  assert.equal(named("/bin/sh", "/bin/busybox"), "ash");
  assert.equal(named("/bin/sh", "/usr/bin/zsh"), "zshsh");
  assert.equal(named("/bin/ksh", "/usr/bin/zsh"), "zshksh");
  assert.equal(named("/bin/ksh", "/usr/bin/ksh93"), "ksh93");
  assert.equal(named("/bin/ksh", "/bin/mksh"), "mksh");
  assert.equal(named("/bin/yash", "/usr/bin/yash"), "yash");
  assert.equal(named("/bin/sh", "/usr/bin/yash"), "yashsh");
  assert.equal(named("/bin/posh", "/usr/bin/posh"), "posh");
  assert.equal(named("/bin/ash", "/bin/busybox"), "ash");
});

test("a shell under another name or another binary is not known", () => {
  const pairs = [
    ["/bin/dash", "/usr/bin/bash"],
    ["/bin/busybox", "/usr/bin/busybox"],
    ["/bin/rbash", "/usr/bin/bash"],
    ["/bin/csh", "/opt/csh"],
    ["/bin/bash", "/opt/wrapper"],
    ["/usr/sbin/nologin", "/usr/sbin/nologin"],
    ["", ""],
  ];
  for (const [path = "", resolved = ""] of pairs)
    assert.equal(personalityOf({ path, resolved }), null, `${path} ${resolved}`);
});

test("the step of a fallback lists the files in the order in which they are tried", () => {
  const bash = shells.find(({ name }) => name === "bash");
  const tcsh = shells.find(({ name }) => name === "tcsh");
  assert.ok(bash !== undefined && tcsh !== undefined);
  assert.deepEqual(stepsOf(tcsh, "ssh-command"), [["/etc/csh.cshrc"], ["~/.tcshrc", "~/.cshrc"]]);
  assert.deepEqual(stepsOf(bash, "su-login-command").at(-1), ["~/.bash_profile", "~/.bash_login", "~/.profile"]);
  assert.deepEqual(stepsOf(bash, "su-command"), []);
});

for (const shell of shells)
  test(`${shell.name} answers through a FIFO, opened once, with more than a pipe holds`, async () => {
    await inHome({}, async (home) => {
      const fifo = join(home, "answer");
      execFileSync("mkfifo", [fifo]);
      const reader = spawn("cat", [fifo], { stdio: ["ignore", "pipe", "pipe"] });
      try {
        const big = "x".repeat(100_000);
        const [said, run] = await Promise.all([
          ended(reader),
          ran(shell, ["-c", shell.dump({ answer: fifo, nonce, names: ["cp"] })], home, { env: { BIG: big } }),
        ]);
        const told = shell.parseDump(Buffer.from(said.stdout), nonce, ["cp"]);
        assert.equal(told?.variables.find(({ name }) => name === "BIG")?.value, big, JSON.stringify(run));
        assert.deepEqual(told?.doubts, []);
      } finally {
        reader.kill();
      }
    });
  });

test("a nonce that would need quoting is refused", () => {
  for (const shell of shells)
    assert.throws(() => shell.dump({ answer: "/tmp/answer", nonce: "a b'; rm -r /", names: [] }), /letters and digits/);
});

test("names are words, whatever they hold", async () => {
  for (const shell of shells)
    await inHome({}, async (home) => {
      const names = [
        "$(touch made)",
        "`touch made`",
        "a b",
        "'",
        '"',
        "\\",
        "*",
        ";touch made",
        "--",
        "-p",
        "~",
        "é",
        "[",
        "!!",
      ];
      const answer = join(home, "answer");
      await ran(shell, ["-c", shell.dump({ answer, nonce, names: [...names, "cp"] })], home);
      const told = shell.parseDump(readFileSync(answer), nonce, [...names, "cp"]);
      assert.equal(told?.commands.find(({ name }) => name === "cp")?.is, "file");
      assert.ok(
        told.commands.length === names.length + 1 || told.doubts.length === names.length + 1 - told.commands.length,
      );
      assert.ok(!existsSync(join(home, "made")));
    });
});
