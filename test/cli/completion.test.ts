/** Typed into the real shells, with accounts and files whose names would run something. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { spawn } from "node-pty";
import { verbs } from "../../agent/cli/index.ts";
import { call, partsOf, root } from "./support/world.ts";

async function script(shell: string): Promise<string> {
  const { stdout, stderr, exit } = await call(["completion", shell], partsOf({ accounts: [root] }));
  assert.equal(`${stderr}${exit}`, "0");
  return stdout;
}

const hostile = ["$(touch MARK)", "`touch MARK`", "o;touch MARK", "o b", "-rf", "o'", "*"];

/** A folder with the script, a getent that names hostile accounts, and a file with a hostile name. */
async function workplace(shell: string) {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-completion-"));
  const entries = ["root", "oracle", ...hostile].map((name) => `${name}:x:501:501::/:/bin/sh`).join("\n");
  writeFileSync(join(folder, "getent"), `#!/bin/sh\ncat <<'EOF'\n${entries}\nEOF\n`);
  chmodSync(join(folder, "getent"), 0o755);
  writeFileSync(join(folder, "pol$(touch MARK).yaml"), "");
  writeFileSync(join(folder, "script"), await script(shell));
  return {
    folder,
    isHarmed: () => readdirSync(folder).some((name) => name === "MARK"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What `rcwarden` is called with after these keys, for each line typed. */
async function typed(argv: readonly [string, ...string[]], begin: string, folder: string, lines: readonly string[]) {
  const [program, ...args] = argv;
  const env = {
    PATH: `${folder}:/usr/bin:/bin`,
    PS1: "",
    TERM: "dumb",
    LC_ALL: "C.UTF-8",
    HOME: folder,
    ZDOTDIR: folder,
  };
  const terminal = spawn(program, args, { cwd: folder, env, cols: 200, rows: 60 });
  let seen = "";
  const late = setTimeout(() => terminal.kill("SIGKILL"), 60_000);
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(seen);
        if (found === null) return false;
        seen = seen.slice(found.index + found[0].length);
        resolve(found);
        return true;
      };
      if (look()) return;
      const data = terminal.onData(() => {
        if (look()) data.dispose();
      });
      terminal.onExit(() => reject(new Error(`expected ${pattern}, found ${JSON.stringify(seen)}`)));
    });
  terminal.onData((text) => {
    seen += text;
  });
  try {
    const told = `rcwarden() { printf '<%s>' "$@"; printf ' told\\n'; }`;
    terminal.write(`${begin}\n${told}\nrcwarden begun\n`);
    await until(/<begun> told/);
    const answers: string[] = [];
    for (const line of lines) {
      terminal.write(`${line}\n`);
      const [, answer = ""] = await until(/((?:<[^>]*>)+) told/);
      answers.push(answer);
    }
    return answers;
  } finally {
    clearTimeout(late);
    terminal.kill("SIGKILL");
  }
}

const keys = [
  "rcwarden chec\t",
  "rcwarden check --forma\t sari\t",
  "rcwarden check --format=sari\t",
  "rcwarden check --mode ssh-command-\t",
  "rcwarden check --fail-on cri\t",
  "rcwarden check --account ora\t",
  "rcwarden check --policy pol\t",
  "rcwarden cleanup pla\t",
];
const meant = [
  "<check>",
  "<check><--format><sarif>",
  "<check><--format=sarif>",
  "<check><--mode><ssh-command-pty>",
  "<check><--fail-on><critical>",
  "<check><--account><oracle>",
  "<check><--policy><pol$(touch MARK).yaml>",
  "<cleanup><plan>",
];
/** What offers everything that there is, hostile names among it. */
const everything = ["rcwarden check --account \t\t", "rcwarden check --account $\t\t", "rcwarden check --account o\t"];

test("bash completes what is meant, and runs nothing", async () => {
  using here = await workplace("bash");
  const argv = ["/bin/bash", "--norc", "--noprofile", "-i"] as const;
  const answers = await typed([...argv], "bind 'set bell-style none'; source ./script", here.folder, [
    ...keys,
    ...everything,
  ]);
  assert.deepEqual(answers.slice(0, meant.length), meant);
  assert.equal(answers.at(-1), "<check><--account><oracle>");
  assert.equal(here.isHarmed(), false);
});

test("zsh completes what is meant, and runs nothing", async () => {
  using here = await workplace("zsh");
  const begin = "unsetopt beep; autoload -Uz compinit; compinit -u -D; source ./script";
  const answers = await typed(["/usr/bin/zsh", "-f", "-i"], begin, here.folder, [...keys, ...everything]);
  assert.deepEqual(answers.slice(0, meant.length), meant);
  assert.equal(answers.at(-1), "<check><--account><oracle>");
  assert.equal(here.isHarmed(), false);
});

for (const { shell, check } of [
  { shell: "bash", check: ["bash", "-n"] },
  { shell: "zsh", check: ["zsh", "-n"] },
  { shell: "fish", check: ["fish", "--no-execute"] },
]) {
  test(`${shell}: every verb and each of its flags is offered, in a script that the shell takes`, async () => {
    const text = await script(shell);
    const offered = (word: string) => new RegExp(String.raw`(?<![\w-])${word}(?![\w-])`).test(text);
    for (const { name, load } of verbs) {
      assert.ok(offered(name), name);
      for (const action of (await load()).actions ?? []) assert.ok(offered(action), `${name} ${action}`);
    }
    assert.ok(offered(shell === "fish" ? "-l fail-on" : "--fail-on"));
    using here = await workplace(shell);
    const [program = "", flag = ""] = check;
    const { status, stderr } = spawnSync(program, [flag, "script"], {
      cwd: here.folder,
      encoding: "utf8",
      timeout: 30_000,
    });
    assert.equal(`${status}${stderr}`, "0");
  });
}

test("a shell that nobody knows gets a suggestion", async () => {
  const { stdout, stderr, exit } = await call(["completion", "bsh"], partsOf({ accounts: [root] }));
  assert.equal(stderr, 'rcwarden completion: shell: expected bash, zsh or fish, found "bsh"; did you mean bash?\n');
  assert.deepEqual([stdout, exit], ["", 2]);
});
