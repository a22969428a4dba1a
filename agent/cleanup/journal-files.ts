import type { JournalRefusal } from "./journal.ts";
import type { Disk } from "./journal-disk.ts";
import type { OpenSegment } from "./journal-scan.ts";

const segmentName = /^journal\.(\d{6,12})$/;
/** Of one that is being made. */
const unfinished = /^journal\.\d{6,12}\.new$/;

export function segmentPath(folder: string, number: number): string {
  return `${folder}/journal.${`${number}`.padStart(6, "0")}`;
}

/** Of the agent with this state folder. */
export function journalFolder(state: string): string {
  return `${state}/cleanup`;
}

/** Ascending. */
export function segmentNumbers(disk: Disk, folder: string): readonly number[] {
  const numbers = disk.list(folder).flatMap((name) => {
    const digits = segmentName.exec(name)?.[1];
    return digits === undefined || segmentPath(folder, Number(digits)) !== `${folder}/${name}` ? [] : [Number(digits)];
  });
  return numbers.sort((a, b) => a - b);
}

export function unfinishedFiles(disk: Disk, folder: string): readonly string[] {
  return disk.list(folder).filter((name) => unfinished.test(name));
}

/** Null where it is a folder of ours in which nobody else may write. */
export function wrongFolder(disk: Disk, folder: string): JournalRefusal | null {
  const status = disk.status(folder);
  if (status === null) return null;
  if (!status.isDirectory()) return notOurs(folder, "a folder of this account", "something else", "move it away");
  if (status.uid !== ownUid())
    return notOurs(folder, `a folder of uid ${ownUid()}`, `one of uid ${status.uid}`, "ask as its owner");
  if ((status.mode & 0o022) === 0) return null;
  const found = `mode ${(status.mode & 0o7777).toString(8)}`;
  return notOurs(folder, "a folder in which nobody else may write", found, `chmod 700 ${folder}`);
}

/** Throws a `NotOurs` where it is no regular file of ours with one name, and what the system says. */
export function openSegment(disk: Disk, folder: string, number: number, how: "read" | "write"): OpenSegment {
  const path = segmentPath(folder, number);
  const fd = disk.open(path, how);
  try {
    const status = disk.statusOf(fd);
    if (!status.isFile() || status.uid !== ownUid() || status.nlink !== 1) throw new NotOurs(path, status.nlink === 0);
    if (how === "write" && (status.mode & 0o777) !== 0o600) disk.setMode(path, 0o600);
    return { number, path, fd, bytes: status.size };
  } catch (error) {
    disk.close(fd);
    throw error;
  }
}

/** Something that nobody but somebody else can have put there. */
export class NotOurs extends Error {
  /** It was ours, perhaps, and was removed while it was opened. */
  readonly isGone: boolean;

  constructor(path: string, isGone: boolean) {
    super(`${path}: expected a regular file of this account with one name, found another; move it away`);
    this.isGone = isGone;
  }
}

function notOurs(where: string, expected: string, found: string, advice: string): JournalRefusal {
  return {
    kind: "refused",
    code: "failed",
    message: `${where}: expected ${expected}, found ${found}; ${advice}`,
  };
}

export function ownUid(): number {
  return process.geteuid?.() ?? -1;
}

export function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

const byErrno: Readonly<Record<string, JournalRefusal["code"]>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EROFS: "read-only",
  EACCES: "read-only",
  EPERM: "read-only",
};

const advice: Readonly<Record<JournalRefusal["code"], string>> = {
  full: "make room there",
  "read-only": "make it writable for this account",
  damaged: "",
  failed: "look for errors of that disk in the kernel's log",
};

/** What the system said to a step. */
export function refusalOf(folder: string, error: unknown): JournalRefusal {
  if (error instanceof NotOurs) return { kind: "refused", code: "failed", message: error.message };
  const code = byErrno[errnoOf(error)] ?? "failed";
  const found = error instanceof Error ? error.message : String(error);
  const message = `${folder}: expected to write the journal of clean-up, found "${found}"; nothing is removed until it can be written: ${advice[code]}`;
  return { kind: "refused", code, message };
}
