import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { identityNow } from "../../../agent/host/identity.ts";
import { watching } from "../watching.ts";

// Times of this file system go by the kernel's tick, as those of all of them did before Linux 6.13.
let again: (() => void) | null = null;
await using watched = watching({
  changed() {
    again?.();
    again = null;
  },
});
const home = watched.path("home");
const files = Array.from({ length: 100 }, (_, at) => watched.path("home", `.file${at}`));
mkdirSync(home);
execFileSync("mount", ["-t", "ramfs", "none", home]);
using _mount = { [Symbol.dispose]: () => execFileSync("umount", ["-l", home]) };

const write = (file: string, text: string): void => {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, text);
  closeSync(descriptor);
};
for (const file of files) writeFileSync(file, "before");
await watched.watch.cover(files);

// The second change comes right after the look that the first one led to: often in the same tick, and as long.
let unseen = 0;
for (const file of files) {
  const from = watched.told.length;
  let looked = "";
  again = () => {
    looked = identityNow(file);
    write(file, "second");
  };
  write(file, "-first");
  await watched.until(() => looked !== "", "the first change told");
  if (identityNow(file) === looked) unseen++;
  await watched.until(() => watched.told.length >= from + 2, `the second change of ${file} told`);
  if (unseen === 3) break;
}
assert.ok(unseen > 0, "no two changes fell into one tick");
