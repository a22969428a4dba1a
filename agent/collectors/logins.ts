import * as z from "zod";
import { runCommand } from "../host/command.ts";
import { systemBytes } from "../host/system-file.ts";
import { parseWtmp, recordSize, type TerminalSession } from "./wtmp.ts";

/** Logins that sshd let in, from the journal, else from the log files that syslog keeps. */

export interface Login {
  readonly user: string;
  /** `publickey`, `password`, ... */
  readonly method: string;
  readonly address: string;
  readonly seconds: number;
}

export interface LoginSources {
  readonly journalctl: string;
  /** Newest last. */
  readonly logs: readonly string[];
  readonly wtmp: readonly string[];
}

export const hostSources: LoginSources = {
  journalctl: "journalctl",
  logs: ["/var/log/auth.log.1", "/var/log/auth.log", "/var/log/secure"],
  wtmp: ["/var/log/wtmp.1", "/var/log/wtmp"],
};

export interface Logins {
  readonly logins: readonly Login[];
  /** Null where wtmp cannot be had: then logins with a terminal cannot be told from those without. */
  readonly terminals: readonly TerminalSession[] | null;
  /** What limits the word of the above, a sentence each. */
  readonly doubts: readonly string[];
}

const days = 30;
const mostRows = 50_000;
const mostBytes = 32 << 20;

/** The logins of the last 30 days. Root sees all; others, what the host lets them see. */
export async function recentLogins(now: Date, sources: LoginSources = hostSources): Promise<Logins> {
  const journal = await fromJournal(sources.journalctl);
  const since = now.getTime() / 1000 - days * 86_400;
  const terminals = terminalSessions(sources.wtmp);
  const noTerminals = "wtmp could not be read: logins with a terminal are counted like those without";
  const doubts = [...(terminals === null ? [noTerminals] : []), ...journal.doubts];
  if (journal.logins.length > 0) return { logins: journal.logins, terminals, doubts };
  const texts = sources.logs.map((path) => systemBytes(path, mostBytes, -mostBytes)?.toString("utf8") ?? "");
  const logins = texts.flatMap((text) => parseLog(text, now)).filter(({ seconds }) => seconds >= since);
  const forgeable = "logins are from syslog's files, in which any user of the host can write a line in sshd's name";
  return { logins, terminals, doubts: logins.length === 0 ? doubts : [...doubts, forgeable] };
}

const entry = z.object({ MESSAGE: z.string(), __REALTIME_TIMESTAMP: z.string().regex(/^\d{1,19}$/) });

/** journald itself says whose an entry is: nobody but root can have written what is asked for here. */
async function fromJournal(program: string): Promise<{ logins: Login[]; doubts: string[] }> {
  const whose = ["_UID=0", "_COMM=sshd", "_COMM=sshd-session"];
  const how = ["-o", "json", "--output-fields=MESSAGE", "--no-pager", "-q", "-r", "-n", String(mostRows)];
  const what = ["--since", `-${days}d`, "--grep", "^Accepted "];
  const limits = { deadlineMs: 10_000, maxBytes: mostBytes };
  const outcome = await runCommand([program, ...how, ...what, ...whose], limits);
  if (outcome.kind === "timed-out" || outcome.kind === "too-much") {
    return { logins: [], doubts: [`the journal's logins could not be read: ${outcome.kind}`] };
  }
  // No journal, none that we may read, or nothing in it: the log files remain.
  if (outcome.kind !== "ended") return { logins: [], doubts: [] };
  const rows = outcome.stdout.toString("utf8").split("\n").filter(Boolean);
  const isCut = rows.length >= mostRows;
  const doubts = isCut ? [`only the latest ${mostRows} logins of the journal were looked at`] : [];
  return { logins: rows.flatMap(journalLogin), doubts };
}

function journalLogin(row: string): Login[] {
  try {
    // A message that is no UTF-8 comes as a list of bytes; no login's is.
    const parsed = entry.safeParse(JSON.parse(row));
    if (!parsed.success) return [];
    return loginOf(parsed.data.MESSAGE, Number(parsed.data.__REALTIME_TIMESTAMP) / 1e6);
  } catch {
    return [];
  }
}

function loginOf(message: string, seconds: number): Login[] {
  const match = /^Accepted (\S+) for (.+) from (\S+) port \d+(?: ssh2.*)?$/.exec(message);
  const [, method, user, address] = match ?? [];
  return method && user && address ? [{ method, user, address, seconds }] : [];
}

/** Lines of syslog with sshd's tag, in the old form (`Nov  3 07:32:01`, local time, no year) and in RFC 3339's. */
export function parseLog(text: string, now: Date): Login[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(\w{3} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\S+T\S+) \S+ sshd(?:-session)?\[\d+\]: (.*)$/.exec(line);
    const [, stamp, message] = match ?? [];
    if (stamp === undefined || message === undefined) return [];
    const seconds = secondsOf(stamp, now);
    return seconds === null ? [] : loginOf(message, seconds);
  });
}

function secondsOf(stamp: string, now: Date): number | null {
  const parse = (text: string) => {
    const milliseconds = Date.parse(text);
    return Number.isNaN(milliseconds) ? null : milliseconds / 1000;
  };
  if (/^\d/.test(stamp)) return parse(stamp);
  const thisYear = parse(`${stamp} ${now.getFullYear()}`);
  // A day of grace: a line of last December, read in January, would lie ahead.
  const isAhead = thisYear !== null && thisYear > now.getTime() / 1000 + 86_400;
  return isAhead ? parse(`${stamp} ${now.getFullYear() - 1}`) : thisYear;
}

function terminalSessions(paths: readonly string[]): TerminalSession[] | null {
  const size = recordSize();
  if (size === null) return null;
  // A multiple of the record's size from the end, where the last record ends.
  const most = Math.floor(mostBytes / size) * size;
  const read = paths.flatMap((path) => systemBytes(path, most, -most) ?? []);
  return read.length === 0 ? null : read.flatMap((bytes) => parseWtmp(bytes) ?? []);
}

/**
 * The logins for which no terminal was opened: sshd records a terminal within moments of the login, so that each row of
 * wtmp takes away the last login of the same account before it that is at most a minute old.
 */
export function withoutTerminal(logins: readonly Login[], terminals: readonly TerminalSession[]): Login[] {
  const byUser = new Map<string, { logins: Login[]; next: number }>();
  for (const login of [...logins].sort((a, b) => a.seconds - b.seconds)) {
    const own = byUser.get(login.user) ?? { logins: [], next: 0 };
    own.next = own.logins.push(login) - 1;
    byUser.set(login.user, own);
  }
  const taken = new Set<Login>();
  // From the newest on, so that each account's list is walked once.
  for (const terminal of [...terminals].sort((a, b) => b.seconds - a.seconds)) {
    const own = byUser.get(terminal.user);
    // Without a host it is a console's.
    if (own === undefined || terminal.host === "") continue;
    while (own.next >= 0 && isAfter(own.logins[own.next], terminal)) own.next -= 1;
    for (let at = own.next; at >= 0; at--) {
      const login = own.logins[at];
      if (login === undefined || login.seconds < terminal.seconds - 60) break;
      if (taken.has(login) || !isSameHost(login, terminal)) continue;
      taken.add(login);
      break;
    }
  }
  return [...byUser.values()].flatMap((own) => own.logins.filter((login) => !taken.has(login)));
}

/** wtmp keeps whole seconds. */
function isAfter(login: Login | undefined, terminal: TerminalSession): boolean {
  return login !== undefined && login.seconds >= terminal.seconds + 1;
}

/** Where wtmp has an address it must be the login's; it may have a name instead (UseDNS). */
function isSameHost(login: Login, { host }: TerminalSession): boolean {
  return login.address === host || !/^[\d.]+$|:/.test(host);
}
