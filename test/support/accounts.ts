import { randomInt } from "node:crypto";
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runCommand } from "../../agent/host/command.ts";

export interface TestAccount extends AsyncDisposable {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** Writes a file of the account's own; `file` is relative to the home. Folders between are made. Gives the path. */
  write(file: string, text: string | Buffer, mode?: number): string;
}

export interface AccountWish {
  /** Path of the login shell; /bin/bash if not said. */
  readonly shell?: string;
  /** Content by path below the home. */
  readonly files?: Readonly<Record<string, string>>;
  /** Supplementary groups, by name. */
  readonly groups?: readonly string[];
  /** The comment field. */
  readonly comment?: string;
  /** `skeleton` (what /etc/skel has, the default) or `empty`. */
  readonly home?: "skeleton" | "empty";
}

/** Why accounts cannot be made here, as a sentence for `skip`; false where they can. */
export const noAccounts: string | false =
  process.getuid?.() !== 0
    ? "needs root, to make an account"
    : existsSync("/usr/sbin/useradd")
      ? false
      : "needs useradd, to make an account";

/**
 * Makes an account of the host for one test: `await using account = await makeAccount({ shell: "/bin/tcsh" })`.
 * Leaving the scope ends its processes and removes it with its home. The name carries the pid of the test run, so that
 * two runs never meet and a later one removes what a killed one left.
 */
export async function makeAccount(wish: AccountWish = {}): Promise<TestAccount> {
  await leftovers();
  const name = `rcw${process.pid}x${word(4)}`;
  const groups = wish.groups?.length ? ["-G", wish.groups.join(",")] : [];
  const home = wish.home === "empty" ? ["-m", "-k", "/var/empty/none"] : ["-m"];
  const comment = wish.comment === undefined ? [] : ["-c", wish.comment];
  // `*` is no password and no lock: sshd without PAM refuses a locked account even with a key.
  await edit("/usr/sbin/useradd", [...home, "-p", "*", "-s", wish.shell ?? "/bin/bash", ...groups, ...comment, name]);
  const account = { name, ...entryOf(name), [Symbol.asyncDispose]: () => removeAccount(name) };
  const write = (file: string, text: string | Buffer, mode = 0o644) => writeOwn(account, file, text, mode);
  for (const [file, text] of Object.entries(wish.files ?? {})) write(file, text);
  return { ...account, write };
}

function word(length: number): string {
  return Array.from({ length }, () => String.fromCharCode(97 + randomInt(26))).join("");
}

function entryOf(name: string): { uid: number; gid: number; home: string } {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${name}:`));
  const [, , uid, gid, , home] = line?.split(":") ?? [];
  if (home === undefined) throw new Error(`/etc/passwd: expected ${name}, just made, found no such entry`);
  return { uid: Number(uid), gid: Number(gid), home };
}

function writeOwn(owner: Omit<TestAccount, "write">, file: string, text: string | Buffer, mode: number): string {
  const path = join(owner.home, file);
  const missing: string[] = [];
  for (let folder = dirname(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) {
    mkdirSync(folder, 0o755);
    chownSync(folder, owner.uid, owner.gid);
  }
  writeFileSync(path, text, { mode });
  chownSync(path, owner.uid, owner.gid);
  return path;
}

/** Ends what still runs as the account, then removes it and its home. Says nothing if it is gone already. */
async function removeAccount(name: string): Promise<void> {
  const line = readFileSync("/etc/passwd", "utf8").includes(`\n${name}:`);
  if (!line) return;
  const { uid } = entryOf(name);
  await endProcesses(uid);
  await edit("/usr/sbin/userdel", ["-r", name]);
}

/** Ends whatever runs as the account. */
export async function endProcesses(uid: number): Promise<void> {
  // A process may fork between two looks.
  for (let look = 0; look < 50 && endProcessesOf(uid) > 0; look++) await pause(20);
}

function endProcessesOf(uid: number): number {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry) && ownerOf(`/proc/${entry}`) === uid);
  for (const pid of pids) {
    try {
      process.kill(Number(pid), "SIGKILL");
    } catch {
      // Gone meanwhile.
    }
  }
  return pids.length;
}

function ownerOf(path: string): number | null {
  return lstatSync(path, { throwIfNoEntry: false })?.uid ?? null;
}

let swept: Promise<void> | null = null;

/** Accounts whose test run is gone: it was killed before it could remove them. */
function leftovers(): Promise<void> {
  swept ??= (async () => {
    for (const line of readFileSync("/etc/passwd", "utf8").split("\n")) {
      const [, name, pid] = /^(rcw(\d+)x[a-z]{4}):/.exec(line) ?? [];
      if (name !== undefined && !existsSync(`/proc/${pid}`)) await removeAccount(name).catch(() => {});
    }
  })();
  return swept;
}

let last: Promise<unknown> = Promise.resolve();

/** Runs one of shadow's programs; one at a time here, and again while another test run holds the files' lock. */
function edit(program: string, args: readonly string[]): Promise<void> {
  const mine = last.then(() => editNow(program, args));
  last = mine.catch(() => {});
  return mine;
}

async function editNow(program: string, args: readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await runCommand([program, ...args], { deadlineMs: 120_000, maxBytes: 65_536 });
    if (outcome.kind === "ended" && outcome.status === 0) return;
    const why = outcome.kind === "not-started" ? outcome.why : outcome.kind;
    const said = outcome.kind === "ended" ? `exit ${outcome.status}, ${outcome.stderr.toString().trim()}` : why;
    // Another test run that sweeps was faster.
    if (program.endsWith("userdel") && said.includes("does not exist")) return;
    const again = /cannot lock|try again later|currently used by process|EAGAIN/.test(said) && attempt < 200;
    if (!again) throw new Error(`${program} ${args.join(" ")}: expected it to succeed, found ${said}`);
    await pause(20 + randomInt(80));
  }
}
