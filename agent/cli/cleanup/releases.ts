/** Which releases count for a plan by hand: as the agent that runs tells them, else those of the state at rest. */
import { countingReleases, type Release } from "../../cleanup/index.ts";
import type { Removal, Retention } from "../../documents/index.ts";
import { type Shapes, shapes } from "../../status/index.ts";
import { parseRelease, releaseKey, type StoredRelease } from "../../store/index.ts";
import { hear } from "../agents.ts";
import type { Parts } from "../parts.ts";
import type { CleanupPlaces } from "./places.ts";

export interface Counting {
  readonly releases: readonly Release[];
  /** Why nobody could tell what was released, a sentence; "" where it is known. */
  readonly unknown: string;
}

type Stored =
  | { readonly kind: "releases"; readonly releases: readonly StoredRelease[] }
  | { readonly kind: "unknown"; readonly message: string };

export async function releasesFor(
  retention: Retention,
  removal: Removal,
  { state, sockets }: Pick<CleanupPlaces, "state" | "sockets">,
  parts: Parts,
): Promise<Counting> {
  if (retention.after !== "release") return { releases: [], unknown: "" };
  const stored = (await toldByAgent(retention.name, sockets, parts)) ?? (await atRest(state, parts));
  if (stored.kind === "unknown") return { releases: [], unknown: stored.message };
  return { releases: countingReleases(stored.releases, { retention, removal }, parts.now().getTime()), unknown: "" };
}

async function atRest(state: string, parts: Parts): Promise<Stored> {
  const kept = (await parts.cleanup()).releases(state);
  if (kept.kind === "releases") return kept;
  const busy = `${state}: expected an agent to tell what was released, found one that does not answer; name its socket: --socket`;
  return { kind: "unknown", message: kept.kind === "busy" ? busy : kept.message };
}

const withinMs = 30_000;

/** Null where there is no agent. */
async function toldByAgent(retention: string, sockets: readonly string[], parts: Parts): Promise<Stored | null> {
  const releases: StoredRelease[] = [];
  for (let after: string | null = ""; after !== null; ) {
    const page: string = after === "" ? "" : `&after=${after}`;
    const path = `/v1/releases?retention=${encodeURIComponent(retention)}${page}`;
    const heard = await hear(parts, sockets, { method: "GET", path, withinMs }, shapes().Releases);
    if (heard.kind === "no-agent") return null;
    if (heard.kind !== "answer") return { kind: "unknown", message: heard.message };
    for (const item of heard.value.items) {
      const stored = storedOf(item);
      if (typeof stored === "string") return { kind: "unknown", message: stored };
      releases.push(stored);
    }
    after = heard.value.next;
  }
  return { kind: "releases", releases };
}

type Item = Shapes["Releases"]["_output"]["items"][number];

/** Or why it is none. */
function storedOf({ account, by, receivedAt, expiresAt, ...sent }: Item): StoredRelease | string {
  const parsed = parseRelease(sent, "a release of the agent");
  if (parsed.kind === "wrong") return parsed.message;
  const { asked } = parsed;
  return { key: releaseKey(asked), ...asked, account, by, receivedAt, expiresAt, answer: "accepted" };
}
