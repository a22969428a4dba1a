/**
 * Whom `check` measures: whom the call names, else whom the policies name, else whom something automated enters by; of these
 * nobody whom the Grant does not name.
 */

import type { Grant, Policy } from "../documents/index.ts";
import { closest, isMeasurable } from "../documents/index.ts";
import type { Account } from "../facts/index.ts";
import { shellWord } from "../facts/shell-word.ts";
import { type Groups, isFor } from "./in-force.ts";
import type { NameService } from "./world.ts";

export type Whom =
  | {
      readonly kind: "accounts";
      /** Each once, in the order in which they were named or found. */
      readonly accounts: readonly Account[];
      readonly missing: readonly Missing[];
      readonly groups: Groups;
      /** Why these, where nobody named them; sentences. */
      readonly notes: readonly string[];
    }
  | { readonly kind: "refused"; readonly problems: readonly string[] };

/** An account that is meant and could not be looked up, or may not be measured: undetermined, never passed over. */
export interface Missing {
  readonly account: string;
  readonly code: "no-account" | "account-unavailable" | "not-granted";
  readonly message: string;
}

/** Without a Grant (null) everybody may be measured. Whom no policy is for is refused. */
export async function whom(
  named: readonly string[],
  policies: readonly Policy[],
  host: NameService,
  grant: Grant | null,
): Promise<Whom> {
  const found = await whomAnyway(named, policies, host, grant);
  if (found.kind === "refused") return found;
  const uncovered = found.accounts.filter(
    (account) => !policies.some((policy) => isFor(policy, account, found.groups)),
  );
  if (uncovered.length === 0) return found;
  return { kind: "refused", problems: uncovered.map((account) => notCovered(account, policies)) };
}

/** The same, also for accounts that no policy is for. `verb` is what to call as root where it takes that. */
export async function whomAnyway(
  named: readonly string[],
  policies: readonly Policy[],
  host: NameService,
  grant: Grant | null,
  verb = "check",
): Promise<Whom> {
  const groups = await groupsOf(policies, host);
  if (groups.kind === "refused") return groups;
  const meant =
    named.length > 0 ? await fromCall(named, host, verb) : await fromPolicies(policies, groups.byName, host, grant);
  if (meant.kind === "refused") return meant;
  return { ...(grant === null ? meant : narrowed(meant, grant)), groups: groups.byName };
}

interface Meant {
  readonly kind: "accounts";
  readonly accounts: readonly Account[];
  readonly missing: readonly Missing[];
  readonly notes: readonly string[];
}

type Found = Meant | { readonly kind: "refused"; readonly problems: readonly string[] };

/** A Grant narrows and never widens. */
function narrowed(meant: Meant, grant: Grant): Meant {
  const isGranted = ({ name }: Account) => isMeasurable(grant, name);
  const others = meant.accounts.filter((account) => !isGranted(account)).map(({ name }) => notGranted(name, grant));
  return { ...meant, accounts: meant.accounts.filter(isGranted), missing: [...meant.missing, ...others] };
}

function notGranted(account: string, { measure, origin }: Grant): Missing {
  const names = measure.accounts === "all" ? "all" : measure.accounts.join(", ");
  const message = `the Grant of this host (${origin.file}) names ${names}: nobody else is measured`;
  return { account, code: "not-granted", message };
}

async function fromCall(named: readonly string[], host: NameService, verb: string): Promise<Found> {
  const accounts: Account[] = [];
  const missing: Missing[] = [];
  const problems: string[] = [];
  for (const name of new Set(named)) {
    const answer = await host.account(name);
    if (answer.kind === "unavailable")
      missing.push({ account: name, code: "account-unavailable", message: answer.why });
    else if (answer.kind === "absent") problems.push(await unknownAccount(name, host));
    else if (mayMeasure(answer.account, host)) accounts.push(answer.account);
    else problems.push(await notOwn(name, host, verb));
  }
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "accounts", accounts, missing, notes: [] };
}

async function fromPolicies(
  policies: readonly Policy[],
  groups: Groups,
  host: NameService,
  grant: Grant | null,
): Promise<Found> {
  if (host.callerUid !== 0) return ownAccount(host, "without root only your own account can be measured");
  const byPolicy = policies.flatMap(({ accounts }) => {
    if (accounts === "all") return [];
    return "names" in accounts ? accounts.names : (groups.get(accounts.group)?.members ?? []);
  });
  const isForAll = policies.some((policy) => policy.accounts === "all");
  // `all` are those whom the Grant names; where it names nobody by name, those that look automated.
  const byGrant = isForAll && grant !== null && grant.measure.accounts !== "all" ? grant.measure.accounts : [];
  const { accounts, missing } = await lookedUp([...byPolicy, ...byGrant], byPolicy, host);
  if (!isForAll || byGrant.length > 0) return { kind: "accounts", accounts, missing, notes: [] };
  const automated = await host.automated(false);
  const found = automated.accounts.map(({ account }) => account);
  const others = found.filter((account) => !accounts.some(({ name }) => name === account.name));
  if (accounts.length + others.length > 0)
    return { kind: "accounts", accounts: [...accounts, ...others], missing, notes: automated.doubts };
  const own = await ownAccount(host, "no account of this host looks automated");
  return own.kind === "accounts" ? { ...own, missing, notes: [...automated.doubts, ...own.notes] } : own;
}

/** Each once. Those that are not `byPolicy` are named by the Grant. */
async function lookedUp(names: readonly string[], byPolicy: readonly string[], host: NameService) {
  const accounts: Account[] = [];
  const missing: Missing[] = [];
  for (const name of new Set(names)) {
    const answer = await host.account(name);
    const who = byPolicy.includes(name) ? "a policy" : "the Grant";
    if (answer.kind === "account") accounts.push(answer.account);
    else if (answer.kind === "unavailable")
      missing.push({ account: name, code: "account-unavailable", message: answer.why });
    else
      missing.push({
        account: name,
        code: "no-account",
        message: `${who} names it, and this host has no such account`,
      });
  }
  return { accounts, missing };
}

async function ownAccount(host: NameService, why: string): Promise<Found> {
  const answer = await host.accountOfUid(host.callerUid);
  if (answer.kind === "account") {
    const notes = [`${why}: this is ${answer.account.name}, your own`];
    return { kind: "accounts", accounts: [answer.account], missing: [], notes };
  }
  const found = answer.kind === "absent" ? "none" : answer.why;
  return {
    kind: "refused",
    problems: [`uid ${host.callerUid}: expected an account of this host, found ${found}; use --account`],
  };
}

async function groupsOf(
  policies: readonly Policy[],
  host: NameService,
): Promise<
  { readonly kind: "groups"; readonly byName: Groups } | { readonly kind: "refused"; readonly problems: string[] }
> {
  const byName = new Map<string, { gid: number; members: readonly string[] }>();
  const problems: string[] = [];
  for (const { accounts, origin } of policies) {
    if (accounts === "all" || "names" in accounts || byName.has(accounts.group)) continue;
    const answer = await host.group(accounts.group);
    if (answer.kind === "group") byName.set(accounts.group, answer);
    else {
      const found = answer.kind === "absent" ? `"${accounts.group}"` : answer.why;
      problems.push(`${origin.file}: accounts: expected a group of this host, found ${found}`);
    }
  }
  return problems.length > 0 ? { kind: "refused", problems } : { kind: "groups", byName };
}

/** Another's shell can be started by root only. */
function mayMeasure(account: Account, { callerUid }: NameService): boolean {
  return callerUid === 0 || account.uid === callerUid;
}

/** The words for an account that the host does not have, with the one that was probably meant. */
export async function unknownAccount(name: string, host: NameService): Promise<string> {
  const near = closest(name, await host.localNames());
  return `--account: expected an account of this host, found "${name}"${near === null ? "" : `; did you mean ${near}?`}`;
}

async function notOwn(name: string, host: NameService, verb: string): Promise<string> {
  const own = await host.accountOfUid(host.callerUid);
  const yours = own.kind === "account" ? ` (${own.account.name})` : "";
  const call = `sudo rcwarden ${verb} --account ${shellWord(name)}`;
  return `--account: expected your own account${yours}, for you are not root, found "${name}"; run: ${call}`;
}

function notCovered(account: Account, policies: readonly Policy[]): string {
  const whose = policies.map(({ name, accounts }) => {
    if (accounts === "all") return `${name} is for all`;
    return "names" in accounts
      ? `${name} is for ${accounts.names.join(", ")}`
      : `${name} is for group ${accounts.group}`;
  });
  return `${account.name}: expected a policy that is for this account, found none (${whose.join("; ")}); use --policy`;
}
