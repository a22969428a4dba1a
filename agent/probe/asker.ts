/**
 * Asks one question after the other of one account in one mode: everything that stays the same from question to question,
 * and the time that is left for all of them (design 6.7).
 */
import { randomBytes } from "node:crypto";
import { freemem } from "node:os";
import { type Account, type LeftRunning, type ModeId, modeOf, type Replacement } from "../facts/index.ts";
import type { Limit } from "../host/limits.ts";
import type { Shell, Start } from "../shells/index.ts";
import { type Scratch, scratchFolder } from "./scratch.ts";
import { ask, type PlacedFile, type Question, type Run } from "./session.ts";
import { lineToRun, typing } from "./typing.ts";

export const probeDeadlineMs = 10_000;
/** Less than this is no time for a question: what it would say is not worth having. */
const leastMs = 100;
const tmpfsBytes = 64 * 1024 * 1024;
/** A small tmpfs is full sooner than a disk: where that may have mattered it is asked again with so much. */
export const largerTmpfsBytes = 512 * 1024 * 1024;

export interface Asker {
  readonly terminal: boolean;
  readonly sandbox: Ground["sandbox"];
  /** Whether commands are typed, and are no arguments. */
  readonly isTyped: boolean;
  /** Milliseconds that are left for questions. */
  leftMs(): number;
  /** The same asker, which judges at once where only these commands (argv, joined by spaces) hold a session's streams. */
  knowing(holders: readonly string[]): Asker;
  /** The same asker with a larger tmpfs, for an account whose startup files write much. */
  roomier(): Asker;
  /** The text that reaches the shell where this is sent. */
  reaching(command: string): string;
  ask(
    text: (scratch: Scratch) => string,
    what: "empty" | "things",
    change?: Change,
  ): Promise<{ readonly run: Run; readonly scratch: Scratch; readonly command: string }>;
}

export type Change = Partial<Pick<Question, "witness" | "tmpfsBytes" | "stdin" | "typing" | "deadlineMs">> & {
  /** argv[0] and the words after it in place of the mode's own. */
  readonly argv0?: Start["argv0"] | undefined;
  readonly words?: readonly string[];
  /** Words before the mode's `-c`, or after all where it has none. */
  readonly switches?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly places?: readonly PlacedFile[];
  /** Where commands are typed: a second one, asked for when the shell waits again after the first; null for none. */
  readonly second?: (scratch: Scratch) => string | null;
  /** Whether the text may have many lines: where commands are typed the shell is told to read it from a file. */
  readonly isScript?: boolean;
  /** False: nothing is typed, even where commands are. */
  readonly isTyped?: boolean;
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
  /** Where the shell is started; the home if not said. */
  readonly cwd?: string;
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

/** sudo -i hands its words on as one text, in which it quotes every character but these (measured with 1.9.13). */
function quotedBySudo(command: string): string {
  return command.replaceAll(/[^A-Za-z0-9_$ -]/g, "\\$&");
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
  const names = { name: base, "-name": `-${base}`, path: ground.account.shell };
  const leftMs = () => ground.until - performance.now();
  return {
    terminal: ground.terminal,
    sandbox: ground.sandbox,
    isTyped: !start.words.includes("COMMAND"),
    leftMs,
    knowing: (holders) => asker(ground, signal, holders, roomBytes),
    roomier: () => asker(ground, signal, knownHolders, largerTmpfsBytes),
    reaching: (command) => (modeOf(ground.mode).by === "sudo" ? quotedBySudo(command) : command),
    async ask(text, what, change = {}) {
      const { argv0 = start.argv0, words = start.words, switches = [], env = {}, places = [], ...more } = change;
      const { second = () => null, isScript = false, isTyped = true, ...others } = more;
      const scratch = scratchFolder(`.rcwarden-${randomBytes(6).toString("hex")}`, what);
      const whole = text(scratch);
      const types = isTyped && !words.includes("COMMAND");
      const isInFile = types && isScript;
      const command = isInFile ? lineToRun(ground.shell.syntax, scratch.text) : whole;
      const script: PlacedFile = { type: "F", mode: 0o644, path: scratch.text, content: whole };
      const argv = [
        names[argv0],
        ...withSwitches(words, switches).map((word) => (word === "COMMAND" ? command : word)),
      ];
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
            places: [
              ...scratch.places,
              ...(isInFile ? [script] : []),
              ...(ground.replaced ?? []).map(placed),
              ...places,
            ],
            answer: scratch.answer,
            ...(ground.cwd !== undefined && { cwd: ground.cwd }),
            ...(types && { typing: typing(command, ground.terminal, () => second(scratch)) }),
            // cron gives its jobs an empty pipe.
            stdin: modeOf(ground.mode).by === "cron" || (types && ground.shell.readsAllOfStdin) ? "end" : "open",
            knownHolders: knownHolders.map(own.of),
            deadlineMs: Math.min(probeDeadlineMs, leftMs()),
            ready: scratch.ready,
            done: scratch.done,
            ...others,
            tmpfsBytes: affordable(others.tmpfsBytes ?? roomBytes),
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
