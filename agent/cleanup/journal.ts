/**
 * The journal of clean-up: what is about to be removed, durable before it is touched, and what became of it. An append-only
 * file of its own in the state folder, preallocated, so that it can be written on a full disk; each record holds the hash of
 * the one before it.
 */
import type { FileOutcome, Intended, OpenIntent, OutcomeWord, Settled } from "./outcome.ts";

/** Nothing was written, and nothing may be removed. `message` says where, what was expected and found, what to do. */
export interface JournalRefusal {
  readonly kind: "refused";
  readonly code: "full" | "read-only" | "damaged" | "failed";
  readonly message: string;
}

/** One group of one run, settled or not; what a reader of the journal gets. */
export interface JournalEntry {
  readonly intent: number;
  /** RFC 3339. */
  readonly at: string;
  readonly settledAt: string | null;
  readonly intended: Omit<Intended, "files">;
  /** Empty while `settledAt` is null. */
  readonly files: readonly Settled[];
}

export interface JournalState {
  readonly folder: string;
  /** The last record's number and hash: whoever keeps it elsewhere notices a journal that was cut. */
  readonly head: { readonly seq: number; readonly hash: string };
  readonly openIntents: number;
  readonly bytes: number;
  /** What was found wrong when it was opened, and what was done, a sentence each. */
  readonly notices: readonly string[];
}

export interface JournalFilter {
  readonly retention?: string;
  readonly account?: string;
  readonly sinceMs?: number;
  readonly outcome?: OutcomeWord;
  /** Those whose intent's number is above this one. */
  readonly after?: number;
}

export type Verified =
  | {
      readonly kind: "whole";
      readonly records: number;
      readonly head: { readonly seq: number; readonly hash: string };
      /** What lies behind the last whole record, such as a write that did not come to its end; a sentence each. */
      readonly notices: readonly string[];
    }
  /** `where`: file and line of the first record that does not fit. */
  | { readonly kind: "broken"; readonly where: string; readonly message: string };

/** One writer at a time: whoever opens it holds the lock of the state folder. Synchronous. */
export interface Journal extends Disposable {
  /** Room for this group and its outcome is there, and the record is written, not yet durable. */
  intend(intended: Intended): { readonly kind: "written"; readonly intent: number } | JournalRefusal;
  /** Outcomes of all files of this intent, each once, in any order. */
  settle(intent: number, outcomes: readonly FileOutcome[]): { readonly kind: "written" } | JournalRefusal;
  /** Whatever was written before is durable when this comes back `written`. */
  sync(): { readonly kind: "written" } | JournalRefusal;
  /** In ascending order; those of an earlier process are to be settled before anything else is removed. */
  open(): readonly OpenIntent[];
  /** Oldest first. */
  entries(filter: JournalFilter): Iterable<JournalEntry>;
  state(): JournalState;
}
