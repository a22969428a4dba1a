/** Who may have changed a file: its owner, when, and who was logged in then. A hint and no more. */
import { lstat } from "node:fs/promises";
import { runCommand } from "../host/command.ts";
import { hostMounts, mayNotAnswer, mountOf } from "../host/mounts.ts";
import { systemBytes } from "../host/system-file.ts";
import { hostSources } from "./logins.ts";
import { recordSize, sessionsAt } from "./wtmp.ts";

export interface Hint {
  readonly file: string;
  readonly ownerUid: number;
  /** RFC 3339. */
  readonly modified: string;
  /** Names with a terminal at that time, each once; null where that could not be had. */
  readonly sessions: readonly string[] | null;
}

const deadlineMs = 1_000;
const mostBytes = 1 << 20;

/** Null where the file is gone or its file system does not answer. Opens nothing that an account owns. */
export async function hintOf(
  file: string,
  nowMs: number,
  wtmp: readonly string[] = hostSources.wtmp,
): Promise<Hint | null> {
  const look = await lookAt(file);
  if (look === null) return null;
  const modified = timeOf(look.mtimeMs);
  if (modified === null) return null;
  // Anybody may set the one back (cp -p, touch -d), and only the kernel sets the other.
  const changedMs = Math.min(nowMs, Math.max(look.mtimeMs, look.ctimeMs));
  return { file, ownerUid: look.uid, modified, sessions: namesAt(Math.floor(changedMs / 1000), wtmp) };
}

interface Look {
  readonly uid: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

/** Of the path itself, not of what it links to; by a child where the mount may not answer. */
async function lookAt(file: string): Promise<Look | null> {
  const mount = mountOf(file, hostMounts());
  if (mount !== null && mayNotAnswer(mount)) return lookByChild(file);
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(late.resolve, deadlineMs, null);
  try {
    return await Promise.race([lstat(file), late.promise]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

async function lookByChild(file: string): Promise<Look | null> {
  const outcome = await runCommand(["stat", "-c", "%u %Y %Z", "--", file], { deadlineMs, maxBytes: 4_096 });
  if (outcome.kind !== "ended" || outcome.status !== 0) return null;
  const [, uid, modified, changed] = /^(\d{1,10}) (-?\d{1,12}) (-?\d{1,12})\n$/.exec(outcome.stdout.toString()) ?? [];
  return changed === undefined
    ? null
    : { uid: Number(uid), mtimeMs: Number(modified) * 1000, ctimeMs: Number(changed) * 1000 };
}

/** Null for years that RFC 3339 has no form for. */
function timeOf(ms: number): string | null {
  const time = new Date(ms);
  const year = time.getUTCFullYear();
  return year >= 0 && year <= 9999 ? time.toISOString() : null;
}

function namesAt(seconds: number, wtmp: readonly string[]): readonly string[] | null {
  const size = recordSize();
  if (size === null) return null;
  const most = Math.floor(mostBytes / size) * size;
  const bytes = Buffer.concat(wtmp.flatMap((path) => systemBytes(path, most, -most) ?? []));
  return sessionsAt(bytes, seconds);
}
