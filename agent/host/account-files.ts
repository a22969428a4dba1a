/**
 * Files as the identity of this process sees them. Nothing here waits for anybody: only regular files are opened, never a
 * FIFO, a device or a socket, and at most `mostBytes` are read.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { identityNow } from "./identity.ts";

/** Of a startup file; a longer one is not read. */
export const mostBytes = 1_048_576;
const mostNames = 10_000;

export type FileLook =
  | { readonly state: "text"; readonly text: string; readonly digest: string; readonly odd?: string }
  | { readonly state: "absent" }
  | { readonly state: "unreadable" | "not-a-file" | "skipped"; readonly reason: string };

export interface AccountFiles {
  look(path: string): FileLook;
  /** The names in a folder; null where it cannot be listed. */
  list(path: string): readonly string[] | null;
  /** What test(1) says for the letter; null for a letter that it does not know. */
  ask(question: string, path: string): boolean | null;
  target(path: string): string | null;
  identity(path: string): string;
}

export function accountFiles(): AccountFiles {
  const looked = new Map<string, FileLook>();
  return {
    look(path) {
      const known = looked.get(path) ?? looking(path);
      looked.set(path, known);
      return known;
    },
    list: (path) => attempt(() => readdirSync(path).slice(0, mostNames)),
    ask,
    target: (path) => attempt(() => (lstatSync(path).isSymbolicLink() ? realpathSync(path) : null)),
    identity: identityNow,
  };
}

function attempt<T>(inner: () => T): T | null {
  try {
    return inner();
  } catch {
    return null;
  }
}

function looking(path: string): FileLook {
  try {
    // Even to open a device can do something, and a FIFO is waited for by whoever writes into it.
    const before = unlike(statSync(path));
    if (before !== null) return before;
    const descriptor = openQuietly(path);
    try {
      // It may be another one by now.
      return unlike(fstatSync(descriptor)) ?? contentOf(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    return failure(error);
  }
}

/** Without a trace in its access time where the file is one's own; of others' files the kernel allows no such thing. */
function openQuietly(path: string): number {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  try {
    return openSync(path, flags | constants.O_NOATIME);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EPERM") return openSync(path, flags);
    throw error;
  }
}

/** What keeps it from being read as a text, or null. */
function unlike(stats: Stats): FileLook | null {
  if (stats.isFile()) return stats.size > mostBytes ? tooLong(stats.size) : null;
  const kinds: readonly (readonly [boolean, string])[] = [
    [stats.isDirectory(), "is a directory"],
    [stats.isFIFO(), "is a FIFO, for which a shell that opens it waits"],
    [stats.isSocket(), "is a socket"],
    [stats.isCharacterDevice() || stats.isBlockDevice(), "is a device"],
  ];
  return { state: "not-a-file", reason: kinds.find(([is]) => is)?.[1] ?? "is no file" };
}

function tooLong(size: number): FileLook {
  return { state: "skipped", reason: `is ${inWords(size)}, and at most 1 MiB is read` };
}

function inWords(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}

/** bash skips a file that looks binary without a word, and drops NULs from others; zsh and tcsh read on. */
const nuls = "holds NUL bytes: a shell may skip it, or read something else than stands there";

function contentOf(descriptor: number): FileLook {
  const buffer = Buffer.alloc(mostBytes + 1);
  let length = 0;
  while (length < buffer.length) {
    const got = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (got === 0) break;
    length += got;
  }
  return textLook(buffer.subarray(0, length));
}

/** What a file with these bytes is looked at as. */
export function textLook(bytes: Buffer): FileLook {
  if (bytes.length > mostBytes) return tooLong(bytes.length);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  return { state: "text", text: textOf(bytes), digest, ...(bytes.includes(0) && { odd: nuls }) };
}

/** Well-formed sequences of UTF-8 (RFC 3629), over bytes as Latin-1; `byte` is one that is in none. */
const sequence = new RegExp(
  [
    "[\\x01-\\x7f]+",
    "[\\xc2-\\xdf][\\x80-\\xbf]",
    "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
    "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}",
    "\\xed[\\x80-\\x9f][\\x80-\\xbf]",
    "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
    "[\\xf1-\\xf3][\\x80-\\xbf]{3}",
    "\\xf4[\\x80-\\x8f][\\x80-\\xbf]{2}",
    "([\\x80-\\xff])",
  ].join("|"),
  "g",
);

/** UTF-8; a byte that is none becomes `\xNN`, and NULs are left out, as bash does. */
export function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return withoutNuls(bytes.toString("utf8"));
  const decoded = bytes.toString("latin1").replaceAll(sequence, (piece: string, byte: string | undefined) => {
    if (byte !== undefined) return `\\x${byte.charCodeAt(0).toString(16).toUpperCase()}`;
    return Buffer.from(piece, "latin1").toString("utf8");
  });
  return withoutNuls(decoded);
}

const nul = String.fromCharCode(0);
function withoutNuls(text: string): string {
  return text.includes(nul) ? text.replaceAll(nul, "") : text;
}

const failures: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "not permitted",
  ELOOP: "too many links",
  EIO: "input/output error",
  ENXIO: "no such device",
  ESTALE: "stale file handle",
  ENAMETOOLONG: "the name is too long",
};

function failure(error: unknown): FileLook {
  const code =
    error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";
  if (code === "ENOENT" || code === "ENOTDIR") return { state: "absent" };
  return { state: "unreadable", reason: failures[code] ?? code };
}

const questions: Readonly<Record<string, (stats: Stats, path: string) => boolean>> = {
  e: () => true,
  f: (stats) => stats.isFile(),
  d: (stats) => stats.isDirectory(),
  r: (_, path) => may(path, constants.R_OK),
  w: (_, path) => may(path, constants.W_OK),
  x: (_, path) => may(path, constants.X_OK),
  s: (stats) => stats.size > 0,
  z: (stats) => stats.size === 0,
  p: (stats) => stats.isFIFO(),
  S: (stats) => stats.isSocket(),
  b: (stats) => stats.isBlockDevice(),
  c: (stats) => stats.isCharacterDevice(),
  O: (stats) => stats.uid === process.geteuid?.(),
  G: (stats) => stats.gid === process.getegid?.(),
  g: (stats) => (stats.mode & 0o2000) !== 0,
  u: (stats) => (stats.mode & 0o4000) !== 0,
  k: (stats) => (stats.mode & 0o1000) !== 0,
};

/** As test(1): what cannot be looked at is not so. */
function ask(question: string, path: string): boolean | null {
  if (question === "h" || question === "L") return attempt(() => lstatSync(path).isSymbolicLink()) ?? false;
  const answers = Object.hasOwn(questions, question) ? questions[question] : undefined;
  if (answers === undefined) return null;
  const stats = attempt(() => statSync(path));
  return stats !== null && answers(stats, path);
}

function may(path: string, mode: number): boolean {
  const answer = attempt(() => {
    accessSync(path, mode);
    return true;
  });
  return answer ?? false;
}
