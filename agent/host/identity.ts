import { type BigIntStats, lstatSync, statSync } from "node:fs";

/**
 * What tells that a path stayed the same, as an opaque text to compare: lstat and, for a link, stat of what it leads to;
 * `absent`, or the error's code. Whoever may not look sees the error, so compare only what the same identity saw.
 */
export function identityOf(path: string): string {
  try {
    const own = lstatSync(path, { bigint: true });
    if (!own.isSymbolicLink()) return told(own);
    return `${told(own)} > ${followed(path)}`;
  } catch (error) {
    return codeOf(error);
  }
}

function followed(path: string): string {
  try {
    return told(statSync(path, { bigint: true }));
  } catch (error) {
    return codeOf(error);
  }
}

function told(stats: BigIntStats): string {
  const { dev, ino, size, mtimeNs, ctimeNs, mode, uid, nlink } = stats;
  return [dev, ino, size, mtimeNs, ctimeNs, mode.toString(8), uid, nlink].join(" ");
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === "ENOENT" || code === "ENOTDIR" ? "absent" : code || "unknown error";
}
