import { closeSync, constants, openSync, unlinkSync, writeSync } from "node:fs";
import type { StoreFailure } from "./store.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html) that tell something apart here. */
export const sqlite = {
  error: 1,
  busy: 5,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  constraint: 19,
  notADatabase: 26,
} as const;

const byErrno: Readonly<Record<string, StoreFailure["code"]>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "read-only",
  EACCES: "read-only",
  EPERM: "read-only",
};

const advice: Readonly<Record<StoreFailure["code"], string>> = {
  full: "make room there",
  "read-only": "make it writable for this account",
  failed: "look for errors of that disk in the kernel's log",
};

/** SQLite's primary result code, or null for what SQLite did not say. */
export function resultCode(error: unknown): number | null {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return null;
  return error.errcode & 0xff;
}

export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Why the folder could not be written to, from what the kernel or SQLite said. */
export function failure(folder: string, error: unknown): StoreFailure {
  const code = codeOf(folder, error);
  const found = error instanceof Error ? error.message : String(error);
  const change = resultCode(error) === sqlite.busy ? "end the program that has it open" : advice[code];
  return { kind: "refused", code, message: `${folder}: expected to write the state, found "${found}"; ${change}` };
}

function codeOf(folder: string, error: unknown): StoreFailure["code"] {
  const code = resultCode(error);
  if (code === sqlite.full) return "full";
  if (code === sqlite.readOnly) return "read-only";
  if (code === sqlite.io || code === sqlite.cannotOpen) return byErrno[errnoOf(triedToWrite(folder))] ?? "failed";
  return byErrno[errnoOf(error)] ?? "failed";
}

/** What the kernel says to a write there; SQLite's "disk I/O error" hides a quota and a file system turned read-only. */
export function triedToWrite(folder: string): unknown {
  const path = `${folder}/room`;
  const { O_CREAT, O_WRONLY, O_TRUNC, O_NOFOLLOW } = constants;
  try {
    const descriptor = openSync(path, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      writeSync(descriptor, Buffer.alloc(16_384, 1));
    } finally {
      closeSync(descriptor);
      unlinkSync(path);
    }
    return null;
  } catch (error) {
    return error;
  }
}
