/**
 * What status shows besides the counts: the agent's state in the words of status/picture.ts. Everything in it was prepared
 * when a run ended: to make it starts no probe and reads no file of the host.
 */
import type { SessionsFacts, Share } from "../facts/index.ts";
import {
  type AccountWays,
  type CleanupRow,
  type Day,
  type Picture,
  type ShownFinding,
  shownSessions,
  type Unmeasured,
  validUntil,
  type WatchedAccount,
} from "../status/index.ts";
import { gapWords, type KeptFinding, maskedFinding, type Store } from "../store/index.ts";
import { type Interval, lookedIn, ranIn, restsOf, spansOf, type Turn, turnsIn, withRun, worstOf } from "./history.ts";
import { groundAlone, inOrder, leadOf } from "./lead.ts";
import type { Watched } from "./watched.ts";
import { enteredBy, stale, waysOf } from "./ways.ts";

export interface Seeing {
  /** Only this one; undefined: all. */
  readonly account: string | undefined;
  readonly share: Share;
}

/** What a picture is made of. */
export interface Pictured {
  readonly store: Store;
  readonly nowMs: number;
  /** Milliseconds from one full run to the next. */
  readonly fullMs: number;
  readonly watched: readonly Watched[];
  /** Who is watched, and who would be. */
  readonly accounts: readonly WatchedAccount[];
  readonly sessions: SessionsFacts;
  readonly cleanup: readonly CleanupRow[];
  readonly degraded: readonly { readonly code: string; readonly message: string }[];
  readonly stuck: Day["stuck"];
  readonly people: Day["logins"];
}

export const dayMs = 86_400_000;
const pastMs = 30 * dayMs;
const mostSaves = 500;
const mostTurns = 5_000;
/** Nobody reads more of them at once; /v1/findings has them all, and each account's counts are in status. */
const mostFindings = 1_000;
const mostUnmeasured = 1_000;

export function pictureOf(from: Pictured, { account, share }: Seeing): Picture {
  const isShown = (name: string) => account === undefined || name === account;
  const watched = from.watched.filter(({ name }) => isShown(name));
  const accounts = from.accounts.filter(({ name }) => isShown(name));
  const found = inOrder(from.store.findings(account).map(({ finding }) => finding));
  const seen = seenOf(from, watched);
  const ends = accounts.flatMap(({ confirmedAt }) => validUntil(confirmedAt) ?? []).sort();
  const cleanup = from.cleanup.filter((row) => isShown(row.account));
  return {
    validUntil: ends[0] ?? null,
    findings: found.slice(0, mostFindings).map((finding) => shownFinding(from, finding, share, seen(finding.account))),
    ways: watched.flatMap(waysIn),
    lead: leadIn(found, watched, share),
    day: dayOf({ ...from, watched }, { account, share }, found, seen),
    sessions: shownSessions(from.sessions, account, share),
    cleanup,
    unmeasured: bounded(unmeasuredIn({ ...from, watched, accounts, cleanup }, { account, share })),
  };
}

function bounded(rows: readonly Unmeasured[]): readonly Unmeasured[] {
  if (rows.length <= mostUnmeasured) return rows;
  const message = `${rows.length - mostUnmeasured} more of them; /v1/runs has each account's gaps`;
  return [...rows.slice(0, mostUnmeasured), { account: "-", mode: "-", code: "more", message, change: "" }];
}

/** When anybody looked at an account, each looked up once. */
function seenOf(
  { store, nowMs, fullMs }: Pictured,
  watched: readonly Watched[],
): (account: string) => readonly Interval[] {
  const ran = ranIn(store.happened("agent", "", nowMs - pastMs), nowMs);
  const since = new Map(store.accounts().map(({ name, watchedSince }) => [name, Date.parse(watchedSince)]));
  const byName = new Map(watched.map((each) => [each.name, each]));
  const known = new Map<string, readonly Interval[]>();
  return (account) => {
    const before = known.get(account);
    if (before !== undefined) return before;
    const of = byName.get(account);
    if (of !== undefined) of.rests ??= restsOf(store.runTimes(account), fullMs);
    const isMeasured = of?.rests?.lastMs !== null;
    const rests = of?.rests && isMeasured ? withRun(of.rests, nowMs, fullMs).between : [];
    // What is about the host has a run of its own only where something turned.
    const sinceMs = account === "-" ? Number.NEGATIVE_INFINITY : isMeasured ? (since.get(account) ?? nowMs) : nowMs;
    const looked = lookedIn(ran, { sinceMs, rests, nowMs });
    known.set(account, looked);
    return looked;
  };
}

function shownFinding(
  { store, nowMs }: Pictured,
  finding: KeptFinding,
  share: Share,
  seen: readonly Interval[],
): ShownFinding {
  const fromMs = nowMs - pastMs;
  const turns = latest(turnsIn(store.happened("turn", finding.fingerprint, fromMs, mostTurns), finding.fingerprint));
  const now = finding.status;
  const past = spansOf({ fromMs, toMs: nowMs, turns, now, sinceMs: Date.parse(finding.since), seen });
  return { ...maskedFinding(finding, share), past };
}

/** Of more turns than are looked at nothing is said before the first of them. */
function latest(turns: readonly Turn[]): readonly Turn[] {
  return turns.map((turn, at) => (at === 0 && turns.length === mostTurns ? { ...turn, from: null } : turn));
}

function waysIn(watched: Watched): AccountWays[] {
  const { name, account, measuredAt, seen, others, ground, othersGround } = watched;
  if (measuredAt === null) return [];
  const beside = ground === othersGround ? others : stale(others);
  return [{ account: name, shell: account?.shell ?? "", ways: waysOf(seen, beside, enteredBy(watched)) }];
}

function leadIn(found: readonly KeptFinding[], watched: readonly Watched[], share: Share): Picture["lead"] {
  const [first] = found;
  if (first === undefined || first.waived !== undefined) return null;
  const of = watched.find(({ name }) => name === first.account);
  const ground = of?.lead?.fingerprint === first.fingerprint ? of.lead : groundAlone(first, of?.account ?? null);
  const hint = of?.hints.get(first.fingerprint) ?? null;
  return leadOf(first, maskedFinding(first, share), { ground, hint, share });
}

function dayOf(
  { store, nowMs, stuck, people, watched }: Pictured,
  { account, share }: Seeing,
  found: readonly KeptFinding[],
  seen: (account: string) => readonly Interval[],
): Day {
  const fromMs = nowMs - dayMs;
  const turned = Map.groupBy(store.happened("state", "", fromMs), ({ key }) => key.split(" ").slice(0, -2).join(" "));
  const open = Map.groupBy(found, (finding) => finding.account);
  const saves = store.happened("save", account ?? "", fromMs, mostSaves).flatMap(({ key, atMs }) => {
    const at = key.indexOf(" /");
    const [name, path] = [key.slice(0, at), key.slice(at + 1)];
    return at < 0 || (account !== undefined && name !== account) ? [] : [{ account: name, path, at: iso(atMs) }];
  });
  return {
    from: iso(fromMs),
    to: iso(nowMs),
    accounts: watched.map(({ name }) => {
      const findings = open.get(name) ?? [];
      const sinceMs = Math.max(Number.NEGATIVE_INFINITY, ...findings.map(({ since }) => Date.parse(since)));
      const turns = turnsIn(turned.get(name) ?? [], name);
      return {
        account: name,
        spans: spansOf({ fromMs, toMs: nowMs, turns, now: worstOf(findings), sinceMs, seen: seen(name) }),
      };
    }),
    stuck: account === undefined ? stuck : [],
    saves,
    // Names of people are no names of what was found: as those in a hint, they go with values.
    logins:
      share === "names" ? null : (people?.filter(({ user }) => account === undefined || user === account) ?? null),
  };
}

type Unmeasurable = WatchedAccount["state"];
const notMeasured: Readonly<Record<Unmeasurable, { readonly message: string; readonly change: string } | null>> = {
  waiting: { message: "it waits for its first run", change: "" },
  measuring: { message: "its first run is not over", change: "" },
  measured: null,
  "not-granted": { message: "the Grant does not name it", change: "have the host's owner name it in the Grant" },
  quiet: { message: "the Grant wants quiet at this hour", change: "" },
  suspended: { message: "it ran out of time again and again", change: "" },
  unavailable: { message: "the name service does not name it", change: "" },
  elsewhere: { message: "another rcwarden watches it", change: "" },
};

function unmeasuredIn(
  { watched, accounts, cleanup, sessions, degraded }: Pictured,
  { account, share }: Seeing,
): Unmeasured[] {
  const rows: Unmeasured[] = [];
  for (const { name, state, says, measuredAt } of accounts) {
    const reason = notMeasured[state];
    const isFirst = state !== "waiting" && state !== "measuring";
    if (reason === null || (!isFirst && measuredAt !== null)) continue;
    rows.push({ account: name, mode: "-", code: state, ...reason, ...(says !== "" && { message: says }) });
  }
  for (const { name, seen, others, ground, othersGround } of watched) {
    const shown = ground === othersGround ? others : { ...others, gaps: [] };
    for (const { mode, code, message, change } of [...seen.gaps, ...shown.gaps]) {
      const masked = share === "names" ? { message: gapWords[code], change: "" } : { message, change };
      rows.push({ account: name, mode, code, ...masked });
    }
    if (shown === others) continue;
    const message = "something changed since it was measured; it is measured again by the next full run";
    for (const mode of others.cells.keys())
      rows.push({ account: name, mode, code: "changed-meanwhile", message, change: "" });
  }
  for (const { account: of, retention, plan, problem } of cleanup) {
    if (problem === "" && plan !== null) continue;
    const message = `${retention}: ${problem === "" ? "there is no plan yet" : problem}`;
    rows.push({ account: of, mode: "-", code: "no-plan", message, change: "" });
  }
  if (sessions.problem !== "")
    rows.push({ account: account ?? "-", mode: "-", code: "sessions", message: sessions.problem, change: "" });
  if (account !== undefined) return rows;
  for (const { code, message } of degraded) rows.push({ account: "-", mode: "-", code, message, change: "" });
  return rows;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
