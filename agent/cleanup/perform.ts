/** One Retention, planned and, where it is to be, applied: the only way to either, for the agent and for the command line. */
import type { Retention } from "../documents/index.ts";
import type { Account } from "../facts/index.ts";
import type { Decision, Listed, Moment } from "./decide.ts";
import type { Journal, JournalRefusal } from "./journal.ts";
import type { Intended, OutcomeCode, OutcomeWord } from "./outcome.ts";
import type { Release } from "./plan.ts";

export interface Performing {
  readonly retention: Retention;
  readonly account: Account;
  /** Those that count: allowed, and not expired. */
  readonly releases: readonly Release[];
  readonly moment: Moment;
  readonly apply: ToApply | null;
  readonly isListed: boolean;
  /** Makes the quarantine folder; only where the Grant allows to remove. */
  readonly prepare: boolean;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** After each batch, how many entries were seen until now. */
  progress?(seen: number): void;
}

export interface ToApply {
  readonly journal: Journal;
  readonly run: string;
  readonly because: Intended["because"];
  /** Only what is in this plan, and may still go: a kept plan that somebody named. Null: whatever is decided now. */
  readonly only: { readonly hash: string; holds(key: string): boolean } | null;
}

export interface Applied {
  readonly run: string;
  /** How many files ended so, and their bytes, by `OUTCOME CODE` (`removed` alone has no code). */
  readonly outcomes: ReadonlyMap<
    string,
    { readonly outcome: OutcomeWord; readonly code: OutcomeCode | null; readonly files: number; readonly bytes: bigint }
  >;
  /** Why the journal took no more; null where it did. */
  readonly refused: JournalRefusal | null;
  /** Why not everything that was decided on was settled; "" where it was. */
  readonly unfinished: string;
}

export type Performed =
  | {
      readonly kind: "planned";
      readonly decision: Decision;
      readonly list: (() => Iterable<Listed>) | null;
      readonly applied: Applied | null;
    }
  /** There is no plan; one clause. `stuck`: the file system does not answer. */
  | { readonly kind: "none"; readonly code: "refused" | "stuck" | "failed" | "unseen"; readonly because: string };
