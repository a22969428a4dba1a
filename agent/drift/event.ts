import type { Finding } from "../evaluate/index.ts";

export type { Waived } from "../evaluate/index.ts";

/** Why a finding changed: the host itself, the documents, the program, or an exception that began or ended. */
export type Because = "host" | "documents" | "program" | "exception";

/** How the agent came to look: a file event, a sweep that found a difference, the schedule, somebody's wish, its start. */
export type Via = "watch" | "sweep" | "schedule" | "request" | "start" | "documents";

/** A start of an agent on a state folder. Compared by `n`; an equal `n` with another `r` is a copied-back state. */
export interface Epoch {
  readonly n: number;
  /** 8 random hex digits. */
  readonly r: string;
}

/** A place in the stream of events; as text `N.R-SEQ`. SEQ counts from 1 within its epoch. */
export interface Cursor extends Epoch {
  readonly seq: number;
}

export const eventTypes = [
  "finding.opened",
  "finding.changed",
  "finding.resolved",
  "account.changed",
  "agent.started",
  "agent.stopped",
  "agent.heartbeat",
  "events.lost",
  "cleanup.planned",
  "cleanup.completed",
  "cleanup.refused",
  "release.answered",
  "state.snapshot",
] as const;
/** On the wire each has `dev.rcwarden.` before it. */
export type EventType = (typeof eventTypes)[number];

/** What drift decided is to be told. The store gives it epoch, number and time of commit. */
export interface EventDraft {
  readonly type: EventType;
  /** What it is about: a fingerprint, an account's name, or the instance. */
  readonly subject: string;
  /** Whose event it is: an account sees its own only; null for the host's. */
  readonly account: string | null;
  readonly data: EventData;
}

export type EventData = FindingData | AccountData | Readonly<Record<string, unknown>>;

/** Who may have changed the file, as a hint and no more. */
export interface Hint {
  readonly file: string;
  /** The owner's uid, and the modification time (RFC 3339). */
  readonly ownerUid: number;
  readonly modified: string;
  /** Names logged in at that time, each once; null where that could not be had. */
  readonly sessions: readonly string[] | null;
}

export interface FindingData {
  /** As it stands now; for a resolved one as it stood. */
  readonly finding: KeptFinding;
  readonly because: Because;
  readonly via: Via;
  /** Content digest before and now, `sha256:HEX`; null where there is none. */
  readonly digest: { readonly old: string | null; readonly new: string | null };
  /** Only with `finding.resolved`. */
  readonly how?: "pass" | "withdrawn";
  /** Whether this was the account's first run: then it need not be new on the host. */
  readonly first: boolean;
  readonly detectedAt: string;
  readonly hint: Hint | null;
}

/** A finding as the agent keeps it: redacted, with the guilty line's text and its exception. */
export interface KeptFinding extends Finding {
  /** That line's text, redacted, or null. */
  readonly line: string | null;
  /** It turned more than 6 times within an hour. */
  readonly flapping?: true;
  /** What it was before a gap left it undecided. */
  readonly was?: "fail";
  /** RFC 3339: when it was opened, and since when it has this status. */
  readonly openedAt: string;
  readonly since: string;
}

/** What is kept of a finding between runs. */
export interface FindingState {
  readonly finding: KeptFinding;
  /** `sha256:HEX` over what the finding says (not over times, waiver or flapping): what `digest` of an event compares. */
  readonly digest: string;
}

export interface AccountData {
  readonly change: "watched" | "unwatched" | "renamed" | "removed" | "unavailable" | "available" | "entry";
  readonly account: string;
  /** One clause: what is different. */
  readonly message: string;
}
