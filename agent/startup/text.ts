/** Lines, columns and excerpts of a text. */

export interface Lines {
  readonly text: string;
  readonly starts: readonly number[];
}

export function linesOf(text: string): Lines {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return { text, starts };
}

/** The 1-based line that holds the offset. */
export function lineAt(lines: Lines, offset: number): number {
  let low = 0;
  let high = lines.starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lines.starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

/** Beyond this a column counts UTF-16 units: one line of a megabyte with a statement every byte would cost its square. */
const exactColumns = 4_096;

/** The 1-based column in characters, not in UTF-16 units. */
export function columnAt(lines: Lines, offset: number): number {
  const start = lines.starts[lineAt(lines, offset) - 1] ?? 0;
  if (offset - start > exactColumns) return offset - start + 1;
  let column = 1;
  for (let at = start; at < offset; column++) at += (lines.text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return column;
}

/** The line's text without its end, trimmed, at most 200 characters. */
export function lineText(lines: Lines, line: number): string {
  const start = lines.starts[line - 1];
  if (start === undefined) return "";
  const end = (lines.starts[line] ?? lines.text.length + 1) - 1;
  return shortened(lines.text.slice(start, Math.min(end, start + 1_000)));
}

/** On one line, trimmed, at most 200 characters. */
export function shortened(source: string): string {
  const one = source.slice(0, 1_000).replaceAll(/\s+/g, " ").trim();
  if (one.length <= 200) return one;
  // A cut through a surrogate pair would leave half a character.
  return one.slice(0, (one.charCodeAt(199) & 0xfc00) === 0xd800 ? 199 : 200);
}
