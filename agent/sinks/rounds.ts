import type { SinkDocument } from "../documents/host-kinds.ts";
import type { SinkState } from "../facts/index.ts";
import type { Cursor } from "../store/index.ts";
import type { Problem } from "./judge.ts";
import type { SinkParts } from "./sink.ts";

/** In which what waits is still offered to a sink that is well, while the agent ends. */
const flushMs = 800;
/** A Grant that is mended wakes the sink; this is for a wake that did not come. */
const grantPauseMs = 60_000;

/** Broken ground that status must name; the queue stays as it is. */
export class SinkError extends Error {
  readonly code: string;
  constructor({ code, message }: Problem, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The life of a sink: a turn, a rest, the next turn, until it is stopped. It knows how the sink does; what a turn is, the
 * sink knows. A turn that throws is a failure like any other.
 */
export class Rounds {
  readonly #sink: SinkDocument;
  readonly #parts: SinkParts;
  readonly #loop: Promise<void>;
  readonly #ending = new AbortController();
  /** Asked to end: what waits is still offered once. `isDone`: nothing waits, or it was not taken. */
  #isStopping = false;
  #isDone = false;
  /** Ends the present rest; `isDeaf` where only the end of the sink may. */
  #rest: { readonly end: AbortController; readonly isDeaf: boolean } | null = null;

  #word: SinkState["state"] = "idle";
  #problem: Problem | null = null;
  #nextTryMs: number | null = null;
  #lastTakenMs: number | null = null;
  #takenAtMs: number | null = null;
  #failures = 0;
  /** Taken, and not yet written down as such: the store had no room. */
  #owed: Cursor | null = null;

  /** `failed` says how long to wait after a turn that threw. */
  constructor(sink: SinkDocument, parts: SinkParts, turn: () => Promise<void>, failed: (failures: number) => number) {
    this.#sink = sink;
    this.#parts = parts;
    this.#loop = this.#run(turn, failed);
  }

  /** Set when the sink is at its end and nothing more may happen. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** In a row. */
  get failures(): number {
    return this.#failures;
  }

  /** How long ago something was taken, in milliseconds; infinite before the first time. */
  get sinceTakenMs(): number {
    return this.#takenAtMs === null ? Number.POSITIVE_INFINITY : this.#parts.elapsedMs() - this.#takenAtMs;
  }

  wake(): void {
    if (this.#rest?.isDeaf === false) this.#rest.end.abort();
  }

  state(to: string): SinkState {
    const { name, kind } = this.#sink;
    const { waiting, bytes, deadLetters } = this.#parts.store.queue(name);
    return {
      name,
      kind,
      to,
      waiting,
      bytes,
      deadLetters,
      lastTaken: timeOf(this.#lastTakenMs),
      state: this.#word,
      problem: this.#problem,
      nextTry: timeOf(this.#nextTryMs),
    };
  }

  /** Resolves within a second. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#rest?.end.abort();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, flushMs);
    await Promise.race([this.#loop, late]);
    clearTimeout(timer);
    this.#isDone = true;
    this.#ending.abort();
  }

  async #run(turn: () => Promise<void>, failed: (failures: number) => number): Promise<void> {
    // The caller has its sink before anything happens.
    await null;
    while (!this.#isDone) {
      try {
        await turn();
      } catch (error) {
        await this.fail("waiting", problemOf(error), failed);
      }
    }
  }

  // What a turn says.

  sending(): void {
    if (this.#failures === 0) this.#word = "sending";
  }

  /** What was offered was taken: all is well again. */
  taken(): void {
    this.#mended();
    this.#lastTakenMs = this.#parts.nowMs();
    this.#takenAtMs = this.#parts.elapsedMs();
    this.#word = "sending";
  }

  /** Throws where the store has no room: then it is owed, and tried again before anything else is offered. */
  acknowledge(through: Cursor): void {
    const { n, r, seq } = through;
    const refused = this.#parts.store.acknowledge(this.#sink.name, { n, r, seq });
    this.#owed = refused === null ? null : through;
    if (refused !== null) throw new SinkError({ code: `store-${refused.code}`, message: refused.message });
  }

  acknowledgeOwed(): void {
    if (this.#owed !== null) this.acknowledge(this.#owed);
  }

  /** What leaves is kept byte for byte; where there is no room for it, it leaves all the same. */
  keepSent(body: string): void {
    const { store, nowMs, log } = this.#parts;
    const refused = store.keepSent(this.#sink.name, Buffer.from(body), nowMs());
    if (refused !== null) log("warn", `what was sent could not be kept for events --sent: ${refused.message}`);
  }

  // Rests. Each ends when the sink does.

  /** Nothing waits, so nothing is wrong; ends when `until` does, or when it is woken. */
  async idle(until: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#mended();
    this.#word = "idle";
    this.#isDone = this.#isStopping;
    await this.#restUntil(false, until);
  }

  /** Nothing may leave. */
  async waitForGrant(): Promise<void> {
    this.#word = "waiting";
    this.#set({
      code: "not-granted",
      message:
        "the Grant: expected one that can be read, found it broken; nothing leaves this host before it is mended",
    });
    await this.#restUntil(false, (signal) => this.#parts.later(grantPauseMs, signal));
    this.#isDone = this.#isStopping;
  }

  /** Waits as long as the number of failures in a row says, this one among them. */
  async fail(word: "waiting" | "stopped", problem: Problem, pauseMs: (failures: number) => number): Promise<void> {
    this.#failures += 1;
    await this.pause(word, problem, pauseMs(this.#failures));
  }

  async pause(word: "waiting" | "stopped", problem: Problem, ms: number): Promise<void> {
    this.#word = word;
    this.#set(problem);
    this.#nextTryMs = this.#parts.nowMs() + ms;
    await this.#restUntil(true, (signal) => this.#parts.later(ms, signal));
    this.#isDone = this.#isStopping;
    this.#nextTryMs = null;
  }

  async #restUntil(isDeaf: boolean, over: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#isStopping) return;
    const end = new AbortController();
    this.#rest = { end, isDeaf };
    await over(end.signal);
    // Whatever else was waited for is not waited for any longer.
    end.abort();
    this.#rest = null;
  }

  #mended(): void {
    if (this.#problem !== null) this.#parts.log("info", "it takes events again", { sink: this.#sink.name });
    this.#failures = 0;
    this.#problem = null;
  }

  #set(problem: Problem): void {
    if (this.#problem?.code !== problem.code) {
      this.#parts.log("warn", problem.message, { sink: this.#sink.name, code: problem.code });
    }
    this.#problem = problem;
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof SinkError) return { code: error.code, message: error.message };
  return { code: "store-failed", message: `the store: expected to read it, found "${error}"; it is tried again` };
}

function timeOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
