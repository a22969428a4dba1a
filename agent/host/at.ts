/**
 * Calls on a held folder and a bare name in it (native/at.c), and what statx(2) says as numbers side by side, because a
 * million of them are compared. An outcome below zero is an errno.
 */

/** A name as bytes: 1 to 255 of them, no `/` and no NUL, neither `.` nor `..`; another one is EINVAL. */
export interface AtCalls {
  /** A link is not followed. */
  statAt(folder: number, name: Buffer, into: BigInt64Array): number;
  statOf(fd: number, into: BigInt64Array): number;
  /** Never over another one: EEXIST. */
  moveAt(from: number, name: Buffer, to: number, newName: Buffer): number;
  /** No folder. */
  removeAt(folder: number, name: Buffer): number;
  /** A descriptor of a folder, good for names in it, not for reading. */
  holdAt(folder: number, name: Buffer): number;
  /** A folder with mode 0700. */
  makeAt(folder: number, name: Buffer): number;
  /** A descriptor for reading. It opens whatever lies there but a link: only for a folder that nobody else may write. */
  openAt(folder: number, name: Buffer): number;
  /** A descriptor for `entriesOf`. */
  listOf(folder: number): number;
  /** Bytes of what getdents64(2) put into the room; 0 at the end. */
  entriesOf(fd: number, room: Buffer): number;
  /** fsync(2) of a held folder. */
  syncFolder(folder: number): number;
  /**
   * Reads the first bytes of the regular file that `seen` is of (ESTALE where it is another one), at most 255, and asks who
   * has it open. Their number, and 256 more where somebody has, 512 more where that cannot be told. Where nobody but this
   * process' own account (and root) may put anything into the folder, `isPrivate`, that is done in fewer steps: what was
   * seen to be a regular file is opened by its name.
   */
  examineAt(folder: number, name: Buffer, seen: BigInt64Array, head: Buffer, isPrivate: boolean): number;
  /** 0 where nobody else has this file open, EAGAIN where somebody has; whatever else: it cannot be told. */
  lease(fd: number): number;
  /** From now on this process reads and writes only where nobody else wants to. */
  beIdle(): number;
}

/** The order of native/at.c. What `isSameContent` compares comes first, what only `isSame` does next. */
const field = {
  dev: 0,
  ino: 1,
  size: 2,
  mtime: 3,
  mtimeNs: 4,
  uid: 5,
  links: 6,
  mount: 7,
  ctime: 8,
  ctimeNs: 9,
  mode: 10,
};
const fields = 11;

const fileTypes = 0o170000;

/** What a file is. Kept and filled again: nothing is made for each file. */
export class Status {
  readonly into = new BigInt64Array(fields);
  /** The same memory, for numbers that are looked at one by one would each be a BigInt of its own. Little-endian. */
  readonly #halves = new Int32Array(this.into.buffer);

  get uid(): number {
    return this.#number(field.uid);
  }
  get links(): number {
    return this.#number(field.links);
  }
  get size(): number {
    return this.#number(field.size);
  }
  get mode(): number {
    return this.#number(field.mode);
  }
  /** -1 where the kernel (before 5.8) does not say. */
  get mount(): number {
    return this.#number(field.mount);
  }
  get dev(): string {
    return this.#text(field.dev);
  }
  get ino(): string {
    return this.#text(field.ino);
  }
  get sizeText(): string {
    return this.#text(field.size);
  }
  get mtimeNs(): string {
    return this.#time(field.mtime);
  }
  get ctimeNs(): string {
    return this.#time(field.ctime);
  }
  /** Since 1970, of content or inode, whichever is later, to the second below. */
  get changedS(): number {
    return Math.max(this.#number(field.mtime), this.#number(field.ctime));
  }
  /** `0o100000` for a regular file. */
  get type(): number {
    return this.mode & fileTypes;
  }

  /** Everything but permissions. */
  isSame(other: Status): boolean {
    return this.#isEqual(other, field.mode) && this.type === other.type;
  }

  /** As `isSame` but for the time at which the inode changed: moving a file sets it. */
  isSameContent(other: Status): boolean {
    return this.#isEqual(other, field.ctime) && this.type === other.type;
  }

  #isEqual(other: Status, end: number): boolean {
    for (let at = 0; at < end * 2; at += 1) if (this.#halves[at] !== other.#halves[at]) return false;
    return true;
  }

  #number(at: number): number {
    return (this.#halves[at * 2 + 1] ?? 0) * 2 ** 32 + ((this.#halves[at * 2] ?? 0) >>> 0);
  }

  /** Without a sign. */
  #text(at: number): string {
    const number = this.#number(at);
    return number >= 0 && number <= Number.MAX_SAFE_INTEGER
      ? `${number}`
      : `${BigInt.asUintN(64, this.into[at] ?? 0n)}`;
  }

  /** Nanoseconds since 1970; before it below zero. */
  #time(at: number): string {
    const [seconds, nanoseconds] = [this.#number(at), this.#number(at + 1)];
    if (seconds > 0 && seconds < 1e15) return `${seconds}${`${1e9 + nanoseconds}`.slice(1)}`;
    return `${(this.into[at] ?? 0n) * 1_000_000_000n + BigInt(nanoseconds)}`;
  }

  /** Takes over what a plan says: decimal text; `mount` is the number of the root's mount as `statAt` gives it. */
  expect(planned: Expected, mount: number): void {
    const [mtime, ctime] = [BigInt(planned.mtimeNs), BigInt(planned.ctimeNs)];
    const numbers = [BigInt(planned.dev), BigInt(planned.ino), BigInt(planned.size)];
    for (const [at, number] of numbers.entries()) this.into[at] = number;
    for (const [at, ns] of [
      [field.mtime, mtime],
      [field.ctime, ctime],
    ] as const) {
      const nanoseconds = BigInt.asUintN(64, ((ns % second) + second) % second);
      this.into[at] = (ns - nanoseconds) / second;
      this.into[at + 1] = nanoseconds;
    }
    this.into[field.uid] = BigInt(planned.uid);
    this.into[field.links] = BigInt(planned.links);
    this.into[field.mount] = BigInt(mount);
    this.into[field.mode] = BigInt(regularFile);
  }
}

export const regularFile = 0o100000;
const second = 1_000_000_000n;

export interface Expected {
  readonly dev: string;
  readonly ino: string;
  readonly size: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly uid: number;
  readonly links: number;
}

/** What lies in a listing that `entriesOf` gave: names without `.` and `..`; each is good until the room is filled again. */
export function eachName(room: Buffer, bytes: number, take: (name: Buffer) => void): void {
  // struct linux_dirent64: inode 8, offset 8, length of the record 2, type 1, then the name with a NUL.
  for (let at = 0; at < bytes; ) {
    const length = room.readUInt16LE(at + 16);
    const start = at + 19;
    const name = room.subarray(start, room.indexOf(0, start));
    if (!isDots(name)) take(name);
    at += length;
  }
}

function isDots(name: Buffer): boolean {
  return name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));
}
