/** The archive for every other Linux: it works in place, wherever it is unpacked. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Compression, Release } from "./release.ts";
import { run } from "./tools.ts";

/** The one folder in it. */
export function tarballFolder(version: string): string {
  return `rcwarden-${version}-linux-x64`;
}

/** Packs a staged tree whose folder is called `tarballFolder`; gives the file. */
export function makeTarball(release: Release, tree: string, out: string, how: Compression): string {
  const file = join(out, `${basename(tree)}.tar.gz`);
  const bare = `${file}.tar`;
  const same = [
    "--sort=name",
    `--mtime=@${release.epoch}`,
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--format=gnu",
  ];
  run("tar", [...same, "-C", dirname(tree), "-cf", bare, basename(tree)], release.epoch);
  writeFileSync(file, gzipSync(readFileSync(bare), { level: how === "release" ? 9 : 0 }));
  rmSync(bare);
  return file;
}
