/**
 * A file that lines are appended to and that others tail, rotate and move: opened without following a link, a regular
 * file only, looked at again before each batch. Asynchronous throughout, because a file system may not answer.
 */
import type { Stats } from "node:fs";
import { constants } from "node:fs";
import { type FileHandle, lstat, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { SinkError } from "./rounds.ts";

export interface LineFileOptions {
  readonly path: string;
  readonly maxSizeBytes: number;
  /** Of rotated files, `PATH.1` the newest. */
  readonly keep: number;
}

const newline = 10;

export class LineFile {
  readonly #options: LineFileOptions;
  #file: FileHandle | null = null;
  /** A name that is new, or names something else, is lost in a power cut until its folder is written. */
  #isFolderOld = false;

  constructor(options: LineFileOptions) {
    this.#options = options;
  }

  /**
   * Writes as many of these lines (each without its newline), at least one, as fit the file; durable when it resolves,
   * with their number. What failed half way is completed to a line of its own at the next call, and the lines come again.
   */
  async append(lines: readonly string[]): Promise<number> {
    try {
      return await this.#append(lines);
    } catch (error) {
      await this.close();
      throw error instanceof SinkError ? error : faultOf(this.#options.path, error);
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close().catch(() => {});
  }

  async #append(lines: readonly string[]): Promise<number> {
    const { file, size } = await this.#roomFor(lines[0] ?? "");
    const torn = size > 0 && !(await endsLine(file, size));
    const room = this.#options.maxSizeBytes - size - (torn ? 1 : 0);
    const count = fitting(lines, room);
    const text = lines.slice(0, count).map((line) => `${line}\n`);
    await writeAll(file, Buffer.from((torn ? "\n" : "") + text.join("")));
    await file.datasync();
    if (this.#isFolderOld) await syncFolder(dirname(this.#options.path));
    this.#isFolderOld = false;
    return count;
  }

  async #roomFor(line: string): Promise<{ file: FileHandle; size: number }> {
    const file = await this.#current();
    const { size } = await file.stat();
    if (size === 0 || size + Buffer.byteLength(line) + 1 <= this.#options.maxSizeBytes) return { file, size };
    await this.close();
    await this.#rotate();
    return { file: await this.#current(), size: 0 };
  }

  /** The file that the path names now: whoever moved ours away for rotation gets no more of it. */
  async #current(): Promise<FileHandle> {
    const named = await lstat(this.#options.path).catch(absent);
    if (this.#file !== null && named !== null && isSame(await this.#file.stat(), named)) return this.#file;
    await this.close();
    this.#file = named === null ? await this.#create() : await this.#open();
    return this.#file;
  }

  async #create(): Promise<FileHandle> {
    const file = await open(this.#options.path, flags | constants.O_CREAT | constants.O_EXCL, 0o640);
    this.#file = file;
    this.#isFolderOld = true;
    await file.chmod(0o640);
    return file;
  }

  async #open(): Promise<FileHandle> {
    const file = await open(this.#options.path, flags);
    this.#file = file;
    if ((await file.stat()).isFile()) return file;
    throw new SinkError({
      code: "not-a-file",
      message: `${this.#options.path}: expected a regular file, found something else; name another path`,
    });
  }

  /** From the oldest: a crash half way leaves a number free, and nothing is overwritten that a newer one was not behind. */
  async #rotate(): Promise<void> {
    const { path, keep } = this.#options;
    this.#isFolderOld = true;
    if (keep === 0) return unlink(path);
    for (let number = keep; number > 0; number--) {
      const from = number === 1 ? path : `${path}.${number - 1}`;
      await rename(from, `${path}.${number}`).catch(absent);
    }
  }
}

/** Reading is for the last byte alone. A FIFO without a reader is refused instead of waited for. */
const flags = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

function absent(error: unknown): null {
  if (codeOf(error) === "ENOENT") return null;
  throw error;
}

function isSame(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

async function endsLine(file: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === newline;
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function fitting(lines: readonly string[], room: number): number {
  let bytes = 0;
  const over = lines.findIndex((line, index) => {
    bytes += Buffer.byteLength(line) + 1;
    return index > 0 && bytes > room;
  });
  return over === -1 ? lines.length : over;
}

/** [our code, what was expected, what to do] */
const faults: Readonly<Record<string, readonly [string, string, string]>> = {
  ENOSPC: ["disk-full", "room for a line", "make room: it is tried again, and nothing is dropped"],
  EDQUOT: ["disk-full", "room for a line", "make room: it is tried again, and nothing is dropped"],
  EFBIG: ["disk-full", "room for a line", "raise the limit, or lower the sink's maxSize"],
  EROFS: ["read-only", "to write it", "the file system is read-only: name another path"],
  EACCES: ["not-writable", "to write it", "let who runs rcwarden write there"],
  EPERM: ["not-writable", "to write it", "let who runs rcwarden write there"],
  ENOENT: ["no-folder", "its folder to be there", "make the folder"],
  ENOTDIR: ["no-folder", "its folder to be there", "make the folder"],
  ELOOP: ["not-a-file", "a regular file", "it is a link: name what it leads to"],
  ENXIO: ["not-a-file", "a regular file", "name another path"],
  EISDIR: ["not-a-file", "a regular file", "it is a folder: name a file in it"],
};

function faultOf(path: string, error: unknown): SinkError {
  const code = codeOf(error);
  const [ours, expected, advice] = faults[code] ?? ["failed", "to write it", "it is tried again"];
  const message = `${path}: expected ${expected}, found ${code}; ${advice}`;
  return new SinkError({ code: ours, message }, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
