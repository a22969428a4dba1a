import type { Share, SinkState } from "../facts/index.ts";
import type { Store } from "../store/index.ts";

/** What all sinks work with. */
export interface SinkSurroundings {
  readonly store: Store;
  /** `rcwarden://HOSTID/INSTANCE` */
  readonly source: string;
  /** What may leave now; null where nothing may (a broken Grant). Asked anew for each batch. */
  share(): Share | null;
  nowMs(): number;
  /** A heartbeat's data, for sinks that are sent one. */
  heartbeat(): Readonly<Record<string, unknown>>;
  log(level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface RunningSink {
  /** There may be something new. Never blocks. */
  wake(): void;
  state(): SinkState;
  /** Ends it; what was not taken waits for the next start. Resolves within a second. */
  stop(): Promise<void>;
}
