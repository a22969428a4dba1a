/** The watcher of host/, for a call that watches by hand: with a folder of its own for the time being. */
import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "../facts/index.ts";
import type { Watch } from "../host/watching.ts";
import { identitiesAs } from "../probe/reader.ts";
import type { FileWatch } from "./parts.ts";

/** Between two sweeps: events come at once, and this is for those that do not. */
const sweepMs = 10_000;

/** chokidar and what looks elsewhere are loaded only by who watches. */
export function watchFiles(changed: (paths: readonly string[]) => void): FileWatch {
  const folder = mkdtempDisposableSync(join(tmpdir(), "rcwarden-watch-"));
  let accounts: readonly Account[] = [];
  const opened: Promise<Watch> = import("../host/watch.ts").then(({ watch }) =>
    watch({
      sentinelFolder: folder.path,
      sweepMs,
      lookElsewhere: (paths) => lookElsewhere(paths, accounts),
      changed,
    }),
  );
  return {
    async cover(paths, of) {
      accounts = of;
      await (await opened).cover(paths);
    },
    async [Symbol.asyncDispose]() {
      await (await opened)[Symbol.asyncDispose]();
      folder.remove();
    },
  };
}

/** As the account below whose home it lies; what is nobody's stays without an answer. */
async function lookElsewhere(
  paths: readonly string[],
  accounts: readonly Account[],
): Promise<ReadonlyMap<string, string>> {
  const identities = new Map<string, string>();
  const asked = accounts.map(async (account) => {
    const own = paths.filter((path) => path.startsWith(`${account.home}/`));
    if (own.length === 0) return;
    for (const [path, identity] of await identitiesAs(account, own)) identities.set(path, identity);
  });
  await Promise.all(asked);
  return identities;
}
