/** When to give back what runs left behind: once, some seconds after the last one, for until then something still holds it. */
const restMs = 5_000;
/** To give back takes as much processor as minutes of waiting: less than this is left for the next time. */
const leastBytes = 4 << 20;

export class Leftovers {
  readonly #residentBytes: () => number;
  #lastMs: number | null = null;
  /** What was held right after the last time. */
  #leftBytes = 0;

  constructor(residentBytes: () => number) {
    this.#residentBytes = residentBytes;
  }

  /** A run begins or ends, at this moment of a clock that never jumps. */
  note(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  /** Gives them back if nothing is going on and they are worth it; looks once after what was noted. */
  look(nowMs: number, isIdle: boolean, giveBack: () => void): void {
    if (this.#lastMs === null || !isIdle || nowMs - this.#lastMs < restMs) return;
    this.#lastMs = null;
    if (this.#residentBytes() - this.#leftBytes < leastBytes) return;
    giveBack();
    this.#leftBytes = this.#residentBytes();
  }
}
