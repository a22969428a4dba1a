/**
 * Looks below a root, and, where it is asked to, removes what was decided on: one child with the account's identity does
 * both, so that what was looked at and what is removed are below the same held folder. Without `apply` it is a dry run: the
 * same code, and nothing is taken.
 */

import type { Looked, Looking } from "./look.ts";
import type { FileOutcome } from "./outcome.ts";
import type { Candidate } from "./plan.ts";

export interface Sweeping extends Looking {
  /** Makes the quarantine folder below the root if it is missing: later the disk may be too full for it. */
  readonly prepare?: boolean;
  readonly apply?: Applying;
}

/** Whatever one of these throws ends the child, and is what the promise rejects with. */
export interface Applying {
  /** Once, after all was seen: what goes. Nothing is touched where it is empty. */
  decide(root: { readonly dev: string; readonly ino: string }): readonly Candidate[];
  /** Before anything of a group (at most `mostOfGroup`) is touched: its number once the intent is durable; null ends it. */
  intend(files: readonly Candidate[]): number | null;
  /** What became of a group, all of it; a group whose intent was told and that is not settled is left to `recoverBelow`. */
  settle(intent: number, outcomes: readonly FileOutcome[]): void;
  readonly limits: { readonly filesPerSecond: number; readonly readBytesPerSecond: number };
}

/** As `Looked`; `applied` only where everything that was decided on was settled. */
export type Swept =
  | (Looked & { readonly kind: "looked"; readonly applied: boolean })
  | Exclude<Looked, { kind: "looked" }>;
