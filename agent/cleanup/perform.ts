/** One Retention, planned and, where it is to be, applied: the only way to either, for the agent and for the command line. */
import type { Retention } from "../documents/index.ts";
import type { Account } from "../facts/index.ts";
import { isStuck } from "../host/bare-child.ts";
import { hostMounts, mountOf } from "../host/mounts.ts";
import { Application, type Applied, type ToApply } from "./application.ts";
import { type Deciding, type Decision, decidingOn, type Listed, listingOn, type Moment } from "./decide.ts";
import type { Release, Seen } from "./plan.ts";
import { type Sweeping, type Swept, sweepBelow } from "./sweep.ts";

export type { Applied, OutcomeSum, ToApply } from "./application.ts";

export interface Performing {
  readonly retention: Retention;
  readonly account: Account;
  /** Those that count: allowed, and not expired. */
  readonly releases: readonly Release[];
  readonly moment: Moment;
  readonly apply: ToApply | null;
  readonly isListed: boolean;
  /** Makes the quarantine folder; only where the Grant allows to remove. */
  readonly prepare: boolean;
  /** For the look; what the Retention's own limits let a removal take comes on top. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** After each batch, how many entries were seen until now. */
  progress?(seen: number): void;
  /** Each batch, for whoever counts something else in it. */
  look?(batch: readonly Seen[]): void;
}

export type Performed =
  | {
      readonly kind: "planned";
      readonly decision: Decision;
      readonly list: (() => Iterable<Listed>) | null;
      readonly applied: Applied | null;
    }
  /** There is no plan; one clause. `stuck`: the file system does not answer. */
  | { readonly kind: "none"; readonly code: "refused" | "stuck" | "failed" | "unseen"; readonly because: string };

/**
 * Whatever the host does is a value: child, file system, journal. `sweep` is for a test that stands in for the child.
 */
export async function perform(performing: Performing, sweep: typeof sweepBelow = sweepBelow): Promise<Performed> {
  const { retention, releases, moment, apply } = performing;
  const listing = performing.isListed ? listingOn(retention, releases, moment) : null;
  const deciding: Deciding = listing ?? decidingOn(retention, releases, moment);
  const application = apply === null ? null : new Application(retention, apply, deciding);
  const swept = await sweptBelow(performing, deciding, application, sweep);
  const list = listing === null ? null : () => listing.list();
  if (application !== null && application.decision !== null) {
    const applied = application.ended(unfinishedOf(swept));
    return { kind: "planned", decision: application.decision, list, applied };
  }
  if (swept.kind !== "looked") return noPlan(swept.kind, swept.message, retention.root);
  if (swept.unseen !== "")
    return { kind: "none", code: "unseen", because: `not everything could be seen: ${swept.unseen}` };
  return { kind: "planned", decision: deciding.end(swept.root), list, applied: null };
}

async function sweptBelow(
  performing: Performing,
  deciding: Deciding,
  application: Application | null,
  sweep: typeof sweepBelow,
): Promise<Swept> {
  const { retention, account, signal } = performing;
  let files = 0;
  const sweeping: Sweeping = {
    deadlineMs: performing.deadlineMs + (application === null ? 0 : removalMs(retention)),
    ...(signal !== undefined && { signal }),
    prepare: performing.prepare,
    nowMs: performing.moment.nowMs,
    ...(application !== null && { apply: application }),
    take(batch) {
      for (const seen of batch) deciding.take(seen);
      performing.look?.(batch);
      files += batch.length;
      performing.progress?.(files);
    },
  };
  try {
    return await sweep(retention, account, sweeping);
  } catch (error) {
    // The child said what no plan of ours holds: it was ended.
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

/** Twice what it takes at the speed that the Retention allows. */
function removalMs({ limits }: Retention): number {
  const seconds = limits.files / limits.filesPerSecond + limits.bytes / limits.readBytesPerSecond;
  return Math.ceil(Math.min(seconds * 2, longestSeconds) * 1000);
}

/** A timer takes no more than 2^31 ms. */
const longestSeconds = 7 * 86_400;

function unfinishedOf(swept: Swept): string {
  if (swept.kind !== "looked") return swept.message;
  return swept.applied ? "" : "not everything that was to go had its turn";
}

function noPlan(kind: "refused" | "timed-out" | "failed", because: string, root: string): Performed {
  if (kind === "refused") return { kind: "none", code: "refused", because };
  return { kind: "none", code: isMountStuck(root) ? "stuck" : "failed", because };
}

/** Whether an earlier child still waits for the file system on which this path lies: no other is started there. */
export function isMountStuck(path: string): boolean {
  return isStuck([`mount ${mountOf(path, hostMounts())?.id ?? 0}`]);
}
