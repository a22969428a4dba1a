/**
 * Timers that tasks of the session have set, as the witness noted them: a sign of them that /proc does not give.
 * (timerfds are looked at in /proc, where their rest stands.)
 */
export interface ArmedTimer {
  /** Process id inside. */
  readonly pid: number;
  readonly kind: string;
  /** Monotonic milliseconds; Infinity where it cannot be said. */
  readonly until: number;
}

/** What the kernel may be late, and what reading the note may be. */
const slackMs = 50;

export interface Timers {
  /** Words after `note timer`: KIND TGID ID VALUE_MS INTERVAL_MS ABSOLUTE. */
  note(words: readonly string[], nowMs: number): void;
  /** A reason for which no wait can be called final any more, whatever is seen. */
  blind(reason: string): void;
  /** The timers that may still go off, given the pids (as inside) that live. */
  armed(live: ReadonlySet<number>, nowMs: number): ArmedTimer[];
  blindness(): string | null;
}

export function timers(): Timers {
  const set = new Map<string, ArmedTimer>();
  let blindFor: string | null = null;
  return {
    note([kind = "", tgid = "", id = "", value = "", interval = "", absolute = ""], nowMs) {
      if (kind === "timerfd") return;
      const key = `${kind} ${tgid} ${id}`;
      if (Number(value) === 0) {
        set.delete(key);
        return;
      }
      // Repeating, absolute or unreadable: no end can be said.
      const ends = Number(value) > 0 && Number(interval) === 0 && Number(absolute) === 0;
      set.set(key, {
        pid: Number(tgid),
        kind,
        until: ends ? nowMs + Number(value) + slackMs : Number.POSITIVE_INFINITY,
      });
    },
    blind(reason) {
      blindFor ??= reason;
    },
    armed(live, nowMs) {
      for (const [key, timer] of set) if (!live.has(timer.pid) || timer.until <= nowMs) set.delete(key);
      return [...set.values()];
    },
    blindness: () => blindFor,
  };
}
