/**
 * What an engine's `rm -f` by ssh takes for one file: a real sshd, one connection that is there already, a channel a file.
 * The faster of the two ways that an engine has; a connection a file takes several times as long.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeAccount } from "../support/accounts.ts";
import { startSshd, type TestSshd } from "../support/sshd.ts";

const files = 160;

export interface SshRemoval {
  /** Milliseconds a file, one after the other, and with eight under way. */
  readonly oneMs: number;
  readonly eightMs: number;
}

export async function sshRemoval(): Promise<SshRemoval> {
  await using account = await makeAccount({ home: "empty" });
  await using sshd = await startSshd();
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-bench-ssh-"));
  using _ = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  await using connection = await connected(sshd, account.name, join(folder, "control"));
  const timed = async (atOnce: number) => {
    const root = join(account.home, `by${atOnce}`);
    mkdirSync(root);
    chownSync(root, account.uid, account.gid);
    const paths = Array.from({ length: files }, (_, at) => join(root, `arch_${at}.arc`));
    for (const path of paths) writeFileSync(path, "");
    const began = performance.now();
    const next = paths.values();
    await Promise.all(Array.from({ length: atOnce }, () => removeEach(next, connection)));
    const ms = (performance.now() - began) / files;
    const left = paths.filter((path) => existsSync(path));
    if (left.length > 0) throw new Error(`rm -f by ssh: expected no file to be left, found ${left.length}`);
    return ms;
  };
  return { oneMs: await timed(1), eightMs: await timed(8) };
}

interface Connection extends AsyncDisposable {
  run(command: string): Promise<void>;
}

async function removeEach(paths: Iterator<string>, { run }: Connection): Promise<void> {
  for (let next = paths.next(); next.done !== true; next = paths.next()) await run(`rm -f ${next.value}`);
}

async function connected(sshd: TestSshd, account: string, control: string): Promise<Connection> {
  const options = [
    ...["-F", "none", "-i", sshd.keyFor(account), "-p", `${sshd.port}`, "-S", control],
    ...["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"].flatMap(
      (one) => ["-o", one],
    ),
    `${account}@127.0.0.1`,
  ];
  const master = spawn("ssh", ["-M", "-N", ...options], { stdio: "ignore" });
  const ended = once(master, "close");
  const run = async (words: readonly string[]) => {
    const [status] = await once(spawn("ssh", words, { stdio: "ignore" }), "close");
    return status;
  };
  const deadline = performance.now() + 20_000;
  while (!existsSync(control)) {
    if (master.exitCode !== null || performance.now() > deadline) {
      master.kill();
      throw new Error("ssh: expected a connection to the bench's own sshd, found none");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    async run(command) {
      const status = await run([...options, command]);
      if (status !== 0) throw new Error(`${command}: expected status 0, found ${status}`);
    },
    async [Symbol.asyncDispose]() {
      master.kill();
      await ended;
    },
  };
}
