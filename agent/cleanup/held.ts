/** Folders held by descriptors: none of them is entered by a path that somebody could turn aside. */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { latin1Of } from "../host/whole-file.ts";

export interface HeldFolder extends Disposable {
  /** Good for a path (`at`), not for reading. */
  readonly fd: number;
  /** `/proc/self/fd/N`: the very folder, wherever it is moved to. */
  readonly at: string;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly uid: number;
  /** The last 12 bits. */
  readonly mode: number;
  /** Of the mount on which it was reached; a bind mount has another one with the same `dev`. */
  readonly mount: number;
}

/** Linux: names a place, opens nothing of it; needs no permission on it. Node has no name for it. */
export const O_PATH = 0o10000000;

/** Throws what open(2) says: ENOTDIR where it is no folder, or a link to one. `name`: relative to the process' folder. */
export function holdFolder(name: string | Buffer): HeldFolder {
  const fd = openSync(name, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { dev, ino, uid, mode } = fstatSync(fd, { bigint: true });
    return {
      ...{ fd, at: `/proc/self/fd/${fd}`, dev, ino, uid: Number(uid), mode: Number(mode) & 0o7777, mount: mountOf(fd) },
      [Symbol.dispose]: () => closeSync(fd),
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Of what a descriptor was opened on. */
export function mountOf(fd: number): number {
  const [, id] = /^mnt_id:\s+(\d+)$/m.exec(latin1Of(`/proc/self/fdinfo/${fd}`)) ?? [];
  if (id === undefined) throw new Error(`/proc/self/fdinfo/${fd}: expected a line mnt_id, found none`);
  return Number(id);
}

export function isSameMount(one: HeldFolder, other: HeldFolder): boolean {
  return one.dev === other.dev && one.mount === other.mount;
}

/** As errno(3) names it. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
