/** The shapes of host/watch.ts. */
import type { Degraded } from "../facts/agent-facts.ts";

export interface WatchOptions {
  /** A folder of the agent's own in which the sentinel is written. */
  readonly sentinelFolder: string;
  /** Milliseconds between sweeps, and between the sentinel's writes. */
  readonly sweepMs: number;
  /** Most inotify watches that are taken; what is over it is looked at by sweeps only. */
  readonly mostWatches?: number;
  /**
   * Identities of paths on mounts that may not answer (network, FUSE, autofs), by a child that may hang in our place;
   * `no-answer` for those that it did not come to.
   */
  lookElsewhere(paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Paths whose identity is another one, or may be: `watch` names what an event named, `sweep` what a sweep found. */
  changed(paths: readonly string[], via: "watch" | "sweep"): void;
}

export interface WatchState {
  readonly paths: number;
  readonly absent: number;
  readonly byEvents: number;
  readonly degraded: readonly Degraded[];
  readonly blind: boolean;
  /** Epoch milliseconds. */
  readonly lastSweepMs: number | null;
  readonly latencyMs: number | null;
  readonly watches: number;
  readonly watchLimit: number | null;
}

/** What could change without anybody noticing before the next sweep but one. */
export interface Unseen {
  /** Any path: no sweep came to its end in time, or events do not arrive. */
  readonly everything: boolean;
  /** These: never looked at, without an answer, or not followed to their end. */
  readonly paths: readonly string[];
  /** Epoch milliseconds. */
  readonly lastSweepMs: number | null;
}

export interface Watch extends AsyncDisposable {
  /** From now on these and no others. Resolves when each is watched or listed as degraded, and was looked at once. */
  cover(paths: readonly string[]): Promise<void>;
  /** Looks at everything now: the paths whose identity differs from when it was last looked at. */
  sweep(): Promise<readonly string[]>;
  /** Writes the sentinel and waits for its event; resolves with milliseconds, or null where it did not come in 2 s. */
  prove(): Promise<number | null>;
  state(): WatchState;
  /** As `state` has it for all in one word, told apart by path, and cheap to ask. */
  unseen(): Unseen;
}
