/** What is asked of a look below a root, and what comes of it. */
import type { Seen } from "./plan.ts";

/** Of a Retention what a look needs. */
export interface ToLookAt {
  readonly root: string;
  /** 1 to 16: how deep; 1 is what lies directly in the root. */
  readonly depth: number;
  readonly match: readonly string[];
  /** With `Looking.nowMs`: what is too young, and counts for no other file, need not be opened. */
  readonly keep?: { readonly newest: number; readonly youngerThanMs: number | null };
}

export interface Looking {
  /** The moment for which it is decided what is too young. */
  readonly nowMs?: number;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** Path of the sweeper's own text, a bundle without imports; `sweeper.cjs` beside the program if not said. */
  readonly script?: string;
  /** At most 256 entries, folders before what is in them. No more is read, and soon no more is looked at, until it is done. */
  take(batch: readonly Seen[]): void | Promise<void>;
}

/** Only after `looked` what was taken is all there is, and only if `unseen` is empty. `message` is one clause. */
export type Looked =
  | {
      readonly kind: "looked";
      readonly message: string;
      /** What the root was when it was opened. */
      readonly root: { readonly dev: string; readonly ino: string };
      /** Says of how many folders and files nothing is known, and why; empty where there are none. */
      readonly unseen: string;
    }
  /** `refused`: this root is not looked into. `failed`: there was no answer to take, for example when it was called off. */
  | { readonly kind: "refused" | "timed-out" | "failed"; readonly message: string };
