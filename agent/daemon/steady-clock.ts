/**
 * Whether the host's clock can be believed where an age is at stake: it is compared with one that never jumps, at each look.
 * Whatever the host was told meanwhile, a jump of more than 5 minutes is noticed; it is believed again when it says what it
 * said before, or when it stood for an hour.
 */
export class SteadyClock {
  /** What the host's clock is ahead of the other one, as far as it is believed. */
  #aheadMs: number;
  /** Since when that is compared with; and what it was set to last, where it jumped. */
  #sinceMs: number;
  #jumped: { readonly aheadMs: number; readonly sinceMs: number } | null = null;

  constructor(nowMs: number, monotonicMs: number) {
    this.#aheadMs = nowMs - monotonicMs;
    this.#sinceMs = monotonicMs;
  }

  /** `monotonicMs`: of a clock that never jumps. To be asked every minute or so, and whenever it matters. */
  look(nowMs: number, monotonicMs: number): "trusted" | "not-trusted" {
    const aheadMs = nowMs - monotonicMs;
    if (Math.abs(aheadMs - this.#aheadMs) <= jumpMs) {
      this.#jumped = null;
      // A clock that is slewed, or a crystal that is slow, drifts by and by.
      if (monotonicMs - this.#sinceMs >= steadyMs) this.#believe(aheadMs, monotonicMs);
      return "trusted";
    }
    if (this.#jumped === null || Math.abs(aheadMs - this.#jumped.aheadMs) > jumpMs)
      this.#jumped = { aheadMs, sinceMs: monotonicMs };
    if (monotonicMs - this.#jumped.sinceMs < steadyMs) return "not-trusted";
    this.#believe(aheadMs, monotonicMs);
    return "trusted";
  }

  #believe(aheadMs: number, monotonicMs: number): void {
    this.#aheadMs = aheadMs;
    this.#sinceMs = monotonicMs;
    this.#jumped = null;
  }
}

const jumpMs = 300_000;
const steadyMs = 3_600_000;
