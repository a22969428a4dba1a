import type { Limit } from "../host/limits.ts";

/** What pam_limits(8) makes of limits.conf(5), measured by test/collectors/session-ground.test.ts. Pure. */

export interface LimitedAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

export interface LimitsGround {
  /** Where group names in the files come from: its gid, or null if there is no such group. */
  gidOf(group: string): number | null;
  /** What `nofile unlimited` means: /proc/sys/fs/nr_open. */
  readonly mostFiles: number;
  /**
   * Limits of PID 1, where the module begins with them: with its argument `set_all`, and always as Debian builds it.
   * Null where it begins with what sshd hands down.
   */
  readonly kernel: readonly Limit[] | null;
  /** Debian's patches: root is limited only by name, and PID 1's open files count at most 1024 (FD_SETSIZE). */
  readonly isDebian: boolean;
  /** Whether sshd has CAP_SYS_RESOURCE. Without it a hard limit cannot be raised, and stays as it is. */
  readonly mayRaise: boolean;
}

type Amount = number | "unlimited";

interface LimitsLine {
  readonly domain: string;
  readonly type: string;
  readonly item: string;
  readonly value: string;
}

/** What counts more comes first: a line for the account, for one of its groups, for everybody; PID 1; what was. */
type Rank = 0 | 1 | 4;
const ofKernel = 5;
const nothingYet = 6;

interface Wanted {
  readonly soft: Amount;
  readonly hard: Amount;
  readonly softRank: number;
  readonly hardRank: number;
}

const kilobytes: readonly string[] = ["fsize", "data", "stack", "core", "rss", "memlock", "as"];

/** The groups that the files name as `@group`, to be looked up before `applyLimits`. */
export function groupsNamed(texts: readonly string[]): string[] {
  const domains = texts.flatMap(linesOf).map((line) => line.domain);
  return [...new Set(domains.filter((domain) => /^@[^:]+$/.test(domain)).map((domain) => domain.slice(1)))];
}

/** The limits after pam_limits read `texts` (limits.conf, then limits.d in order), from those that sshd hands down. */
export function applyLimits(
  from: readonly Limit[],
  texts: readonly string[],
  account: LimitedAccount,
  ground: LimitsGround,
): Limit[] {
  const wanted = new Map<string, Wanted>(
    (ground.kernel ?? []).map((limit) => [limit.name, { ...limit, softRank: ofKernel, hardRank: ofKernel }]),
  );
  for (const line of texts.flatMap(linesOf)) {
    const rank = rankOf(line.domain, account, ground);
    if (rank === null) continue;
    // `DOMAIN -` alone: the module does nothing for whom it names.
    if (line.item === "" && line.type === "-" && rank < 4) return [...from];
    const start = from.find((limit) => limit.name === line.item);
    const amount = amountOf(line.item, line.value, ground.mostFiles);
    if (start === undefined || amount === null) continue;
    const now = wanted.get(line.item) ?? { ...start, softRank: nothingYet, hardRank: nothingYet };
    wanted.set(line.item, changed(now, line.type, amount, rank));
  }
  return from.map((limit) => {
    const now = wanted.get(limit.name);
    return now === undefined ? limit : set(limit, now, ground);
  });
}

/** Of `-`, the hard limit is left as well where another line has more to say about the soft one. */
function changed(now: Wanted, type: string, amount: Amount, rank: Rank): Wanted {
  const softHolds = now.softRank < rank;
  const hardHolds = now.hardRank < rank;
  const soft = { soft: amount, softRank: rank };
  const hard = { hard: amount, hardRank: rank };
  if (type === "soft") return softHolds ? now : { ...now, ...soft };
  if (type === "hard") return hardHolds ? now : { ...now, ...hard };
  if (type !== "-" || softHolds) return now;
  return hardHolds ? { ...now, ...soft } : { ...now, ...soft, ...hard };
}

/** What setrlimit(2) makes of it. */
function set(limit: Limit, now: Wanted, ground: LimitsGround): Limit {
  const isFiles = limit.name === "nofile";
  const wish = isFiles && ground.isDebian && now.softRank === ofKernel && isMore(now.soft, 1024) ? 1024 : now.soft;
  const refused = isMore(now.hard, limit.hard) && !ground.mayRaise;
  if (refused || (isFiles && isMore(now.hard, ground.mostFiles))) return limit;
  return { name: limit.name, soft: isMore(wish, now.hard) ? now.hard : wish, hard: now.hard };
}

function isMore(one: Amount, other: Amount): boolean {
  if (other === "unlimited") return false;
  return one === "unlimited" || one > other;
}

function linesOf(text: string): LimitsLine[] {
  return text.split("\n").flatMap((raw) => {
    const words = raw
      .replace(/#.*/, "")
      .trim()
      .split(/[ \t]+/);
    const [domain = "", type = "", item = ""] = words;
    const value = words.slice(3).join(" ").toLowerCase();
    if (words.length !== 2 && words.length < 4) return [];
    return [{ domain, type: type.toLowerCase(), item: item.toLowerCase(), value }];
  });
}

function rankOf(domain: string, account: LimitedAccount, ground: LimitsGround): Rank | null {
  if (domain === account.name) return 0;
  const named = account.uid === 0 && ground.isDebian;
  if (domain === "*") return named ? null : 4;
  if (domain.startsWith("@")) return !named && inGroup(domain.slice(1), account, ground) ? 1 : null;
  return isWithin(domain, account.uid) && !named ? 0 : null;
}

/** `group`, `:gid` (any of its groups), `min:` and `min:max` (the primary group). */
function inGroup(word: string, account: LimitedAccount, ground: LimitsGround): boolean {
  if (word.startsWith(":")) return account.groups.includes(idOf(word.slice(1)));
  if (word.includes(":")) return isWithin(word, account.gid);
  const gid = ground.gidOf(word);
  return gid !== null && account.groups.includes(gid);
}

/** `:id`, `min:`, `min:max`. */
function isWithin(range: string, id: number): boolean {
  const [min, max, ...rest] = range.split(":");
  if (min === undefined || max === undefined || rest.length > 0) return false;
  if (min === "") return id === idOf(max);
  return id >= idOf(min) && (max === "" || id <= idOf(max));
}

function idOf(word: string): number {
  return /^\d+$/.test(word) ? Number(word) : Number.NaN;
}

/** Minutes and kilobytes become the kernel's seconds and bytes; `nice` -20..19 its 40..1. */
function amountOf(item: string, value: string, mostFiles: number): Amount | null {
  const number = /^[+-]?\d+/.exec(value)?.[0];
  if (item === "nice") return number === undefined ? null : 20 - Math.max(-20, Math.min(19, Number(number)));
  if (["-1", "-", "unlimited", "infinity"].includes(value)) return item === "nofile" ? mostFiles : "unlimited";
  if (number === undefined || Number(number) < 0) return null;
  if (item === "cpu") return Number(number) * 60;
  return kilobytes.includes(item) ? Number(number) * 1024 : Number(number);
}
