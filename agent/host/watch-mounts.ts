/** Which mounts may leave a question unanswered for ever, from /proc/PID/mountinfo (proc(5)). */
import { readFileSync } from "node:fs";

export interface Mount {
  /** Where it is mounted. */
  readonly point: string;
  readonly type: string;
}

export interface Mounts {
  /** The mount that holds this path, where it is one that may not answer; else null. The path has no links in it. */
  silent(path: string): Mount | null;
}

/**
 * File systems whose answers come from another machine or another process, or that another machine changes without an
 * event here.
 */
const mayNotAnswer =
  /^(nfs|cifs|smb|fuse|autofs|afs|ceph|9p|lustre|gpfs|glusterfs|beegfs|virtiofs|orangefs|ncp|coda|acfs|ocfs2|gfs2|panfs|pvfs2|vboxsf|prl_fs|davfs)/;

export function parseMounts(mountinfo: string): Mounts {
  const silent = new Map<string, Mount | null>();
  // A later line covers an earlier one with the same point.
  for (const line of mountinfo.split("\n")) {
    const words = line.split(" ");
    const type = words[words.indexOf("-") + 1] ?? "";
    const point = unescaped(words[4] ?? "");
    if (point !== "") silent.set(point, mayNotAnswer.test(type) ? { point, type } : null);
  }
  // A root that does not answer would have stopped this program, too.
  silent.set("/", null);
  return { silent: (path) => holding(path, silent) };
}

export function readMountinfo(): string {
  return readFileSync("/proc/self/mountinfo", "utf8");
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescaped(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function holding(path: string, mounts: ReadonlyMap<string, Mount | null>): Mount | null {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
    const found = mounts.get(at);
    if (found !== undefined) return found;
  }
  return null;
}
