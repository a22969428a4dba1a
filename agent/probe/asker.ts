/**
 * Asks one question after the other of one account in one mode: everything that stays the same from question to question,
 * and the time that is left for all of them (design 6.7).
 */
import { randomBytes } from "node:crypto";
import { freemem } from "node:os";
import type { Account, LeftRunning, ModeId, Replacement } from "../facts/index.ts";
import type { Limit } from "../host/limits.ts";
import type { Shell } from "../shells/index.ts";
import { type Scratch, scratchFolder } from "./scratch.ts";
import { ask, type PlacedFile, type Question, type Run } from "./session.ts";

export const probeDeadlineMs = 10_000;
/** Less than this is no time for a question: what it would say is not worth having. */
const leastMs = 100;
const tmpfsBytes = 64 * 1024 * 1024;
/** A small tmpfs is full sooner than a disk: where that may have mattered it is asked again with so much. */
export const largerTmpfsBytes = 512 * 1024 * 1024;

export interface Asker {
  readonly terminal: boolean;
  readonly sandbox: Ground["sandbox"];
  /** Milliseconds that are left for questions. */
  leftMs(): number;
  /** The same asker, which judges at once where only these commands (argv, joined by spaces) hold a session's streams. */
  knowing(holders: readonly string[]): Asker;
  /** The same asker with a larger tmpfs, for an account whose startup files write much. */
  roomier(): Asker;
  ask(
    text: (scratch: Scratch) => string,
    what: "empty" | "things",
    change?: Change,
  ): Promise<{ readonly run: Run; readonly scratch: Scratch; readonly command: string }>;
}

export type Change = Partial<Pick<Question, "witness" | "tmpfsBytes" | "stdin" | "deadlineMs">> & {
  /** Words after argv[0] in place of the mode's own. */
  readonly words?: readonly string[];
  /** Words before the mode's `-c`, or after all where it has none. */
  readonly switches?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly places?: readonly PlacedFile[];
};

export interface Ground {
  readonly account: Account;
  readonly shell: Shell;
  readonly mode: ModeId;
  readonly terminal: boolean;
  readonly sandbox: "whole-root" | "own-account";
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly Limit[];
  readonly replaced?: readonly Replacement[];
  /** `performance.now()` after which nothing is asked any more. */
  readonly until: number;
}

/**
 * A part of the shell that startup put into the background has the shell's own argv, in which our question stands: it
 * differs from session to session, and says nothing to people.
 */
function ownName(argv: readonly string[], name: string) {
  const own = argv.join(" ");
  return {
    named: (command: string) => (command === own ? name : command),
    of: (holder: string) => (holder === name ? own : holder),
  };
}

/**
 * A dozen sessions may run at once and fill what they have, and no process' end gives it back before the session's own: a
 * host that is short of memory must not become shorter.
 */
function affordable(bytes: number): number {
  return Math.max(tmpfsBytes, Math.min(bytes, Math.floor(freemem() / 16)));
}

function withSwitches(words: readonly string[], switches: readonly string[]): string[] {
  const at = words.indexOf("-c");
  return words.toSpliced(at < 0 ? words.length : at, 0, ...switches);
}

/** What is not there yet becomes the account's own, as if it were saved by it. */
function placed({ real, content }: Replacement): PlacedFile {
  return { type: "r", mode: 0o644, path: real, content };
}

export function asksMore(asker: Asker): boolean {
  return asker.leftMs() >= leastMs;
}

export function asker(
  ground: Ground,
  signal?: AbortSignal,
  knownHolders: readonly string[] = [],
  roomBytes = tmpfsBytes,
): Asker {
  const start = ground.shell.starts[ground.mode];
  if (start === undefined) throw new Error(`${ground.shell.name} has no way to start in ${ground.mode}`);
  const base = ground.account.shell.slice(ground.account.shell.lastIndexOf("/") + 1);
  const argv0 = { name: base, "-name": `-${base}`, path: ground.account.shell }[start.argv0];
  const leftMs = () => ground.until - performance.now();
  return {
    terminal: ground.terminal,
    sandbox: ground.sandbox,
    leftMs,
    knowing: (holders) => asker(ground, signal, holders, roomBytes),
    roomier: () => asker(ground, signal, knownHolders, largerTmpfsBytes),
    async ask(text, what, { words = start.words, switches = [], env = {}, places = [], ...change } = {}) {
      const scratch = scratchFolder(`.rcwarden-${randomBytes(6).toString("hex")}`, what);
      const command = text(scratch);
      const argv = [argv0, ...withSwitches(words, switches).map((word) => (word === "COMMAND" ? command : word))];
      const own = ownName(argv, `a subshell of ${base}`);
      try {
        const run = await ask(
          {
            account: ground.account,
            sandbox: ground.sandbox,
            program: ground.account.shell,
            argv,
            env: { ...ground.env, ...env },
            umask: ground.umask,
            limits: ground.limits,
            terminal: ground.terminal,
            witness: true,
            places: [...scratch.places, ...(ground.replaced ?? []).map(placed), ...places],
            answer: scratch.answer,
            stdin: "open",
            knownHolders: knownHolders.map(own.of),
            deadlineMs: Math.min(probeDeadlineMs, leftMs()),
            ready: scratch.ready,
            done: scratch.done,
            ...change,
            tmpfsBytes: affordable(change.tmpfsBytes ?? roomBytes),
          },
          signal,
        );
        const named = (left: LeftRunning) => ({ ...left, command: own.named(left.command) });
        const plain = { ...run, held: run.held.map(named), leftRunning: run.leftRunning.map(named) };
        return { run: plain, scratch, command };
      } finally {
        scratch.close();
      }
    },
  };
}
