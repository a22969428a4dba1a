import type { Problem } from "./kinds.ts";

/**
 * The text of a problem: `file:line:column: expected ..., found ...; did you mean "..."?`, on one line. Control
 * characters and those that turn the direction of text come out as `\xNN`, so that a document cannot write to a terminal.
 */
export function problemText(problem: Problem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  const meant = problem.suggestion === null ? "" : `; did you mean "${problem.suggestion}"?`;
  const change = problem.change === "" ? "" : `${meant === "" ? ";" : ""} ${problem.change}`;
  return harmless(`${place}: expected ${problem.expected}, found ${problem.found}${meant}${change}`);
}

/** The last line under all problems: `2 problems in 1 document; nothing was evaluated.` */
export function problemsSummary(problems: readonly Problem[], documents: number): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return `${count(problems.length, "problem")} in ${count(documents, "document")}; nothing was evaluated.`;
}

/** A value from a document for `found`: in quotes, at most 80 characters. */
export function quoted(text: string): string {
  const characters = [...text];
  const shown = characters.length > 80 ? `${characters.slice(0, 77).join("")}...` : text;
  return `"${shown}"`;
}

/** What a value of a document is called in `found`. */
export function foundWords(value: unknown): string {
  if (value === undefined || value === null) return "none";
  if (value === "") return "nothing";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return "a map";
}

const dangerous =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|\p{Cs}/gu;

function harmless(text: string): string {
  return text.replace(dangerous, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
