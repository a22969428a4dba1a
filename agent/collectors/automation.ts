import type { Account } from "../facts/index.ts";
import { accountByName, accountByUid, parseAccountEntry } from "../host/accounts.ts";
import { systemFile } from "../host/system-file.ts";
import { type CronLines, type CronPlaces, cronLines, hostCron } from "./cron.ts";
import { loginKeys } from "./login-keys.ts";
import { hostSources, type Login, type LoginSources, recentLogins, withoutTerminal } from "./logins.ts";

/** One account, and what speaks for something automated coming in by it. */
export interface Automated {
  readonly account: Account;
  /** A clause each, strongest first; empty for one that shows no sign. */
  readonly reasons: readonly string[];
  readonly keys: number;
  /** Of the last 30 days. */
  readonly loginsWithoutTty: number;
  /** The last of these. */
  readonly lastLogin: Date | null;
  readonly cronLines: number;
}

export interface Automation {
  /** Those with a sign, or all with a login shell if `all` was wished; busiest first. Without uid 0. */
  readonly accounts: readonly Automated[];
  /** uid 0 with its signs, or null if it shows none: it is measured only if somebody names it, or nobody else is found. */
  readonly root: Automated | null;
  readonly notListed: { readonly withoutShell: number; readonly withoutSign: number };
  /** What could not be looked at, a sentence each. */
  readonly doubts: readonly string[];
}

export interface AutomationWish {
  readonly now: Date;
  /** Also those with a login shell that show no sign. */
  readonly all?: boolean;
  readonly passwd?: string;
  readonly logins?: LoginSources;
  readonly cron?: CronPlaces;
}

interface Signs {
  readonly logins: readonly Login[];
  readonly terminalsKnown: boolean;
  readonly cron: readonly CronLines[];
  readonly now: Date;
}

/** Anybody may write logins of as many names into syslog's files, and each that is looked up costs some milliseconds. */
const mostStrangers = 500;

/** Shells that let nobody in. */
const noLogin = /\/(nologin|false|sync|halt|shutdown|true)$/;

/**
 * Looks at the accounts of /etc/passwd, and at those that logins and crontabs name: a name service is never enumerated,
 * so an account that only LDAP knows is found by what it did. Root only; others get their own account.
 */
export async function automatedAccounts(wish: AutomationWish): Promise<Automation> {
  if (process.geteuid?.() !== 0) return ownAccount(wish.now);
  const [found, cron] = await Promise.all([
    recentLogins(wish.now, wish.logins ?? hostSources),
    cronLines(wish.cron ?? hostCron),
  ]);
  const logins = found.terminals === null ? found.logins : withoutTerminal(found.logins, found.terminals);
  const signs: Signs = { logins, terminalsKnown: found.terminals !== null, cron, now: wish.now };
  const doubts = [...found.doubts];
  const local = (systemFile(wish.passwd ?? "/etc/passwd", 16 << 20) ?? "").split("\n").flatMap((line) => {
    const entry = parseAccountEntry(line);
    return entry === null ? [] : [entry.name];
  });
  const known = new Set([...local, ...cron.map(({ account }) => account)]);
  const strangers = [...new Set(found.logins.map(({ user }) => user))].filter((name) => !known.has(name));
  if (strangers.length > mostStrangers) {
    doubts.push(
      `logins name ${strangers.length} accounts that are not in /etc/passwd; ${mostStrangers} were looked up`,
    );
  }
  const names = [...known, ...strangers.slice(0, mostStrangers)];
  const answers = await inTurns(names, (name) => look(name, signs));
  for (const answer of answers) if (answer.kind !== "absent") doubts.push(...answer.doubts);
  const listed = answers.flatMap((answer) => (answer.kind === "listed" ? [answer.automated] : []));
  const others = listed.filter(({ account }) => account.uid !== 0).sort(busiestFirst);
  const withSign = others.filter(({ reasons }) => reasons.length > 0);
  return {
    accounts: wish.all === true ? others : withSign,
    root: listed.find(({ account, reasons }) => account.uid === 0 && reasons.length > 0) ?? null,
    notListed: {
      withoutShell: answers.filter(({ kind }) => kind === "without-shell").length,
      withoutSign: wish.all === true ? 0 : others.length - withSign.length,
    },
    doubts: [...new Set(doubts)],
  };
}

type Look =
  | { readonly kind: "listed"; readonly automated: Automated; readonly doubts: readonly string[] }
  | { readonly kind: "without-shell" | "unavailable"; readonly doubts: readonly string[] }
  | { readonly kind: "absent" };

async function look(name: string, signs: Signs): Promise<Look> {
  const answer = await accountByName(name);
  // A crontab may name an account that was removed since.
  if (answer.kind === "absent") return answer;
  if (answer.kind === "unavailable") return { kind: "unavailable", doubts: [`${name}: ${answer.why}`] };
  if (noLogin.test(answer.account.shell)) return { kind: "without-shell", doubts: [] };
  const { keys, doubts } = await loginKeys(answer.account);
  return { kind: "listed", automated: judged(answer.account, keys, signs), doubts };
}

function judged(account: Account, keys: number, signs: Signs): Automated {
  const logins = signs.logins.filter(({ user }) => user === account.name);
  const cron = signs.cron.filter((lines) => lines.account === account.name);
  const lastSeconds = logins.reduce((last, { seconds }) => Math.max(last, seconds), 0);
  const lastLogin = logins.length === 0 ? null : new Date(lastSeconds * 1000);
  const kind = signs.terminalsKnown ? " without a tty" : "";
  const reasons = [
    ...(keys > 0 ? [`key login for ${many(keys, "key")}`] : []),
    ...(lastLogin ? [`${many(logins.length, "login")}${kind}, last ${ago(lastLogin, signs.now)}`] : []),
    ...cron.map(({ source, lines }) => `${source}, ${many(lines, "line")}`),
  ];
  const lines = cron.reduce((sum, one) => sum + one.lines, 0);
  return { account, reasons, keys, loginsWithoutTty: logins.length, lastLogin, cronLines: lines };
}

function busiestFirst(a: Automated, b: Automated): number {
  const byNumbers = b.loginsWithoutTty - a.loginsWithoutTty || b.keys - a.keys || b.cronLines - a.cronLines;
  return byNumbers || (a.account.name < b.account.name ? -1 : 1);
}

function many(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

function ago(then: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - then.getTime()) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 120) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
}

async function ownAccount(now: Date): Promise<Automation> {
  const doubt = "without root only your own account is looked at, and neither logins nor crontabs";
  const nobody = { accounts: [], root: null, notListed: { withoutShell: 0, withoutSign: 0 }, doubts: [doubt] };
  const answer = await accountByUid(process.geteuid?.() ?? -1);
  if (answer.kind !== "account") return nobody;
  const { keys, doubts } = await loginKeys(answer.account);
  const own = judged(answer.account, keys, { logins: [], terminalsKnown: true, cron: [], now });
  return { ...nobody, accounts: [own], doubts: [doubt, ...doubts] };
}

/** A few at a time: each asks the name service, sshd and the account's home, each in a child. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const atOnce = 4;
  for (let at = 0; at < items.length; at += atOnce) {
    results.push(...(await Promise.all(items.slice(at, at + atOnce).map(work))));
  }
  return results;
}
