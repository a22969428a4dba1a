/** How many connections are let in (design 10): none may keep the owner out, nor one caller all others. */
import type { Peer } from "./agent-view.ts";

export interface Limits {
  /** Connections of one uid. The owner's do not count as `others`: they are kept free for the owner. */
  readonly perUid: number;
  /** Of all callers that are not the owner. */
  readonly others: number;
  /** Of those of whom the agent knows nothing: one user may have thousands of uids (subuid(5)). */
  readonly strangers: number;
  /** Connections that are held just to be told 429; more are closed at once. */
  readonly refusedAtOnce: number;
  /** Questions of one uid that wait for something to happen: the rest of its connections stays free for those that do not. */
  readonly waitsPerUid: number;
}

export const limits: Limits = { perUid: 8, others: 240, strangers: 40, refusedAtOnce: 32, waitsPerUid: 4 };

/** `known`: who sees more than whether the agent runs. */
export type Standing = "owner" | "known" | "stranger";

/** `refused`: let in to be told 429, and nothing else. `cut`: close it. */
export type Admission = "served" | "refused" | "cut";

export interface Door {
  /** `leave` must be called once when the connection ends. */
  enter(peer: Peer | null, standing: Standing): { readonly admission: Admission; leave(): void };
  /** A place to wait at, to be left once; null where the caller has none left. */
  wait(peer: Peer | null): { leave(): void } | null;
}

export function door(most: Limits): Door {
  const served = new Map<number, number>();
  const refused = new Map<number, number>();
  const waits = new Map<number, number>();
  const all = { others: 0, strangers: 0, refused: 0 };

  function hasPlaceFor(standing: Standing): boolean {
    if (standing === "owner") return true;
    return all.others < most.others && (standing === "known" || all.strangers < most.strangers);
  }

  function admit(uid: number, standing: Standing): Admission {
    if ((served.get(uid) ?? 0) < most.perUid && hasPlaceFor(standing)) return "served";
    return (refused.get(uid) ?? 0) < most.perUid && all.refused < most.refusedAtOnce ? "refused" : "cut";
  }

  function count(as: Admission, uid: number, standing: Standing, by: 1 | -1): void {
    if (as === "cut") return;
    add(as === "served" ? served : refused, uid, by);
    if (as === "refused") all.refused += by;
    else if (standing !== "owner") all.others += by;
    if (as === "served" && standing === "stranger") all.strangers += by;
  }

  return {
    enter(peer, standing) {
      const uid = uidOf(peer);
      const admission = admit(uid, standing);
      count(admission, uid, standing, 1);
      return { admission, leave: () => count(admission, uid, standing, -1) };
    },
    wait(peer) {
      const uid = uidOf(peer);
      if ((waits.get(uid) ?? 0) >= most.waitsPerUid) return null;
      add(waits, uid, 1);
      return { leave: () => add(waits, uid, -1) };
    },
  };
}

/** All whom the kernel does not name share one place. */
function uidOf(peer: Peer | null): number {
  return peer?.uid ?? -1;
}

function add(to: Map<number, number>, uid: number, by: 1 | -1): void {
  const left = (to.get(uid) ?? 0) + by;
  if (left === 0) to.delete(uid);
  else to.set(uid, left);
}
