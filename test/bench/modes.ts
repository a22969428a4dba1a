/** Every way of coming in, sandboxed, against the bare shell started as often; and many accounts at once. */
import { existsSync, realpathSync } from "node:fs";
import { spawn as open } from "node-pty";
import { sessionGround } from "../../agent/collectors/session-ground.ts";
import { type Account, type Mode, modes } from "../../agent/facts/index.ts";
import { accountByName } from "../../agent/host/accounts.ts";
import { runCommand } from "../../agent/host/command.ts";
import { asker } from "../../agent/probe/asker.ts";
import { mark } from "../../agent/probe/questions.ts";
import { personalityOf } from "../../agent/shells/index.ts";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { rcwarden } from "../support/rcwarden.ts";

const shells = [
  ...["/bin/bash", "/bin/zsh", "/bin/tcsh", "/bin/dash", "/bin/ksh93"],
  ...["/bin/mksh", "/usr/bin/yash", "/bin/posh", "/bin/bsd-csh", "/usr/bin/fish"],
].filter((path) => existsSync(path));
const own = modes.filter(({ start }) => start !== "derived");
const rounds = 5;

export interface WaysIn {
  readonly shell: string;
  /** Milliseconds of all eight ways together, the median round. */
  readonly sandboxedMs: number;
  readonly bareMs: number;
}

/** One session in each of the eight ways in which nothing but a mark is made, and the same shells without us. */
export async function waysIn(): Promise<readonly WaysIn[]> {
  const found: WaysIn[] = [];
  for (const shell of shells) {
    await using made = await makeAccount({ shell, home: "empty", files: { ".zshrc": "# else zsh asks a newcomer\n" } });
    const account = await resolved(made.name);
    const times = { sandboxed: [] as number[], bare: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      const sandboxed = await timed(() => each((mode) => ours(account, mode)));
      const bare = await timed(() => each((mode) => alone(made, account, mode)));
      if (round === 0) continue;
      times.sandboxed.push(sandboxed);
      times.bare.push(bare);
    }
    found.push({ shell, sandboxedMs: median(times.sandboxed), bareMs: median(times.bare) });
  }
  return found;
}

export interface ManyAccounts {
  readonly seconds: number;
  /** The program's own memory at its peak with all of them, by that with a tenth. */
  readonly growth: number;
}

/** One `check` of so many accounts in three modes. */
export async function manyInThreeModes(count: number): Promise<ManyAccounts> {
  await using stack = new AsyncDisposableStack();
  const names: string[] = [];
  for (let made = 0; made < count; made++) names.push(stack.use(await makeAccount()).name);
  const three = ["ssh-command", "su-login-command", "cron"].flatMap((mode) => ["--mode", mode]);
  const check = (some: readonly string[]) =>
    rcwarden(["check", "--json", ...three, ...some.flatMap((name) => ["--account", name])]);
  const few = await check(names.slice(0, count / 10));
  const started = performance.now();
  const all = await check(names);
  const seconds = (performance.now() - started) / 1000;
  const report: { readonly accounts?: readonly unknown[] } = JSON.parse(all.stdout);
  if (report.accounts?.length !== count) throw new Error(`expected ${count} accounts, found ${all.stderr}`);
  return { seconds, growth: all.peakRssKiB / few.peakRssKiB };
}

async function each(work: (mode: Mode) => Promise<void>): Promise<void> {
  for (const mode of own) await work(mode);
}

async function ours(made: Account, { id, by, terminal }: Mode): Promise<void> {
  const account = by === "cron" ? { ...made, shell: "/bin/sh" } : made;
  const shell = personalityOf({ path: account.shell, resolved: realpathSync(account.shell) });
  if (shell === null) throw new Error(`no personality of ${account.shell}`);
  const { env, umask, limits } = await ground(account, id);
  const common = { account, shell, mode: id, terminal, sandbox: "whole-root" } as const;
  const { isReady } = await mark(asker({ ...common, env, umask, limits, until: performance.now() + 600_000 }));
  if (!isReady) throw new Error(`${account.shell} by ${id}: expected a mark, found none`);
}

const grounds = new Map<string, ReturnType<typeof sessionGround>>();

/** Asked once an account and mode, as a measurement asks for it. */
function ground(account: Account, mode: Mode["id"]) {
  const key = `${account.name} ${mode}`;
  const known = grounds.get(key) ?? sessionGround({ account, mode, environmentFiles: {} });
  grounds.set(key, known);
  return known;
}

/** The same start without a sandbox, by setpriv(1). */
async function alone({ home }: TestAccount, account: Account, { by, start, terminal }: Mode): Promise<void> {
  const path = by === "cron" ? "/bin/sh" : account.shell;
  const groups = ["--reuid", String(account.uid), "--regid", String(account.gid), "--clear-groups"];
  const name = start === "command" ? path : `-${path.slice(path.lastIndexOf("/") + 1)}`;
  const words = start === "login" ? [] : ["-c", ":"];
  const named = ["bash", "-c", 'name=$1; shift; exec -a "$name" "$@"', "bash", name, path, ...words];
  const argv = [...groups, ...named];
  const env = { PATH: "/usr/bin:/bin", HOME: home, TERM: "xterm" };
  if (terminal) return onTerminal(argv, home, env, start === "login");
  const input = start === "login" ? { input: Buffer.from(":\nexit\n") } : {};
  const end = await runCommand(["setpriv", ...argv], { deadlineMs: 20_000, maxBytes: 65_536, env, ...input });
  if (end.kind !== "ended") throw new Error(`${path}: ${end.kind}`);
}

async function onTerminal(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  isTyped: boolean,
): Promise<void> {
  const session = open("setpriv", [...argv], { cwd, env: { ...env } });
  const ended = new Promise((resolve) => session.onExit(resolve));
  if (isTyped) session.onData(first(() => session.write(":\rexit\r")));
  await ended;
}

/** Calls it once, at the first of many calls. */
function first(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    work();
  };
}

async function resolved(name: string): Promise<Account> {
  const found = await accountByName(name);
  if (found.kind !== "account") throw new Error(`no account ${name}`);
  return found.account;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
