/** What is mounted in this process' namespace (/proc/self/mountinfo, proc(5)), and which of it may leave a question unanswered. */
import { readFileSync } from "node:fs";

export interface Mount {
  /** Its number as long as it is mounted. */
  readonly id: number;
  readonly point: string;
  /** `ext4`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
}

/** Mounts by their points, for who asks about many paths. */
export interface Mounts {
  /** The mount that holds this path, where it is one that may not answer; else null. The path has no links in it. */
  silent(path: string): Mount | null;
}

/**
 * What types of file systems begin with whose answers come from another machine or another process, which may give none,
 * or that another machine changes without an event here.
 */
const elsewhere = [
  ...["nfs", "cifs", "smb", "ncp", "afs", "coda", "davfs", "9p", "virtiofs", "vboxsf", "prl_fs", "fuse", "autofs"],
  ...["ceph", "lustre", "gpfs", "glusterfs", "beegfs", "orangefs", "pvfs2", "panfs", "acfs", "ocfs2", "gfs2"],
];

export function readMountinfo(): string {
  return readFileSync("/proc/self/mountinfo", "utf8");
}

export function hostMounts(): Mount[] {
  return parseMounts(readMountinfo());
}

/** In the order of mounting; a line that is none is left out. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const words = line.split(" ");
    const point = unescaped(words[4] ?? "");
    const type = words[words.indexOf("-") + 1] ?? "";
    return point === "" ? [] : [{ id: Number(words[0]), point, type }];
  });
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function unescaped(word: string): string {
  return word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Whether another process or host answers for it, and may not. A root that does not would have stopped us, too. */
export function mayNotAnswer({ type, point }: Mount): boolean {
  return point !== "/" && elsewhere.some((begin) => type.startsWith(begin));
}

/** The mount on which an absolute path lies, as it is written: links on the way are not followed. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | null {
  const over = mounts.filter(({ point }) => point === "/" || path === point || path.startsWith(`${point}/`));
  // Of those at the same place the last one hides the others.
  return over.reduce<Mount | null>(
    (found, mount) => (found === null || mount.point.length >= found.point.length ? mount : found),
    null,
  );
}

export function mountsByPoint(mountinfo: string): Mounts {
  // Of those at the same place the last one hides the others.
  const byPoint = new Map(parseMounts(mountinfo).map((mount) => [mount.point, mayNotAnswer(mount) ? mount : null]));
  return {
    silent(path) {
      for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) {
        const found = byPoint.get(at);
        if (found !== undefined) return found;
      }
      return null;
    },
  };
}
