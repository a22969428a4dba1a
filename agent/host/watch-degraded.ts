/** Why watching is not as good as it could be, in words for people: where, expected, found, what to do. */
import type { Degraded } from "../facts/agent-facts.ts";
import { type Entry, tooDeep } from "./watch-covered.ts";
import type { FolderState } from "./watch-folders.ts";
import { mostNames } from "./watch-walk.ts";

export interface Condition {
  readonly entries: readonly Entry[];
  readonly folders: readonly { readonly path: string; readonly isNeeded: boolean; readonly state: FolderState }[];
  readonly sweepMs: number;
  readonly watches: number;
  readonly watchLimit: number | null;
  readonly mostWatches: number | undefined;
  readonly isLate: boolean;
  /** Events that waited at once, where some may have been lost and not everything was looked at since. */
  readonly overflow: number | null;
  /** Why the sentinel could not be written, or null. */
  readonly unwritten: string | null;
  readonly sentinelFolder: string;
}

export function degradedBy(condition: Condition): Degraded[] {
  return [
    ...late(condition),
    ...overflow(condition),
    ...limited(condition),
    ...failed(condition),
    ...unwritten(condition),
    ...mounts(condition),
    ...unanswered(condition),
    ...unfollowed(condition),
  ];
}

function late({ isLate }: Condition): Degraded[] {
  if (!isLate) return [];
  const message =
    "expected an event within 2 s of writing the sentinel, found none: watches are set anew, and everything is looked at every 5 s meanwhile";
  return [{ code: "sentinel-late", message }];
}

function overflow({ overflow }: Condition): Degraded[] {
  if (overflow === null) return [];
  const message = `${overflow} events waited at once, and the kernel drops what is more than fs.inotify.max_queued_events: some may be lost; everything is looked at again`;
  return [{ code: "overflow", message }];
}

function limited({ folders, watches, watchLimit, mostWatches, sweepMs }: Condition): Degraded[] {
  const missing = folders.filter(({ state }) => state.kind === "limited");
  if (missing.length === 0) return [];
  const isOurs = mostWatches !== undefined && watches >= mostWatches;
  const limit = isOurs
    ? `at most ${mostWatches} are to be taken`
    : `fs.inotify.max_user_watches, for all programs of this user, is ${watchLimit ?? "unknown"}`;
  const found = `expected to watch ${counted(watches + missing.length, "folder")}, found room for ${watches} (${limit})`;
  const message = `${found}: ${example(missing)} looked at every ${seconds(sweepMs)} only; raise the limit`;
  return [{ code: "watch-limit", message }];
}

/** A folder on the way that gives no events costs nothing but time when it is moved; only needed ones are told. */
function failed({ folders, sweepMs }: Condition): Degraded[] {
  const byCode = new Map<string, string[]>();
  for (const { path, isNeeded, state } of folders)
    if (isNeeded && state.kind === "failed") byCode.set(state.code, [...(byCode.get(state.code) ?? []), path]);
  return [...byCode].map(([code, paths]) => ({
    code: "watch-error",
    message: `${paths[0]}${others(paths.length)}: expected to watch it, found ${because(code)}; what is in it is looked at every ${seconds(sweepMs)} only`,
  }));
}

function unwritten({ unwritten, sentinelFolder }: Condition): Degraded[] {
  if (unwritten === null) return [];
  const message = `${sentinelFolder}: expected to write the sentinel, found ${because(unwritten)}: whether events arrive is unknown; everything is looked at every 5 s`;
  return [{ code: "watch-error", message }];
}

function mounts({ entries, sweepMs }: Condition): Degraded[] {
  const byMount = new Map<string, { readonly type: string; count: number }>();
  for (const { mount } of entries) {
    if (mount === null) continue;
    const known = byMount.get(mount.point) ?? { type: mount.type, count: 0 };
    known.count++;
    byMount.set(mount.point, known);
  }
  return [...byMount].map(([point, { type, count }]) => ({
    code: "network-mount",
    message: `${point} (${type}): a file system that may not answer, or changes from elsewhere; its ${counted(count, "path")} ${count === 1 ? "is" : "are"} looked at by a child every ${seconds(sweepMs)}, without events`,
  }));
}

function unanswered({ entries }: Condition): Degraded[] {
  const silent = entries.filter(({ isAnswered, identity }) => !isAnswered && identity !== tooDeep);
  if (silent.length === 0) return [];
  const message = `${silent[0]?.path}${others(silent.length)}: expected an answer about it, found none: changes go unseen until the file system answers`;
  return [{ code: "no-answer", message }];
}

function unfollowed({ entries }: Condition): Degraded[] {
  const deep = entries.filter(({ identity }) => identity === tooDeep);
  if (deep.length === 0) return [];
  const message = `${deep[0]?.path}${others(deep.length)}: expected at most ${mostNames} names on the way, those of links among them, found more: changes of it go unseen`;
  return [{ code: "watch-error", message }];
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  EINVAL: "a backslash in its name, which the watching library takes for a slash",
  ETIMEDOUT: "no answer within 10 s",
  EAGAIN: "another folder there each time",
  EROFS: "a read-only file system",
  ENOSPC: "no space left",
};

function because(code: string): string {
  return reasons[code] ?? code;
}

function example(folders: readonly { readonly path: string }[]): string {
  const { path = "" } = folders[0] ?? {};
  return folders.length === 1 ? `${path} is` : `${path}${others(folders.length)} are`;
}

function others(count: number): string {
  return count === 1 ? "" : ` and ${counted(count - 1, "other")}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
