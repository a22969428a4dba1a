import { readdirSync, readlinkSync } from "node:fs";
import { returnFreeMemory } from "./native.ts";
import { systemFile } from "./system-file.ts";

export interface OwnUse {
  /** Resident memory of this process. */
  readonly rssBytes: number;
  /** Processor time of all its threads since it started; children are not counted. */
  readonly cpuMs: number;
}

export function ownUse(): OwnUse {
  const { user, system } = process.cpuUsage();
  return { rssBytes: process.memoryUsage.rss(), cpuMs: (user + system) / 1000 };
}

/** Collects what nobody uses, where V8 was started with `--expose-gc`: a long stream leaves more behind than V8 minds. */
export function collect(): void {
  globalThis.gc?.({ type: "major", execution: "sync" });
}

/**
 * Collects what nobody uses and gives it back to the kernel: after much work, for what comes next may be an hour of
 * waiting. V8 is asked only where it was started with `--expose-gc`, and for the most that it can do: it moves together
 * what is left, where an ordinary collection keeps half-empty pages (decision 0024).
 */
export function giveBack(): void {
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  returnFreeMemory();
}

/** What inotify(7) gives at most; null where the kernel does not say. */
export interface InotifyLimits {
  /** Watches of all processes of this user. */
  readonly watches: number | null;
  /** Events that wait for one reader; what comes above is lost. */
  readonly queuedEvents: number | null;
}

export function inotifyLimits(): InotifyLimits {
  const limit = (path: string) => {
    const text = systemFile(`/proc/sys/${path}`)?.trim() ?? "";
    return /^\d{1,15}$/.test(text) ? Number(text) : null;
  };
  // Each user namespace has a limit of its own beside the host's.
  const watches = [limit("fs/inotify/max_user_watches"), limit("user/max_inotify_watches")];
  const known = watches.filter((value) => value !== null);
  return {
    watches: known.length === 0 ? null : Math.min(...known),
    queuedEvents: limit("fs/inotify/max_queued_events"),
  };
}

/** How many inotify watches this process holds. */
export function inotifyWatches(): number {
  const own = readdirSync("/proc/self/fd").filter((fd) => isInotify(fd));
  return own.reduce((sum, fd) => sum + watchesOf(systemFile(`/proc/self/fdinfo/${fd}`, most) ?? ""), 0);
}

/** Bytes of one descriptor's list: about 100 a watch. */
const most = 64 << 20;

function watchesOf(fdinfo: string): number {
  return fdinfo.match(/^inotify /gm)?.length ?? 0;
}

function isInotify(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === "anon_inode:inotify";
  } catch {
    return false; // the folder's own, which is closed by now
  }
}
