import type { Policy } from "../documents/index.ts";
import type { Measured, Replaced, Verdict } from "../evaluate/index.ts";
import type { Missing } from "../runs/whom.ts";

/** What one call of `check` found out, before it becomes text. */
export interface Checked {
  /** The policies whose rules were judged. */
  readonly policies: readonly Policy[];
  /** In the order of the output. */
  readonly measured: readonly Measured[];
  readonly verdicts: readonly Verdict[];
  readonly missing: readonly Missing[];
  /** Files that held something else meanwhile. */
  readonly replaced?: readonly Replaced[];
}

export interface CheckedAccount extends Measured {
  /** About this account only. */
  readonly verdicts: readonly Verdict[];
}
