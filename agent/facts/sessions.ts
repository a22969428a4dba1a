/** SSH sessions of accounts and what hangs below them, as /proc shows it. Nothing is ever asked of them, and none is ended. */

/** Commands of one account's sessions that wait for the same. */
export interface SessionGroup {
  readonly account: string;
  /** The command: words that all have in common, and `...` where they differ. */
  readonly command: string;
  /** `input` is final: nobody but the engine holds the other end. `unknown`: what it waits for could not be read. */
  readonly waitsFor: "input" | "time" | "lock" | "fifo" | "network" | "child" | "stopped" | "cpu" | "other" | "unknown";
  /** One clause: `input on its ssh channel`. */
  readonly says: string;
  /** It waits for what nobody gives: it does not end by itself. */
  readonly isStuck: boolean;
  /** Remote addresses, as the kernel has them of the sessions' sockets, each once, ascending. */
  readonly from: readonly string[];
  readonly count: number;
  /** Seconds since the oldest began. */
  readonly oldestSeconds: number;
  /** RFC 3339, when each began, the oldest first, at most 200. */
  readonly startedAt: readonly string[];
  /** Of the commands' first processes, the oldest first, at most 1,000. */
  readonly pids: readonly number[];
  /** What the same command shows in the sandbox where it waits; null where it was not tried, or does not wait there. */
  readonly prompt: string | null;
}

export interface SessionsFacts {
  /** RFC 3339 of the look. */
  readonly at: string;
  /** Those that are stuck first, then the oldest first. */
  readonly groups: readonly SessionGroup[];
  /** Why sessions could not be read, or not all, one clause (`/proc is hidden (hidepid=2)`); "" where they could. */
  readonly problem: string;
}

/** A group with what a check needs besides. */
export interface SeenGroup extends SessionGroup {
  /** Seconds for which each that is stuck was seen not to move, the longest first, at most 1,000. */
  readonly stillSeconds: readonly number[];
}

/** What a running agent knows of the sessions of those whom it watches. */
export interface SeenSessions extends SessionsFacts {
  readonly groups: readonly SeenGroup[];
  /** Whose sessions were looked for. */
  readonly accounts: readonly string[];
  /** Seconds since the first of the looks that followed each other without a gap. */
  readonly watchedSeconds: number;
}

/** A command that waits for ever in the sandbox, and what it says there. */
export interface HungCommand {
  readonly account: string;
  /** As the engine sends it; "" for what waits before any command runs. */
  readonly sent: string;
  /** The argv of the process that waits, joined by spaces. */
  readonly runs: string;
  readonly prompt: string;
  /** The line that decides; null where it could not be found. */
  readonly where: { readonly file: string; readonly line: number } | null;
}
