/** Which rules apply to whom: the policies of a document set as evaluate/ takes them. */
import { type DocumentSet, effectiveRules, enginesOf, type Policy } from "../documents/index.ts";
import type { InForce } from "../evaluate/index.ts";
import type { Account } from "../facts/index.ts";

/** Gid and members of the groups that policies name, by name. */
export type Groups = ReadonlyMap<string, { readonly gid: number; readonly members: readonly string[] }>;

/** A policy as it applies to those of `accounts` that it is for. */
export function inForce(policy: Policy, set: DocumentSet, accounts: readonly Account[], groups: Groups): InForce {
  const own = accounts.filter((account) => isFor(policy, account, groups));
  return {
    policy: policy.name,
    accounts: own.map(({ name }) => name),
    rules: effectiveRules(policy, set),
    engines: enginesOf(policy, set),
  };
}

export function isFor(policy: Policy, account: Account, groups: Groups): boolean {
  if (policy.accounts === "all") return true;
  if ("names" in policy.accounts) return policy.accounts.names.includes(account.name);
  const group = groups.get(policy.accounts.group);
  return group !== undefined && (account.groups.includes(group.gid) || group.members.includes(account.name));
}
