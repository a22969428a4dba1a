import type { Look } from "../host/waiting.ts";
import type { Question, Typed } from "./question.ts";
import type { SessionStreams } from "./streams.ts";

/** Types into a session whatever its question wants typed. */
export interface Typist {
  /** Whether there may be more to type, or stdin still has to come to its end. */
  hasMore(): boolean;
  /** Types the next piece for whom `command` names, or ends stdin where there is none. False where nothing was left to do. */
  next(command: string): boolean;
  typed(): Typed | null;
}

/** With stdin at its end from the start everything is typed at once, as `printf ... | ssh -T host` does. */
export function typist({ typing, stdin, terminal }: Question, streams: SessionStreams): Typist {
  const pieces = (typing ?? [])[Symbol.iterator]();
  let isOver = typing === undefined;
  let waiting: string | null = null;
  const typed: Typed["pieces"][number][] = [];

  const next = (command: string) => {
    if (isOver) return false;
    streams.drain();
    waiting ??= command;
    const { done, value } = pieces.next();
    typed.push({ line: streams.lastLine(), bytes: streams.stdout.bytes() });
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
  if (isAtOnce) while (next(""));
  return {
    hasMore: () => !isOver,
    next,
    typed: () => (waiting === null || isAtOnce ? null : { command: waiting, pieces: typed }),
  };
}

/**
 * Whether the shell itself waits for input in both looks and did nothing in between: it stands at its prompt, or a startup
 * file reads. Nothing is said of the others, and its wait may be bounded: a time limit at a prompt ends no command.
 */
export function waitsItself(before: Look | null, now: Look, shell: number, terminal: boolean): boolean {
  const readers = readersOf(now, shell, terminal);
  const earlier = before === null ? [] : readersOf(before, shell, terminal);
  return readers.some((reader) => earlier.includes(reader));
}

function readersOf({ processes }: Look, shell: number, terminal: boolean): string[] {
  const process = processes.find(({ pid }) => pid === shell);
  if (process === undefined || process.foreign || (terminal && process.group !== process.foreground)) return [];
  const waits = process.tasks.filter(
    ({ state, wait }) => state === "S" && wait?.on.some(({ kind }) => kind === (terminal ? "terminal" : "stdin")),
  );
  return waits.map(({ task, line, switches }) => `${task} ${line} ${switches}`);
}
