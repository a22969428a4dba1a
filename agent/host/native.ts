import { constants } from "node:os";
import type { AtCalls } from "./at.ts";
import { builtPart } from "./beside.ts";

/** The addon native/host.c as it is: numbers below zero are errnos. Only this folder calls it. */
interface Addon extends AtCalls {
  notify(path: string, text: string): number;
  peer(fd: number): PeerCredentials | number;
  lock(fd: number): number;
  trim(): number;
}

/** What the kernel noted when the other end connected. */
export interface PeerCredentials {
  /** 0 where it is not in this pid namespace. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Its supplementary groups, ascending; null where the kernel (before 4.13) does not say. */
  readonly groups: readonly number[] | null;
}

export type NativeAnswer<T> =
  | { readonly kind: "done"; readonly value: T }
  /** `code` as errno(3) names it: `ECONNREFUSED`. */
  | { readonly kind: "failed"; readonly code: string };

let set: string | null = null;
let loaded: Addon | null = null;

/** Whether a file is open, or mapped into memory, elsewhere; `unknown` where the kernel or the file system does not say. */
export type Openness = "idle" | "busy" | "unknown";

/** Says where the addon lies, in place of the folder of the program. */
export function setAddon(path: string | null): void {
  set = path;
  loaded = null;
}

/** Where the addon lies. */
export function addonPath(): string {
  return set ?? builtPart("host.node");
}

/** Sends one datagram to a unix socket (`@NAME`: an abstract one), at once or not at all. */
export function sendDatagram(path: string, text: string): NativeAnswer<null> {
  const outcome = addon().notify(path, text);
  return outcome < 0 ? failed(outcome) : { kind: "done", value: null };
}

/** Who is at the other end of a connected unix socket. */
export function peerCredentials(fd: number): NativeAnswer<PeerCredentials> {
  const found = addon().peer(fd);
  return typeof found === "number" ? failed(found) : { kind: "done", value: found };
}

/**
 * A write lock on the whole file, taken at once or not at all: `EAGAIN` where another one holds it. It belongs to this
 * descriptor (and to copies that children have of it), and ends when it is closed, by whatever end of the process.
 */
export function lockDescriptor(fd: number): NativeAnswer<null> {
  const outcome = addon().lock(fd);
  return outcome < 0 ? failed(outcome) : { kind: "done", value: null };
}

/** Gives back to the kernel what the C library holds and nobody uses. */
export function returnFreeMemory(): void {
  addon().trim();
}

/**
 * Whether anybody but this descriptor has the file open, in whatever container, by a lease that is given back at once. It
 * takes a regular file of this process' own, opened for reading; of another owner's, and on file systems without leases
 * (NFS, FUSE), it is `unknown`. Once called, SIGIO no longer ends this process.
 */
export function opennessOf(fd: number): Openness {
  const outcome = addon().lease(fd);
  if (outcome === 0) return "idle";
  return outcome === -constants.errno.EAGAIN ? "busy" : "unknown";
}

function failed(errno: number): { readonly kind: "failed"; readonly code: string } {
  return { kind: "failed", code: errnoName(errno) };
}

/** Of an outcome below zero, as errno(3) names it. */
export function errnoName(outcome: number): string {
  const name = Object.entries(constants.errno).find(([, number]) => number === -outcome)?.[0];
  return name ?? `errno ${-outcome}`;
}

/** The calls on held folders, as they are. Throws where the addon is missing. */
export function atCalls(): AtCalls {
  return addon();
}

/** Whether it is there; without it nothing else of this file answers. */
export function hasAddon(): boolean {
  try {
    addon();
    return true;
  } catch {
    return false;
  }
}

/** Throws where it is missing or another one: the program was not put together as it is shipped. */
function addon(): Addon {
  loaded ??= load(addonPath());
  return loaded;
}

function load(path: string): Addon {
  const module: { exports: unknown } = { exports: {} };
  process.dlopen(module, path);
  if (isAddon(module.exports)) return module.exports;
  throw new Error(`${path}: expected ${names.join(", ")}, found another addon; build rcwarden again`);
}

/** The door: what the file's own build gives is taken at its word. */
function isAddon(exports: unknown): exports is Addon {
  if (typeof exports !== "object" || exports === null) return false;
  return names.every((name) => typeof Reflect.get(exports, name) === "function");
}

const names = [
  ...([
    "notify",
    "peer",
    "lock",
    "trim",
    "lease",
    "statAt",
    "statOf",
    "moveAt",
    "removeAt",
    "holdAt",
    "makeAt",
  ] as const),
  ...(["openAt", "listOf", "entriesOf", "syncFolder", "examineAt", "beIdle"] as const),
] satisfies readonly (keyof Addon)[];
