/** What the endpoint shows, and what it may ask of the agent. daemon/ makes the real one. */
import type {
  BacklogFacts,
  Baseline,
  BaselineChange,
  SessionsFacts,
  Share,
  SinkState,
  WatchingFacts,
} from "../facts/index.ts";
import type {
  AskedRelease,
  KeptFinding,
  ReleaseAnswer,
  Released,
  RunRecord,
  Store,
  StoredRelease,
} from "../store/index.ts";
import type { Measures } from "./measures.ts";
import type { Picture } from "./picture.ts";

export type { AskedRelease, Released } from "../store/index.ts";

/** Who is at the other end of a connection, as the kernel says. */
export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
}

/** `owner`: root, or who runs the agent. `viewer`: group rcwarden. `account`: a watched one. */
export type Principal =
  | { readonly kind: "owner" }
  | { readonly kind: "viewer" }
  | { readonly kind: "account"; readonly name: string }
  | { readonly kind: "nobody" };

export interface WatchedAccount {
  readonly name: string;
  readonly uid: number;
  readonly shell: string;
  /** Why it is watched, one clause: `a policy names it`, `key login for 2 keys`, `--account`. */
  readonly because: string;
  readonly state:
    | "waiting"
    | "measuring"
    | "measured"
    | "not-granted"
    | "quiet"
    | "suspended"
    | "unavailable"
    | "elsewhere";
  /** A clause where the state needs one: since when, why, until when. */
  readonly says: string;
  /** RFC 3339. */
  readonly measuredAt: string | null;
  readonly confirmedAt: string | null;
  /** Something happened that was not looked at yet, or the last result is not in the store yet. */
  readonly pending: boolean;
  readonly pass: number;
  readonly fail: number;
  readonly unknown: number;
}

export interface DocumentsState {
  readonly loadedAt: string;
  readonly inForce: readonly {
    readonly kind: string;
    readonly name: string;
    readonly file: string;
    readonly digest: string;
  }[];
  /** Problems of the last reload, as text; empty where it was taken. The old set stays while there are any. */
  readonly problems: readonly string[];
  readonly grant: "none" | "grant" | "broken";
}

export interface StatusBody {
  readonly apiVersion: "rcwarden/v1";
  readonly kind: "Status";
  readonly time: string;
  readonly rcwarden: string;
  readonly host: { readonly id: string; readonly name: string };
  readonly instance: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly ready: boolean;
  readonly accounts: readonly WatchedAccount[];
  readonly watching: WatchingFacts;
  readonly documents: DocumentsState;
  readonly sinks: readonly SinkState[];
  readonly store: {
    readonly epoch: string;
    readonly head: string;
    readonly events: number;
    readonly bytes: number;
    readonly lost: number;
    readonly problem: { readonly code: string; readonly message: string } | null;
    readonly notices: readonly string[];
  };
  /** Own use against the limits; `over` names what is above its limit, with value and limit. */
  readonly resources: {
    readonly rssBytes: number;
    readonly memoryLimitBytes: number;
    /** Of one core, over the last minute or since the start. */
    readonly cpuPercent: number;
    readonly over: readonly string[];
  };
}

/** One engine command or rule of one account in one mode, for pre-flight. */
export interface AccountView {
  readonly account: WatchedAccount;
  /** Names of the engines that come in by this account, and for each the policies and modes that decide for it. */
  readonly engines: readonly {
    readonly name: string;
    /** `POLICY MODE` pairs, and what it sends. */
    readonly rules: readonly { readonly policy: string; readonly mode: string }[];
    readonly sends: readonly string[];
  }[];
  /** Unwaived and waived findings of the account. */
  readonly findings: readonly KeptFinding[];
  /** Verdicts that are undecided without being findings, as `POLICY RULE MODE SUBJECT`; they make a pre-flight unknown. */
  readonly undecided: readonly {
    readonly policy: string;
    readonly rule: string;
    /** The check kind: where it is `engine-commands`, the subject is a command that is sent. */
    readonly check: string;
    readonly mode: string;
    readonly subject: string;
    readonly severity: string;
  }[];
}

export interface AgentView {
  readonly store: Store;
  readonly source: string;
  /** The signal that ends every waiting answer. */
  readonly closing: AbortSignal;
  nowMs(): number;
  status(): StatusBody;
  /** What status shows besides, of this account or of all, with as much text of the host as `share` lets be seen. */
  picture(of: { readonly account: string | undefined; readonly share: Share }): Picture;
  /** The last look at the accounts' SSH sessions. */
  sessions(): SessionsFacts;
  /** What metrics counted since the agent began. */
  readonly measures: Measures;
  /** Null where the account is not watched. */
  account(name: string): AccountView | null;
  /** Whether something of this account could change unseen, so that no verdict of it can be `go`. */
  blind(account: string): boolean;
  /** The newest first; `before`: as `next` of an earlier page has it. */
  runs(of: { readonly most: number; readonly account: string | undefined; readonly before: number | undefined }): {
    readonly runs: readonly RunRecord[];
    readonly next: number | null;
  };
  /** What may be seen by the group, and what may leave. Null: nothing (a broken Grant). */
  share(): { readonly local: Share; readonly share: Share } | null;
  baseline(account: string): {
    readonly baseline: Baseline | null;
    readonly changes: readonly BaselineChange[];
    readonly now: Baseline["items"];
  } | null;
  acceptBaseline(
    account: string,
    reason: string,
  ): Promise<
    { readonly kind: "accepted"; readonly baseline: Baseline } | { readonly kind: "refused"; readonly message: string }
  >;
  reload(): Promise<{ readonly taken: boolean; readonly problems: readonly string[] }>;
  /**
   * Queues a run; null where the account is not watched. Resolves when it is queued, not when it ran. `rests`: not before
   * the account rested from the last one, for it asks itself and may ask without end.
   */
  run(account: string | null, rests: boolean): { readonly queued: readonly string[] } | null;
  cleanup(): CleanupBody;
  /** `hash`: a plan's, or its first 12 digits or more. Resolves when it was applied. */
  applyPlan(hash: string): Promise<PlanApplied>;
  /** Keeps what was released; a plan follows. */
  release(by: StoredRelease["by"], asked: readonly AskedRelease[]): Released;
  /** Names that peers may have: the uid of each watched account, and the gid of group rcwarden. */
  accountOfUid(uid: number): string | null;
  readonly viewerGid: number | null;
  readonly ownerUid: number;
}

/** A Retention and how its clean-up stands. */
export interface CleanupRow {
  readonly retention: string;
  readonly account: string;
  readonly root: string;
  readonly apply: "by-hand" | "automatically";
  /** Whether the Grant lets anything go here: `plan-only` where it does not. */
  readonly granted: "automatically" | "by-hand" | "plan-only";
  readonly state: "waiting" | "looking" | "applying" | "stuck";
  /** The last plan; null before the first. Times RFC 3339, bytes as numbers. */
  readonly plan: {
    readonly hash: string;
    readonly at: string;
    readonly expiresAt: string;
    readonly files: number;
    readonly bytes: number;
    readonly stays: readonly { readonly code: string; readonly files: number; readonly bytes: number }[];
  } | null;
  /** The last application that removed or tried to; null before the first. */
  readonly run: {
    readonly run: string;
    readonly at: string;
    readonly because: string;
    readonly outcomes: readonly {
      readonly outcome: string;
      readonly code: string | null;
      readonly files: number;
      readonly bytes: number;
    }[];
  } | null;
  readonly backlog: BacklogFacts | null;
  /** Releases that are kept, by their last answer. */
  readonly releases: Readonly<Partial<Record<ReleaseAnswer, number>>>;
  /** Why there is no plan, or why nothing goes; "" where all is well. */
  readonly problem: string;
}

export interface CleanupBody {
  readonly apiVersion: "rcwarden/v1";
  readonly kind: "Cleanup";
  readonly time: string;
  readonly retentions: readonly CleanupRow[];
  readonly journal: {
    readonly folder: string;
    readonly head: { readonly seq: number; readonly hash: string };
    readonly openIntents: number;
    readonly bytes: number;
    readonly notices: readonly string[];
  } | null;
}

export type PlanApplied =
  | { readonly kind: "applied"; readonly row: CleanupRow }
  /** `unknown`: no such plan, or it expired. */
  | { readonly kind: "refused"; readonly code: "unknown" | "not-granted" | "failed"; readonly message: string };
