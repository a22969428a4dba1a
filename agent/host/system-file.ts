import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { bytesFrom } from "./whole-file.ts";

/**
 * Text of a file that the system's owner keeps (/etc, /usr/lib, /proc), at most `maxBytes` of it; null if there is none
 * or it may not be read. Never blocks on a FIFO or device. Not for paths that an account owns: those are read by a
 * child with the account's identity.
 */
export function systemFile(path: string, maxBytes = 1 << 20): string | null {
  return systemBytes(path, maxBytes)?.toString("utf8") ?? null;
}

/** As `systemFile`, with the bytes; `from` is an offset, negative from the end. */
export function systemBytes(path: string, maxBytes: number, from = 0): Buffer | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return null;
  }
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) return null;
    const start = from < 0 ? Math.max(0, status.size + from) : from;
    return bytesFrom(descriptor, maxBytes, start);
  } catch {
    return null;
  } finally {
    closeSync(descriptor);
  }
}
