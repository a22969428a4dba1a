/** Whom the agent watches: whom the call names, else whom the documents mean, and whoever was watched before. */
import { type Grant, isMeasurable, type Policy } from "../documents/index.ts";
import type { Account } from "../facts/index.ts";
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

export interface WatchList {
  readonly meant: readonly Meant[];
  /** Watched before, and the Grant does not name them any more. */
  readonly notGranted: readonly string[];
  readonly groups: Groups;
  readonly notes: readonly string[];
  /** Why nobody new could be found; whoever was named or watched before is watched on. */
  readonly problems: readonly string[];
}

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
  let isCallers = false;
  const remembering: NameService = {
    ...host,
    async automated(all) {
      const found = await host.automated(all);
      for (const { account, reasons } of found.accounts) signs.set(account.name, reasons.join("; "));
      return found;
    },
    accountOfUid(uid) {
      isCallers = true;
      return host.accountOfUid(uid);
    },
  };
  const before = named.length > 0 ? named : kept.map(({ name }) => name);
  const isGranted = (name: string) => grant === null || isMeasurable(grant, name);
  const chosen = await whom(named, policies, remembering, grant);
  if (chosen.kind === "refused") {
    const because = named.length > 0 ? "--account" : "watched before";
    const meant = await Promise.all(before.filter(isGranted).map((name) => keptOn(name, because, host)));
    const notGranted = before.filter((name) => !isGranted(name));
    return { meant, notGranted, groups: new Map(), notes: [], problems: chosen.problems };
  }
  // Root's own account stands in where nobody else is found; whoever was watched before is somebody else.
  const standsIn = isCallers && host.callerUid === 0 && kept.some(({ uid }) => uid !== 0);
  const notGranted = chosen.missing.filter(({ code }) => code === "not-granted").map(({ account }) => account);
  const because = (name: string) =>
    named.includes(name) ? "--account" : (signs.get(name) ?? (chosen.notes[0] || "a policy names it"));
  const meant: Meant[] = (standsIn ? [] : chosen.accounts).map((account) => ({
    name: account.name,
    account,
    because: because(account.name),
    says: "",
  }));
  for (const { account, code, message } of chosen.missing) {
    if (code === "not-granted" || meant.some(({ name }) => name === account)) continue;
    meant.push({ name: account, account: null, because: because(account), says: message });
  }
  for (const name of before) {
    if (meant.some((each) => each.name === name) || notGranted.includes(name)) continue;
    if (isGranted(name)) meant.push(await keptOn(name, "watched before", host));
    else notGranted.push(name);
  }
  return { meant, notGranted, groups: chosen.groups, notes: chosen.notes, problems: [] };
}

async function keptOn(name: string, because: string, host: NameService): Promise<Meant> {
  const answer = await host.account(name);
  if (answer.kind === "account") return { name, account: answer.account, because, says: "" };
  const says = answer.kind === "unavailable" ? answer.why : "the name service does not name it";
  return { name, account: null, because, says };
}
