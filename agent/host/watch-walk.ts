/**
 * Walks a path step by step, following links by itself, so that no mount is asked that may not answer: one lstat(2) a
 * step, nothing is opened or listed. On the way it notes each name that decides where the path leads.
 */
import { type BigIntStats, lstatSync, readlinkSync } from "node:fs";
import { codeOf, words } from "./identity.ts";
import type { Mount, Mounts } from "./watch-mounts.ts";

/** A name in a folder: who replaces it changes where the path leads. */
export interface Hop {
  /** Real path, without links. */
  readonly folder: string;
  /** Or `anyName`. */
  readonly name: string;
  /** Without events for it changes are missed that happen in place; the others are folders on the way, which rarely move. */
  readonly isNeeded: boolean;
}

/** Of a folder that is itself looked at: each name in it. */
export const anyName = "";

export type Walked =
  | { readonly kind: "there"; readonly real: string; readonly stats: BigIntStats; readonly hops: readonly Hop[] }
  | { readonly kind: "failed"; readonly code: string; readonly hops: readonly Hop[] }
  | { readonly kind: "elsewhere"; readonly mount: Mount; readonly hops: readonly Hop[] };

/** `identity` is in the words of host/identity.ts; `changedAtMs` is the latest change time, epoch milliseconds. */
export type Look =
  | { readonly kind: "looked"; readonly identity: string; readonly changedAtMs: number; readonly hops: readonly Hop[] }
  | { readonly kind: "elsewhere"; readonly mount: Mount; readonly hops: readonly Hop[] };

export interface Walker {
  /** Where a path leads; every link is followed. */
  to(path: string): Walked;
  /** What a name in a folder is; a link is looked at, and what it leads to. */
  look(folder: Walked, name: string): Look;
  /** The folders that were seen so far, by real path, and which they are. */
  readonly folders: ReadonlyMap<string, string>;
}

/** As the kernel has it (path_resolution(7)). */
const mostLinks = 40;

/** What it saw of a folder it does not look at again: make one for each moment. */
export function walker(mounts: Mounts): Walker {
  const seen = new Map<string, BigIntStats | string>();
  const walks = new Map<string, Walked>();
  const folders = new Map<string, string>();
  const step = (path: string): BigIntStats | string => {
    const known = seen.get(path) ?? lookOnce(path);
    seen.set(path, known);
    if (typeof known !== "string" && known.isDirectory()) folders.set(path, folderIdentity(known));
    return known;
  };
  const to = (path: string): Walked => {
    const known = walks.get(path) ?? walk(path, "", step, mounts);
    walks.set(path, known);
    return known;
  };
  return { to, folders, look: (folder, name) => look(folder, name, step, mounts) };
}

/** Which folder it is; the birth tells one that was made anew where the file system uses inode numbers again. */
export function folderIdentity({ dev, ino, birthtimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${birthtimeNs}`;
}

type Step = (path: string) => BigIntStats | string;

function lookOnce(path: string): BigIntStats | string {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false }) ?? "ENOENT";
  } catch (error) {
    return codeOf(error);
  }
}

function walk(path: string, from: string, step: Step, mounts: Mounts): Walked {
  const waiting = path.split("/").reverse();
  const hops: Hop[] = [];
  let at = path.startsWith("/") ? "" : from;
  let links = 0;
  let stats = step(at === "" ? "/" : at);
  while (waiting.length > 0) {
    const name = waiting.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (typeof stats === "string") return { kind: "failed", code: stats, hops };
    if (!stats.isDirectory()) return { kind: "failed", code: "ENOTDIR", hops };
    if (name === "..") {
      at = parentOf(at);
      stats = step(at === "" ? "/" : at);
      continue;
    }
    const next = `${at}/${name}`;
    const mount = mounts.silent(next);
    if (mount !== null) return { kind: "elsewhere", mount, hops };
    const found = step(next);
    const isFolder = typeof found !== "string" && found.isDirectory();
    hops.push({ folder: at === "" ? "/" : at, name, isNeeded: !isFolder });
    if (typeof found === "string" || !found.isSymbolicLink()) {
      at = next;
      stats = found;
      continue;
    }
    if (++links > mostLinks) return { kind: "failed", code: "ELOOP", hops };
    const target = readLink(next);
    if (target.kind === "failed") return { ...target, hops };
    if (target.path.startsWith("/")) at = "";
    waiting.push(...target.path.split("/").reverse());
    stats = step(at === "" ? "/" : at);
  }
  if (typeof stats === "string") return { kind: "failed", code: stats, hops };
  return { kind: "there", real: at === "" ? "/" : at, stats, hops };
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function readLink(path: string): { kind: "link"; path: string } | { kind: "failed"; code: string } {
  try {
    return { kind: "link", path: readlinkSync(path) };
  } catch (error) {
    return { kind: "failed", code: codeOf(error) };
  }
}

function look(folder: Walked, name: string, step: Step, mounts: Mounts): Look {
  if (folder.kind === "elsewhere") return { kind: "elsewhere", mount: folder.mount, hops: [] };
  if (folder.kind === "failed") return { kind: "looked", identity: folder.code, changedAtMs: 0, hops: [] };
  if (!folder.stats.isDirectory()) return { kind: "looked", identity: "ENOTDIR", changedAtMs: 0, hops: [] };
  const path = folder.real === "/" ? `/${name}` : `${folder.real}/${name}`;
  const mount = mounts.silent(path);
  if (mount !== null) return { kind: "elsewhere", mount, hops: [] };
  const own = lookOnce(path);
  if (typeof own !== "string" && own.isSymbolicLink()) return lookThrough(own, name, folder.real, step, mounts);
  const hop = { folder: folder.real, name, isNeeded: true };
  if (typeof own === "string") return { kind: "looked", identity: own, changedAtMs: 0, hops: [hop] };
  return { kind: "looked", identity: words(own), changedAtMs: milliseconds(own), hops: [hop, ...inside(path, own)] };
}

function lookThrough(own: BigIntStats, name: string, real: string, step: Step, mounts: Mounts): Look {
  const target = walk(name, real === "/" ? "" : real, step, mounts);
  if (target.kind === "elsewhere") return { kind: "elsewhere", mount: target.mount, hops: target.hops };
  if (target.kind === "failed") {
    const identity = `${words(own)} -> ${target.code}`;
    return { kind: "looked", identity, changedAtMs: milliseconds(own), hops: target.hops };
  }
  return {
    kind: "looked",
    identity: `${words(own)} -> ${words(target.stats)}`,
    changedAtMs: Math.max(milliseconds(own), milliseconds(target.stats)),
    hops: [...target.hops, ...inside(target.real, target.stats)],
  };
}

/** What a folder holds changes it without an event for its own name. */
function inside(folder: string, stats: BigIntStats): Hop[] {
  return stats.isDirectory() ? [{ folder, name: anyName, isNeeded: true }] : [];
}

function milliseconds(stats: BigIntStats): number {
  return Number(stats.ctimeMs);
}
