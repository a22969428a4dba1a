import { countWords } from "../facts/amounts.ts";
import type { Cause, Exit, Waiting } from "../facts/index.ts";

/** The advice that came with the facts; else what `otherwise` makes of the line; else the clause for no known line. */
export function changeFor(cause: Partial<Cause>, otherwise: { at(line: number): string; nowhere: string }): string {
  if (cause.advice !== undefined && cause.advice !== "") return cause.advice;
  if (cause.where === null || cause.where === undefined) return otherwise.nowhere;
  return otherwise.at(cause.where.line);
}

/** What to do about a definition that should not bite an engine. */
export const keepFromEngines = {
  at: (line: number) => `put line ${line} behind a guard for people, or delete it`,
  nowhere: "find what decides this in the startup files that were read, and keep it from engines",
};

export function placeOf(cause: Partial<Cause>) {
  return { where: cause.where ?? null, line: cause.line ?? null };
}

export function exitWords(exit: Exit | null): string {
  if (exit === null) return "did not end";
  return exit.signal === null ? `exit ${exit.status}` : `ended by ${exit.signal}`;
}

/** The exit status as a plain value: a number, or the signal's name. */
export function exitValue(exit: Exit | null): number | string | null {
  return exit === null ? null : (exit.signal ?? exit.status);
}

/** `waits for ever at: PROMPT`, or what is known of a wait that shows none. */
export function waitWords(prompt: string | null, waiting: Waiting | null): string {
  const question = prompt?.trim() ?? "";
  if (question !== "") return `waits for ever at: ${question}`;
  if (waiting === null || waiting.for === "input") return "waits for ever for input and says nothing";
  return `never ends: ${who(waiting)} ${waiting.says}`;
}

/** For what is undecided: who waits for what. */
export function stillWords(waiting: Waiting | null): string {
  return waiting === null ? "had not ended when the time was over" : `${who(waiting)} ${waiting.says}`;
}

function who(waiting: Waiting): string {
  return waiting.command === "" ? "a process" : waiting.command;
}

/** The first line that says something, cut to `most` characters. */
export function firstLine(text: string, most = 120): string {
  const line = text.split("\n").find((each) => each.trim() !== "") ?? "";
  const trimmed = line.trim();
  return trimmed.length > most ? `${trimmed.slice(0, most - 3)}...` : trimmed;
}

/** `40 s`, `58 min`, `9 h`, `3 d`; rounded down. */
export function durationWords(seconds: number): string {
  if (seconds >= 2 * 86_400) return `${countWords(Math.floor(seconds / 86_400))} d`;
  if (seconds >= 2 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds)} s`;
}
