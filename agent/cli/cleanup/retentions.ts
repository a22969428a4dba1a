/** What plan and apply have in common: documents, accounts, and how long a look may take. */

import type { Loaded } from "../../documents/index.ts";
import { problemsSummary, problemText, type Retention } from "../../documents/index.ts";
import type { Account } from "../../facts/index.ts";
import type { Voice } from "../io.ts";
import type { Parts } from "../parts.ts";
import { meant } from "./action.ts";

/** A look that took longer says nothing of what is young. */
export const lookDeadlineMs = 300_000;

type Documents = Extract<Loaded, { readonly kind: "documents" }>;

/** Null where they are broken, and then that is said. */
export async function soundDocuments(parts: Parts, voice: Voice): Promise<Documents | null> {
  const loaded = await parts.documents([]);
  if (loaded.kind === "documents") return loaded;
  voice.remark(...loaded.problems.map(problemText), problemsSummary(loaded.problems, loaded.documents));
  return null;
}

/** The account itself, or why nobody can look as it. */
export async function accountOf({ account: name, origin }: Retention, parts: Parts): Promise<Account | string> {
  const answer = await parts.account(name);
  if (answer.kind === "unavailable") return `${name}: ${answer.why}`;
  if (answer.kind === "absent")
    return `${origin.file}: expected an account of this host, found "${name}"${meant(name, await parts.localNames())}`;
  const { account } = answer;
  if (parts.callerUid === 0 || parts.callerUid === account.uid) return account;
  return `expected root or ${name} to look as ${name}, found uid ${parts.callerUid}`;
}
