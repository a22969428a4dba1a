/** What runs, taken from the build: stripped, and with the private Node in place of the link to it. */
import { chmodSync, copyFileSync, globSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { aboveFloor, isElf } from "./floor.ts";
import { run } from "./tools.ts";
import { filesBelow } from "./walk.ts";

const pieces = ["rcwarden", "enter", "host.node", "bin/node", "prebuilds/linux-x64/pty.node", "*.cjs", "*.cache"];

/** Fills an empty folder. Throws where a file is missing, or asks for newer libraries than the floor. */
export function takeParts(dist: string, into: string): void {
  for (const piece of pieces) {
    const names = globSync(piece, { cwd: dist });
    if (names.length === 0) throw new Error(`${dist}: expected ${piece}, found none; run: npm run build`);
    for (const name of names) take(join(dist, name), join(into, name));
  }
  const above = filesBelow(into).flatMap((name) => aboveFloor(join(into, name)));
  if (above.length > 0) throw new Error(above.join("\n"));
}

function take(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (isElf(from)) run("strip", ["--strip-unneeded", "-o", to, from], 0);
  else copyFileSync(from, to);
  chmodSync(to, 0o755); // what is shipped has its own modes; some of these run before
}
