/** One thing planted in one file of fish, and of the csh of BSD: a real session shows it, and rcwarden says it with its line. */
import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { FactsDocument, ModeDocument } from "../../agent/evaluate/index.ts";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { check, findings, rcwarden } from "../support/rcwarden.ts";
import { noSshd, type SshWish, startSshd, type TestSshd } from "../support/sshd.ts";

/** What a session of `rm --version` shows, and where explain finds it. */
type Effect = "alias" | "function" | "path" | "stdout" | "nothing";

interface Case {
  readonly says: string;
  readonly shell: "fish" | "bsd-csh";
  readonly files: Readonly<Record<string, string>>;
  readonly effect: Effect;
  /** `FILE:LINE` below the home; null where nothing is planted that bites. */
  readonly at: string | null;
  readonly mode?: "ssh-command" | "ssh-login-notty" | "su-login-command";
}

const program = { "bin/rm": "#!/bin/sh\necho PLANTED\n" };
const shadow = "set -gx PATH ~/bin $PATH\n";
const config = ".config/fish/config.fish";

const cases: readonly Case[] = [
  {
    says: "an alias in config.fish",
    shell: "fish",
    files: { [config]: "# a\nalias rm 'echo PLANTED'\n" },
    effect: "alias",
    at: `${config}:2`,
  },
  {
    says: "a function in conf.d, and one of the same name further on, which is not read",
    shell: "fish",
    files: {
      ".config/fish/conf.d/a.fish": "function rm\n  echo PLANTED\nend\n",
      ".local/share/fish/vendor_conf.d/a.fish": "echo NOT READ\n",
    },
    effect: "function",
    at: ".config/fish/conf.d/a.fish:1",
  },
  {
    says: "a function that is loaded when its name is called",
    shell: "fish",
    files: { ".config/fish/functions/rm.fish": "# mine\n\nfunction rm\n  echo PLANTED $argv\nend\n" },
    effect: "function",
    at: ".config/fish/functions/rm.fish:3",
  },
  {
    says: "a file that takes a name's own function away defines none",
    shell: "fish",
    files: { ".config/fish/functions/rm.fish": "" },
    effect: "nothing",
    at: null,
  },
  {
    says: "PATH in vendor_conf.d",
    shell: "fish",
    files: { ...program, ".local/share/fish/vendor_conf.d/p.fish": shadow },
    effect: "path",
    at: ".local/share/fish/vendor_conf.d/p.fish:1",
  },
  {
    says: "PATH by a universal variable",
    shell: "fish",
    files: { ...program, ".config/fish/fish_variables": "# VERSION: 3.0\nSETUVAR fish_user_paths:HOME/bin\n" },
    effect: "path",
    at: ".config/fish/fish_variables:2",
  },
  {
    says: "a greeting in config.fish",
    shell: "fish",
    files: { [config]: "echo PLANTED\n" },
    effect: "stdout",
    at: `${config}:1`,
  },
  {
    says: "a greeting behind a guard",
    shell: "fish",
    files: { [config]: "if status is-interactive\n  echo PLANTED\n  alias rm 'echo PLANTED'\nend\n" },
    effect: "nothing",
    at: null,
  },
  {
    says: "exit ends its file, and not the session",
    shell: "fish",
    files: { ".config/fish/conf.d/a.fish": "exit 3\necho PLANTED\n", [config]: "exit\nalias rm 'echo PLANTED'\n" },
    effect: "nothing",
    at: null,
  },
  {
    says: "an alias below a guard for logins",
    shell: "fish",
    files: { [config]: "status is-login; and alias rm 'echo PLANTED'\n" },
    effect: "alias",
    at: `${config}:1`,
    mode: "ssh-login-notty",
  },
  {
    says: "an alias in ~/.cshrc",
    shell: "bsd-csh",
    files: { ".cshrc": "set a\nalias rm 'echo PLANTED'\n" },
    effect: "alias",
    at: ".cshrc:2",
  },
  {
    says: "a last line without a newline",
    shell: "bsd-csh",
    files: { ".cshrc": "set a\nalias rm 'echo PLANTED'" },
    effect: "nothing",
    at: null,
  },
  {
    says: "an alias in ~/.login, where commands come on stdin",
    shell: "bsd-csh",
    files: { ".login": "alias rm 'echo PLANTED'\n" },
    effect: "alias",
    at: ".login:1",
    mode: "ssh-login-notty",
  },
  {
    says: "a guard that does not guard there",
    shell: "bsd-csh",
    files: { ".cshrc": "if (! $?prompt) exit\nalias rm 'echo PLANTED'\n" },
    effect: "alias",
    at: ".cshrc:2",
    mode: "ssh-login-notty",
  },
];

const skip = noSshd;

describe("fish and the csh of BSD", { skip }, () => {
  let sshd: TestSshd;
  const ours = new AsyncDisposableStack();
  const accounts = new Map<string, TestAccount>();
  before(async () => {
    sshd = ours.use(await startSshd());
    for (const shell of ["fish", "bsd-csh"]) {
      const account = ours.use(await makeAccount({ shell: `/bin/${shell}`, home: "empty" }));
      sshd.keyFor(account.name);
      accounts.set(shell, account);
    }
  });
  after(() => ours.disposeAsync());

  function place({ shell, files }: Pick<Case, "shell" | "files">): TestAccount {
    const account = accounts.get(shell);
    assert.ok(account !== undefined);
    for (const entry of readdirSync(account.home)) rmSync(join(account.home, entry), { recursive: true, force: true });
    for (const [file, text] of Object.entries(files))
      account.write(file, text.replace("HOME", account.home), file.startsWith("bin/") ? 0o755 : 0o644);
    return account;
  }

  for (const one of cases)
    test(`${one.shell}: ${one.says}`, async () => {
      const { effect, at, mode = "ssh-command" } = one;
      const account = place(one);
      const typed: SshWish = { stdin: { text: "rm --version\n" } };
      const session =
        mode === "ssh-command"
          ? await sshd.ssh(account.name, ["rm --version"])
          : await sshd.ssh(account.name, [], typed);
      assert.equal(session.stdout.includes("PLANTED"), effect !== "nothing", session.stdout + session.stderr);
      assert.equal(session.status, 0, session.stderr);

      const end = await rcwarden(["explain", "--account", account.name, "--mode", mode, "--json"]);
      const document: FactsDocument = JSON.parse(end.stdout);
      const [facts] = document.modes;
      assert.ok(facts !== undefined, end.stderr);
      assert.equal(facts.ended, "ready");
      const where = whereOf(facts, effect);
      assert.equal(where === undefined ? null : `${where.file.replace(`${account.home}/`, "")}:${where.line}`, at);
      if (effect === "nothing") assert.deepEqual(facts.output, []);
    });

  test("an alias that asks is a failed command, with its line, in every way of coming in", async () => {
    const account = place({ shell: "fish", files: { [config]: "set -g a 1\nalias cp 'cp -i'\n" } });
    for (const mode of ["ssh-command", "su-login-command"]) {
      const { report } = await check(account.name, mode);
      const [failed, ...others] = findings(report, "engine-commands").filter(({ status }) => status === "fail");
      assert.equal(failed?.where?.line, 2, mode);
      assert.equal(failed.where.file, join(account.home, config));
      assert.equal(failed.evidence.outcome, "hang");
      assert.deepEqual(others, []);
    }
  });

  test("what was planted nowhere fails nowhere", async () => {
    const modes = { fish: ["ssh-login", "ssh-login-notty"], "bsd-csh": ["ssh-login"] } as const;
    for (const shell of ["fish", "bsd-csh"] as const)
      for (const mode of modes[shell]) {
        const { report } = await check(place({ shell, files: {} }).name, mode);
        assert.deepEqual(
          report.findings.filter(({ status }) => status === "fail"),
          [],
          `${shell} ${mode}`,
        );
      }
  });
});

function whereOf(facts: ModeDocument, effect: Effect): { readonly file: string; readonly line: number } | undefined {
  const path = facts.variables.find(({ name }) => name === "PATH");
  const found = {
    alias: () => facts.aliases.find(({ name, effective }) => name === "rm" && effective)?.where,
    function: () => facts.functions.find(({ name, effective }) => name === "rm" && effective)?.where,
    path: () => (path?.value.includes("/bin:/usr") ? path.where : undefined),
    stdout: () => facts.output.find(({ stream }) => stream === "stdout")?.where,
    nothing: () =>
      facts.aliases.find(({ name }) => name === "rm")?.where ??
      facts.functions.find(({ name }) => name === "rm")?.where,
  }[effect]();
  return found ?? undefined;
}
