/** Whom the agent watches: whom the call names, else whom the documents mean, and whoever was watched before. */
import { type Grant, isMeasurable, type Policy } from "../documents/index.ts";
import type { Account } from "../facts/index.ts";
import type { AccountAnswer } from "../host/accounts.ts";
import type { Groups } from "../runs/in-force.ts";
import { whom } from "../runs/whom.ts";
import type { NameService } from "../runs/world.ts";
import type { AccountState } from "../store/index.ts";

export interface Meant {
  readonly name: string;
  /** As the name service gave it; null where it does not name it now. */
  readonly account: Account | null;
  /** Why it is watched, one clause. */
  readonly because: string;
  /** Why there is no account, where there is none. */
  readonly says: string;
}

export type WatchList =
  | {
      readonly kind: "list";
      readonly meant: readonly Meant[];
      /** Watched before, and the Grant does not name them any more. */
      readonly notGranted: readonly string[];
      readonly groups: Groups;
      readonly notes: readonly string[];
    }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

export interface Wish {
  /** From --account; empty for whom the documents mean. */
  readonly named: readonly string[];
  readonly policies: readonly Policy[];
  readonly grant: Grant | null;
  /** Watched before: watched until they are gone. */
  readonly kept: readonly AccountState[];
}

export async function watchList({ named, policies, grant, kept }: Wish, host: NameService): Promise<WatchList> {
  const signs = new Map<string, string>();
  const remembering: NameService = {
    ...host,
    async automated(all) {
      const found = await host.automated(all);
      for (const { account, reasons } of found.accounts) signs.set(account.name, reasons.join("; "));
      return found;
    },
  };
  const chosen = await whom(named, policies, remembering, grant);
  if (chosen.kind === "refused") return chosen;
  const notGranted = chosen.missing.filter(({ code }) => code === "not-granted").map(({ account }) => account);
  const because = (name: string) =>
    named.includes(name) ? "--account" : (signs.get(name) ?? (chosen.notes[0] || "a policy names it"));
  const meant: Meant[] = chosen.accounts.map((account) => ({
    name: account.name,
    account,
    because: because(account.name),
    says: "",
  }));
  for (const { account, code, message } of chosen.missing) {
    if (code === "not-granted" || meant.some(({ name }) => name === account)) continue;
    meant.push({ name: account, account: null, because: because(account), says: message });
  }
  if (named.length > 0) return { kind: "list", meant, notGranted, groups: chosen.groups, notes: chosen.notes };
  for (const { name } of kept) {
    if (meant.some((each) => each.name === name) || notGranted.includes(name)) continue;
    if (grant !== null && !isMeasurable(grant, name)) notGranted.push(name);
    else meant.push({ ...found(name, await host.account(name)), because: "watched before" });
  }
  return { kind: "list", meant, notGranted, groups: chosen.groups, notes: chosen.notes };
}

function found(name: string, answer: AccountAnswer): Omit<Meant, "because"> {
  if (answer.kind === "account") return { name, account: answer.account, says: "" };
  if (answer.kind === "unavailable") return { name, account: null, says: answer.why };
  return { name, account: null, says: "the name service does not name it" };
}
