import { readdirSync } from "node:fs";
import { readOfSpool } from "../host/read-as.ts";
import { systemFile } from "../host/system-file.ts";

/** Lines of crontabs (crontab(5)) that run something, by account. */

export interface CronPlaces {
  /** Folders of the accounts' own crontabs, as Debian, Red Hat and SUSE have them. */
  readonly spools: readonly string[];
  readonly table: string;
  readonly folder: string;
}

export const hostCron: CronPlaces = {
  spools: ["/var/spool/cron/crontabs", "/var/spool/cron", "/var/spool/cron/tabs"],
  table: "/etc/crontab",
  folder: "/etc/cron.d",
};

export interface CronLines {
  readonly account: string;
  /** `crontab` for the account's own, else the system's file. */
  readonly source: string;
  readonly lines: number;
}

/** All crontabs of the host that we may read. */
export async function cronLines(places: CronPlaces = hostCron): Promise<CronLines[]> {
  const own: CronLines[] = [];
  for (const spool of places.spools) {
    for (const account of filesIn(spool, /^\./)) {
      const read = await readOfSpool(`${spool}/${account}`);
      const lines = read.kind === "text" ? commandLines(read.text).length : 0;
      if (lines > 0) own.push({ account, source: "crontab", lines });
    }
  }
  // cron passes over names with a dot here: editors' and packages' leftovers.
  const dropped = filesIn(places.folder, /\.|~$/).map((name) => `${places.folder}/${name}`);
  return [...own, ...[places.table, ...dropped].flatMap(systemLines)];
}

function systemLines(path: string): CronLines[] {
  const counts = new Map<string, number>();
  for (const line of commandLines(systemFile(path) ?? "")) {
    // The account stands after the five times, or after `@daily` and the like.
    const account = line.trim().split(/\s+/)[line.trim().startsWith("@") ? 1 : 5];
    if (account !== undefined) counts.set(account, (counts.get(account) ?? 0) + 1);
  }
  return [...counts].map(([account, lines]) => ({ account, source: path, lines }));
}

/** Without comments, blank lines and settings (`NAME=value`). */
function commandLines(text: string): string[] {
  return text.split("\n").filter((line) => !/^\s*(#|$)/.test(line) && !/^\s*["']?\w+["']?\s*=/.test(line));
}

function filesIn(folder: string, but: RegExp): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((one) => (one.isFile() && !but.test(one.name) ? [one.name] : [])).sort();
  } catch {
    return [];
  }
}
