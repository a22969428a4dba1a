/** When to give back what runs left behind: once, some seconds after the last one, for until then something still holds it. */
const restMs = 5_000;

export class Leftovers {
  #lastMs: number | null = null;

  /** A run begins or ends, at this moment of a clock that never jumps. */
  note(nowMs: number): void {
    this.#lastMs = nowMs;
  }

  /** Whether there are any and nothing is going on; true once. */
  areDue(nowMs: number, isIdle: boolean): boolean {
    if (this.#lastMs === null || !isIdle || nowMs - this.#lastMs < restMs) return false;
    this.#lastMs = null;
    return true;
  }
}
