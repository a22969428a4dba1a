const dayMs = 86_400_000;
/** Rows live this long. */
export const livesMs = 30 * dayMs;

/**
 * The clock by which rows grow old: milliseconds that the program has lived through, by the monotonic clock, and at most a
 * day for the time between two starts. A wall clock that jumps a year ahead makes nothing old, one that jumps back keeps
 * nothing for ever; a host that is switched off for long keeps its rows for longer.
 */
export interface Lived {
  nowMs(): number;
}

/** `atMs`: where this clock stood; `awayMs`: wall-clock milliseconds since then, which may be any number. */
export function lived(atMs: number, awayMs: number, elapsedMs: () => number): Lived {
  const away = Math.min(Math.max(0, awayMs), dayMs);
  const start = elapsedMs();
  return { nowMs: () => Math.floor(atMs + away + Math.max(0, elapsedMs() - start)) };
}
