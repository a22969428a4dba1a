import type { Cause } from "../facts/index.ts";
import { advice, type Reading } from "../startup/index.ts";

/** Faster than this no line is looked for. */
const leastSeconds = 0.25;
const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The line that surely takes most of a startup of so many seconds: one that sleeps; null where none does. */
export function slowLine(reading: Reading, seconds: number): Cause | null {
  if (seconds < leastSeconds) return null;
  const sleeping = reading.statements.find(
    ({ reached, text }) => reached === "yes" && sleepsSeconds(text) * 2 > seconds,
  );
  if (sleeping === undefined) return null;
  const { where } = sleeping;
  const change = advice(reading, where);
  const line = reading.lines[where.file]?.[where.line] ?? null;
  return { where, line, ...(change !== null && { advice: change }) };
}

function sleepsSeconds(text: string): number {
  const [, count = "", unit = "s"] = /^(?:\S*\/)?sleep +(\d+(?:\.\d+)?|\.\d+)([smhd]?)$/.exec(text) ?? [];
  return Number(count) * (unitSeconds[unit === "" ? "s" : unit] ?? 1);
}
