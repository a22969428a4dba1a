/** The tree of one format, as it will be unpacked. */
import { chmodSync, copyFileSync, linkSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Entry, type Format, placeIn } from "./entry.ts";
import { walk } from "./walk.ts";

/** Makes the tree in an empty folder; every time in it is `epoch`, in seconds. */
export function stage(entries: readonly Entry[], format: Format, into: string, epoch: number): void {
  makeFolder(into);
  for (const entry of entries) {
    if (entry.formats.includes(format)) lay(entry, join(into, placeIn(format, entry.path)));
  }
  for (const path of ["", ...walk(into).map(([each]) => each)]) lutimesSync(join(into, path), epoch, epoch);
}

function lay({ is, mode }: Entry, path: string): void {
  makeFolder(is.kind === "folder" ? path : dirname(path));
  if (is.kind === "folder") return;
  if (is.kind === "link") {
    symlinkSync(is.to, path);
    return;
  }
  if (is.kind === "file") putFile(is.from, path);
  else writeFileSync(path, is.bytes);
  chmodSync(path, mode);
}

/** Whatever the umask. */
function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) chmodSync(folder, 0o755);
}

/** What is large is not copied for each format. */
function putFile(from: string, to: string): void {
  if (from.endsWith("/bin/node")) linkSync(from, to);
  else copyFileSync(from, to);
}
