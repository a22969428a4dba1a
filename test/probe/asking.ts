import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "../../agent/facts/index.ts";
import { runCommand } from "../../agent/host/command.ts";
import { setLauncher } from "../../agent/host/enter.ts";
import { ask, type Question, type Run } from "../../agent/probe/session.ts";
import type { TestAccount } from "../support/accounts.ts";

const native = join(import.meta.dirname, "../../agent/native");

let built: Promise<void> | null = null;

/** Builds the launcher from its source, once for all test files of this process, and has it used until that ends. */
export function useBuiltLauncher(): Promise<void> {
  built ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "rcw-enter-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    const path = join(folder, "enter");
    // The account runs it itself where it probes itself.
    chmodSync(folder, 0o755);
    const sources = ["enter.c", "sandbox.c", "witness.c"].map((file) => join(native, file));
    const outcome = await runCommand(["gcc", "-O1", "-o", path, ...sources], { deadlineMs: 60_000, maxBytes: 1 << 20 });
    if (outcome.kind !== "ended" || outcome.status !== 0) {
      throw new Error(`gcc: ${outcome.kind === "ended" ? outcome.stderr.toString() : outcome.kind}`);
    }
    setLauncher(path);
  })();
  return built;
}

/** Below this folder each session finds the files `f` and `g`, its own. */
export const scratch = "/tmp/.rcw-scratch";

export function accountOf({ name, uid, gid, home }: TestAccount): Account {
  return { name, uid, gid, groups: [gid], home, shell: "/bin/bash" };
}

export function question(account: Account, change: Partial<Question> = {}): Question {
  return {
    account,
    sandbox: "whole-root",
    program: "/bin/bash",
    argv: ["bash", "-c", ":"],
    env: {
      USER: account.name,
      LOGNAME: account.name,
      HOME: account.home,
      PATH: "/usr/local/bin:/usr/bin:/bin:/usr/games",
      SHELL: account.shell,
      SSH_CLIENT: "192.0.2.1 40000 22",
      SSH_CONNECTION: "192.0.2.1 40000 192.0.2.2 22",
    },
    umask: 0o022,
    limits: [],
    terminal: false,
    witness: true,
    tmpfsBytes: 64 * 1024 * 1024,
    places: [
      { type: "d", mode: 0o755, path: scratch },
      { type: "f", mode: 0o644, path: `${scratch}/f`, content: "one\n" },
      { type: "f", mode: 0o644, path: `${scratch}/g`, content: "two\n" },
    ],
    answer: null,
    stdin: "open",
    deadlineMs: 20_000,
    knownHolders: [],
    ...change,
  };
}

/** Asks `SHELL -c COMMAND`. */
export function command(
  account: Account,
  text: string,
  change: Partial<Question> & { readonly shell?: string } = {},
): Promise<Run> {
  const { shell = "bash", ...rest } = change;
  return ask(question(account, { program: `/bin/${shell}`, argv: [shell, "-c", text], ...rest }));
}

export function isInstalled(program: string): boolean {
  return ["/bin", "/usr/bin"].some((folder) => existsSync(join(folder, program)));
}

/** At most `most` at once: each session wants a core for a moment. */
export async function inTurns<T>(most: number, all: readonly T[], take: (one: T) => Promise<unknown>): Promise<void> {
  const waiting = [...all];
  const lane = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await take(one);
  };
  await Promise.all(Array.from({ length: most }, lane));
}
