import { readFileSync } from "node:fs";

/** The host's limits on inotify(7) for this user; null where they cannot be read. */
export interface WatchLimits {
  readonly watches: number | null;
  /** Events that wait to be read; later ones are lost without a sign that Node gives. */
  readonly waitingEvents: number;
}

/** The kernel's own default. */
const usualWaitingEvents = 16_384;

export function watchLimits(): WatchLimits {
  const ofUser = numberIn("/proc/sys/fs/inotify/max_user_watches");
  const ofNamespace = numberIn("/proc/sys/user/max_inotify_watches");
  const known = [ofUser, ofNamespace].filter((limit) => limit !== null);
  return {
    watches: known.length === 0 ? null : Math.min(...known),
    waitingEvents: numberIn("/proc/sys/fs/inotify/max_queued_events") ?? usualWaitingEvents,
  };
}

function numberIn(path: string): number | null {
  try {
    const text = readFileSync(path, "latin1").trim();
    return /^[0-9]+$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
