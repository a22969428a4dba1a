/** Which releases count for a plan by hand, from the state of the caller's own instance. */
import type { Release } from "../../cleanup/index.ts";
import type { Removal, Retention } from "../../documents/index.ts";
import type { StoredRelease } from "../../store/index.ts";
import type { Parts } from "../parts.ts";
import type { CleanupPlaces } from "./places.ts";

export interface Counting {
  readonly releases: readonly Release[];
  /** Why nobody could tell what was released, a sentence; "" where it is known. */
  readonly unknown: string;
}

export async function releasesFor(
  retention: Retention,
  grant: Removal,
  { state }: Pick<CleanupPlaces, "state">,
  parts: Parts,
): Promise<Counting> {
  if (retention.after !== "release") return { releases: [], unknown: "" };
  const kept = (await parts.cleanup()).releases(state);
  if (kept.kind === "releases") {
    const nowMs = parts.now().getTime();
    return { releases: kept.releases.filter((each) => isCounted(each, retention, grant, nowMs)), unknown: "" };
  }
  const unknown = kept.kind === "busy" ? `${state}: an agent has it, and tells nobody what was released` : kept.message;
  return { releases: [], unknown };
}

function isCounted(
  { retention, account, by, expiresAt }: StoredRelease,
  { name, account: whose, releasedBy }: Retention,
  grant: Removal,
  nowMs: number,
): boolean {
  const isOurs = retention === name && account === whose && Date.parse(expiresAt) > nowMs;
  if (!isOurs || !releasedBy.includes(by.kind)) return false;
  return by.kind === "account" || (grant.kind === "granted" && grant.releasesFrom === by.name);
}
