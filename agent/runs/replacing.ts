/** What may stand in the place of a file while an account is measured, and where that is without links. */
import { accessSync, constants, readlinkSync, statSync } from "node:fs";
import { groundPaths } from "../collectors/session-ground.ts";
import type { Account, Replacement } from "../facts/index.ts";
import { readAs } from "../host/read-as.ts";
import { realPath } from "../host/real-path.ts";
import { namePaths } from "./watched-paths.ts";

export interface Wished {
  /** Absolute, or `~/` and the rest. */
  readonly file: string;
  readonly content: Uint8Array;
}

export type Replacing =
  | { readonly kind: "replacement"; readonly replacement: Replacement }
  | { readonly kind: "refused"; readonly problem: string };

/** As the kernel has it (path_resolution(7)). */
const mostLinks = 40;

/** For one account. `isRoot`: whether it is measured with all file systems laid over, or as its own owner can. */
export async function replacementFor(account: Account, { file, content }: Wished, isRoot: boolean): Promise<Replacing> {
  const path = file.startsWith("~/") ? below(account.home, file.slice(2)) : file;
  if (!path.startsWith("/")) return refused("an absolute path or ~/...", file);
  if (path.endsWith("/")) return refused("a file", file);
  const real = await realOf(path, mostLinks);
  if (real.kind === "refused") return refused(real.expected, real.found);
  const before = [path, real.path].find(isReadBefore);
  if (before !== undefined) return refused("what a shell reads", `${before}, which sshd and PAM read before it`);
  const odd = oddityOf(real.path);
  if (odd !== null) return refused("a file, or none yet", `${real.path}, ${odd}`);
  // What it holds goes to processes of the account: what the account may not read would leak, and decides nothing.
  const seen = await readAs(account, real.path);
  if (seen.kind === "unreadable") return refused(`a file that ${account.name} may read`, `${real.path}: ${seen.why}`);
  if (!isRoot && !mayWrite(folderOf(real.path))) {
    const found = `${real.path}; run it as root`;
    return refused("a file in a folder that you may write to, for you are not root", found);
  }
  return { kind: "replacement", replacement: { path, real: real.path, content } };
}

function refused(expected: string, found: string): Replacing {
  return { kind: "refused", problem: `--with: expected ${expected}, found ${found}` };
}

type Real =
  | { readonly kind: "real"; readonly path: string }
  | { readonly kind: "refused"; readonly expected: string; readonly found: string };

/** Where the path leads; of what is not there yet, where it would come to be. */
async function realOf(path: string, links: number): Promise<Real> {
  const found = await realPath(path);
  if (typeof found === "string") return { kind: "real", path: found };
  const folder = found === null ? await realPath(folderOf(path)) : undefined;
  if (folder === undefined) return { kind: "refused", expected: "a path that answers", found: `none at ${path}` };
  if (folder === null) {
    return { kind: "refused", expected: "a folder to save it in", found: `none at ${folderOf(path)}` };
  }
  const here = below(folder, path.slice(path.lastIndexOf("/") + 1));
  const target = linkAt(here);
  if (target === null) return { kind: "real", path: here };
  if (links === 0)
    return { kind: "refused", expected: "a path that leads somewhere", found: `too many links at ${path}` };
  return realOf(target.startsWith("/") ? target : below(folder, target), links - 1);
}

/** The target of a link that leads to nothing yet; null for what is no link. */
function linkAt(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** What is not looked for by a shell in the sandbox, but taken from the host for it. */
function isReadBefore(path: string): boolean {
  return groundPaths().includes(path) || namePaths.includes(path);
}

function oddityOf(path: string): string | null {
  if (/^\/(proc|sys|dev)(\/|$)/.test(path)) return "which is the kernel's";
  try {
    const stats = statSync(path);
    return stats.isFile() ? null : stats.isDirectory() ? "a folder" : "no plain file";
  } catch {
    return null;
  }
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function below(folder: string, rest: string): string {
  return folder === "/" ? `/${rest}` : `${folder}/${rest}`;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}
