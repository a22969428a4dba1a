/**
 * Walks a path step by step, following links by itself, so that no mount is asked that may not answer: one lstat(2) a
 * step, nothing is opened or listed. On the way it notes each name that decides where the path leads.
 */
import { type BigIntStats, lstatSync, readlinkSync } from "node:fs";
import { codeOf, words } from "./identity.ts";
import type { Mount, Mounts } from "./mounts.ts";

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

/** `access`: who may pass the folders on the way. */
export type Walked =
  | {
      readonly kind: "there";
      readonly real: string;
      readonly stats: BigIntStats;
      readonly access: string;
      readonly hops: readonly Hop[];
    }
  | { readonly kind: "failed"; readonly code: string; readonly access: string; readonly hops: readonly Hop[] }
  | { readonly kind: "elsewhere"; readonly mount: Mount; readonly hops: readonly Hop[] }
  | { readonly kind: "too-deep"; readonly hops: readonly Hop[] };

/**
 * `identity` is in the words of host/identity.ts; `access` says who may pass the folders on the way; `changedAtMs` is the
 * latest change time, epoch milliseconds.
 */
export type Look =
  | {
      readonly kind: "looked";
      readonly identity: string;
      readonly access: string;
      readonly changedAtMs: number;
      readonly hops: readonly Hop[];
    }
  | { readonly kind: "elsewhere"; readonly mount: Mount; readonly hops: readonly Hop[] }
  | { readonly kind: "too-deep"; readonly hops: readonly Hop[] };

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
/**
 * More names than these, those of links among them, are not followed. Who names paths for us may name thousands of 2,000
 * folders each, and every name costs a look that is the longer the deeper it lies.
 */
export const mostNames = 128;

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
  let names = 0;
  let access = "";
  let stats = step(at === "" ? "/" : at);
  while (waiting.length > 0) {
    const name = waiting.pop() ?? "";
    if (name === "" || name === ".") continue;
    if (++names > mostNames) return { kind: "too-deep", hops: [] };
    if (typeof stats === "string") return { kind: "failed", code: stats, access, hops };
    if (!stats.isDirectory()) return { kind: "failed", code: "ENOTDIR", access, hops };
    access += accessOf(stats);
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
    if (++links > mostLinks) return { kind: "failed", code: "ELOOP", access, hops };
    const target = readLink(next);
    if (target.kind === "failed") return { ...target, access, hops };
    if (target.path.startsWith("/")) at = "";
    waiting.push(...target.path.split("/").reverse());
    stats = step(at === "" ? "/" : at);
  }
  if (typeof stats === "string") return { kind: "failed", code: stats, access, hops };
  return { kind: "there", real: at === "" ? "/" : at, stats, access, hops };
}

function accessOf({ mode, uid, gid }: BigIntStats): string {
  return `${mode.toString(8)} ${uid} ${gid}/`;
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
  if (folder.kind === "too-deep") return folder;
  const none = { kind: "looked", access: folder.access, changedAtMs: 0, hops: [] } as const;
  if (folder.kind === "failed") return { ...none, identity: folder.code };
  if (!folder.stats.isDirectory()) return { ...none, identity: "ENOTDIR" };
  const access = folder.access + accessOf(folder.stats);
  const path = folder.real === "/" ? `/${name}` : `${folder.real}/${name}`;
  const mount = mounts.silent(path);
  if (mount !== null) return { kind: "elsewhere", mount, hops: [] };
  const own = lookOnce(path);
  if (typeof own !== "string" && own.isSymbolicLink())
    return lookThrough(own, name, { real: folder.real, access }, step, mounts);
  const hop = { folder: folder.real, name, isNeeded: true };
  if (typeof own === "string") return { ...none, identity: own, access, hops: [hop] };
  const changedAtMs = milliseconds(own);
  return { kind: "looked", identity: words(own), access, changedAtMs, hops: [hop, ...inside(path, own)] };
}

interface From {
  readonly real: string;
  readonly access: string;
}

function lookThrough(own: BigIntStats, name: string, from: From, step: Step, mounts: Mounts): Look {
  const target = walk(name, from.real === "/" ? "" : from.real, step, mounts);
  if (target.kind === "elsewhere") return { kind: "elsewhere", mount: target.mount, hops: target.hops };
  if (target.kind === "too-deep") return target;
  const access = from.access + target.access;
  if (target.kind === "failed") {
    const identity = `${words(own)} -> ${target.code}`;
    return { kind: "looked", identity, access, changedAtMs: milliseconds(own), hops: target.hops };
  }
  return {
    kind: "looked",
    identity: `${words(own)} -> ${words(target.stats)}`,
    access,
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
