/** What keeps a file whatever a document says, as the sweeper asks it: when it looks, and again when it takes. */
import { constants } from "node:os";
import { quarantineName } from "../documents/system-folders.ts";
import { regularFile, type Status } from "../host/at.ts";
import { errnoName } from "../host/native.ts";
import { barredName, magicBytes, magicOf, mayBeArchived } from "./guard.ts";
import type { GuardCode } from "./plan.ts";

export type Guard = readonly [code: GuardCode, message: string];

const kinds: ReadonlyMap<number, string> = new Map([
  [0o040000, "a folder"],
  [0o120000, "a link"],
  [0o010000, "a FIFO"],
  [0o140000, "a socket"],
  [0o020000, "a device"],
  [0o060000, "a device"],
]);

/** `mount` as `statAt` gives it. */
export function guardOfStatus(status: Status, { uid, mount }: { readonly uid: number; readonly mount: number }) {
  if (status.type !== regularFile)
    return guard("not-a-regular-file", `it is ${kinds.get(status.type) ?? "of no known type"}`);
  if (status.links !== 1) return guard("several-links", `it has ${status.links} links`);
  if (status.uid !== uid) return guard("another-owner", `it belongs to uid ${status.uid}`);
  return status.mount === mount ? null : guard("mount", "it is mounted over another file");
}

export interface Named {
  /** Why this name is kept. */
  readonly bar: Guard | null;
  /** Whether the file may be an archived redo log, which only its first bytes tell. */
  readonly isArchive: boolean;
}

const notBarred: Named = { bar: null, isArchive: false };

/** `text`: the name, a character a byte. `isOracles`: whether one of Oracle's own files lies in its folder. */
export function namedOf(text: string, isOracles: boolean): Named {
  if (text === quarantineName)
    return {
      bar: guard("name-refused", "it is the folder into which files are taken before they go"),
      isArchive: false,
    };
  const isArchive = !isOracles && mayBeArchived(text);
  const bar = barredName(text);
  if (bar === null) return isArchive ? { bar: null, isArchive } : notBarred;
  return { bar: guard(bar.code, bar.message), isArchive: isArchive && bar.code === "database" };
}

/** Room for the first bytes of one file at a time. */
export const head = Buffer.alloc(magicBytes);

/** Of the first `bytes` in `head`, and of who has the file open. `archived-log` alone may be lifted, by a sha256. */
export function guardOfContent(bytes: number, openness: "idle" | "busy" | "unknown", { bar, isArchive }: Named) {
  const magic = magicOf(head.subarray(0, bytes));
  if (magic.kind === "database") return guard("database", `its first bytes are ${magic.system}'s`);
  if (magic.kind === "redo" && !isArchive)
    return guard("database", "it is a redo log, and nothing says that it is an archived one");
  if (magic.kind === "none" && bar !== null) return bar;
  if (openness === "busy") return guard("held-open", "a process has it open");
  if (openness === "unknown") return guard("open-unknown", "whether a process has it open cannot be told here");
  return magic.kind === "redo"
    ? guard("archived-log", "it is a redo log: it goes only by a release with its sha256")
    : null;
}

/** What `examineAt` answered. */
export function guardOfExamined(outcome: number, named: Named): Guard | null {
  if (outcome < 0) return guardOfFailed(outcome);
  return guardOfContent(outcome & 255, outcome & 512 ? "unknown" : outcome & 256 ? "busy" : "idle", named);
}

const { ENOENT, ELOOP, ESTALE, EAGAIN } = constants.errno;

/** Why it could not be opened: an errno below zero. */
export function guardOfFailed(outcome: number): Guard {
  if (outcome === -ENOENT || outcome === -ELOOP || outcome === -ESTALE)
    return guard("changed", "it changed while it was looked at");
  if (outcome === -EAGAIN) return guard("held-open", "a process has a lease on it");
  return guard("open-unknown", `it could not be opened: ${errnoName(outcome)}`);
}

export function guard(code: GuardCode, message: string): Guard {
  return [code, message];
}
