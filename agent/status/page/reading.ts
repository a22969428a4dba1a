/** What of the state the page is about: which headline it has, which finding leads, and whether all that is still known. */
import type { PrincipalKind } from "../route.ts";
import type { StatusAnswer } from "../shapes.ts";
import { type Html, html, type Part } from "./html.ts";
import type { Tenses } from "./telling.ts";
import { Clock } from "./words.ts";

export type Finding = StatusAnswer["findings"][number];
export type Lead = NonNullable<StatusAnswer["lead"]>;
export type Day = StatusAnswer["day"];
export type Span = Finding["past"][number];
export type Ways = StatusAnswer["ways"][number];
export type Way = Ways["ways"][number];
export type SessionGroup = StatusAnswer["sessions"]["groups"][number];
export type Cleanup = StatusAnswer["cleanup"][number];
export type Sink = StatusAnswer["sinks"][number];
export type Unmeasured = StatusAnswer["unmeasured"][number];

export interface Context {
  /** Who asks. */
  readonly principal: PrincipalKind;
  /** Epoch milliseconds. */
  readonly nowMs: number;
  /** What the host's zone is ahead of UTC. */
  readonly offsetMinutes: number;
}

/** `unmeasured`: accounts are watched, and none of them can be measured. */
export type State = "fails" | "unknown" | "holds" | "first-start" | "no-account" | "unmeasured" | "quiet";

export interface Reading {
  readonly status: StatusAnswer;
  readonly principal: PrincipalKind;
  readonly clock: Clock;
  readonly state: State;
  /** None of it was confirmed lately enough: it is told in the past, and nothing that ends or removes is offered. */
  readonly isStale: boolean;
  /** RFC 3339: when what is told was known. */
  readonly knownAt: string;
  readonly failing: readonly Finding[];
  readonly undecided: readonly Finding[];
  readonly waived: readonly Finding[];
  /** The finding that leads; null where nothing fails or is undecided. */
  readonly leading: { readonly finding: Finding; readonly lead: Lead | null } | null;
}

export function readingOf(status: StatusAnswer, { principal, nowMs, offsetMinutes }: Context): Reading {
  const standing = status.findings.filter(({ waived }) => waived === undefined);
  const failing = standing.filter((finding) => finding.status === "fail");
  const undecided = standing.filter((finding) => finding.status === "unknown");
  const state = stateOf(status, failing.length, undecided.length);
  const isStale = state === "quiet" || isPast(status.validUntil, nowMs);
  return {
    ...{ status, principal, state, isStale, failing, undecided },
    clock: new Clock(nowMs, offsetMinutes),
    knownAt: isStale ? lastConfirmed(status) : status.time,
    waived: status.findings.filter(({ waived }) => waived !== undefined),
    leading: leadingOf(status, [...failing, ...undecided]),
  };
}

function stateOf(status: StatusAnswer, fails: number, unknown: number): State {
  const { accounts, ready } = status;
  if (accounts.length === 0) return ready ? "no-account" : "first-start";
  if (accounts.some(({ state }) => state === "quiet") && accounts.every(({ state }) => !busy.includes(state))) {
    return "quiet";
  }
  if (fails > 0) return "fails";
  if (unknown > 0 || openWays(status).length > 0) return "unknown";
  if (accounts.some(({ measuredAt }) => measuredAt !== null)) return "holds";
  return accounts.some(({ state }) => busy.includes(state)) ? "first-start" : "unmeasured";
}

/** Ways in that are unknown, where that leaves it open what an engine meets: its own ones, or all where none holds. */
export function openWays({ ways }: StatusAnswer): Way[] {
  const cells = ways.flatMap((each) => each.ways);
  const unknown = cells.filter(({ state }) => state === "unknown");
  return cells.some(({ state }) => state === "holds") ? unknown.filter(({ isEngines }) => isEngines) : unknown;
}

const busy: readonly string[] = ["waiting", "measuring", "measured"];

function isPast(time: string | null, nowMs: number): boolean {
  return time !== null && Date.parse(time) < nowMs;
}

/** The oldest word about any account: all of the page was known then. */
function lastConfirmed({ accounts, time }: StatusAnswer): string {
  const times = accounts.flatMap(({ confirmedAt, measuredAt }) => confirmedAt ?? measuredAt ?? []);
  return times.sort()[0] ?? time;
}

function leadingOf({ lead }: StatusAnswer, standing: readonly Finding[]): Reading["leading"] {
  const [first] = standing;
  const finding = standing.find(({ fingerprint }) => fingerprint === lead?.fingerprint) ?? first;
  if (finding === undefined) return null;
  return { finding, lead: lead?.fingerprint === finding.fingerprint ? lead : null };
}

/** The path as the account would write it, where the chain that leads to the line shows what its home is. */
export function pathFor({ leading }: Reading, account: string, path: string): string {
  if (leading?.finding.account !== account) return path;
  const { finding, lead } = leading;
  const home = lead?.chain.flatMap(({ what }) => homeBefore(finding.where?.file ?? "", what))[0];
  return home !== undefined && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

/** `/home/oracle`, of `/home/oracle/.cshrc` and `~/.cshrc:14`. */
function homeBefore(file: string, what: string): string[] {
  const tail = /^~(\/.+?)(:\d+)?$/.exec(what)?.[1];
  return tail !== undefined && file.endsWith(tail) && file.length > tail.length ? [file.slice(0, -tail.length)] : [];
}

/** Both tenses: which of them is shown is the style's matter, for an open page can grow old. */
export function tense(now: Part, past: Part): Html {
  return html`<span class="now">${now}</span><span class="past">${past}</span>`;
}

export function inTenses({ now, past }: Tenses): Html {
  return tense(now, past);
}
