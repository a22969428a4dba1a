import type { Readable, Writable } from "node:stream";
import type { Share, SinkState } from "../facts/index.ts";
import type { AskedRelease, Released, Store } from "../store/index.ts";

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
  /**
   * The engine behind the sink of this name released files. Whether its word counts for them, whoever is called knows; what is
   * refused, or cannot be kept, is said in the sink's state.
   */
  released(sink: string, asked: readonly AskedRelease[]): Released;
  log(level: "info" | "warn" | "error", message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What a sink needs besides: passed in, so that a test waits for nothing. */
export interface SinkParts extends SinkSurroundings {
  /** Milliseconds that only go forward: patience goes by them (decision 0015), `nowMs` is for people and engines. */
  elapsedMs(): number;
  /** Resolves after so many milliseconds, or as soon as the signal says so. Never rejects. */
  later(ms: number, signal: AbortSignal): Promise<void>;
  /** From 0 up to, not including, 1. */
  chance(): number;
  /** Starts the sender (children/sender.ts). May throw: then it is tried again later. */
  spawnSender(): SenderProcess;
}

/** A running sender. It ends by itself when `input` ends. */
export interface SenderProcess {
  readonly input: Writable;
  readonly output: Readable;
  /** Who it runs as, for people. */
  readonly identity: string;
  /** How it ended, in words (`exit 1`, `SIGKILL`); never rejects. */
  readonly ended: Promise<string>;
  /** Ends it at once; more than once does no harm. */
  kill(): void;
}

export interface RunningSink {
  /** There may be something new. Never blocks. */
  wake(): void;
  state(): SinkState;
  /** Ends it; what was not taken waits for the next start. Resolves within a second. */
  stop(): Promise<void>;
}
