/** One Retention, planned and, where it is to be, applied: the only way to either, for the agent and for the command line. */
import type { Retention } from "../documents/index.ts";
import type { Account } from "../facts/index.ts";
import { isStuck } from "../host/bare-child.ts";
import { hostMounts, mountOf } from "../host/mounts.ts";
import { Application, type Applied, type ToApply } from "./application.ts";
import { type Deciding, type Decision, decidingOn, type Listed, listingOn, type Moment } from "./decide.ts";
import { mostOfGroup } from "./outcome.ts";
import type { Candidate, Release, Seen } from "./plan.ts";
import { Silence } from "./silence.ts";
import { type Applying, type Sweeping, type Swept, sweepBelow } from "./sweep.ts";

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
  /** For so long the child may say nothing while it looks; 30 s where it is left out. */
  readonly silenceMs?: number;
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

/** A file system that does not answer is known as one after this. */
const usualSilenceMs = 30_000;

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
  using silence = new Silence(signal, performing.silenceMs ?? usualSilenceMs);
  let files = 0;
  const sweeping: Sweeping = {
    deadlineMs: performing.deadlineMs + (application === null ? 0 : removalMs(retention)),
    signal: silence.signal,
    prepare: performing.prepare,
    ...(application !== null && { apply: heardBy(silence, application) }),
    take(batch) {
      silence.heard(silence.allowedMs);
      for (const seen of batch) deciding.take(seen);
      performing.look?.(batch);
      files += batch.length;
      performing.progress?.(files);
    },
  };
  try {
    const swept = await sweep(retention, account, sweeping);
    if (!silence.isOver || swept.kind === "looked") return swept;
    return { kind: "timed-out", message: `nothing was heard for ${Math.round(silence.allowedMs / 1000)} s` };
  } catch (error) {
    // The child said what no plan of ours holds: it was ended.
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}

/** As `applying`; from the end of each of its calls the next word of the child is due. */
function heardBy(silence: Silence, applying: Application): Applying {
  const idleMs = silence.allowedMs;
  const { limits } = applying;
  const groupMs = (files: readonly Candidate[]) => {
    const read = files.filter(({ content }) => content.kind === "digest");
    const bytes = read.reduce((sum, { identity }) => sum + Number(identity.size), 0);
    return idleMs + 2_000 * (files.length / limits.filesPerSecond + bytes / limits.readBytesPerSecond);
  };
  return {
    limits,
    decide: (root) => {
      const goes = applying.decide(root);
      silence.heard(groupMs(goes.slice(0, mostOfGroup)));
      return goes;
    },
    intend(files) {
      const intent = applying.intend(files);
      silence.heard(groupMs(files));
      return intent;
    },
    settle(intent, outcomes) {
      applying.settle(intent, outcomes);
      silence.heard(idleMs + (2_000 * mostOfGroup) / limits.filesPerSecond);
    },
  };
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
