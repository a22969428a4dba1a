/** The file of kept plans: preallocated, written in place, for one writer or reader at a time. */
import {
  closeSync,
  constants,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { lockDescriptor } from "../host/native.ts";

export const blockBytes = 4096;
/** What the file is given at once. */
const stepBytes = 2 << 20;
/** More it does not become: whatever is older has to go then. */
const mostBytes = 16 << 20;

export interface PlansFile extends Disposable {
  readonly kind: "file";
  /** A multiple of `blockBytes`. */
  readonly bytes: number;
  /** Shorter at the end of the file. */
  read(at: number, length: number): Buffer;
  /** In place, and durable when it comes back. */
  write(at: number, bytes: Buffer): void;
  /** Makes it larger by a step, and durably so; false where it may not become or there is no room. */
  grow(): boolean;
}

export type OpenedPlans =
  | PlansFile
  | { readonly kind: "absent" }
  | { readonly kind: "refused"; readonly message: string };

/** `make`: with its folder and its first step, where it is missing. */
export function openPlansFile(state: string, make: boolean): OpenedPlans {
  const folder = `${state}/cleanup`;
  const path = `${folder}/plans`;
  let descriptor: number | null = null;
  try {
    if (make) makeFolder(folder);
    const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
    descriptor = openSync(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (make ? O_CREAT : 0), 0o600);
    const wrong = wrongFile(path, descriptor) ?? locked(path, descriptor);
    if (wrong !== null) return ended(descriptor, wrong);
    fchmodSync(descriptor, 0o600);
    const file = fileOf(descriptor);
    if (make && file.bytes === 0 && file.grow()) syncFolder(folder);
    return file;
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" && descriptor === null && !make) return { kind: "absent" };
    return ended(descriptor, `${path}: expected to keep plans there, found ${code}; make room or mend it`);
  }
}

function ended(descriptor: number | null, message: string): OpenedPlans {
  if (descriptor !== null) closeSync(descriptor);
  return { kind: "refused", message };
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const status = lstatSync(folder);
  if (!status.isDirectory() || status.uid !== process.geteuid?.() || (status.mode & 0o022) !== 0)
    throw Object.assign(new Error("another's folder"), { code: "a folder in which others may write" });
}

function wrongFile(path: string, descriptor: number): string | null {
  const status = fstatSync(descriptor);
  if (status.isFile() && status.uid === process.geteuid?.() && status.nlink === 1) return null;
  return `${path}: expected a regular file of ours with one name, found another; move it away`;
}

/** Whoever has it is done within milliseconds. */
const turns = 400;
const turnMs = 5;

function locked(path: string, descriptor: number): string | null {
  for (let turn = 0; turn < turns; turn++) {
    const outcome = lockDescriptor(descriptor);
    if (outcome.kind === "done") return null;
    if (outcome.code !== "EAGAIN") return `${path}: expected to lock it, found ${outcome.code}`;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, turnMs);
  }
  return `${path}: expected to have it within ${(turns * turnMs) / 1000} s, found another process that has it; try again`;
}

function fileOf(descriptor: number): PlansFile {
  let bytes = wholeBlocks(descriptor);
  return {
    kind: "file",
    get bytes() {
      return bytes;
    },
    read: (at, length) => readAt(descriptor, at, length),
    write(at, content) {
      writeAt(descriptor, at, content);
      fdatasyncSync(descriptor);
    },
    grow() {
      const grown = bytes + stepBytes <= mostBytes && hasWritten(descriptor, bytes);
      // Less than a step is of use as well.
      bytes = wholeBlocks(descriptor);
      return grown;
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

function wholeBlocks(descriptor: number): number {
  const { size } = fstatSync(descriptor);
  return Math.min(size - (size % blockBytes), mostBytes);
}

/** Zeros, not a hole: a hole needs room when it is written. */
function hasWritten(descriptor: number, at: number): boolean {
  try {
    writeAt(descriptor, at, Buffer.alloc(stepBytes));
    fsyncSync(descriptor);
    return true;
  } catch (error) {
    if (["ENOSPC", "EDQUOT", "EFBIG"].includes(codeOf(error))) return false;
    throw error;
  }
}

function writeAt(descriptor: number, at: number, content: Buffer): void {
  for (let done = 0; done < content.length; )
    done += writeSync(descriptor, content, done, content.length - done, at + done);
}

function readAt(descriptor: number, at: number, length: number): Buffer {
  const content = Buffer.alloc(length);
  let done = 0;
  for (let got = -1; got !== 0 && done < length; done += got)
    got = readSync(descriptor, content, done, length - done, at + done);
  return content.subarray(0, done);
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}
