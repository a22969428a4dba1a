/** What lies below the root of one Retention, as the last look saw it: without what was removed since. */
export interface BacklogFacts {
  readonly retention: string;
  readonly account: string;
  readonly root: string;
  /** RFC 3339 of that look. */
  readonly at: string;
  /** Of what matches the Retention, whatever keeps it. */
  readonly files: number;
  readonly bytes: number;
  /** Seconds since the oldest of them was last changed; null where there are none. */
  readonly oldestSeconds: number | null;
  /** Of these what waits: neither its age nor its being one of the newest keeps it, nor is it a database's. */
  readonly waiting: {
    readonly files: number;
    readonly bytes: number;
    /** For how long the oldest of them waits: its age without what `keep.youngerThan` asks for. Null where none waits. */
    readonly oldestSeconds: number | null;
    /** Of these what would go now, were it applied. */
    readonly mayGo: number;
  };
  /** Over the looks that are remembered; null while there are too few. Below zero where it shrinks. */
  readonly growthBytesPerHour: number | null;
  /** Of the file system, for who may not be root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Until the file system is full at this growth; null where it does not grow, or was not seen growing for long enough. */
  readonly fullInSeconds: number | null;
  /** Hours in which nothing was reclaimed though something waited; 0 where something was, or nothing waits. */
  readonly nothingReclaimedHours: number;
  /** Why those that wait and may not go stay, the reasons with the most bytes first, at most 5. */
  readonly stays: readonly { readonly code: string; readonly files: number; readonly bytes: number }[];
}

/** One Retention and what is known of its backlog: what a rule about it is judged by. */
export interface RetentionFacts {
  readonly retention: string;
  readonly account: string;
  readonly root: string;
  /** Who applies a plan: the agent; somebody by hand; or nobody, for the Grant lets nothing go here. */
  readonly applied: "automatically" | "by-hand" | "plan-only";
  /** The last look that saw everything; null before the first. */
  readonly backlog: BacklogFacts | null;
  /** Seconds since then, by a clock that does not jump; 0 before the first. */
  readonly sinceSeconds: number;
  /** Seconds from one look to the next, as it should be. */
  readonly everySeconds: number;
  /** Why the last look saw nothing, or not everything, one clause; "" where it did, and before the first. */
  readonly problem: string;
}
