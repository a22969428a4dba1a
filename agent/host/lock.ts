import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, writeSync } from "node:fs";
import { lockDescriptor } from "./native.ts";
import { statOf } from "./process.ts";

/** What came of taking a folder for oneself. */
export type FolderLock =
  | HeldLock
  /** Another one has it; `by` says who as it wrote itself, null where that process is not there to be seen. */
  | { readonly kind: "held"; readonly by: string | null }
  /** `code` as errno(3) names it, or `not-ours`; `message` says where, what was expected, what was found, what to do. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string };

export interface HeldLock extends Disposable {
  readonly kind: "locked";
  /** Lets it go; more than once does no harm. */
  release(): void;
}

/** Bytes of what stands in the file, so that a shorter text leaves nothing of a longer one. */
const width = 96;
const mostTurns = 3;

/**
 * Takes the folder for this process by a lock on its file `lock`, which dies with its holder however that ends and goes to
 * no child. Never waits. The file stays: whoever removed it would let two in.
 */
export function lockFolder(folder: string): FolderLock {
  const path = `${folder}/lock`;
  for (let turn = 0; turn < mostTurns; turn++) {
    const outcome = attempt(path);
    if (outcome !== "replaced") return outcome;
  }
  return refused("not-ours", `${path}: expected it to stay, found another file in its place, again and again`);
}

function attempt(path: string): FolderLock | "replaced" {
  let descriptor: number;
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    // Node adds O_CLOEXEC to whatever it opens.
    descriptor = openSync(path, flags | constants.O_NOCTTY, 0o600);
  } catch (error) {
    const code = codeOf(error);
    return refused(code, `${path}: expected to open it, found ${code}; ${advice[code] ?? "use another --state"}`);
  }
  try {
    const outcome = locked(path, descriptor);
    if (typeof outcome === "string" || outcome.kind !== "locked") closeSync(descriptor);
    return outcome;
  } catch (error) {
    closeSync(descriptor);
    const code = codeOf(error);
    return refused(code, `${path}: expected to write it, found ${code}; ${advice[code] ?? "use another --state"}`);
  }
}

const advice: Readonly<Record<string, string>> = {
  EACCES: "run it as who owns the folder, or use another --state",
  ENOENT: "make the folder, or use another --state",
  EROFS: "use another --state: this file system is read-only",
  ENOSPC: "make room there, or use another --state",
  ELOOP: "remove this link",
  EISDIR: "remove what is there",
  ENOLCK: "use another --state: this file system has no locks",
};

function locked(path: string, descriptor: number): FolderLock | "replaced" {
  const own = fstatSync(descriptor);
  const strange = own.uid !== process.geteuid?.() || (own.mode & 0o077) !== 0 || !own.isFile();
  // Whoever else may open it may lock it, and keep us from starting.
  if (strange) return refused("not-ours", `${path}: expected our own file with mode 0600, found ${inWords(own)}`);
  const outcome = lockDescriptor(descriptor);
  if (outcome.kind === "failed" && outcome.code === "EAGAIN") return { kind: "held", by: holderOf(descriptor) };
  if (outcome.kind === "failed") {
    const { code } = outcome;
    return refused(code, `${path}: expected to lock it, found ${code}; ${advice[code] ?? "use another --state"}`);
  }
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (there === undefined || there.ino !== own.ino || there.dev !== own.dev) return "replaced";
  writeSync(descriptor, `${ourselves().padEnd(width - 1)}\n`, 0);
  return held(descriptor);
}

function held(descriptor: number): HeldLock {
  let isHeld = true;
  const release = () => {
    if (isHeld) closeSync(descriptor);
    isHeld = false;
  };
  return { kind: "locked", release, [Symbol.dispose]: release };
}

/** For people, and for `holderOf`: a number alone may be another process' by now. */
function ourselves(): string {
  const since = new Date().toISOString();
  return `pid ${process.pid}, since ${since}, started at tick ${statOf(process.pid)?.startedTicks ?? 0}`;
}

function holderOf(descriptor: number): string | null {
  const bytes = Buffer.alloc(width);
  const text = bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, width, 0));
  const [, says, pid, tick] =
    /^(pid (\d{1,10}), since [\d:.TZ-]{20,30}), started at tick (\d{1,20}) *\n$/.exec(text) ?? [];
  if (says === undefined || statOf(Number(pid))?.startedTicks !== Number(tick)) return null;
  return says;
}

function inWords(own: { readonly uid: number; readonly mode: number; isFile(): boolean }): string {
  return own.isFile()
    ? `one of uid ${own.uid} with mode ${(own.mode & 0o7777).toString(8).padStart(4, "0")}`
    : "no file";
}

function refused(code: string, message: string): FolderLock {
  return { kind: "refused", code, message };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}
