/** When a Retention is looked at, and why. Pure; times are of a clock that never jumps. */
import type { Retention } from "../documents/index.ts";
import type { CleanupBecause } from "./cleanup-told.ts";

/** What is known of a Retention that decides when it is looked at. */
export interface Waiting {
  readonly plan: Retention["plan"];
  /** Plans that somebody wants to have applied. */
  readonly orders: number;
  /** Since when releases wait that came after the last look; null where none do. */
  readonly releasedMs: number | null;
  /** Its file system has less free than the Retention wants. */
  readonly isUnderPressure: boolean;
  /** The documents changed, or it is new. */
  readonly isNew: boolean;
  /** When a look began last, whyever; and when one did because of the schedule. */
  readonly startedMs: number | null;
  readonly scheduledMs: number | null;
  readonly endedMs: number | null;
  /** Of the last look. */
  readonly tookMs: number;
  /** How many looks in a row came to nothing. */
  readonly failures: number;
  /** Whether the last one under pressure gave nothing back. */
  readonly isFruitless: boolean;
}

export type Due =
  | { readonly kind: "now"; readonly because: CleanupBecause }
  /** Milliseconds; infinity where nothing waits. */
  | { readonly kind: "later"; readonly inMs: number };

/** Without a schedule it is looked at so often, for what lies there is to be known. */
export const looksEveryMs = 3_600_000;
/** Releases come in bursts. */
const burstMs = 300;
const restFactor = 3;
const longestRestMs = 60_000;
const pressureRestMs = 10_000;
const fruitlessMs = 900_000;
const firstRetryMs = 15_000;
const longestRetryMs = 900_000;

export function dueOf(waiting: Waiting, nowMs: number): Due {
  // Whoever waits for an answer gets one, also that it failed.
  if (waiting.orders > 0) return { kind: "now", because: "by-hand" };
  const wishes = wishesOf(waiting).filter(({ atMs }) => atMs < Number.POSITIVE_INFINITY);
  const restedMs = retryAt(waiting);
  const ready = wishes.find(({ atMs }) => Math.max(atMs, restedMs) <= nowMs);
  if (ready !== undefined) return { kind: "now", because: ready.because };
  const next = Math.min(...wishes.map(({ atMs }) => Math.max(atMs, restedMs)));
  return { kind: "later", inMs: next - nowMs };
}

/** In the order of what they mean: the first that is due names the run. */
function wishesOf(waiting: Waiting): { readonly because: CleanupBecause; readonly atMs: number }[] {
  const { plan, releasedMs, isUnderPressure, isNew, isFruitless } = waiting;
  const never = Number.POSITIVE_INFINITY;
  const after = (atMs: number | null, everyMs: number) => (atMs === null ? 0 : atMs + everyMs);
  const pressureMs = isFruitless ? fruitlessMs : pressureRestMs;
  return [
    { because: "release", atMs: releasedMs === null ? never : Math.max(releasedMs + burstMs, restedAt(waiting)) },
    { because: "pressure", atMs: isUnderPressure ? after(waiting.endedMs, pressureMs) : never },
    { because: "schedule", atMs: plan.everyMs === null ? never : after(waiting.scheduledMs, plan.everyMs) },
    { because: "look", atMs: isNew ? 0 : after(waiting.startedMs, looksEveryMs) },
  ];
}

/** A long look is not followed by the next one at once; how long after one that failed, `retryAt` says. */
function restedAt({ endedMs, tookMs, failures }: Waiting): number {
  return endedMs === null || failures > 0 ? 0 : endedMs + Math.min(longestRestMs, restFactor * tookMs);
}

/** What failed is tried again, each time after twice as long. */
function retryAt({ endedMs, failures }: Waiting): number {
  if (endedMs === null || failures === 0) return 0;
  return endedMs + Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 10));
}
