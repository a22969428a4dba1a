/** The real world of clean-up: the state folder, the host's mounts, and children with the account's identity. */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import * as z from "zod";
import {
  isMountStuck,
  journalFolder,
  keepPlan,
  keptPlan,
  openJournal,
  perform,
  preparePlans,
  recoverBelow,
  settledSince,
} from "../cleanup/index.ts";
import { realDisk } from "../cleanup/journal-disk.ts";
import { segmentNumbers } from "../cleanup/journal-files.ts";
import type { Account } from "../facts/index.ts";
import { runBareChild } from "../host/bare-child.ts";
import { hostMounts, type Mount, mayNotAnswer, mountOf } from "../host/mounts.ts";
import type { CleanupWorld, Space } from "./cleanup-world.ts";

export function realCleanup(stateFolder: string): CleanupWorld {
  const folder = journalFolder(stateFolder);
  return {
    hasJournal: () => existsSync(folder) && segmentNumbers(realDisk, folder).length > 0,
    openJournal() {
      // Something may go, so plans are to be kept, too: later there may be no room for their file.
      preparePlans(stateFolder);
      return openJournal(folder);
    },
    settledSince: (mark) => settledSince(folder, mark),
    perform: (performing) => perform(performing),
    recover: recoverBelow,
    keepPlan: (plan) => keepPlan(stateFolder, plan),
    keptPlan: (prefix, nowMs) => keptPlan(stateFolder, prefix, nowMs),
    mountOf: (path) => mountOf(path, hostMounts())?.id ?? 0,
    isStuck: isMountStuck,
    spaceOf,
  };
}

async function spaceOf(path: string, account: Account, signal: AbortSignal): Promise<Space | null> {
  const mount = mountOf(path, hostMounts());
  if (mount === null) return null;
  return mayNotAnswer(mount) ? await spaceByChild(mount, path, account, signal) : await spaceHere(mount);
}

/** Mounts that have not answered yet: each may hold one thread of the pool, and no second one. */
const asked = new Set<number>();

/** By the mount's own place, which is no account's to turn aside. */
async function spaceHere({ id, point }: Mount): Promise<Space | null> {
  if (asked.has(id)) return null;
  asked.add(id);
  const found = statfs(point)
    .then(spaceFrom, () => null)
    .finally(() => asked.delete(id));
  const late = Promise.withResolvers<null>();
  const patience = setTimeout(late.resolve, patienceMs, null);
  const space = await Promise.race([found, late.promise]);
  clearTimeout(patience);
  return space;
}

const patienceMs = 5_000;
const statedSpace = z.strictObject({ bavail: z.number(), blocks: z.number(), bsize: z.number() });

function spaceFrom({ bavail, blocks, bsize }: z.infer<typeof statedSpace>): Space {
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

async function spaceByChild(mount: Mount, path: string, account: Account, signal: AbortSignal): Promise<Space | null> {
  let space: Space | null = null;
  await runBareChild({
    is: "look at a file system",
    account,
    text: `const { bavail, blocks, bsize } = require("node:fs").statfsSync(${JSON.stringify(path)});
process.stdout.write(JSON.stringify({ bavail, blocks, bsize }) + "\\n");`,
    options: ["--max-old-space-size=32"],
    env: { UV_THREADPOOL_SIZE: "1", MALLOC_ARENA_MAX: "1" },
    deadlineMs: patienceMs,
    signal,
    mostBytes: 4096,
    holds: () => [`mount ${mount.id}`],
    take(line) {
      const stated = statedSpace.safeParse(jsonOf(line));
      if (!stated.success) return "it said something else than how much is free";
      space = spaceFrom(stated.data);
      return "enough";
    },
  });
  return space;
}

function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    return undefined;
  }
}
