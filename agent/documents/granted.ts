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

/** The first minute of the host's day at which it may measure again; null where that never comes, or it is not quiet. */
export function quietUntil(grant: Pick<Grant, "measure">, minuteOfDay: number): number | null {
  if (!isQuiet(grant, minuteOfDay)) return null;
  for (let ahead = 1; ahead < 1_440; ahead++) {
    const minute = (minuteOfDay + ahead) % 1_440;
    if (!isQuiet(grant, minute)) return minute;
  }
  return null;
}

/** Whether files below a folder may be removed as an account, and by which entry of the Grant. */
export type Removal =
  | ({ readonly kind: "granted" } & Grant["remove"][number])
  | { readonly kind: "no-grant" | "not-granted" };

/** `root` is an absolute path, as a Retention has it. The most exact of several that allow it. */
export function removalOf(granted: Granted, account: string, root: string): Removal {
  if (granted.kind !== "grant") return { kind: granted.kind === "none" ? "no-grant" : "not-granted" };
  const [allowing] = granted.grant.remove
    .filter((each) => each.account === account && `${root}/`.startsWith(`${each.below}/`))
    .sort((a, b) => b.below.length - a.below.length);
  return allowing === undefined ? { kind: "not-granted" } : { kind: "granted", ...allowing };
}

/** Epoch milliseconds of the first moment at which it no longer holds: the end of its last day, UTC. */
export function exceptionEndMs({ until }: Pick<Exception, "until">): number {
  return ((dayNumber(until) ?? 0) + 1) * dayMs;
}
