import { existsSync, lstatSync, readdirSync } from "node:fs";
import { pathsOf } from "../startup/glob.ts";

/**
 * The paths of this host that a pattern of glob(3) names, sorted by code unit; none where it is beyond POSIX. Node's own glob
 * stays in an agent's memory with a megabyte.
 */
export function matchingPaths(pattern: string): readonly string[] {
  return pathsOf(pattern, { list: namesIn, ask: isThere }) ?? [];
}

function namesIn(folder: string): readonly string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}

/** `e`: it exists, links followed; `h`: it is a link. */
function isThere(question: string, path: string): boolean {
  if (question === "e") return existsSync(path);
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
