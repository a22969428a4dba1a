import type { Account, Exit, LeftRunning, Waiting } from "../facts/index.ts";
import type { Limit } from "../host/limits.ts";
import type { Captured } from "./capture.ts";
import type { Refusal } from "./refusal.ts";
import type { Limited } from "./witness.ts";

/**
 * Something made in the sandbox before the shell starts: folder, file, FIFO or link (`content` is its target), the
 * account's own; root's where the letter is upper case. `r` is a file, too: one that is there keeps owner and mode. `mode` is a number as in chmod(2).
 */
export interface PlacedFile {
  readonly type: "d" | "f" | "p" | "l" | "r" | "D" | "F" | "P" | "L";
  readonly mode: number;
  readonly path: string;
  readonly content?: Uint8Array | string;
}

/** One session: how it is started, and until when it is watched. */
export interface Question {
  readonly account: Account;
  readonly sandbox: "whole-root" | "own-account";
  /** What is executed, as a path inside. */
  readonly program: string;
  /** argv[0] first. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly Limit[];
  readonly terminal: boolean;
  /** False: the confirming run, without the filter that can itself disturb a call; hangs are then said at the deadline. */
  readonly witness: boolean;
  readonly tmpfsBytes: number;
  readonly places: readonly PlacedFile[];
  /** Path of a FIFO among `places` that is read until the run ends. */
  readonly answer: string | null;
  /** `end`: stdin is at its end from the start (cron, `ssh -n`), after what is typed. With a terminal it is always open. */
  readonly stdin: "open" | "end";
  /** Where the shell runs, as a path inside; the account's home if not said. */
  readonly cwd?: string;
  /**
   * What is typed, a piece whenever the shell itself waits for input; then stdin comes to its end. Left out where the
   * command is among the arguments. What a piece brought about can be seen before the next one is asked for.
   */
  readonly typing?: Iterable<string>;
  /** From the shell's start to a verdict at the latest. */
  readonly deadlineMs: number;
  /** Command lines already known to keep streams open: where only such do, the verdict does not wait for the deadline. */
  readonly knownHolders: readonly string[];
  /** Called with /proc/INIT/root while the shell waits to be let go. Synchronous; must not follow links. */
  ready?(root: string): void;
  /** The same at the verdict, before anything is ended. */
  done?(root: string): void;
}

/** What came of typing. */
export interface Typed {
  /** Who waited for the first piece: the command line of the shell's process. */
  readonly command: string;
  /** As things stood when each piece was typed, and the end after them. */
  readonly pieces: readonly {
    /** The bytes since the last newline: the shell's prompt, or the question of something else. */
    readonly line: string;
    /** How much of stdout had come. */
    readonly bytes: number;
  }[];
}

export interface Run {
  /**
   * - `exited`: the shell ended and nobody holds its stdout and stderr
   * - `held`: it ended, but others keep them open
   * - `hang`: it waits for input that only the other end of the session could send
   * - `refused`: no sandbox could be made, or it was not the one that was asked for
   */
  readonly ended: "exited" | "hang" | "held" | "stopped" | "timed-out" | "over-ceiling" | "refused";
  /**
   * Proved, not only not seen otherwise until the deadline: nothing in the session could have moved any more. A hang that
   * is not final was said at the deadline, while something else still went on or could not be excluded (`waiting.says`).
   */
  readonly final: boolean;
  readonly exit: Exit | null;
  /** Where it waits for input: the bytes since the last newline, "" if there are none. Null otherwise. */
  readonly prompt: string | null;
  readonly waiting: Waiting | null;
  readonly held: readonly LeftRunning[];
  /** Null where nothing was typed into the living session. */
  readonly typed: Typed | null;
  /** At the verdict, without the shell. */
  readonly leftRunning: readonly LeftRunning[];
  /** With a terminal everything is in `stdout`. */
  readonly stdout: Captured;
  readonly stderr: Captured;
  /** What came through the FIFO, at most 4 MiB. */
  readonly answer: Buffer;
  /** The program that took the shell's place last, or null. */
  readonly became: string | null;
  readonly limited: readonly Limited[];
  readonly ceiling: "processes" | "memory" | "output" | null;
  readonly witnessed: boolean;
  /** What the launcher could not do and went on without: `CODE DETAIL`. */
  readonly warnings: readonly string[];
  readonly refusal: Refusal | null;
  /** From the question to the shell waiting to be let go. */
  readonly readyMs: number;
  /** From the shell's start to the verdict. */
  readonly seconds: number;
}
