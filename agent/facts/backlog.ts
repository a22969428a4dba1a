/** What lies below the root of one Retention, as the last look saw it. */
export interface BacklogFacts {
  readonly retention: string;
  readonly account: string;
  readonly root: string;
  /** RFC 3339 of that look. */
  readonly at: string;
  /** Of what matches the Retention. */
  readonly files: number;
  readonly bytes: number;
  /** Seconds since the oldest of them was last changed; null where there are none. */
  readonly oldestSeconds: number | null;
  /** Over the looks that are remembered; null while there is only one. Below zero where it shrinks. */
  readonly growthBytesPerHour: number | null;
  /** Of the file system, for who may not be root. */
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Until the file system is full at this growth; null where it does not grow. */
  readonly fullInSeconds: number | null;
  /** Hours in which nothing could be reclaimed though something matched; 0 where something was, or nothing matches. */
  readonly nothingReclaimedHours: number;
  /** Why files stay, those with the most bytes first, at most 5. */
  readonly stays: readonly { readonly code: string; readonly files: number; readonly bytes: number }[];
}
