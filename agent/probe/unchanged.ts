/** Whether the files that were read are still what they were: what was measured in between counts only then. */
import type { Account } from "../facts/index.ts";
import { identityOf } from "../host/identity.ts";
import { hostMounts, type Mount, mayNotAnswer, mountOf } from "../host/mounts.ts";
import type { Identity, Reading } from "../startup/index.ts";
import { identitiesAs } from "./reader.ts";

const mostLooks = 100;

/**
 * The first path whose identity is another now, or null. Opens nothing; and where a file system may not answer it is a
 * child that asks, for a look of our own that never ends would keep one of the few threads that look.
 */
export async function firstChanged(
  { identities, dependsOn }: Pick<Reading, "identities" | "dependsOn">,
  account: Account,
): Promise<string | null> {
  const mounts = hostMounts();
  const leadsAway = dependsOn.some((path) => isSilent(path, mounts));
  const isElsewhere = ({ path, identity }: Identity) =>
    isSilent(path, mounts) || (leadsAway && identity.includes(" -> "));
  const elsewhere = identities.filter(isElsewhere).map(({ path }) => path);
  const asked = elsewhere.length === 0 ? new Map<string, string>() : await identitiesAs(account, elsewhere);
  const now = await Promise.all(identities.map(({ path }) => asked.get(path) ?? identityOf(path)));
  return identities.find(({ identity }, at) => now[at] !== identity)?.path ?? null;
}

/** What each path is now; null where a file system among them may not answer, or there are too many to look at. */
export async function identitiesNow(paths: readonly string[]): Promise<ReadonlyMap<string, string> | null> {
  const mounts = hostMounts();
  if (paths.length > mostLooks || paths.some((path) => isSilent(path, mounts))) return null;
  return new Map(await Promise.all(paths.map(async (path) => [path, await identityOf(path)] as const)));
}

/** Whether everything that was read was known before, and is what it was then. */
export function isAsBefore({ identities }: Pick<Reading, "identities">, before: ReadonlyMap<string, string>): boolean {
  return identities.every(({ path, identity }) => before.get(path) === identity);
}

function isSilent(path: string, mounts: readonly Mount[]): boolean {
  const mount = mountOf(path, mounts);
  return mount !== null && mayNotAnswer(mount);
}
