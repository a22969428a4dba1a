/** What clean-up keeps in a state folder of this host. */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { journalFolder, keepPlan, keptPlan, openJournal, recoverBelow } from "../cleanup/index.ts";
import { type FolderLock, lockFolder } from "../host/lock.ts";
import { keptReleases } from "../store/index.ts";
import type { CleanupParts } from "./parts.ts";

const recoverDeadlineMs = 120_000;

export const realCleanup: CleanupParts = {
  keep(state, plan) {
    const wrong = notMade(state);
    return wrong === null ? keepPlan(state, plan) : { kind: "refused", message: wrong.message };
  },
  kept: keptPlan,
  releases: keptReleases,
  lock: (state) => notMade(state) ?? lockFolder(state),
  openJournal: (state) => openJournal(journalFolder(state)),
  newRun: randomUUID,
  recover: (root, account, open) => recoverBelow({ root }, account, open, { deadlineMs: recoverDeadlineMs }),
};

/** Null where it is there; as an agent makes it. */
function notMade(state: string): Extract<FolderLock, { readonly kind: "refused" }> | null {
  try {
    mkdirSync(dirname(state), { recursive: true, mode: 0o755 });
    mkdirSync(state, { recursive: true, mode: 0o700 });
    return null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const message = `${state}: expected to make this folder for what clean-up keeps, found ${code}; use another --state`;
    return { kind: "refused", code, message };
  }
}
