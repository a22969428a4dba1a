/** Days and times of day as documents have them, by arithmetic alone: nothing here asks what time it is. */
import * as z from "zod";
import { say } from "./document-kind.ts";

export const dayMs = 86_400_000;

/** The day `YYYY-MM-DD` as days since 1970-01-01, or null where there is no such day (2027-02-30). */
export function dayNumber(text: string): number | null {
  const [, years = "", months = "", days = ""] = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text) ?? [];
  const [year, month, day] = [Number(years), Number(months), Number(days)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return null;
  // Counted from 1 March of year 0, so that a leap day is the last of its year (proleptic Gregorian calendar).
  const [y, m] = month > 2 ? [year, month - 3] : [year - 1, month + 9];
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return y * 365 + leaps + Math.floor((153 * m + 2) / 5) + day - 1 - 719_468;
}

function daysIn(year: number, month: number): number {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  if (month === 2) return isLeap ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** A day that the calendar has, `YYYY-MM-DD`. */
export const day = z
  .string()
  .superRefine((text, context) => {
    if (dayNumber(text) === null) say(context, { code: "value-format", expected: "a day as YYYY-MM-DD" });
  })
  .meta({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" });

const timePattern = "([01][0-9]|2[0-3]):[0-5][0-9]";

/** `02:00-04:00`, the end outside; from 22:00 to 02:00 goes past midnight. Minutes from midnight. */
export const timeSpan = z
  .string()
  .superRefine((text, context) => {
    const span = spanOf(text);
    if (span === null) say(context, { code: "value-format", expected: "times of day like 02:00-04:00" });
    else if (span.from === span.to)
      say(context, { code: "value-range", expected: "an end that is not the begin; all day is 00:00-24:00" });
  })
  .meta({ pattern: `^${timePattern}-(${timePattern}|24:00)$` })
  .transform((text) => spanOf(text) ?? { from: 0, to: 0 });

function spanOf(text: string): { readonly from: number; readonly to: number } | null {
  const found = new RegExp(`^${timePattern}-(${timePattern}|24:00)$`).exec(text);
  if (found === null) return null;
  const [from = 0, to = 0] = text.split("-").map((time) => {
    const [hours, minutes] = time.split(":").map(Number);
    return (hours ?? 0) * 60 + (minutes ?? 0);
  });
  return { from, to };
}
