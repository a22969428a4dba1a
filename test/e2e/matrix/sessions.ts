/** Real sessions of each mode: what is sent runs in the account's shell, and what the other side heard comes back. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { TestAccount } from "../../support/accounts.ts";
import type { TestSshd } from "../../support/sshd.ts";
import { sent } from "./effects.ts";
import type { Personality, Way } from "./personalities.ts";

/** Runs one session to its end, and gives all that came back, both streams in one text. */
export async function session(
  sshd: TestSshd,
  account: TestAccount,
  { language }: Personality,
  way: Way,
): Promise<string> {
  const lines = `${sent.join("\n")}\n`;
  const sourced = [language === "sh" ? "." : "source", join(account.home, "ask")];
  const command = sent.join("; ");
  const onceOverSsh = async (args: readonly string[], tty: boolean, text: string) => {
    const { stdout, stderr } = await sshd.ssh(account.name, args, { tty, stdin: { text }, timeoutMs: 30_000 });
    return stdout + stderr;
  };
  switch (way) {
    case "ssh-command":
      return onceOverSsh([command], false, "");
    case "ssh-command-pty":
      return onceOverSsh([command], true, "");
    case "ssh-login":
      return onceOverSsh([], true, `${lines}exit\n`);
    case "ssh-login-notty":
      return onceOverSsh([], false, lines);
    case "su-command":
      return called(["su", account.name, "-c", command]);
    case "su-login-command":
      return called(["su", "-", account.name, "-c", command]);
    // sudo quotes what is no letter: only one command of plain words passes.
    case "sudo-login":
      return called(["sudo", "-n", "-i", "-u", account.name, ...sourced]);
    case "cron":
      return called(byCron(account, command));
  }
}

/** As cron starts a line of a crontab: the host's /bin/sh, and next to nothing in the environment. */
function byCron(account: TestAccount, command: string): string[] {
  const ids = ["--reuid", String(account.uid), "--regid", String(account.gid), "--init-groups"];
  const variables = [`HOME=${account.home}`, `LOGNAME=${account.name}`, "SHELL=/bin/sh", "PATH=/usr/bin:/bin"];
  return ["setpriv", ...ids, "env", "-i", "-C", account.home, ...variables, "/bin/sh", "-c", command];
}

/** By a caller with pipes that are no sockets, in `/`, and with nothing but PATH. */
function called(argv: readonly string[]): Promise<string> {
  const child = spawn("/bin/sh", ["-c", ': | timeout -s KILL 30 env -u PWD "$@" 2>&1 | cat', "sh", ...argv], {
    cwd: "/",
    env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}
