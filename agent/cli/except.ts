/**
 * Writes the host owner's documents for him. A reader sees the old text or the new one whole, never a part, also after a
 * power cut: a new file beside it, flushed, takes its name. Of cli/ only this file renames and removes.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

export type Written =
  | { readonly kind: "written" }
  /** Something stands there already, and was left as it is. */
  | { readonly kind: "exists" }
  /** What would stand there is not right; nothing was written. */
  | { readonly kind: "refused"; readonly problems: readonly string[] }
  /** Where, expected, found, what to do; nothing was written. */
  | { readonly kind: "failed"; readonly problem: string };

/** Puts a text where nothing stands. The folder is made where it is missing. */
export function create(file: string, text: string): Written {
  return beside(file, file, (temporary) => {
    fill(temporary.descriptor, Buffer.from(text), null);
    try {
      linkSync(temporary.path, file);
    } catch (error) {
      if (codeOf(error) === "EEXIST") return { kind: "exists" };
      throw error;
    }
    return { kind: "written" };
  });
}

/**
 * Adds a text at the end of a file, which need not be there; what stands there stays, byte for byte. `refuse` sees the
 * whole as it would stand and says what is wrong with it. Owner and permissions stay.
 */
export function append(file: string, text: string, refuse: (whole: Uint8Array) => readonly string[]): Written {
  return beside(file, linkedTo(file), (temporary, target) => {
    const before = contentOf(target);
    const ends = before === null || before.bytes.length === 0 || before.bytes.at(-1) === 0x0a;
    const whole = Buffer.concat([before?.bytes ?? Buffer.alloc(0), Buffer.from(ends ? text : `\n${text}`)]);
    const problems = refuse(whole);
    if (problems.length > 0) return { kind: "refused", problems };
    fill(temporary.descriptor, whole, before?.status ?? null);
    renameSync(temporary.path, target);
    return { kind: "written" };
  });
}

interface Temporary {
  readonly path: string;
  readonly descriptor: number;
}

/** Works on a file beside `target` of which there is one at a time, so that two callers never overwrite each other's text. */
function beside(file: string, target: string, work: (temporary: Temporary, target: string) => Written): Written {
  const folder = dirname(target);
  const path = join(folder, `.${basename(target)}.new`);
  let descriptor: number;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
  } catch (error) {
    return { kind: "failed", problem: failure(file, error) };
  }
  try {
    descriptor = openSync(path, "wx", 0o600);
  } catch (error) {
    return { kind: "failed", problem: codeOf(error) === "EEXIST" ? busy(file, path) : failure(file, error) };
  }
  try {
    const written = work({ path, descriptor }, target);
    if (written.kind === "written") flushFolder(folder);
    return written;
  } catch (error) {
    return { kind: "failed", problem: failure(file, error) };
  } finally {
    closeSync(descriptor);
    removed(path);
  }
}

function fill(descriptor: number, bytes: Uint8Array, like: Stats | null): void {
  writeFileSync(descriptor, bytes);
  // Whatever the umask: who is measured may read what is allowed about him, and nobody else may write it.
  fchmodSync(descriptor, like === null ? 0o644 : like.mode & 0o777);
  const own = fstatSync(descriptor);
  if (like !== null && (own.uid !== like.uid || own.gid !== like.gid)) fchownSync(descriptor, like.uid, like.gid);
  fsyncSync(descriptor);
}

/** What a link leads to is what is written, so that the link stays one. */
function linkedTo(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

/** Null where there is no file. */
function contentOf(file: string): { readonly bytes: Buffer; readonly status: Stats } | null {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return null;
  if (!status.isFile()) throw Object.assign(new Error("no regular file"), { code: "something that is no file" });
  return { bytes: readFileSync(file), status };
}

function flushFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** After a rename it is not there any more. */
function removed(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function busy(file: string, path: string): string {
  return `${file}: expected to be the only one who writes it, found ${path}; where no other rcwarden writes it now, remove that file`;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: "no permission",
  EPERM: "no permission",
  EROFS: "a read-only file system",
  ENOSPC: "a full disk",
  EDQUOT: "a quota that is used up",
  EEXIST: "a file where a folder should be",
  ENOTDIR: "a file where a folder should be",
};

function failure(file: string, error: unknown): string {
  const code = codeOf(error);
  return `${file}: expected to write it, found ${reasons[code] ?? code}`;
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}
