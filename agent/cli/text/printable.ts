/**
 * The one way to a terminal. Everything that the CLI says in text is lines of spans; `printed` turns them into what is
 * written, and nothing else writes. Escaping happens here whatever a caller did or forgot; colour comes from here only.
 */
import { type Line, plainText, printable, type Style } from "../../facts/lines.ts";

export * from "../../facts/lines.ts";

/** SGR parameters: on, off. */
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

/** What is written, byte for byte: each line ends with one newline and no blanks. */
export function printed(lines: readonly Line[], colour: boolean): string {
  return colour ? lines.map((line) => `${coloured(line)}\n`).join("") : plainText(lines);
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
