/** Timers that somebody owns: each ends with its signal, and none keeps the process alive. */

/** Calls back once, after so many milliseconds, unless the signal comes first. */
export function later(ms: number, signal: AbortSignal, then: () => void): void {
  if (signal.aborted) return;
  const timer = setTimeout(() => {
    signal.removeEventListener("abort", clear);
    then();
  }, ms);
  const clear = () => clearTimeout(timer);
  signal.addEventListener("abort", clear, { once: true });
  timer.unref();
}

/** Calls again and again, each time after `ms()` milliseconds from the end of the time before. */
export function every(ms: () => number, signal: AbortSignal, then: () => void | Promise<void>): void {
  const again = () =>
    later(ms(), signal, () => {
      void Promise.resolve(then()).finally(again);
    });
  again();
}

/** Up to a tenth more or less, so that a thousand hosts do not do it at one moment. */
export function splayed(ms: number, chance = Math.random): number {
  return ms * (0.9 + 0.2 * chance());
}
