/** The programs that make packages, each with the Debian package that has it. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

const needed: Readonly<Record<string, string>> = {
  strip: "binutils",
  objdump: "binutils",
  "dpkg-deb": "dpkg",
  rpmbuild: "rpm",
  tar: "tar",
  gzip: "gzip",
  xz: "xz-utils",
  npm: "npm",
};

/** What is missing, one sentence each. */
export function missingTools(path = process.env.PATH ?? ""): readonly string[] {
  const folders = path.split(":").filter((folder) => folder !== "");
  return Object.entries(needed)
    .filter(([tool]) => !folders.some((folder) => isExecutable(join(folder, tool))))
    .map(([tool, from]) => `expected ${tool}, found none; on Debian: apt-get install ${from}`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs one to its end and gives its stdout. Its language and time zone are fixed: they would show in what it writes. */
export function run(command: string, args: readonly string[], epoch: number, cwd?: string): string {
  const env = {
    PATH: process.env.PATH,
    HOME: "/nonexistent",
    LC_ALL: "C.UTF-8",
    TZ: "UTC",
    SOURCE_DATE_EPOCH: `${epoch}`,
  };
  const done = spawnSync(command, args, { encoding: "utf8", env, cwd, maxBuffer: 64 * 1024 * 1024 });
  if (done.error !== undefined) throw new Error(`${command}: expected to run it, found ${done.error.message}`);
  if (done.status !== 0)
    throw new Error(`${command} ${args.join(" ")}: exit ${done.status}: ${done.stderr}${done.stdout}`);
  return done.stdout;
}
