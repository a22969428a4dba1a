/** Whether the files that were read are still what they were: what was measured in between counts only then. */
import { identityOf } from "../host/identity.ts";
import type { Identity } from "../startup/index.ts";

/** The first path whose identity is another now, or null. Opens nothing. */
export async function firstChanged(identities: readonly Identity[]): Promise<string | null> {
  const now = await Promise.all(identities.map(({ path }) => identityOf(path)));
  return identities.find(({ identity }, at) => now[at] !== identity)?.path ?? null;
}
