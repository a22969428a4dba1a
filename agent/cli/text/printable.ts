/**
 * The one way to a terminal. Everything that the CLI says in text is lines of spans; `printed` turns them into what is
 * written, and nothing else writes. Escaping happens here whatever a caller did or forgot; colour comes from here only.
 */
import { hostile } from "../../facts/index.ts";

export type Style = "bold" | "red" | "yellow" | "green" | "dim";
export type Span = string | { readonly text: string; readonly style: Style };
export type Line = readonly Span[];

/** SGR parameters: on, off. */
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

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

/** What is written, byte for byte: each line ends with one newline and no blanks. */
export function printed(lines: readonly Line[], colour: boolean): string {
  return lines.map((line) => `${colour ? coloured(line) : printable(plain(line)).trimEnd()}\n`).join("");
}

function coloured(line: Line): string {
  return line
    .map((part) => {
      if (typeof part === "string") return printable(part);
      const [on, off] = codes[part.style];
      return `\x1b[${on}m${printable(part.text)}\x1b[${off}m`;
    })
    .join("")
    .trimEnd();
}
