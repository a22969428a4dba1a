/** How old the libraries of a host may be: versions of symbols that a file of ours asks them for. */
import { closeSync, openSync, readSync } from "node:fs";
import { run } from "./tools.ts";

/** Enterprise Linux 8 and Debian 10 have these. */
export const floors: Readonly<Record<string, string>> = { GLIBC: "2.28", GLIBCXX: "3.4.25", CXXABI: "1.3.11" };

/** What of a file asks for more than the floors, one sentence each; none for a file that is no ELF. */
export function aboveFloor(file: string): readonly string[] {
  if (!isElf(file)) return [];
  return [...new Set(requiredVersions(run("objdump", ["-p", file], 0)))].flatMap((required) => {
    const [, library = "", version = ""] = /^([A-Z]+)_([0-9.]+)$/.exec(required) ?? [];
    const floor = floors[library];
    if (floor === undefined || !isNewer(version, floor)) return [];
    return [`${file}: expected symbols of at most ${library}_${floor}, found ${required}; build it on an older system`];
  });
}

/** Of `objdump -p`: `    0x09691a75 0x00 02 GLIBC_2.28` below "Version References". */
export function requiredVersions(said: string): readonly string[] {
  const references = said.split("Version References:")[1] ?? "";
  return [...references.matchAll(/^\s+0x[0-9a-f]+ 0x[0-9a-f]+ \d+ (\S+)$/gm)].flatMap(([, version]) => version ?? []);
}

export function isElf(file: string): boolean {
  const descriptor = openSync(file, "r");
  try {
    const magic = Buffer.alloc(4);
    return readSync(descriptor, magic, 0, 4, 0) === 4 && magic.equals(Buffer.from("\x7fELF", "latin1"));
  } finally {
    closeSync(descriptor);
  }
}

function isNewer(version: string, floor: string): boolean {
  const [left, right] = [version, floor].map((each) => each.split(".").map(Number));
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at++) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
