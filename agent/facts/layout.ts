/** Rows, columns and line breaks within 100 columns. */
import { type Line, plain, printable, type Span } from "./lines.ts";

/** No line of text is wider, except where a reader must be able to copy a single word whole. */
export const pageColumns = 100;
/** Where counts, times and fingerprints end. */
export const edge = 92;
/** Where the values of a block's rows begin. */
const valueColumn = 22;

/** Wide in a terminal: East Asian wide and full-width forms, emoji. Near enough for alignment. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const noColumn = /[\p{Mn}\p{Me}]/u;

/** Columns that the text takes in a terminal, once it is printable. */
export function columns(text: string): number {
  let sum = 0;
  for (const character of printable(text)) sum += noColumn.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return sum;
}

export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - columns(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - columns(text))) + text;
}

/** Columns for all of them; one that is wider than `most` stands out instead of widening the others. */
export function widest(texts: readonly string[], most = 32): number {
  return Math.max(0, ...texts.map((text) => Math.min(columns(text), most)));
}

/** Rows of two columns, the first one to be copied whole; what finds no room beside it stands below it. */
export function beside(rows: readonly (readonly [left: string, right: string])[]): [left: string, right: string][] {
  const most = pageColumns - 4 - Math.max(0, ...rows.map(([, right]) => right.length));
  const width = Math.max(0, ...rows.map(([left]) => left.length).filter((length) => length <= most));
  return rows.flatMap(([left, right]): [string, string][] => {
    if (left.length <= most) return [[`  ${left.padEnd(width)}  `, right]];
    return [
      [`  ${left}`, ""],
      ["      ", right],
    ];
  });
}

/** At most `limit` characters, with a word about what was left out. */
export function shortened(text: string, limit = 400): string {
  const characters = Array.from(text);
  if (characters.length <= limit) return text;
  return `${characters.slice(0, limit).join("")}... (${characters.length - limit} more characters)`;
}

/**
 * Breaks at blanks; a word wider than the room is broken where the room ends. Blanks inside a line stay as they are, for
 * the text may be a command. The answer is printable, and at least one line.
 */
export function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const piece of printable(text).match(/\s+|\S+/gu) ?? []) {
    const width = columns(piece);
    if (used + width <= room) {
      line += piece;
      used += width;
      continue;
    }
    if (piece.trim() === "") {
      lines.push(line);
      line = "";
      used = 0;
      continue;
    }
    if (line.trim() !== "") {
      lines.push(line.trimEnd());
      line = "";
      used = 0;
    }
    const parts = broken(piece, room);
    line = parts.pop() ?? "";
    used = columns(line);
    lines.push(...parts);
  }
  lines.push(line);
  return lines;
}

function broken(word: string, room: number): string[] {
  const parts: string[] = [];
  let part = "";
  let used = 0;
  for (const character of word) {
    const width = columns(character);
    if (used + width > room && part !== "") {
      parts.push(part);
      part = "";
      used = 0;
    }
    part += character;
    used += width;
  }
  return [...parts, part];
}

/** `  Label             value`, and the value's further lines below its first. */
export function row(label: string, value: string): Line[] {
  const start = `  ${pad(label, valueColumn - 2)}`;
  return wrapped(value, pageColumns - valueColumn).map((text, at) => [
    (at === 0 ? start : " ".repeat(valueColumn)) + text,
  ]);
}

/** Like `row`, for several values, each on a line of its own. */
export function rows(label: string, values: readonly string[]): Line[] {
  return values.flatMap((value, at) => row(at === 0 ? label : "", value));
}

/** A row of another kind: `left`, and `right` ending at `edge`; on a line of its own where both do not fit. */
export function spread(left: Line, right: Line, edge: number): Line[] {
  const free = edge - columns(plain(left)) - columns(plain(right));
  if (free >= 2) return [[...left, " ".repeat(free), ...right]];
  const indent: Span = " ".repeat(Math.max(2, edge - columns(plain(right))));
  return [...folded(left), ...folded([indent, ...right])];
}

/** A line that may be too wide, in as many as it takes; styles are kept only where it fits. */
export function folded(line: Line, indent = 4): Line[] {
  if (columns(plain(line)) <= pageColumns) return [line];
  const text = printable(plain(line));
  const [first = ""] = wrapped(text, pageColumns);
  const left = text.slice(first.length).trimStart();
  const rest = left === "" ? [] : wrapped(left, pageColumns - indent);
  return [[first], ...rest.map((each) => [" ".repeat(indent) + each])];
}

/** A paragraph from the left edge. */
export function paragraph(text: string, indent = 0): Line[] {
  return wrapped(text, pageColumns - indent).map((line) => [" ".repeat(indent) + line]);
}

/** A table: every column as wide as its widest cell. */
export function table(cells: readonly (readonly string[])[]): Line[] {
  const count = Math.max(0, ...cells.map((cell) => cell.length));
  const widths = Array.from({ length: count }, (_, at) => widest(cells.map((cell) => cell[at] ?? "")));
  return cells.flatMap((cell) => folded([cell.map((text, at) => pad(text, widths[at] ?? 0)).join("  ")]));
}

export function unique<T extends string>(texts: readonly T[]): T[] {
  return [...new Set(texts)];
}

export function list(texts: readonly string[]): string {
  return unique(texts).join(", ");
}
