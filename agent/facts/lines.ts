/**
 * Text as lines of spans: what the command line, and whoever is answered in text, renders. Made harmless here, once for all
 * that is no JSON; colour is put on by cli/text/printable.ts alone.
 */
import { hostile } from "./hostile.ts";

export type Style = "bold" | "red" | "yellow" | "green" | "dim";
export type Span = string | { readonly text: string; readonly style: Style };
export type Line = readonly Span[];

/**
 * Text of the host made harmless: each hostile character becomes `\xNN`, one for each byte of its UTF-8. A newline, too:
 * lines are made here, not by the host. What is printable stays as it is, so doing it twice changes nothing.
 */
export function printable(text: string): string {
  return text.replace(hostile, (character) =>
    Array.from(Buffer.from(character, "utf8"), (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

export function span(text: string, style: Style): Span {
  return { text, style };
}

export function plain(line: Line): string {
  return line.map((part) => (typeof part === "string" ? part : part.text)).join("");
}

/** What is written without colour, byte for byte: each line ends with one newline and no blanks. */
export function plainText(lines: readonly Line[]): string {
  return lines.map((line) => `${printable(plain(line)).trimEnd()}\n`).join("");
}
