import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  type Stats,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";

/** What the journal asks of the system, each a call or two: tests end the process before, within and after each of them. */
export interface Disk {
  /** Of mode 0700, whatever the umask is. */
  makeFolder(path: string): void;
  /** Null where nothing has that name. A link is not followed. */
  status(path: string): Stats | null;
  list(folder: string): readonly string[];
  /** A file that is there, by its own name; a new one of mode 0600, whatever the umask is. */
  open(path: string, how: "read" | "write" | "create"): number;
  statusOf(fd: number): Stats;
  setMode(path: string, mode: number): void;
  read(fd: number, into: Buffer, at: number): number;
  /** How much of it was written. */
  write(fd: number, bytes: Buffer, at: number): number;
  /** The bytes; the length and the times need not be. */
  syncBytes(fd: number): void;
  sync(path: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  close(fd: number): void;
  freeBytes(folder: string): number;
}

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
const flags = { read: O_RDONLY, write: O_RDWR, create: O_RDWR | O_CREAT | O_EXCL } as const;

export const realDisk: Disk = {
  makeFolder(path) {
    mkdirSync(path, 0o700);
    chmodSync(path, 0o700);
  },
  status: (path) => lstatSync(path, { throwIfNoEntry: false }) ?? null,
  list: (folder) => readdirSync(folder),
  open(path, how) {
    const fd = openSync(path, flags[how] | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o600);
    if (how === "create") fchmodSync(fd, 0o600);
    return fd;
  },
  statusOf: (fd) => fstatSync(fd),
  setMode: chmodSync,
  read: (fd, into, at) => readSync(fd, into, 0, into.length, at),
  write: (fd, bytes, at) => writeSync(fd, bytes, 0, bytes.length, at),
  syncBytes: fdatasyncSync,
  sync(path) {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
  rename: renameSync,
  remove: unlinkSync,
  close: closeSync,
  freeBytes(folder) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  },
};

export function writeAll(disk: Disk, fd: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length; ) {
    const count = disk.write(fd, bytes.subarray(written), at + written);
    if (count === 0) throw new Error("nothing was written");
    written += count;
  }
}

/** Up to `length` bytes; fewer at the end of the file. */
export function readAll(disk: Disk, fd: number, at: number, length: number): Buffer {
  return readInto(disk, fd, at, Buffer.allocUnsafe(length));
}

/** As much of it as was read. */
export function readInto(disk: Disk, fd: number, at: number, bytes: Buffer): Buffer {
  let have = 0;
  while (have < bytes.length) {
    const count = disk.read(fd, bytes.subarray(have), at + have);
    if (count === 0) break;
    have += count;
  }
  return bytes.subarray(0, have);
}

/** Whether nothing but zeros stands from there to the end. */
export function isZero(
  disk: Disk,
  { fd, bytes }: { readonly fd: number; readonly bytes: number },
  from: number,
): boolean {
  const room = Buffer.allocUnsafe(zeros.length);
  for (let at = from; at < bytes; at += room.length) {
    const read = readInto(disk, fd, at, room);
    if (!read.equals(zeros.subarray(0, read.length))) return false;
  }
  return true;
}

const zeros = Buffer.alloc(1 << 16);

export function writeZeros(disk: Disk, fd: number, from: number, to: number): void {
  for (let at = from; at < to; at += zeros.length) {
    writeAll(disk, fd, zeros.subarray(0, Math.min(zeros.length, to - at)), at);
  }
}

/** Where the last byte ends that is not zero; 0 where all are. */
export function lastNonZero(bytes: Buffer): number {
  for (let end = bytes.length; end > 0; ) {
    const from = Math.max(0, end - zeros.length);
    if (!bytes.subarray(from, end).equals(zeros.subarray(0, end - from))) {
      while (bytes[end - 1] === 0) end -= 1;
      return end;
    }
    end = from;
  }
  return 0;
}
