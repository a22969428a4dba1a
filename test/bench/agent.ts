/**
 * The built agent against the clock: how soon it answers, how soon a changed startup file is an event in the store, and
 * what it takes while nothing happens. Each function measures and gives numbers; bench.ts holds them against goals.
 */
import { execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { makeAccount, type TestAccount } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
import { dist } from "../support/rcwarden.ts";

/** Milliseconds from rename() of a startup file to the event that tells what it does, in ascending order. */
export type Reactions = readonly number[];

export interface FewAccounts {
  readonly rssMiB: number;
  /** Percent of a core while nothing happened: of the agent itself, and of the children that it waited for. */
  readonly cpuPercent: number;
  readonly childrenPercent: number;
  readonly reactions: Reactions;
}

const clean = "# a comment\n[ -z \"$PS1\" ] && return\nalias ll='ls -l'\n";
const guilty = `cp() { command cp "$@" -i; }\n${clean}`;

/**
 * Runs leave memory behind that the agent gives back by itself when nothing ran for some seconds: to look sooner would
 * measure the runs.
 */
const settledMs = 30_000;

/**
 * Five accounts: idle for so long, then one after the other gets a startup file that makes `cp` wait, or loses it. What the
 * agent does each minute counts as often as it happens where `idleMs` is whole minutes.
 */
export async function fewAccounts(idleMs: number, rounds: number): Promise<FewAccounts> {
  await using stack = new AsyncDisposableStack();
  const accounts: TestAccount[] = [];
  for (let at = 0; at < 5; at++) accounts.push(stack.use(await makeAccount({ files: { ".bashrc": clean } })));
  const agent = stack.use(await startAgent({ accounts: accounts.map(({ name }) => name) }));
  const idle = await idling(agent.pid, idleMs);
  const reactions: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const account = accounts[round % accounts.length];
    if (account === undefined) throw new Error("no account");
    // Each is left alone for longer than the agent lets an account rest.
    await pause(1_200);
    const text = Math.floor(round / accounts.length) % 2 === 0 ? guilty : clean;
    reactions.push(await reaction(agent, account, text));
  }
  return { ...idle, reactions: reactions.sort((left, right) => left - right) };
}

interface Page {
  readonly items: readonly { readonly type: string }[];
  readonly next: string;
}

async function reaction(agent: TestAgent, account: TestAccount, text: string): Promise<number> {
  const fresh = account.write(".bashrc.new", text);
  let after = (await status(agent)).store.head;
  const started = performance.now();
  renameSync(fresh, `${account.home}/.bashrc`);
  for (;;) {
    const { json } = await agent.ask(`/v1/events?after=${after}&wait=30s`);
    const page: Page = json;
    const took = performance.now() - started;
    if (page.items.some(({ type }) => type.startsWith("dev.rcwarden.finding."))) return took;
    if (took > 30_000) throw new Error("no event came within 30 s");
    after = page.next;
  }
}

async function status(agent: TestAgent): Promise<{ readonly store: { readonly head: string } }> {
  return (await agent.ask("/v1/status")).json;
}

/** Settles, then counts; its memory is looked at in the end. */
async function idling(pid: number, ms: number): Promise<Omit<FewAccounts, "reactions">> {
  await pause(settledMs);
  const before = ticksOf(pid);
  const started = performance.now();
  await pause(ms);
  const after = ticksOf(pid);
  // proc(5): in hundredths of a second; a tick is a percent of a core over a second.
  const percent = (ticks: number) => ticks / ((performance.now() - started) / 1000);
  return {
    rssMiB: rssMiBOf(pid),
    cpuPercent: percent(after.own - before.own),
    childrenPercent: percent(after.children - before.children),
  };
}

function ticksOf(pid: number): { own: number; children: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").map(Number) ?? [];
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15);
  return { own: user + system, children: childrenUser + childrenSystem };
}

export function rssMiBOf(pid: number | undefined): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** The same node with nothing to do. */
export async function bareNodeMiB(): Promise<number> {
  const child = spawn(`${dist}/bin/node`, ["-e", "setTimeout(() => {}, 1e9)"], { stdio: "ignore" });
  try {
    await pause(2_000);
    return rssMiBOf(child.pid);
  } finally {
    child.kill("SIGKILL");
  }
}

/** Milliseconds from the start of the program to READY=1 at the service manager's socket, in ascending order. */
export async function startsToReady(rounds: number): Promise<readonly number[]> {
  await using account = await makeAccount();
  await using manager = await serviceManager();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const ready = manager.ready();
    const started = performance.now();
    await using _ = await startAgent({
      accounts: [account.name],
      env: { NOTIFY_SOCKET: manager.socket },
      waitFor: "nothing",
    });
    await ready;
    times.push(performance.now() - started);
  }
  return times.sort((left, right) => left - right);
}

const receiver = `import socket,sys
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.bind(sys.argv[1]);print("bound",flush=True)
while True: print(s.recv(4096).decode().replace("\\n"," "),flush=True)`;

interface Manager extends AsyncDisposable {
  readonly socket: string;
  ready(): Promise<void>;
}

async function serviceManager(): Promise<Manager> {
  const folder = mkdtempSync("/run/rcw-bench-");
  const socket = `${folder}/notify`;
  const child = spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", "/usr/bin/python3", "-c", receiver, socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const heard = (word: string) =>
    new Promise<void>((resolve) => {
      const look = (text: Buffer) => {
        if (!text.includes(word)) return;
        child.stdout.off("data", look);
        resolve();
      };
      child.stdout.on("data", look);
    });
  await heard("bound");
  return {
    socket,
    ready: () => heard("READY=1"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Six startup files of a bash account. */
const six: Readonly<Record<string, string>> = {
  ".bashrc": `${clean}. ~/.bash_aliases\n`,
  ".bash_aliases": "alias la='ls -A'\n",
  ".bash_profile": ". ~/.bashrc\n",
  ".bash_login": "umask 022\n",
  ".profile": "PATH=$HOME/bin:$PATH\n",
  ".bash_logout": "clear\n",
};

export interface ManyAccounts {
  readonly rssMiB: number;
  /** Of the first full run. */
  readonly seconds: number;
}

/**
 * So many accounts on an account database and homes of their own, which only the agent sees: an /etc in a mount namespace.
 * The Grant says `how: reading`, for what is asked is what it takes to watch them, and to run a thousand shells takes its
 * time.
 */
export async function manyAccounts(count: number): Promise<ManyAccounts> {
  const folder = mkdtempSync("/run/rcw-many-");
  chmodSync(folder, 0o755);
  try {
    const names = Array.from({ length: count }, (_, at) => `rcwmany${String(at).padStart(4, "0")}`);
    const entry = (name: string, at: number) =>
      `${name}:x:${uidOf(at)}:${uidOf(at)}::${folder}/home/${name}:/bin/bash\n`;
    const group = (name: string, at: number) => `${name}:x:${uidOf(at)}:\n`;
    // All of it: whoever adds an account to the host renames a file over /etc/passwd, and a mount there would end.
    execFileSync("/bin/cp", ["-a", "/etc", folder]);
    appendFileSync(`${folder}/etc/passwd`, names.map(entry).join(""));
    appendFileSync(`${folder}/etc/group`, names.map(group).join(""));
    for (const [at, name] of names.entries()) makeHome(`${folder}/home/${name}`, uidOf(at));
    const script = 'mount --bind "$1/etc" /etc && shift && exec "$@"';
    const started = performance.now();
    await using agent = await startAgent({
      as: ["/usr/bin/unshare", "-m", "/bin/sh", "-c", script, "sh", folder],
      documents: {
        "grant.yaml": `apiVersion: rcwarden/v1\nkind: Grant\nmetadata: { name: many }\nspec:\n  measure: { accounts: [${names.join(", ")}], how: reading }\n`,
      },
      longestMs: 900_000,
    });
    const seconds = (performance.now() - started) / 1000;
    await pause(settledMs);
    return { rssMiB: rssMiBOf(agent.pid), seconds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function uidOf(at: number): number {
  return 70_000 + at;
}

function makeHome(home: string, uid: number): void {
  mkdirSync(home, { recursive: true, mode: 0o755 });
  chownSync(home, uid, uid);
  for (const [file, text] of Object.entries(six)) {
    writeFileSync(`${home}/${file}`, text);
    chownSync(`${home}/${file}`, uid, uid);
  }
}
