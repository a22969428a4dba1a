/** What su, sudo, cron and login sessions really give a shell, against the session that is measured in their place. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { sessionGround } from "../../agent/collectors/session-ground.ts";
import { type Account, type ModeId, modeOf } from "../../agent/facts/index.ts";
import { accountByName } from "../../agent/host/accounts.ts";
import { realPath } from "../../agent/host/real-path.ts";
import { asker } from "../../agent/probe/asker.ts";
import { personalityOf } from "../../agent/shells/index.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { noSshd, startSshd, type TestSshd } from "../support/sshd.ts";

const callersPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What the shell itself was given, whatever startup files made of it; each line says what it is about. */
const snapshot = [
  "tr '\\0' '\\n' </proc/$$/environ | sed 's/^/env /'",
  "sed 's/^/limit /' /proc/$$/limits",
  "grep -E '^(Umask|Uid|Gid|Groups|CapEff|CapPrm|CapInh)' /proc/$$/status | sed 's/^/status /'",
  "echo cwd `pwd`",
  "echo id `id`",
  "tr '\\0' ' ' </proc/$$/cmdline | head -c 24 | sed 's/^/argv /'; echo",
  "echo stdin `readlink /proc/$$/fd/0 | sed 's/[0-9][0-9]*/N/'`",
];

/** What differs, and why: the connection's own addresses, the terminal's number, sudo's own words about its call. */
const mayDiffer = /^env (SSH_CLIENT|SSH_CONNECTION|SSH_TTY|SUDO_COMMAND)=/;

function comparable(text: string): string[] {
  const lines = text
    .replaceAll(/\x1b\[[?\d;]*[a-zA-Z]/g, "")
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\s+$/, "").replace(/\/dev\/pts\/\d+/, "/dev/pts/N"));
  return [...new Set(lines)]
    .filter((line) => /^(env|limit|status|cwd|id|argv|stdin) /.test(line))
    .filter((line) => !mayDiffer.test(line))
    .sort();
}

/** By a caller with pipes that are no sockets, in `/`, and with nothing but PATH. */
function called(argv: readonly string[]): Promise<string> {
  const child = spawn("/bin/sh", ["-c", ': | env -u PWD "$@" 2>&1 | cat', "sh", ...argv], {
    cwd: "/",
    env: { PATH: callersPath },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** A job that Debian's cron starts at once, in a mount namespace where it finds no other. */
async function byCron(account: TestAccount, script: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "rcw-cron-"));
  chmodSync(folder, 0o777);
  const [table, output, end] = ["table", "output", "end"].map((name) => join(folder, name));
  assert.ok(table !== undefined && output !== undefined && end !== undefined);
  writeFileSync(table, `@reboot . ${script} >${output} 2>&1; : >${end}\n`);
  const spool = "/var/spool/cron/crontabs";
  const steps = [
    `mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs ${spool}; mount -t tmpfs tmpfs /etc/cron.d`,
    `cp ${table} ${spool}/${account.name}; chown ${account.name}:crontab ${spool}/${account.name}; chmod 600 ${spool}/${account.name}`,
    "mount --bind /dev/null /etc/crontab",
    "exec cron -f",
  ];
  const ended = Promise.withResolvers<void>();
  const watching = watch(folder, () => {
    if (existsSync(end)) ended.resolve();
  });
  const cron = spawn(
    "/usr/bin/unshare",
    ["-m", "--propagation", "private", "setpriv", "--pdeathsig", "KILL", "sh", "-ec", steps.join("\n")],
    {
      cwd: "/",
      env: { PATH: callersPath },
      stdio: "ignore",
    },
  );
  const gone = new Promise<void>((resolve) => cron.once("close", () => resolve()));
  try {
    await Promise.race([ended.promise, gone]);
    return existsSync(output) ? readFileSync(output, "utf8") : "";
  } finally {
    watching.close();
    cron.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inSandbox(of: Account, mode: ModeId, command: string, listener: number): Promise<string> {
  const account = modeOf(mode).by === "cron" ? { ...of, shell: "/bin/sh" } : of;
  const shell = personalityOf({ path: account.shell, resolved: (await realPath(account.shell)) ?? account.shell });
  assert.ok(shell !== null);
  const { terminal } = modeOf(mode);
  const ground = await sessionGround({ account, mode, environmentFiles: {}, on: { listener } });
  const given = { account, shell, mode, terminal, sandbox: "whole-root", ...ground } as const;
  const questions = asker({ ...given, until: performance.now() + 20_000 });
  const { run } = await questions.ask(() => questions.reaching(command), "empty");
  assert.equal(run.ended, "exited", JSON.stringify({ ...run, stdout: run.stdout.head.toString() }));
  return run.stdout.head.toString();
}

const ways: readonly { readonly mode: ModeId; readonly shell: string }[] = (
  ["su-command", "su-login-command", "sudo-login", "cron", "ssh-login", "ssh-login-notty"] as const
).flatMap((mode) =>
  (mode === "cron" ? ["/bin/bash"] : ["/bin/bash", "/bin/zsh", "/bin/tcsh"]).map((shell) => ({ mode, shell })),
);

suite("what is measured is the session that", { skip: noSshd || noAccounts, timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "rcw-ways-"));
  const script = join(folder, "snapshot");
  let sshd: TestSshd;
  before(async () => {
    chmodSync(folder, 0o755);
    writeFileSync(script, `${snapshot.join("\n")}\n`, { mode: 0o644 });
    sshd = await startSshd();
  });
  after(async () => {
    await sshd[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { mode, shell } of ways) {
    test(`${mode} gives ${shell}`, async () => {
      await using account = await makeAccount({
        shell,
        home: "empty",
        groups: ["games", "users"],
        files: { ".zshrc": "", ".hushlogin": "" },
      });
      const found = await accountByName(account.name);
      assert.ok(found.kind === "account");
      // tcsh has `source`; the others know it, too, but for sh.
      const command = mode === "cron" ? `. ${script}` : `source ${script}`;
      const real = await realSession(mode, account, command);
      const starter = modeOf(mode).by === "sshd" ? sshd.pid : process.pid;
      const inside = await inSandbox(found.account, mode, command, starter);
      assert.ok(comparable(real).length > 15, real);
      assert.deepEqual(comparable(inside), comparable(real));
    });
  }

  async function realSession(mode: ModeId, account: TestAccount, command: string): Promise<string> {
    switch (mode) {
      case "su-command":
        return called(["su", account.name, "-c", command]);
      case "su-login-command":
        return called(["su", "-", account.name, "-c", command]);
      case "sudo-login":
        return called(["sudo", "-n", "-i", "-u", account.name, ...command.split(" ")]);
      case "cron":
        return byCron(account, script);
      default: {
        const tty = modeOf(mode).terminal;
        const text = tty ? `${command}\nexit\n` : `${command}\n`;
        return (await sshd.ssh(account.name, [], { tty, stdin: { text } })).stdout;
      }
    }
  }
});
