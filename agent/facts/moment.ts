/** Times as people read them: local, with the distance to UTC. */
import { rfc3339 } from "./time.ts";

/** A Date is one. */
interface Moment {
  getTime(): number;
}

/** `2026-11-23 09:14 +01:00` */
export function localMinute(at: Moment, offsetMinutes: number): string {
  const local = rfc3339(at.getTime() + offsetMinutes * 60_000);
  return `${local.slice(0, 10)} ${local.slice(11, 16)} ${offset(offsetMinutes)}`;
}

/** `09:56:02` */
export function localSecond(at: Moment, offsetMinutes: number): string {
  return rfc3339(at.getTime() + offsetMinutes * 60_000).slice(11, 19);
}

function offset(minutes: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

const steps: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
];

/** `4 s`, `2 min`, `3 h`, `12 d`: one unit, rounded down. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [unit, size] = steps.find(([, each]) => seconds >= each) ?? ["s", 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}
