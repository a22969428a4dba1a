/** Times as text, without a clock: reckoned from epoch milliseconds, in UTC. */

const dayMs = 86_400_000;
/** The last millisecond that RFC 3339 can write: 9999-12-31T23:59:59.999Z. */
const lastMs = 253_402_300_799_999;

/** RFC 3339 with milliseconds, UTC. What the format cannot hold becomes its nearest end. */
export function rfc3339(ms: number): string {
  const at = Math.min(Math.max(Math.floor(ms) || 0, 0), lastMs);
  const days = Math.floor(at / dayMs);
  const rest = at - days * dayMs;
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const time = [rest / 3_600_000, (rest / 60_000) % 60, (rest / 1000) % 60].map(two).join(":");
  return `${dateOf(days)}T${time}.${String(rest % 1000).padStart(3, "0")}Z`;
}

/** Reckoned from March of year 0 in the Gregorian calendar, so that a leap day comes last. */
function dateOf(days: number): string {
  const since0000 = days + 719_468;
  const century = Math.floor((4 * since0000 + 3) / 146_097);
  const inCentury = since0000 - Math.floor((146_097 * century) / 4);
  const yearOf = Math.floor((4 * inCentury + 3) / 1461);
  const inYear = inCentury - Math.floor((1461 * yearOf) / 4);
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const day = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = ((fromMarch + 2) % 12) + 1;
  const year = century * 100 + yearOf + (month <= 2 ? 1 : 0);
  return [String(year).padStart(4, "0"), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
}
