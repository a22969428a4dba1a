/** What lies below a folder. Links are told as what they are, and not followed. */
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";

/** Every entry below a folder, folders before what lies in them; paths relative to it, sorted. */
export function walk(folder: string, below = ""): readonly (readonly [path: string, entry: Dirent])[] {
  const entries = readdirSync(join(folder, below), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    return [[path, entry] as const, ...(entry.isDirectory() ? walk(folder, path) : [])];
  });
}

/** Paths of the regular files among them. */
export function filesBelow(folder: string): readonly string[] {
  return walk(folder).flatMap(([path, entry]) => (entry.isFile() ? [path] : []));
}
