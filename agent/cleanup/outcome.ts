/** What became of a file that was to go. Stable words: the journal and events carry them. */
import type { Candidate, FileIdentity, GuardCode } from "./plan.ts";

export type OutcomeWord =
  /** We removed it, and its folder was brought to the disk since. */
  | "removed"
  /** It was not taken: it is where it was. */
  | "kept"
  /** It was taken, and is where it was again. */
  | "put-back"
  /** It was taken and could not be put back, for another one has its name: it lies in the quarantine folder. */
  | "in-quarantine"
  /** After a crash neither at its name nor in quarantine: whether we removed it nobody can say. */
  | "gone-unconfirmed";

/** Why a file that was to go did not. */
export type OutcomeCode =
  | GuardCode
  /** Its content is none that was released. */
  | "other-content"
  /** The run ended before its turn: it was called off, its time was over, the agent died. */
  | "not-begun"
  /** It is not there any more. */
  | "gone"
  /** Its folder was moved out of the root, or replaced, since it was planned. */
  | "moved"
  /** The system refused a step; `detail` names step and errno. */
  | "refused";

export interface FileOutcome {
  /** Index in the group that was intended. */
  readonly at: number;
  readonly outcome: OutcomeWord;
  /** Null exactly where it was removed. */
  readonly code: OutcomeCode | null;
  /** What the code does not say, on one line, at most 200 characters; mostly "". */
  readonly detail: string;
  /** Of its content, in hex, where the release asked for it and it was taken. */
  readonly sha256: string | null;
}

/** What is about to be done to a group of files: at most `mostOfGroup`. */
export interface Intended {
  /** One application of a plan; the same in all its groups. */
  readonly run: string;
  readonly retention: string;
  readonly account: string;
  readonly root: string;
  readonly rootIdentity: { readonly dev: string; readonly ino: string };
  /** The plan's whole hash. */
  readonly plan: string;
  /** Why now: by hand, on schedule, for a release came, for the disk fills. */
  readonly because: "by-hand" | "schedule" | "release" | "pressure";
  readonly files: readonly Candidate[];
}

export const mostOfGroup = 256;

/** Name in the quarantine folder of the file at this place of the group with this number. */
export function quarantinedName(intent: number, at: number): string {
  return `${intent}.${at}`;
}

/** A group of which the journal has the intent and not the outcome. */
export interface OpenIntent extends Intended {
  /** Number of the intent, unique in the journal. */
  readonly intent: number;
}

/** A file that was to go, with what became of it: as the journal tells it. */
export interface Settled extends FileOutcome {
  readonly path: readonly string[];
  readonly identity: FileIdentity;
}
