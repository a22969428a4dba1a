import type { Cursor, Epoch, EventDraft, FindingState } from "../drift/index.ts";
import type { Baseline } from "../facts/index.ts";
import type { ReleaseAnswer, ReleaseCount, StoredRelease } from "./releases.ts";

/** An event as it lies in the database: complete, unmasked. Who shows or sends it masks it (`cloudEvent`). */
export interface StoredEvent extends Cursor, EventDraft {
  /** RFC 3339, when it was committed. */
  readonly time: string;
}

/** All that changes together. Nothing of it is kept unless all of it is. */
export interface Change {
  readonly nowMs: number;
  readonly put?: readonly FindingState[];
  /** Fingerprints of findings that are no more. */
  readonly remove?: readonly string[];
  readonly events?: readonly EventDraft[];
  readonly runs?: readonly RunRecord[];
  readonly accounts?: readonly AccountState[];
  /** Names of accounts that are no more. */
  readonly removeAccounts?: readonly string[];
  readonly happened?: readonly Happening[];
  readonly baselines?: readonly Baseline[];
  readonly releases?: readonly StoredRelease[];
  /** Keys of releases that are no more. */
  readonly removeReleases?: readonly string[];
  /** What is remembered by name, such as how far of the journal was told. */
  readonly marks?: Readonly<Record<string, string>>;
}

/**
 * What is counted and kept 30 days: turns of a finding, saves of a file, logins of an account, what an account's worst
 * finding turned to, and when the agent itself started and stopped.
 */
export interface Happening {
  readonly kind: "turn" | "save" | "login" | "state" | "agent";
  /** `FINGERPRINT FROM TO` (once without both), `ACCOUNT PATH`, account, `ACCOUNT FROM TO`, `started` or `stopped`. */
  readonly key: string;
  readonly atMs: number;
}

export interface RunRecord {
  readonly account: string;
  readonly startedAt: string;
  readonly seconds: number;
  readonly via: string;
  readonly modes: readonly { readonly mode: string; readonly ended: string | null; readonly gaps: readonly string[] }[];
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
  /** What this run stood on: so that the next one can say why something changed. */
  readonly program: string;
  readonly documents: string;
  /** Digest by `POLICY/RULE`, of the rule with its engines' sends. */
  readonly rules: Readonly<Record<string, string>>;
}

/** A watched account, as it was last seen. */
export interface AccountState {
  readonly name: string;
  readonly uid: number;
  readonly shell: string;
  readonly home: string;
  readonly watchedSince: string;
  /** Since when the name service does not name it, RFC 3339; null while it does. */
  readonly unavailableSince: string | null;
}

export type Committed = { readonly kind: "committed"; readonly events: readonly StoredEvent[] } | StoreFailure;

/** Nothing was kept. `full`: there is no room; `read-only`; `failed`: anything else. */
export interface StoreFailure {
  readonly kind: "refused";
  readonly code: "full" | "read-only" | "failed";
  readonly message: string;
}

export interface Page {
  readonly events: readonly StoredEvent[];
  /** The last place looked at, also where the filter left nothing: whoever goes on asks after it. */
  readonly through: Cursor;
  /** `after` is no longer held (or of a state that was copied back): a snapshot must come first. */
  readonly missed: boolean;
  readonly more: boolean;
}

/** What an `events.lost` carries: the first and the last place that is missing, as text; null where it is not known. */
export interface LostData {
  readonly from: string | null;
  readonly to: string | null;
  readonly count: number | null;
  readonly why: "over-the-cap" | "older-than-30-days" | "database-damaged" | "database-older";
}

export interface Snapshot {
  readonly asOf: Cursor;
  readonly findings: readonly FindingState[];
  /** `sha256:HEX` over the sorted lines `FINGERPRINT STATUS CONTENT-SHA256`. */
  readonly digest: string;
}

export interface Queue {
  /** Events after the sink's cursor. */
  readonly waiting: number;
  readonly bytes: number;
  readonly deadLetters: number;
  readonly oldest: string | null;
}

export interface DeadLetter {
  readonly id: string;
  readonly sink: string;
  readonly at: string;
  readonly why: string;
}

/** The embedded database of one instance. Synchronous: each call is short. One process at a time has it open. */
export interface Store {
  readonly hostId: string;
  readonly instance: string;
  readonly epoch: Epoch;
  /** The epoch before this one and its last number; null on a new state folder. */
  readonly previous: Cursor | null;
  /** Until when the start before this one was seen to live, epoch milliseconds; null on a new state folder. */
  readonly livedUntilMs: number | null;
  /** What was found wrong with the state when it was opened, and what was done, a sentence each. */
  readonly notices: readonly string[];
  /** The last event's place; `seq` 0 before the first. */
  readonly head: Cursor;

  commit(change: Change): Committed;
  /**
   * Begins a new epoch while running: the engine holds more of us than we do (`have`). Its N is above `aboveN`, too; refused
   * `failed` where that is more than a million ahead of ours. Commits no event: the caller commits `agent.started` with
   * `previous`, as after a start.
   */
  newEpoch(nowMs: number, aboveN?: number): Committed;

  findings(account?: string): FindingState[];
  snapshot(account?: string): Snapshot;
  accounts(): AccountState[];
  lastRun(account: string): RunRecord | null;
  /** The newest first, those before `before` (a `next` of an earlier page) where it is said; `next` null on the last page. */
  runs(of: { readonly most: number; readonly account?: string | undefined; readonly before?: number | undefined }): {
    readonly runs: RunRecord[];
    readonly next: number | null;
  };
  /** When its runs that are kept began, epoch milliseconds, the oldest first. */
  runTimes(account: string): number[];
  /** Times (epoch milliseconds) since `sinceMs`, ascending. */
  happenings(kind: Happening["kind"], key: string, sinceMs: number): number[];
  /**
   * Those whose key is this, or begins with it and a space; with "" all of the kind. The latest `most` of them, 10,000 if not
   * said, in the order of their times.
   */
  happened(kind: Happening["kind"], key: string, sinceMs: number, most?: number): Happening[];
  baseline(account: string): Baseline | null;
  /** The last events about this finding that are still held, the newest first. */
  eventsAbout(fingerprint: string, most: number): StoredEvent[];
  /** In the order in which they first came; with `answer` only those that were answered so last. */
  releases(retention?: string, answer?: ReleaseAnswer): StoredRelease[];
  /** By its key. */
  release(key: string): StoredRelease | null;
  /** Those whose time is over, the earliest first, `most` of them. */
  releasesEnded(nowMs: number, most: number): StoredRelease[];
  /** How many are kept, without reading them. */
  releaseCounts(): ReleaseCount[];
  /** What was kept last under this name. */
  mark(name: string): string | null;

  /**
   * From the oldest held where `after` is null. At most 1,000 events and 1 MiB, but at least one. With an account: its own,
   * and `agent.started`, `agent.stopped` and `events.lost` of the host, without which holes could not be explained; a page
   * may then be empty with `more`.
   */
  events(after: Cursor | null, account?: string): Page;
  /** Resolves when an event after this place was committed, or the signal says so. */
  eventAfter(after: Cursor, signal: AbortSignal): Promise<void>;

  cursor(sink: string): Cursor | null;
  /** The sink has everything up to and including this one; never goes back. */
  acknowledge(sink: string, through: Cursor): StoreFailure | null;
  /** Everything must be offered again from the oldest, after a snapshot (`have` above ours, `want: snapshot`). */
  rewind(sink: string): StoreFailure | null;
  deadLetter(sink: string, event: StoredEvent, why: string, nowMs: number): StoreFailure | null;
  deadLetters(sink: string): DeadLetter[];
  queue(sink: string): Queue;
  /** Byte for byte what left by a sink, newest last; at most 8 MiB are kept. */
  keepSent(sink: string, body: Uint8Array, nowMs: number): StoreFailure | null;
  sent(): { readonly sink: string; readonly at: string; readonly body: Uint8Array }[];

  /**
   * Retention (30 days) and the queue's cap: what is over it collapses, and `events.lost` names the range. Bounded work: to
   * be called every minute or so. A day counts when this program has lived through it, so that a clock that jumps removes
   * nothing.
   */
  housekeeping(nowMs: number, queueBytes: number): Committed;
  readonly size: { readonly events: number; readonly bytes: number; readonly lost: number };
  close(): void;
}

export type Opened = { readonly kind: "store"; readonly store: Store } | StoreRefusal;

/** Nothing was touched, except where `corrupt` says so. */
export interface StoreRefusal {
  readonly kind: "refused";
  readonly code: "newer" | "read-only" | "full" | "no-folder" | "not-ours" | "failed";
  /** Where, expected, found, what to do. */
  readonly message: string;
}
