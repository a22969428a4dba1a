import { constants } from "node:os";
import { builtPart } from "./beside.ts";

/** The addon native/host.c as it is: numbers below zero are errnos. Only this folder calls it. */
interface Addon {
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

/** Says where the addon lies, in place of the folder of the program. */
export function setAddon(path: string | null): void {
  set = path;
  loaded = null;
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

function failed(errno: number): { readonly kind: "failed"; readonly code: string } {
  const name = Object.entries(constants.errno).find(([, number]) => number === -errno)?.[0];
  return { kind: "failed", code: name ?? `errno ${-errno}` };
}

/** Throws where it is missing or another one: the program was not put together as it is shipped. */
function addon(): Addon {
  loaded ??= load(set ?? builtPart("host.node"));
  return loaded;
}

function load(path: string): Addon {
  const module: { exports: unknown } = { exports: {} };
  process.dlopen(module, path);
  if (isAddon(module.exports)) return module.exports;
  throw new Error(`${path}: expected notify, peer, lock and trim, found another addon; build rcwarden again`);
}

/** The door: what the file's own build gives is taken at its word. */
function isAddon(exports: unknown): exports is Addon {
  if (typeof exports !== "object" || exports === null) return false;
  return ["notify", "peer", "lock", "trim"].every((name) => typeof Reflect.get(exports, name) === "function");
}
