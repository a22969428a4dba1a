import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Dumped, Shell, Traced } from "../../agent/shells/index.ts";

export const nonce = "0123456789abcdef01234567";

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

interface Asked {
  /** Startup files, by their path in the home. */
  readonly files: Readonly<Record<string, string>>;
  readonly names?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Started as a login shell, by a dash before its name. */
  readonly login?: boolean;
}

/** A home of its own for one run, readable by everybody, gone afterwards. */
export async function inHome<T>(files: Asked["files"], use: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(join(tmpdir(), "rcwarden-shells-"));
  try {
    chmodSync(home, 0o755);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(home, name)), { recursive: true });
      writeFileSync(join(home, name), text, { mode: 0o644 });
    }
    return await use(home);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Runs a shell as sshd would: SSH_CLIENT set, no SHLVL, stdin at its end (and no socket, which bash would notice). */
export async function ran(
  shell: Shell,
  words: readonly string[],
  home: string,
  {
    env = {},
    uid,
    login = false,
    stdin,
  }: Pick<Asked, "env" | "login"> & { readonly uid?: number; readonly stdin?: string } = {},
): Promise<Ran> {
  const child = spawn(programOf(shell), words, {
    argv0: `${login ? "-" : ""}${shell.startedAs[0] ?? shell.name}`,
    cwd: home,
    env: { HOME: home, SSH_CLIENT: "192.0.2.1 1 22", PATH: "/usr/bin:/bin", ...env },
    stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ...(uid === undefined ? {} : { uid }),
  });
  child.stdin?.end(stdin);
  return ended(child);
}

/** The binary of a personality, on this machine. */
function programOf({ name, binaries }: Shell): string {
  return `/bin/${binaries[0] ?? name}`;
}

export async function ended(child: ChildProcess): Promise<Ran> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on("data", (bytes: Buffer) => out.push(bytes));
  child.stderr?.on("data", (bytes: Buffer) => err.push(bytes));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return { stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8"), status };
}

export async function dumpedIn(
  shell: Shell,
  home: string,
  { names = [], env = {}, login = false }: Omit<Asked, "files"> = {},
): Promise<Ran & { readonly dumped: Dumped | null }> {
  const answer = join(home, "answer");
  const run = await ran(shell, ["-c", shell.dump({ answer, nonce, names })], home, { env, login });
  return { ...run, dumped: shell.parseDump(readFileSync(answer), nonce, names) };
}

export async function dumped(shell: Shell, { files, ...asked }: Asked) {
  return inHome(files, (home) => dumpedIn(shell, home, asked));
}

/** The dump of a home that must answer. */
export async function answered(shell: Shell, asked: Asked): Promise<Dumped> {
  const { dumped: told, ...run } = await dumped(shell, asked);
  if (told === null) throw new Error(`${shell.name} did not answer: ${JSON.stringify(run)}`);
  return told;
}

/** Traces as an ordinary user: bash takes no PS4 from root's environment. Null where the shell cannot trace. */
export async function traced(
  shell: Shell,
  home: string,
  { login = false }: Pick<Asked, "login"> = {},
): Promise<readonly Traced[] | null> {
  if (shell.trace === null) return null;
  const words = [...shell.trace.switches, "-c", "echo the command"];
  const nobody = process.getuid?.() === 0 ? { uid: 65534 } : {};
  const { stderr } = await ran(shell, words, home, { env: shell.trace.env(nonce), login, ...nobody });
  return shell.trace.parse(stderr, nonce);
}

export async function complaint(
  shell: Shell,
  file: string,
  text: string,
  { login = false }: Pick<Asked, "login"> = {},
) {
  return inHome({ [file]: text }, async (home) => {
    const { stderr } = await ran(shell, ["-c", ":"], home, { login });
    const found = shell.syntaxComplaint(stderr);
    return found === null ? null : { ...found, file: found.file?.replace(home, "~") ?? null };
  });
}

export const value = (told: Dumped, name: string) => told.variables.find((known) => known.name === name)?.value;
export const alias = (told: Dumped, name: string) => told.aliases.find((known) => known.name === name)?.value;
export const option = (told: Dumped, name: string) => told.options.find((known) => known.name === name)?.value;
export const command = (told: Dumped, name: string) => told.commands.find((known) => known.name === name);
