/**
 * rename() to trigger, with the flags that the agent runs with, beside a reader of inotify in C that does nothing else: in
 * turns, each in a process of its own.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { agentFlags } from "../../packaging/agent-flags.ts";

export interface WatchLatency {
  /** Median of ours by median of the reader's. */
  readonly medianRatio: number;
  /** Ours, milliseconds from before rename(2) to the trigger. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly bareMedianMs: number;
  readonly bareP99Ms: number;
}

/** Prints CLOCK_MONOTONIC, which is process.hrtime, whenever something was renamed into the folder. */
const reader = `
#include <stdio.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
  char buffer[65536];
  int queue = inotify_init1(IN_CLOEXEC);
  if (argc < 2 || queue < 0 || inotify_add_watch(queue, argv[1], IN_MOVED_TO) < 0) return 1;
  puts("ready");
  fflush(stdout);
  while (read(queue, buffer, sizeof buffer) > 0) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("%lld%09ld\\n", (long long)now.tv_sec, now.tv_nsec);
    fflush(stdout);
  }
  return 0;
}
`;

/** Covers each path on its command line and prints the same when one is told of. */
const ours = `
import { watch } from ${JSON.stringify(new URL("../../agent/host/watch.ts", import.meta.url).href)};
const [sentinelFolder, ...paths] = process.argv.slice(1);
const watched = watch({
  sentinelFolder,
  sweepMs: 3_600_000,
  lookElsewhere: async () => new Map(),
  changed: () => console.log(String(process.hrtime.bigint())),
});
await watched.cover(paths);
console.log("ready");
process.stdin.on("end", () => watched[Symbol.asyncDispose]()).resume();
`;

/** As many as are renamed before the first is renamed again: by then it counts at once again. */
const files = 32;
const betweenMs = 4;

export async function watchLatency(rounds = 320): Promise<WatchLatency> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "rcwarden-bench-")));
  const children: ChildProcess[] = [];
  try {
    const start = async (command: string, args: readonly string[]): Promise<Interface> => {
      const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
      children.push(child);
      const lines = createInterface(child.stdout);
      const [first] = await once(lines, "line");
      if (first !== "ready") throw new Error(`${command}: expected ready, found ${first}`);
      return lines;
    };
    const [bareHome, ourHome] = [join(folder, "bare"), join(folder, "ours")];
    const paths = Array.from({ length: files }, (_, at) => join(ourHome, `.file${at}`));
    for (const home of [bareHome, ourHome]) mkdirSync(home);
    for (const path of paths) writeFileSync(path, "");
    const bare = await start(compiled(folder), [bareHome]);
    const watched = await start(process.execPath, [
      ...agentFlags,
      "--input-type=module",
      "-e",
      ours,
      "--",
      join(folder, "state"),
      ...paths,
    ]);
    const [bareMs, ourMs] = await inTurns(rounds, [
      (at) => renamed(join(bareHome, `.file${at % files}`), bare),
      (at) => renamed(join(ourHome, `.file${at % files}`), watched),
    ]);
    if (bareMs === undefined || ourMs === undefined) throw new Error("nothing was measured");
    return {
      medianRatio: quantile(ourMs, 0.5) / quantile(bareMs, 0.5),
      medianMs: quantile(ourMs, 0.5),
      p99Ms: quantile(ourMs, 0.99),
      bareMedianMs: quantile(bareMs, 0.5),
      bareP99Ms: quantile(bareMs, 0.99),
    };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

function compiled(folder: string): string {
  const program = join(folder, "reader");
  const { status, stderr } = spawnSync("cc", ["-O2", "-x", "c", "-", "-o", program], {
    input: reader,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`cc: ${stderr}`);
  return program;
}

/** Milliseconds from before the rename to when it was noticed. */
async function renamed(path: string, lines: Interface): Promise<number> {
  writeFileSync(`${path}.new`, String(process.hrtime.bigint()));
  const noticed = once(lines, "line");
  const began = process.hrtime.bigint();
  renameSync(`${path}.new`, path);
  const [line] = await noticed;
  return Number(BigInt(line) - began) / 1e6;
}

/** One after the other, round after round; the first tenth warms up and is not counted. */
async function inTurns(rounds: number, works: readonly ((round: number) => Promise<number>)[]): Promise<number[][]> {
  const times: number[][] = works.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, work] of works.entries()) {
      const ms = await work(round);
      if (round >= rounds / 10) times[at]?.push(ms);
      await pause(betweenMs);
    }
  }
  return times;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
