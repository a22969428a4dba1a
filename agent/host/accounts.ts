import type { Account } from "../facts/index.ts";
import { type CommandOutcome, runCommand } from "./command.ts";

/** `absent` is the name service's own word; a name service that cannot be reached may say it as well (glibc's getent). */
export type AccountAnswer =
  | { readonly kind: "account"; readonly account: Account }
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable"; readonly why: string };

export type GroupAnswer =
  | {
      readonly kind: "group";
      readonly name: string;
      readonly gid: number;
      /** Names in the group's entry. Accounts that have it as their primary group need not be among them. */
      readonly members: readonly string[];
    }
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable"; readonly why: string };

/** Name services may hang (LDAP behind a dead link): they are asked in a child, at most this long a question. */
const deadlineMs = 3_000;
const maxBytes = 1 << 20;

/** One line of passwd(5), as NSS gives it; `null` is told apart from a line by the reason. */
export interface AccountEntry extends Omit<Account, "groups"> {
  readonly gecos: string;
}

/** Asks the name service (files, LDAP, SSSD alike) for an account by name. Never rejects. */
export async function accountByName(name: string): Promise<AccountAnswer> {
  // Both at once: each is a process, and a changed file waits for them.
  if (!canBeName(name)) return { kind: "absent" };
  const [entry, groups] = await Promise.all([entryByName(name), groupsOf(name)]);
  return entry.kind === "entry" ? withGroups(entry.entry, groups) : entry;
}

/** Asks the name service for an account by uid. Where several share the uid, the name service chooses. */
export async function accountByUid(uid: number): Promise<AccountAnswer> {
  if (!Number.isInteger(uid) || uid < 0 || uid >= noId) return { kind: "absent" };
  const entry = await ask("passwd", String(uid), parseAccountEntry);
  if (entry.kind !== "entry") return entry;
  if (entry.entry.uid === uid) return withGroups(entry.entry, await groupsOf(entry.entry.name));
  return { kind: "unavailable", why: `getent: expected uid ${uid}, found ${entry.entry.uid}` };
}

/** As `accountByName`, with the comment field and without groups: one question less. */
export async function entryByName(
  name: string,
): Promise<{ readonly kind: "entry"; readonly entry: AccountEntry } | Exclude<AccountAnswer, { kind: "account" }>> {
  if (!canBeName(name)) return { kind: "absent" };
  // getent takes a key of digits for a uid; id(1) looks for a name first.
  const key = /^\d+$/.test(name) ? await uidOfDigits(name) : name;
  if (key === null) return { kind: "absent" };
  const answer = await ask("passwd", key, parseAccountEntry);
  return answer.kind === "entry" && answer.entry.name !== name ? { kind: "absent" } : answer;
}

/** The group's entry, by name. */
export async function groupMembers(group: string): Promise<GroupAnswer> {
  if (!canBeName(group)) return { kind: "absent" };
  const answer = await ask("group", group, parseGroupEntry);
  if (answer.kind !== "entry") return answer;
  // getent takes a key of digits for a gid.
  return answer.entry.name === group ? { kind: "group", ...answer.entry } : { kind: "absent" };
}

/** The group's entry, by gid. */
export async function groupByGid(gid: number): Promise<GroupAnswer> {
  const answer = await ask("group", String(gid), parseGroupEntry);
  return answer.kind === "entry" ? { kind: "group", ...answer.entry } : answer;
}

/** (uid_t)-1 and (gid_t)-1 mean "no change" to the kernel, and are nobody. */
const noId = 4_294_967_295;

function canBeName(name: string): boolean {
  return name !== "" && !/[:\n\0]/.test(name);
}

async function uidOfDigits(name: string): Promise<string | null> {
  const outcome = await runCommand(["id", "-u", "--", name], { deadlineMs, maxBytes });
  return outcome.kind === "ended" && outcome.status === 0 ? outcome.stdout.toString().trim() : null;
}

/** id -G asks getgrouplist(3), as sshd does by initgroups(3): the primary group and all others, LDAP's too. */
function groupsOf(name: string): Promise<CommandOutcome> {
  return runCommand(["id", "-G", "--", name], { deadlineMs, maxBytes });
}

function withGroups(entry: AccountEntry, outcome: CommandOutcome): AccountAnswer {
  const { gecos: _, ...account } = entry;
  if (outcome.kind !== "ended" || outcome.status !== 0) return { kind: "unavailable", why: failed("id -G", outcome) };
  const numbers = outcome.stdout.toString().trim().split(/\s+/).map(idOf);
  if (numbers.includes(null)) return { kind: "unavailable", why: "id -G: expected numbers, found something else" };
  const groups = new Set([entry.gid, ...numbers.filter((gid) => gid !== null)]);
  return { kind: "account", account: { ...account, groups: [...groups].sort((a, b) => a - b) } };
}

type Parsed<T> = { readonly kind: "entry"; readonly entry: T } | { readonly kind: "unavailable"; readonly why: string };

async function ask<T>(
  database: "passwd" | "group",
  key: string,
  parse: (line: string) => T | null,
): Promise<Parsed<T> | { readonly kind: "absent" }> {
  // `--`: whatever a name begins with, it is no option.
  const outcome = await runCommand(["getent", "--", database, key], { deadlineMs, maxBytes });
  if (outcome.kind !== "ended") return { kind: "unavailable", why: failed(`getent ${database}`, outcome) };
  // getent(1): 2 means that the key could not be found.
  if (outcome.status === 2) return { kind: "absent" };
  if (outcome.status !== 0) return { kind: "unavailable", why: failed(`getent ${database}`, outcome) };
  const entry = parse(firstLine(outcome.stdout));
  if (entry !== null) return { kind: "entry", entry };
  return { kind: "unavailable", why: `getent ${database}: expected an entry in UTF-8, found something else` };
}

function failed(what: string, outcome: CommandOutcome): string {
  if (outcome.kind === "timed-out") return `${what}: the name service did not answer within ${deadlineMs / 1000} s`;
  if (outcome.kind === "too-much") return `${what}: the answer is larger than ${maxBytes} bytes`;
  if (outcome.kind === "not-started") return `${what}: ${outcome.why}`;
  const said = outcome.stderr.toString().trim().split("\n")[0] ?? "";
  return `${what}: exit ${outcome.status ?? outcome.signal}${said === "" ? "" : `, ${said}`}`;
}

function firstLine(bytes: Buffer): string {
  const end = bytes.indexOf(0x0a);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
  } catch {
    return "";
  }
}

/** One line of passwd(5), without newline; null if it is none (`+` lines of compat mode among them). */
export function parseAccountEntry(line: string): AccountEntry | null {
  const [name, , uidText, gidText, gecos, home, shell, ...rest] = line.split(":");
  if (name === undefined || name === "" || /^[+-]/.test(name)) return null;
  const [uid, gid] = [idOf(uidText), idOf(gidText)];
  if (uid === null || gid === null || gecos === undefined || home === undefined || shell === undefined) return null;
  if (rest.length > 0) return null;
  // passwd(5): an empty field means /bin/sh.
  return { name, uid, gid, gecos, home, shell: shell === "" ? "/bin/sh" : shell };
}

/** One line of group(5), without newline; null if it is none. */
export function parseGroupEntry(line: string): { name: string; gid: number; members: string[] } | null {
  const [name, , gidText, members, ...rest] = line.split(":");
  const gid = idOf(gidText);
  if (name === undefined || name === "" || gid === null || members === undefined || rest.length > 0) return null;
  return { name, gid, members: members.split(",").filter((member) => member !== "") };
}

function idOf(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return null;
  return Number(text) < noId ? Number(text) : null;
}
