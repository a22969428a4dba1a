import { readFileSync } from "node:fs";

/** One mount of this process' namespace, from /proc/self/mountinfo (proc(5)). */
export interface Mount {
  /** Its number as long as it is mounted. */
  readonly id: number;
  readonly point: string;
  /** `ext4`, `nfs4`, `fuse.sshfs`. */
  readonly type: string;
}

export function hostMounts(): Mount[] {
  return parseMounts(readFileSync("/proc/self/mountinfo", "utf8"));
}

/** In the order of mounting; a line that is none is left out. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const words = line.split(" ");
    const point = (words[4] ?? "").replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const type = words[words.indexOf("-") + 1] ?? "";
    return point === "" ? [] : [{ id: Number(words[0]), point, type }];
  });
}

const remote = /^(nfs|cifs|smb|fuse|autofs|afs|ceph|9p|lustre|gpfs|glusterfs|beegfs|virtiofs|orangefs|ncp|coda)/;

/** Whether another process or host answers for it, and may not. A root that does not would have stopped us, too. */
export function mayNotAnswer({ type, point }: Mount): boolean {
  return point !== "/" && remote.test(type);
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
