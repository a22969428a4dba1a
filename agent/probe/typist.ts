import type { Look } from "../host/waiting.ts";
import type { Question, Typed } from "./question.ts";
import type { SessionStreams } from "./streams.ts";

/** Types into a session whatever its question wants typed. */
export interface Typist {
  /** Whether there may be more to type, or stdin still has to come to its end. */
  hasMore(): boolean;
  /**
   * Types the next piece for whom `command` names and whose wait looks like `wait`, or ends stdin where there is none.
   * False where nothing was left to do.
   */
  next(command: string, wait: string): boolean;
  /**
   * Whether what was typed last has come to the shell, whose wait looks like `wait` now. On a busy host it may sleep on for
   * a while after that, in the very same call, and is not to be taken for one who waits for more.
   */
  isTaken(wait: string | null): boolean;
  typed(): Typed | null;
}

/** A terminal that shows nothing of what is typed within this time does not echo. */
const unechoedMs = 250;

/** With stdin at its end from the start everything is typed at once, as `printf ... | ssh -T host` does. */
export function typist({ typing, stdin, terminal }: Question, streams: SessionStreams): Typist {
  const pieces = (typing ?? [])[Symbol.iterator]();
  let isOver = typing === undefined;
  let waiting: string | null = null;
  const typed: Typed["pieces"][number][] = [];
  let last: { readonly wait: string; readonly bytes: number; readonly atMs: number; readonly wakes: boolean } | null =
    null;

  const next = (command: string, wait: string) => {
    if (isOver) return false;
    streams.drain();
    waiting ??= command;
    const { done, value } = pieces.next();
    const bytes = streams.stdout.bytes();
    typed.push({ line: streams.lastLine(), bytes });
    last = { wait, bytes, atMs: performance.now(), wakes: done === true || /[\r\n]$/.test(value) };
    if (done !== true) {
      streams.type(value);
      return true;
    }
    isOver = true;
    // A terminal has no end: whoever still reads there waits for more.
    if (!terminal) streams.endInput();
    return !terminal;
  };
  const isAtOnce = stdin === "end" && !terminal;
  if (isAtOnce) while (next("", ""));
  return {
    hasMore: () => !isOver,
    next,
    isTaken(wait) {
      if (last === null || wait !== last.wait) return true;
      // Half a line wakes only who edits it; all others leave it to the terminal, which echoes it.
      streams.drain();
      return !last.wakes && (streams.stdout.bytes() > last.bytes || performance.now() - last.atMs > unechoedMs);
    },
    typed: () => (waiting === null || isAtOnce ? null : { command: waiting, pieces: typed }),
  };
}

/**
 * What the wait for input of the shell itself looks like, if it is the same in both looks and it did nothing in between:
 * then it stands at its prompt, or a startup file reads. Null otherwise. Nothing is said of the others, and its wait may be
 * bounded: a time limit at a prompt ends no command.
 */
export function ownWait(before: Look | null, now: Look, shell: number, terminal: boolean): string | null {
  const earlier = before === null ? [] : readersOf(before, shell, terminal);
  return readersOf(now, shell, terminal).find((reader) => earlier.includes(reader)) ?? null;
}

function readersOf({ processes }: Look, shell: number, terminal: boolean): string[] {
  const process = processes.find(({ pid }) => pid === shell);
  if (process === undefined || process.foreign || (terminal && process.group !== process.foreground)) return [];
  const waits = process.tasks.filter(
    ({ state, wait }) => state === "S" && wait?.on.some(({ kind }) => kind === (terminal ? "terminal" : "stdin")),
  );
  return waits.map(({ task, line, switches }) => `${task} ${line} ${switches}`);
}
