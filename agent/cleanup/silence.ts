/**
 * Calls a child off that says nothing for too long: a file system that does not answer holds it, and tells nobody. How long
 * is too long depends on what it does next, so whoever hears it says so.
 */
export class Silence implements Disposable {
  readonly #ended = new AbortController();
  readonly #signal: AbortSignal;
  #timer: NodeJS.Timeout | undefined;
  #allowedMs = 0;

  /** `signal`: of whoever else may call it off. */
  constructor(signal: AbortSignal | undefined, withinMs: number) {
    this.#signal = AbortSignal.any([this.#ended.signal, ...(signal === undefined ? [] : [signal])]);
    this.heard(withinMs);
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Whether it was this that called it off. */
  get isOver(): boolean {
    return this.#ended.signal.aborted;
  }

  get allowedMs(): number {
    return this.#allowedMs;
  }

  /** Something was heard; the next word is due within so many milliseconds. */
  heard(nextWithinMs: number): void {
    const isSame = nextWithinMs === this.#allowedMs;
    this.#allowedMs = nextWithinMs;
    if (isSame && this.#timer !== undefined) {
      this.#timer.refresh();
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ended.abort(), Math.min(nextWithinMs, longestMs));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** A timer takes no more. */
const longestMs = 2 ** 31 - 1;
