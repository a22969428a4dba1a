import { lstatSync, statSync } from "node:fs";
import { lstat, stat } from "node:fs/promises";

const deadlineMs = 1000;

/**
 * What tells that a path stayed the same: its own inode and, of a link, what it leads to; or the error's code. Opaque,
 * comparable. Opens nothing; a file system that does not answer within a second is `no-answer`.
 */
export async function identityOf(path: string): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("no-answer"), deadlineMs);
  });
  try {
    return await Promise.race([slowIdentityOf(path), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The same at once, for a child that others end when it waits too long. */
export function identityNow(path: string): string {
  try {
    const own = lstatSync(path, { bigint: true });
    return own.isSymbolicLink() ? `${words(own)} -> ${targetNow(path)}` : words(own);
  } catch (error) {
    return codeOf(error);
  }
}

function targetNow(path: string): string {
  try {
    return words(statSync(path, { bigint: true }));
  } catch (error) {
    return codeOf(error);
  }
}

/** The same, however long it takes. */
export async function slowIdentityOf(path: string): Promise<string> {
  try {
    const own = await lstat(path, { bigint: true });
    return own.isSymbolicLink() ? `${words(own)} -> ${await target(path)}` : words(own);
  } catch (error) {
    return codeOf(error);
  }
}

async function target(path: string): Promise<string> {
  try {
    return words(await stat(path, { bigint: true }));
  } catch (error) {
    return codeOf(error);
  }
}

/** What tells one inode, in one state, from another. */
export function words(stats: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly mode: bigint;
  readonly uid: bigint;
  readonly nlink: bigint;
}): string {
  const { dev, ino, size, mtimeNs, ctimeNs, mode, uid, nlink } = stats;
  return [dev, ino, size, mtimeNs, ctimeNs, mode, uid, nlink].join(" ");
}

/** The error's code, as ENOENT. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unreadable";
}
