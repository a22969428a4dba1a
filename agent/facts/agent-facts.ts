/** Facts that only a running agent has: how well it watches, what was reviewed, which exceptions stand. */
import type { RetentionFacts } from "./backlog.ts";
import type { SeenSessions } from "./sessions.ts";

/** How well the agent sees changes (host level). */
export interface WatchingFacts {
  /** Paths that are to be watched, and how many of them are not there yet. */
  readonly paths: number;
  readonly absent: number;
  /** Watched by events; the others are looked at by sweeps only. */
  readonly byEvents: number;
  /** Why some or all are not watched by events, or why events cannot be trusted, a clause each; empty where all is well. */
  readonly degraded: readonly Degraded[];
  /** Whether changes could go unseen for longer than the reconcile interval: then nothing is confirmed. */
  readonly blind: boolean;
  /** RFC 3339: the last sweep that looked at everything; null before the first. */
  readonly lastSweep: string | null;
  readonly lastFullRun: string | null;
  /** Milliseconds from the sentinel's write to its event; null before the first or where it did not come. */
  readonly latencyMs: number | null;
  /** inotify watches of this process, and the limit of the host's user. */
  readonly watches: number;
  readonly watchLimit: number | null;
}

export interface Degraded {
  /** Stable words. */
  readonly code: "watch-limit" | "sentinel-late" | "overflow" | "network-mount" | "no-answer" | "watch-error";
  readonly message: string;
}

/** One thing that `baseline accept` accepted, or that is there now. */
export interface BaselineItem {
  readonly kind: "file" | "alias" | "function" | "option" | "variable" | "trap" | "shell";
  /** Path or name. */
  readonly name: string;
  /** The mode in which it was seen; `-` for files and what is the account's. */
  readonly mode: string;
  /**
   * `sha256:HEX` over the content or the value; for a file that was not read the word of its state (`absent`). `unknown`
   * with the name `*` stands for all of this kind and mode that could not be had: none of them counts as removed.
   */
  readonly digest: string;
  /** FILE:LINE where it is defined, or null. */
  readonly where: string | null;
}

export interface Baseline {
  readonly account: string;
  /** RFC 3339. */
  readonly acceptedAt: string;
  readonly reason: string;
  readonly items: readonly BaselineItem[];
}

/** An item that is not as it was accepted. */
export interface BaselineChange {
  readonly change: "added" | "removed" | "changed";
  readonly item: BaselineItem;
}

export interface ReviewedFacts {
  /** Null where nothing was accepted for this account. */
  readonly baseline: Baseline | null;
  readonly changes: readonly BaselineChange[];
}

export interface ExceptionFacts {
  readonly name: string;
  /** `expired`: its end is past; `never-matched`: it names a key that no rule here has; `soon`: it ends within 14 days. */
  readonly state: "in-force" | "expired" | "never-matched" | "soon";
  readonly until: string;
  readonly reason: string;
}

export interface AgentFacts {
  readonly watching: WatchingFacts | null;
  readonly exceptions: readonly ExceptionFacts[];
  /** One a Retention; none where there is none. */
  readonly backlog: readonly RetentionFacts[];
  readonly sessions: SeenSessions;
}

/** How a sink does, for status. */
export interface SinkState {
  readonly name: string;
  readonly kind: string;
  /** Where to; for people. */
  readonly to: string;
  readonly waiting: number;
  readonly bytes: number;
  readonly deadLetters: number;
  /** RFC 3339: the last time that everything offered was taken. */
  readonly lastTaken: string | null;
  /**
   * `idle`: nothing waits. `sending`. `waiting`: tries again at `nextTry`. `stopped`: a configuration fault, which somebody
   * must mend; it is tried again now and then, and nothing is dropped.
   */
  readonly state: "idle" | "sending" | "waiting" | "stopped";
  /** Why it waits or stopped: where, expected, found, what to do; null where all is well. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  readonly nextTry: string | null;
  /** The identity that does the sending, where it is another process. */
  readonly sentBy?: string;
  /** What of the releases in the engine's last answer was not taken; left out where all were. */
  readonly note?: string;
}
