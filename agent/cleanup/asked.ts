/** What the sweeper is asked: one of these before its text, then one line a group. Types alone: it is the agent who asks. */
import type { Candidate } from "./plan.ts";
import type { RootRequest } from "./root.ts";

export interface LookRequest extends RootRequest {
  readonly depth: number;
  /** Patterns of names: only what matches one is opened, to see what it is and who has it open. */
  readonly match: readonly string[];
  /** Files that changed later than this second since 1970 are not opened; null, or not said: all are. */
  readonly notOpenedFromS?: number | null;
}

export interface Pace {
  readonly filesPerSecond: number;
  readonly readBytesPerSecond: number;
}

export type SweepRequest =
  | (LookRequest & {
      readonly kind: "sweep";
      /** Makes the quarantine folder before it looks, where that can be done. */
      readonly prepare: boolean;
      /** Null: it looks, and nothing else is ever asked. */
      readonly pace: Pace | null;
    })
  | (RootRequest & { readonly kind: "recover" });

/** A line to the sweeper. What a file is stands in the plan's own words. */
export interface AskedGroup {
  readonly intent: number;
  readonly files: readonly Candidate[];
}

/** A line to the sweeper that recovers; after the last one `null`. */
export interface AskedIntent extends AskedGroup {
  readonly rootIdentity: { readonly dev: string; readonly ino: string };
}
