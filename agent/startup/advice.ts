import type { Place } from "../facts/index.ts";
import type { Guard, Reading } from "./reading.ts";

/**
 * What to change about a line that is in an engine's way: where in its own file people's things belong, as one clause.
 * Null where the file has no guard; the shell's own words (`guard`) help then.
 */
export function advice(reading: Reading, place: Place): string | null {
  const inFile = reading.guards.filter(({ where }) => where.file === place.file);
  const holding = inFile.filter(({ form }) => form !== "open");
  const below = holding.find(({ where }) => where.line > place.line);
  const guard = below ?? holding.findLast(({ form, where }) => form === "block" && where.line < place.line);
  if (guard === undefined) return passed(inFile, place);
  if (guard.where.line === place.line) return null;
  return `move line ${place.line} ${destination(guard, below !== undefined)}, or delete it`;
}

/** The guard above the line that was meant to keep it for people. */
function passed(inFile: readonly Guard[], { line }: Place): string | null {
  const open = inFile.findLast(({ form, where }) => form === "open" && where.line < line);
  if (open === undefined) return null;
  return `delete line ${line}, or let line ${open.where.line} ("${open.text}") keep such sessions out: it takes this one for a person's`;
}

function destination({ form, where, lastLine, text }: Guard, isBelow: boolean): string {
  const words = text.replace(/\s*(?:;\s*)?\bthen\b.*$/, "").replace(/\s*#.*$/, "");
  if (form === "block") return `${isBelow ? "below" : "into"} the "${words}" of line ${where.line}`;
  if (lastLine === where.line) return `below line ${where.line} ("${words}")`;
  return `below line ${lastLine} (the end of "${words}")`;
}
