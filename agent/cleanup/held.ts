/** Folders held by descriptors: none of them is entered by a path that somebody could turn aside. */
import { constants, openSync } from "node:fs";
import { eachName, Status } from "../host/at.ts";
import { errnoName } from "../host/native.ts";
import { latin1Of } from "../host/whole-file.ts";
import type { Calls } from "./calls.ts";

export interface HeldFolder extends Disposable {
  /** Good for names in it, not for reading. */
  readonly fd: number;
  /** Decimal. */
  readonly dev: string;
  readonly ino: string;
  readonly uid: number;
  /** The last 12 bits. */
  readonly mode: number;
  /** Of the mount on which it was reached; a bind mount has another one with the same `dev`. */
  readonly mount: number;
  /** The same as `Status` has it of a file in it: -1 where the kernel does not say it of files. */
  readonly mountOfFiles: number;
}

export type Held =
  | { readonly kind: "held"; readonly folder: HeldFolder }
  /** `code` as errno(3) names it: ENOTDIR where it is no folder, or a link to one. */
  | { readonly kind: "failed"; readonly code: string };

/** Linux: names a place, opens nothing of it; needs no permission on it. Node has no name for it. */
const O_PATH = 0o10000000;

export function holdFolder(calls: Calls, above: HeldFolder, name: Buffer): Held {
  return heldOf(calls, calls.holdAt(above.fd, name));
}

/** `/` itself. */
export function holdTop(calls: Calls): Held {
  return heldOf(calls, openSync("/", O_PATH | constants.O_DIRECTORY));
}

function heldOf(calls: Calls, fd: number): Held {
  if (fd < 0) return { kind: "failed", code: errnoName(fd) };
  const status = new Status();
  const outcome = calls.statOf(fd, status.into);
  const mount = outcome < 0 ? null : status.mount >= 0 ? status.mount : mountOf(fd);
  if (mount === null) {
    calls.close(fd);
    return { kind: "failed", code: outcome < 0 ? errnoName(outcome) : "ENODATA" };
  }
  const { dev, ino, uid, mode } = status;
  const folder: HeldFolder = {
    ...{ fd, dev, ino, uid, mode: mode & 0o7777, mount, mountOfFiles: status.mount },
    [Symbol.dispose]: () => calls.close(fd),
  };
  return { kind: "held", folder };
}

/** As proc(5) says it, for kernels whose statx(2) does not. */
function mountOf(fd: number): number | null {
  try {
    const [, id] = /^mnt_id:\s+(\d+)$/m.exec(latin1Of(`/proc/self/fdinfo/${fd}`)) ?? [];
    return id === undefined ? null : Number(id);
  } catch {
    return null;
  }
}

/** Whether nobody but this account and root may put anything into it. With an ACL the group's bits say what it gives at most. */
export function isPrivateOf({ uid: owner, mode }: HeldFolder, uid: number): boolean {
  return (owner === uid || owner === 0) && (mode & 0o022) === 0;
}

export function isSameMount(one: HeldFolder, other: HeldFolder): boolean {
  return one.dev === other.dev && one.mount === other.mount;
}

/**
 * Hands each name in a folder to each of these, to one after the other; null, or what went wrong. A name is good until it
 * comes back. A folder that fits into one room is read once, whoever looks through it.
 */
export function listFolder(
  calls: Calls,
  folder: HeldFolder,
  takes: readonly ((name: Buffer) => void)[],
): string | null {
  const room = rooms.pop() ?? Buffer.allocUnsafeSlow(roomBytes);
  try {
    return listInto(room, calls, folder, takes);
  } finally {
    rooms.push(room);
  }
}

/** One for each folder that is being looked through at the same time: one lies in the other. */
const rooms: Buffer[] = [];
const roomBytes = 32_768;
/** Of struct linux_dirent64 with the longest name. */
const mostOfEntry = 280;

function listInto(room: Buffer, calls: Calls, folder: HeldFolder, takes: readonly ((name: Buffer) => void)[]) {
  let whole: number | null = null;
  for (const take of takes) {
    if (whole !== null) {
      eachName(room, whole, take);
      continue;
    }
    const fd = calls.listOf(folder.fd);
    if (fd < 0) return errnoName(fd);
    try {
      let filled = fill(calls, fd, room);
      if (filled.isEnd) whole = filled.bytes;
      for (; ; filled = fill(calls, fd, room)) {
        if (filled.error !== 0) return errnoName(filled.error);
        eachName(room, filled.bytes, take);
        if (filled.isEnd) break;
      }
    } finally {
      calls.close(fd);
    }
  }
  return null;
}

function fill(calls: Calls, fd: number, room: Buffer) {
  let bytes = 0;
  while (bytes + mostOfEntry <= room.length) {
    const got = calls.entriesOf(fd, room.subarray(bytes));
    if (got < 0) return { bytes, isEnd: true, error: got };
    if (got === 0) return { bytes, isEnd: true, error: 0 };
    bytes += got;
  }
  return { bytes, isEnd: false, error: 0 };
}
