import type { Measured } from "../evaluate/index.ts";
import type { Past } from "./explain/past.ts";

/** What one call of `explain` found out, before it becomes text. */
export interface Explained {
  readonly measured: Measured;
  /** RFC 3339: when it was measured. */
  readonly now: Date;
  offsetMinutes(at: Date): number;
}

export interface ExplainedName extends Explained {
  readonly name: string;
  /** What engines send with it, as the documents have it. */
  readonly sent: readonly string[];
  readonly past: Past;
}
