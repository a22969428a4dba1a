/**
 * Which account is measured next. One run an account at a time, a few accounts at once; what triggers a run while one
 * waits is merged into it, and what triggers one while it runs makes one more afterwards.
 */
import type { Via } from "../drift/index.ts";

export interface QueueWorld {
  /** Milliseconds of a clock that never jumps. */
  monotonicMs(): number;
  /** Calls back once, after so many milliseconds, unless the signal says so before. */
  later(ms: number, signal: AbortSignal, then: () => void): void;
  /** Measures; never rejects. */
  run(account: string, via: Via): Promise<RunEnd>;
  /** How many accounts at once, asked anew each time. */
  atOnce(): number;
  /** Milliseconds until this account may be measured at all (quiet hours); 0 for now. */
  quietMs(account: string): number;
}

/** `timed-out`: it could not be measured in its time. `unsteady`: its files changed again and again meanwhile. */
export type RunEnd = "measured" | "unsteady" | "timed-out" | "failed";

export interface Place {
  readonly state: "idle" | "waiting" | "running" | "suspended" | "quiet";
  /** Something happened that no run has looked at yet. */
  readonly pending: boolean;
  /** In how many milliseconds it is tried again; null where nothing is to come. */
  readonly inMs: number | null;
  readonly timeOuts: number;
}

interface Entry {
  via: Via | null;
  /** Since when it waits. */
  sinceMs: number;
  /** Nobody who waits wants it before it rested. */
  rests: boolean;
  running: boolean;
  notBeforeMs: number;
  timeOuts: number;
  endedMs: number;
  tookMs: number;
}

/** After so many runs in a row that ran out of time an account is left alone for a while. */
const mostTimeOuts = 3;
const suspendedMs = 15 * 60_000;
const longestPauseMs = 30_000;
/** Who changes its files without pause is measured a quarter of the time at most. */
const restFactor = 3;
const steadyMs = 5_000;
/** Who took this long never has the last place: whoever makes startup slow on purpose would have all of them for minutes. */
const slowMs = 10_000;

export class RunQueue {
  readonly #world: QueueWorld;
  readonly #entries = new Map<string, Entry>();
  readonly #signal: AbortSignal;
  #running = 0;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #timer = new AbortController();
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(world: QueueWorld, signal: AbortSignal) {
    this.#world = world;
    this.#signal = signal;
  }

  /** Wants a run of this account; merged with one that waits already. `rests`: not before it rested, whoever asks. */
  want(account: string, via: Via, rests = via !== "request" && via !== "documents"): void {
    const entry = this.#entry(account);
    const now = this.#world.monotonicMs();
    if (entry.via === null) Object.assign(entry, { sinceMs: now, rests: true });
    entry.via ??= via;
    entry.rests &&= rests;
    // Somebody asks by name, or documents changed: an account that was left alone gets its chance at once.
    if (!rests) entry.notBeforeMs = Math.min(entry.notBeforeMs, now);
    else if (!entry.running) entry.notBeforeMs = Math.max(entry.notBeforeMs, this.#rested(entry, now));
    this.#pump();
  }

  forget(account: string): void {
    const entry = this.#entries.get(account);
    if (entry?.running) entry.via = null;
    else this.#entries.delete(account);
  }

  place(account: string): Place {
    const entry = this.#entries.get(account);
    if (entry === undefined) return { state: "idle", pending: false, inMs: null, timeOuts: 0 };
    const now = this.#world.monotonicMs();
    const pending = entry.via !== null || entry.running;
    const { timeOuts } = entry;
    if (entry.running) return { state: "running", pending, inMs: null, timeOuts };
    if (entry.via === null) return { state: "idle", pending, inMs: null, timeOuts };
    const quietMs = this.#world.quietMs(account);
    if (quietMs > 0) return { state: "quiet", pending, inMs: quietMs, timeOuts };
    const isSuspended = timeOuts >= mostTimeOuts && entry.notBeforeMs > now;
    return {
      state: isSuspended ? "suspended" : "waiting",
      pending,
      inMs: Math.max(0, entry.notBeforeMs - now),
      timeOuts,
    };
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** Resolves when nothing runs and nothing waits that may run now. */
  async settled(): Promise<void> {
    this.#pump();
    if (this.#isSettled()) return;
    this.#idle ??= Promise.withResolvers<void>();
    await this.#idle.promise;
  }

  /** Resolves when nothing runs; nothing new begins once the signal was given. */
  async drained(): Promise<void> {
    this.#timer.abort();
    while (this.#running > 0) {
      this.#idle ??= Promise.withResolvers<void>();
      await this.#idle.promise;
    }
  }

  #entry(account: string): Entry {
    const known = this.#entries.get(account);
    if (known !== undefined) return known;
    const entry: Entry = {
      via: null,
      sinceMs: 0,
      rests: true,
      running: false,
      notBeforeMs: 0,
      timeOuts: 0,
      endedMs: Number.NEGATIVE_INFINITY,
      tookMs: 0,
    };
    this.#entries.set(account, entry);
    return entry;
  }

  /** When an account may be measured again that was measured a moment ago. */
  #rested(entry: Entry, now: number): number {
    if (now - entry.endedMs > steadyMs) return now;
    return entry.endedMs + Math.min(longestPauseMs, restFactor * entry.tookMs);
  }

  #isSettled(): boolean {
    if (this.#running > 0) return false;
    if (this.#signal.aborted) return true;
    const now = this.#world.monotonicMs();
    return ![...this.#entries].some(
      ([name, { via, notBeforeMs }]) => via !== null && notBeforeMs <= now && this.#world.quietMs(name) === 0,
    );
  }

  #pump(): void {
    if (!this.#signal.aborted) this.#start();
    if (this.#idle !== null && (this.#isSettled() || (this.#signal.aborted && this.#running === 0))) {
      this.#idle.resolve();
      this.#idle = null;
    }
  }

  #start(): void {
    const now = this.#world.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    // Who waits longest comes first, wherever its name stands: else two that always want to would keep out all others.
    const waiting = [...this.#entries].filter(([, { via, running }]) => via !== null && !running);
    for (const [account, entry] of waiting.sort(([, a], [, b]) => waitsSince(a) - waitsSince(b))) {
      const atMs = Math.max(entry.notBeforeMs, now + this.#world.quietMs(account));
      if (atMs > now) nextMs = Math.min(nextMs, atMs);
      else if (entry.via !== null && this.#hasPlaceFor(entry)) void this.#run(account, entry, entry.via);
    }
    this.#wake(nextMs, now);
  }

  #hasPlaceFor(entry: Entry): boolean {
    const atOnce = this.#world.atOnce();
    if (this.#running >= atOnce) return false;
    if (entry.tookMs < slowMs || atOnce === 1) return true;
    return [...this.#entries.values()].filter(({ running, tookMs }) => running && tookMs >= slowMs).length < atOnce - 1;
  }

  #wake(atMs: number, now: number): void {
    if (atMs === this.#wakeAtMs) return;
    this.#timer.abort();
    this.#timer = new AbortController();
    this.#wakeAtMs = atMs;
    if (atMs === Number.POSITIVE_INFINITY) return;
    // A clock that jumps must not put off a run for longer than this.
    const waitMs = Math.min(Math.max(atMs - now, 1), 60_000);
    this.#world.later(waitMs, AbortSignal.any([this.#timer.signal, this.#signal]), () => {
      this.#wakeAtMs = Number.POSITIVE_INFINITY;
      this.#pump();
    });
  }

  async #run(account: string, entry: Entry, via: Via): Promise<void> {
    entry.running = true;
    entry.via = null;
    this.#running += 1;
    const startedMs = this.#world.monotonicMs();
    const end = await this.#world.run(account, via);
    const now = this.#world.monotonicMs();
    entry.running = false;
    entry.endedMs = now;
    entry.tookMs = Math.max(0, now - startedMs);
    this.#running -= 1;
    entry.timeOuts = end === "timed-out" ? entry.timeOuts + 1 : 0;
    this.#after(entry, end, now);
    this.#pump();
  }

  /** When it is tried again, where it must be or somebody wants it. */
  #after(entry: Entry, end: RunEnd, now: number): void {
    if (entry.via === null) Object.assign(entry, { sinceMs: now, rests: true });
    const failed = end === "timed-out" || end === "failed";
    // Somebody asked meanwhile: what failed before says nothing of that.
    if (failed && (entry.via === "request" || entry.via === "documents")) return;
    if (failed) {
      entry.via ??= "schedule";
      const isSuspended = entry.timeOuts >= mostTimeOuts;
      entry.notBeforeMs = now + (isSuspended ? suspendedMs : longestPauseMs);
      return;
    }
    if (end === "unsteady") entry.via ??= "watch";
    if (entry.via !== null && entry.rests) entry.notBeforeMs = this.#rested(entry, now);
  }
}

/** Since when it could have been measured. */
function waitsSince({ sinceMs, notBeforeMs }: Entry): number {
  return Math.max(sinceMs, notBeforeMs);
}
