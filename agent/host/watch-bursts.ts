/** Counts events as they arrive: many at once are a sign that some were lost, for the kernel keeps so many and no more. */
export interface Bursts {
  arrived(): void;
  end(): void;
}

const windowMs = 1_000;
const manyInWindow = 1_000;

/**
 * `burst`: more than 1,000 events within a second, told again for each such second. `overflow`: as many were waiting at
 * once as half of what the kernel keeps (Node does not see all that waited: some are of folders that were let go).
 */
export function bursts(keeps: number, tell: { burst(): void; overflow(waited: number): void }): Bursts {
  let windowStarted = 0;
  let inWindow = 0;
  let inTurn = 0;
  let turn: NodeJS.Immediate | null = null;
  const turned = (): void => {
    const waited = inTurn;
    turn = null;
    inTurn = 0;
    if (waited >= keeps / 2) tell.overflow(waited);
  };
  return {
    arrived() {
      const now = performance.now();
      if (now - windowStarted > windowMs) {
        windowStarted = now;
        inWindow = 0;
      }
      inWindow++;
      inTurn++;
      if (inWindow === manyInWindow) tell.burst();
      turn ??= setImmediate(turned);
    },
    end() {
      if (turn !== null) clearImmediate(turn);
    },
  };
}
