/** The first touch of a thing counts at once; what keeps being touched is looked at less and less often, at least once a second. */
export interface Pace<T> {
  touch(item: T): void;
  /** Nothing is flushed any more, and no timer is left. */
  end(): void;
}

const firstGapMs = 50;
const longestGapMs = 1_000;

interface Gap {
  timer: NodeJS.Timeout;
  ms: number;
  isTouched: boolean;
}

/**
 * `flush` gets everything that was touched in one turn of the loop, so that a burst of a thousand files is one call. After
 * the last touch of a thing always comes a flush with it.
 */
export function pace<T>(flush: (due: ReadonlySet<T>) => void): Pace<T> {
  const gaps = new Map<T, Gap>();
  let due = new Set<T>();
  let turn: NodeJS.Immediate | null = null;

  const enqueue = (item: T): void => {
    due.add(item);
    turn ??= setImmediate(flushed);
  };
  const flushed = (): void => {
    const now = due;
    due = new Set();
    turn = null;
    for (const item of now) wait(item, Math.min(longestGapMs, (gaps.get(item)?.ms ?? firstGapMs / 2) * 2));
    flush(now);
  };
  const wait = (item: T, ms: number): void => {
    gaps.set(item, { ms, isTouched: false, timer: setTimeout(() => over(item), ms) });
  };
  const over = (item: T): void => {
    if (gaps.get(item)?.isTouched === true) enqueue(item);
    else gaps.delete(item);
  };
  return {
    touch(item) {
      const gap = gaps.get(item);
      if (gap === undefined) enqueue(item);
      else gap.isTouched = true;
    },
    end() {
      if (turn !== null) clearImmediate(turn);
      for (const { timer } of gaps.values()) clearTimeout(timer);
      gaps.clear();
      due.clear();
    },
  };
}
