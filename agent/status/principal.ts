import type { Standing } from "./admission.ts";
import type { AgentView, Peer, Principal } from "./agent-view.ts";

type Known = Pick<AgentView, "ownerUid" | "viewerGid" | "accountOfUid">;

const owner: Principal = { kind: "owner" };

/**
 * Who is calling, from what the kernel said of the connection. Asked anew for each request, for accounts come and go. Who
 * is several of them is the first: owner, viewer, account.
 */
export function principalOf(peer: Peer | null, known: Known): Principal {
  if (peer === null) return { kind: "nobody" };
  if (isOwner(peer, known)) return owner;
  const { viewerGid } = known;
  if (viewerGid !== null && (peer.gid === viewerGid || peer.groups.includes(viewerGid))) return { kind: "viewer" };
  const name = known.accountOfUid(peer.uid);
  return name === null ? { kind: "nobody" } : { kind: "account", name };
}

/** How many connections are let in for whoever calls. */
export function standingOf({ kind }: Principal): Standing {
  if (kind === "owner") return "owner";
  return kind === "nobody" ? "stranger" : "known";
}

function isOwner(peer: Peer | null, { ownerUid }: Pick<Known, "ownerUid">): boolean {
  return peer !== null && (peer.uid === 0 || peer.uid === ownerUid);
}
