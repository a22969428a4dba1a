import { hash } from "node:crypto";
import { type Disk, writeAll } from "./journal-disk.ts";
import { errnoOf } from "./journal-files.ts";
import type { Rest } from "./journal-scan.ts";

const torn = /^torn\.\d{8}T\d{6}Z(-\d+)?$/;
const keptAside = 3;

/**
 * Keeps what is about to be cut from the end of the journal in a file of its own, and says so in a sentence. A full disk does
 * not keep the journal from going on: then only the digest of what was cut is said.
 */
export function aside(disk: Disk, folder: string, { segment, from, bytes }: Rest, nowMs: number): string {
  const digest = hash("sha256", bytes, "hex");
  const what = `${segment.path}: ${bytes.length} bytes behind the last whole record (from byte ${from}, sha256 ${digest}) were cut: the last write did not come to its end`;
  const path = freeName(disk, `${folder}/torn.${new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "")}`);
  try {
    keep(disk, folder, path, bytes);
  } catch (error) {
    if (!["ENOSPC", "EDQUOT"].includes(errnoOf(error))) throw error;
    if (disk.status(path) !== null) disk.remove(path);
    return `${what}; there was no room to keep them`;
  }
  removeOldest(disk, folder);
  return `${what}; they are kept in ${path}`;
}

function keep(disk: Disk, folder: string, path: string, bytes: Buffer): void {
  const fd = disk.open(path, "create");
  try {
    writeAll(disk, fd, bytes, 0);
    disk.syncBytes(fd);
  } finally {
    disk.close(fd);
  }
  disk.sync(folder);
}

function freeName(disk: Disk, path: string): string {
  let name = path;
  for (let again = 2; disk.status(name) !== null; again++) name = `${path}-${again}`;
  return name;
}

function removeOldest(disk: Disk, folder: string): void {
  const names = disk.list(folder).filter((name) => torn.test(name));
  for (const name of names.sort().reverse().slice(keptAside)) disk.remove(`${folder}/${name}`);
}
