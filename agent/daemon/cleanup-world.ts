/** What clean-up needs of the world, as one value: real-cleanup.ts makes the real one, a test passes its own. */
import type {
  FoundPlan,
  Kept,
  OpenedJournal,
  Performed,
  Performing,
  PlanToKeep,
  recoverBelow,
  Telling,
} from "../cleanup/index.ts";
import type { Granted, Retention } from "../documents/index.ts";
import type { Account } from "../facts/index.ts";
import type { NameService } from "../runs/world.ts";
import type { Measures } from "../status/measures.ts";
import type { Store } from "../store/index.ts";
import type { Keeper } from "./keeper.ts";
import type { Log } from "./log.ts";

export interface CleanerWorld {
  readonly store: Store;
  readonly keeper: Keeper;
  readonly names: Pick<NameService, "account" | "callerUid">;
  readonly log: Log;
  readonly cleanup: CleanupWorld;
  readonly measures: Pick<Measures, "removedFiles">;
  nowMs(): number;
  /** Of a clock that never jumps. */
  monotonicMs(): number;
  /** What is in force now. */
  inForce(): { readonly retentions: readonly Retention[]; readonly granted: Granted };
}

export interface CleanupWorld {
  /** Whether there is one already. */
  hasJournal(): boolean;
  /** To write, by whoever has the lock of the state folder; asked again as long as it refuses. */
  openJournal(): OpenedJournal;
  /** What the journal has to tell after this mark. */
  settledSince(mark: string | null): Iterable<Telling>;
  perform(performing: Performing): Promise<Performed>;
  /** Compares what an earlier run left open with what is there, and puts back what lies in quarantine. */
  recover: typeof recoverBelow;
  keepPlan(plan: PlanToKeep): Kept;
  keptPlan(prefix: string, nowMs: number): FoundPlan;
  /** Number of the mount on which this path lies, by its name alone. */
  mountOf(path: string): number;
  /** Whether an earlier child still waits for that mount. */
  isStuck(path: string): boolean;
  /** Of the file system on which this path lies, for the account; null where it does not answer. */
  spaceOf(path: string, account: Account, signal: AbortSignal): Promise<Space | null>;
}

/** Bytes; free is what others than root may use. */
export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}
