import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { files, statusOf } from "./folder.ts";

/** What the bytes of the database say before SQLite opens it, which would already change them. */
export type Look =
  | { readonly kind: "absent" }
  /** `version` is 0 where its making did not come to an end. */
  | { readonly kind: "database"; readonly version: number }
  | { readonly kind: "damaged"; readonly why: string };

/** Versions of the schema that can be meant; anything above is a scribble. */
const highestVersion = 1000;
const headerBytes = 100;
const magic = Buffer.from("SQLite format 3\0", "latin1");
const userVersionAt = 60;

/**
 * SQLite forgets the rest of a write-ahead log from the first frame whose checksum is wrong, without a word. After a power
 * cut that is right: nobody was told that it is kept. Where somebody scribbled, it forgets commits, so the log is looked at
 * here (sqlite.org/fileformat2.html, section 4). Not to be called while this process has the database open: closing any
 * descriptor of a file drops all of a process' locks on it.
 */
export function lookAt(folder: string): Look {
  const path = `${folder}/${files.database}`;
  if (statusOf(path) === null) return { kind: "absent" };
  const header = bytesOf(path, headerBytes);
  if (header.length === 0) return { kind: "database", version: 0 };
  if (header.length < headerBytes || !header.subarray(0, magic.length).equals(magic))
    return { kind: "damaged", why: "its header is none of SQLite's" };
  const log = lookAtLog(`${folder}/${files.wal}`);
  const version = log.version ?? header.readUInt32BE(userVersionAt);
  if (version > highestVersion) return { kind: "damaged", why: `its header names version ${version}` };
  return log.damage === null ? { kind: "database", version } : { kind: "damaged", why: log.damage };
}

function bytesOf(path: string, most?: number): Buffer {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const bytes = Buffer.alloc(Math.min(fstatSync(descriptor).size, most ?? Number.POSITIVE_INFINITY));
    return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

interface Log {
  readonly damage: string | null;
  /** Of the last committed first page in it; null where it holds none. */
  readonly version: number | null;
}

const logHeaderBytes = 32;
const frameHeaderBytes = 24;

function lookAtLog(path: string): Log {
  const log = statusOf(path) === null ? Buffer.alloc(0) : bytesOf(path);
  if (log.length <= logHeaderBytes) return { damage: null, version: null };
  const isBigEndian = log.readUInt32BE(0) === 0x377f0683;
  let sum = checksum(log.subarray(0, 24), isBigEndian, [0, 0]);
  if (!(isBigEndian || log.readUInt32BE(0) === 0x377f0682) || !isSum(log, 24, sum))
    return { damage: "the header of its log is none of SQLite's", version: null };
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8);
  let version: number | null = null;
  let seen: number | null = null;
  let at = logHeaderBytes;
  for (; at + frameBytes <= log.length; at += frameBytes) {
    const frame = log.subarray(at, at + frameBytes);
    if (!hasSaltOf(log, frame)) break;
    const body = checksum(frame.subarray(0, 8), isBigEndian, sum);
    const next = checksum(frame.subarray(frameHeaderBytes), isBigEndian, body);
    if (!isSum(frame, 16, next)) break;
    sum = next;
    if (frame.readUInt32BE(0) === 1) seen = frame.readUInt32BE(frameHeaderBytes + userVersionAt);
    if (isCommit(frame)) version = seen;
  }
  return { damage: damageFrom(log, at, frameBytes), version };
}

/**
 * Beyond the last good frame may lie: nothing; frames of an earlier round of the log; zeros, and the one transaction in
 * flight at a power cut. Anything else was good once.
 */
function damageFrom(log: Buffer, start: number, frameBytes: number): string | null {
  let commits = 0;
  for (let at = start; at + frameBytes <= log.length; at += frameBytes) {
    const frame = log.subarray(at, at + frameBytes);
    if (hasSaltOf(log, frame)) commits += isCommit(frame) ? 1 : 0;
    else if (!isEarlierRound(log, frame) && frame.some((byte) => byte !== 0))
      return "frames of its log are none of SQLite's";
  }
  return commits > 1 ? `a frame of its log is broken, and ${commits} transactions lie behind it` : null;
}

function hasSaltOf(log: Buffer, frame: Buffer): boolean {
  return frame.subarray(8, 16).equals(log.subarray(16, 24));
}

/** The first salt counts up by one each time the log begins anew. */
function isEarlierRound(log: Buffer, frame: Buffer): boolean {
  const rounds = (log.readUInt32BE(16) - frame.readUInt32BE(8)) >>> 0;
  return rounds > 0 && rounds < 1 << 20;
}

function isCommit(frame: Buffer): boolean {
  return frame.readUInt32BE(4) !== 0;
}

function isSum(bytes: Buffer, at: number, [first, second]: readonly [number, number]): boolean {
  return bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
}

function checksum(bytes: Buffer, isBigEndian: boolean, before: readonly [number, number]): [number, number] {
  let [first, second] = before;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    first = (first + view.getUint32(at, !isBigEndian) + second) >>> 0;
    second = (second + view.getUint32(at + 4, !isBigEndian) + first) >>> 0;
  }
  return [first, second];
}
