/** What the host owner's documents mean, in one place for the agent, the command line and the endpoint alike. */
import { dayMs, dayNumber } from "./calendar.ts";
import { type Exception, type Grant, type Granted, noGrant } from "./host-kinds.ts";

/** What holds: the Grant's word, or what holds without one; null where it is broken, and then nothing is allowed. */
export function whatHolds(granted: Granted): Pick<Grant, "measure" | "local" | "share" | "remove"> | null {
  if (granted.kind === "broken") return null;
  return granted.kind === "none" ? noGrant : granted.grant;
}

/** Whether this account may be measured at all. A policy does not decide that, nor who calls. */
export function isMeasurable({ measure: { accounts } }: Pick<Grant, "measure">, account: string): boolean {
  return accounts === "all" || accounts.includes(account);
}

/** Whether the agent measures nobody at this minute of the host's day, from 0 to 1439 (`notBetween`). */
export function isQuiet({ measure: { notBetween } }: Pick<Grant, "measure">, minuteOfDay: number): boolean {
  return notBetween.some(({ from, to }) =>
    from < to ? from <= minuteOfDay && minuteOfDay < to : from <= minuteOfDay || minuteOfDay < to,
  );
}

/** Epoch milliseconds of the first moment at which it no longer holds: the end of its last day, UTC. */
export function exceptionEndMs({ until }: Pick<Exception, "until">): number {
  return ((dayNumber(until) ?? 0) + 1) * dayMs;
}
