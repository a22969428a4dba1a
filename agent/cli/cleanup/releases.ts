/** Which releases count for a plan by hand, from the state of the caller's own instance. */
import { countingReleases, type Release } from "../../cleanup/index.ts";
import type { Removal, Retention } from "../../documents/index.ts";
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
    const allowed = { retention, removal: grant };
    return { releases: countingReleases(kept.releases, allowed, parts.now().getTime()), unknown: "" };
  }
  const unknown = kept.kind === "busy" ? `${state}: an agent has it, and tells nobody what was released` : kept.message;
  return { releases: [], unknown };
}
