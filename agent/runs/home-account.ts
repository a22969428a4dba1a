/** An account that no database has: a folder as its home, a shell, and the folder's owner as who it is. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Account } from "../facts/index.ts";
import { realPath } from "../host/real-path.ts";
import type { NameService } from "./world.ts";

export type HomeAccount =
  | { readonly kind: "account"; readonly account: Account }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** nobody's group: whose folder it is says nothing of the groups that its owner is in. */
const noGroup = 65_534;

export async function homeAccount(folder: string, shell: string, host: NameService): Promise<HomeAccount> {
  const home = await realPath(resolve(folder));
  const owner = typeof home === "string" ? ownerOf(home) : null;
  const wrong = await shellProblem(shell);
  const problems = wrong === null ? [] : [wrong];
  if (typeof home !== "string" || owner === null) return refused([folderProblem("a folder", folder), ...problems]);
  if (owner === 0) {
    return refused([folderProblem("a folder of somebody else than root", `${folder}, of uid 0`), ...problems]);
  }
  if (host.callerUid !== 0 && host.callerUid !== owner) {
    const found = `${folder}, of uid ${owner}; run it as root`;
    return refused([folderProblem("a folder of your own, for you are not root", found), ...problems]);
  }
  if (problems.length > 0) return refused(problems);
  const entry = await host.accountOfUid(owner);
  if (entry.kind === "unavailable") return refused([`${folder}: expected its owner's name, found ${entry.why}`]);
  if (entry.kind === "account") return { kind: "account", account: { ...entry.account, home, shell } };
  const gid = host.callerUid === 0 ? noGroup : (process.getegid?.() ?? noGroup);
  return { kind: "account", account: { name: `uid-${owner}`, uid: owner, gid, groups: [gid], home, shell } };
}

function refused(problems: readonly string[]): HomeAccount {
  return { kind: "refused", problems };
}

function folderProblem(expected: string, found: string): string {
  return `--home: expected ${expected}, found ${found}`;
}

/** Null for what is no folder, or cannot be looked at. */
function ownerOf(path: string): number | null {
  try {
    const stats = statSync(path);
    return stats.isDirectory() ? stats.uid : null;
  } catch {
    return null;
  }
}

async function shellProblem(shell: string): Promise<string | null> {
  if (shell.startsWith("/")) {
    return typeof (await realPath(shell)) === "string" ? null : `--shell: expected a shell, found none at ${shell}`;
  }
  const meant = /^[\w.-]+$/.test(shell) && typeof (await realPath(`/bin/${shell}`)) === "string";
  return `--shell: expected the path of a shell, found "${shell}"${meant ? `; did you mean /bin/${shell}?` : ""}`;
}
