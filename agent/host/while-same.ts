import { statSync } from "node:fs";
import { words } from "./identity.ts";

/**
 * As `look`, which is called again only when the path leads to another inode than at the last call, or to one in another
 * state; null where nothing is there. For paths that the system's owner keeps.
 */
export function whileSame<T>(look: (path: string) => T): (path: string) => T | null {
  const known = new Map<string, { readonly identity: string; readonly found: T }>();
  return (path) => {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (stats === undefined) return null;
    const identity = words(stats);
    const last = known.get(path);
    if (last?.identity === identity) return last.found;
    const found = look(path);
    known.set(path, { identity, found });
    return found;
  };
}
