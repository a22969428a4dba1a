/** When to try again. Pure but for `later`. */
import { setTimeout as wait } from "node:timers/promises";

const second = 1000;
export const leastPauseMs = second;
const mostPauseMs = 300 * second;
const mostAskedMs = 3600 * second;

/**
 * After so many failures in a row (1 is the first): a random time between a second and a bound that doubles up to five
 * minutes, so that a thousand hosts do not come back at one moment (full jitter). The other side may ask for more, up to
 * an hour.
 */
export function pauseMs(failures: number, chance: number, askedMs: number | null, mostMs = mostPauseMs): number {
  const bound = Math.min(mostMs, second * 2 ** Math.min(failures, 20));
  return Math.max(leastPauseMs + chance * (bound - leastPauseMs), Math.min(askedMs ?? 0, mostAskedMs));
}

/** Where somebody must mend something: every few minutes. */
export function mendingPauseMs(chance: number): number {
  return (180 + 120 * chance) * second;
}

/** A `Retry-After` field (RFC 9110, 10.2.3), seconds or a date; null for what is neither, and for a time that is past. */
export function askedPauseMs(field: string | null, nowMs: number): number | null {
  if (field === null) return null;
  const asked = /^\s*\d{1,9}\s*$/.test(field) ? Number(field) * second : Date.parse(field) - nowMs;
  return Number.isFinite(asked) && asked > 0 ? Math.min(asked, mostAskedMs) : null;
}

/** `SinkParts.later` with the real clock; a waiting one keeps no process alive. */
export async function later(ms: number, signal: AbortSignal): Promise<void> {
  // An aborted wait is over, too.
  await wait(ms, undefined, { signal, ref: false }).catch(() => {});
}
