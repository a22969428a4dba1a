/** Pre-flight (design 9): may an engine send its commands to this account now? Pure. */
import { exceptionEndMs } from "../documents/index.ts";
import type { KeptFinding } from "../store/index.ts";
import type { AccountView } from "./agent-view.ts";

/** How long a confirmation holds. */
export const validForMs = 60_000;
/** A confirmation may be this far ahead of the clock; further, and the clock went back. */
const skewMs = 5_000;

export const reasonCodes = [
  "engine-missing",
  "not-measured",
  "not-granted",
  "quiet",
  "suspended",
  "account-unavailable",
  "elsewhere",
  "undecided",
  "pending",
  "blind",
  "not-confirmed",
  "clock-went-back",
] as const;
/** Stable words: why no `go` can be said. */
export type ReasonCode = (typeof reasonCodes)[number];

export interface Reason {
  readonly code: ReasonCode;
  /** One clause in plain words. */
  readonly message: string;
}

export interface Preflight {
  readonly verdict: "go" | "no-go" | "unknown";
  /** What fails, where the verdict is no-go; what is undecided, where it is unknown. */
  readonly because: readonly KeptFinding[];
  /** What an Exception waives: it does not block. */
  readonly waived: readonly KeptFinding[];
  readonly undecided: AccountView["undecided"];
  /** Why it is not known, also beside a no-go; empty where everything is known. */
  readonly reasons: readonly Reason[];
  /** RFC 3339; null where it never was. */
  readonly measuredAt: string | null;
  readonly confirmedAt: string | null;
  readonly validUntil: string | null;
  /** Names of the engines that it is about. */
  readonly engines: readonly string[];
}

export interface Moment {
  readonly nowMs: number;
  readonly blind: boolean;
}

/**
 * For one engine of the account's policies, or for all of them. no-go wins over unknown, and unknown over go; an engine
 * that no policy names for this account, or for which no rule decides, is unknown.
 */
export function verdictOf(view: AccountView, engine: string | null, { nowMs, blind }: Moment): Preflight {
  const engines = view.engines.filter(({ name }) => engine === null || name === engine);
  const decides = decidesFor(engines, view);
  const own = view.findings.filter(decides);
  const isWaived = ({ waived }: KeptFinding) => waived !== undefined && nowMs < exceptionEndMs(waived);
  const unwaived = own.filter((finding) => !isWaived(finding));
  const failing = unwaived.filter(({ status }) => status === "fail");
  const doubtful = unwaived.filter(({ status }) => status === "unknown");
  const undecided = view.undecided.filter(decides);
  const { measuredAt, confirmedAt } = view.account;
  const reasons = [
    ...accountReasons(view.account),
    // Before the first run nobody knows what decides.
    ...(measuredAt === null ? [] : engineReasons(engines, view, engine)),
    ...undecidedReasons([...doubtful, ...undecided]),
    ...(blind ? [reason("blind", "watching sees nothing for now, so that a change would go unseen")] : []),
    ...(measuredAt === null ? [] : confirmationReasons(confirmedAt, nowMs)),
  ];
  return {
    verdict: failing.length > 0 ? "no-go" : reasons.length > 0 ? "unknown" : "go",
    because: failing.length > 0 ? failing : doubtful,
    waived: own.filter(isWaived),
    undecided,
    reasons,
    measuredAt,
    confirmedAt,
    validUntil: validUntil(confirmedAt),
    engines: engines.map(({ name }) => name),
  };
}

/** RFC 3339, or null where nothing was confirmed. */
export function validUntil(confirmedAt: string | null): string | null {
  const ms = confirmedAt === null ? Number.NaN : Date.parse(confirmedAt);
  return Number.isFinite(ms) ? new Date(ms + validForMs).toISOString() : null;
}

interface Key {
  readonly policy: string;
  readonly check: string;
  readonly mode: string;
  readonly subject: string;
  readonly severity: string;
}

/**
 * Whether something of the account decides for these engines: high or critical, by one of their policies in one of their
 * modes (`-`, the account or the host, is none), and not about a command that only other engines send.
 */
function decidesFor(engines: AccountView["engines"], view: AccountView): (key: Key) => boolean {
  const pairs = new Set(engines.flatMap(({ rules }) => rules.map(({ policy, mode }) => pair(policy, mode))));
  const sent = new Set(engines.flatMap(({ sends }) => sends));
  const sentByAny = new Set(view.engines.flatMap(({ sends }) => sends));
  const isOthers = ({ check, subject }: Key) =>
    check === "engine-commands" && sentByAny.has(subject) && !sent.has(subject);
  return (key) =>
    (key.severity === "high" || key.severity === "critical") && pairs.has(pair(key.policy, key.mode)) && !isOthers(key);
}

function pair(policy: string, mode: string): string {
  return `${mode} ${policy}`;
}

function reason(code: ReasonCode, message: string): Reason {
  return { code, message };
}

function engineReasons(engines: AccountView["engines"], view: AccountView, engine: string | null): Reason[] {
  const { name } = view.account;
  if (engine !== null && engines.length === 0) {
    return [reason("engine-missing", `no policy for ${name} names the engine ${engine}`)];
  }
  if (engines.length === 0) return [reason("engine-missing", `no policy for ${name} names an engine`)];
  return engines
    .filter(({ rules }) => rules.length === 0)
    .map((each) => reason("engine-missing", `no rule for ${name} decides for the engine ${each.name}`));
}

type AccountState = AccountView["account"]["state"];
const stateReasons: Readonly<Record<AccountState, Reason | null>> = {
  waiting: null,
  measuring: null,
  measured: null,
  "not-granted": reason("not-granted", "the Grant does not let it be measured"),
  quiet: reason("quiet", "it is not measured at this time of day"),
  suspended: reason("suspended", "measuring it is suspended"),
  unavailable: reason("account-unavailable", "the name service does not name it"),
  elsewhere: reason("elsewhere", "another rcwarden watches it"),
};

function accountReasons({ state, says, measuredAt, pending }: AccountView["account"]): Reason[] {
  const known = stateReasons[state];
  const reasons: Reason[] = [];
  if (known !== null) reasons.push({ ...known, message: says === "" ? known.message : says });
  if (measuredAt === null && known === null) reasons.push(reason("not-measured", "it was not measured yet"));
  if (pending) reasons.push(reason("pending", "something happened that was not looked at yet"));
  return reasons;
}

function undecidedReasons(keys: readonly Key[]): Reason[] {
  if (keys.length === 0) return [];
  const what = keys.length === 1 ? "1 rule is" : `${keys.length} rules are`;
  return [reason("undecided", `${what} undecided`)];
}

function confirmationReasons(confirmedAt: string | null, nowMs: number): Reason[] {
  const until = validUntil(confirmedAt);
  if (until === null) return [reason("not-confirmed", "nothing confirmed that it is still as it was measured")];
  if (Date.parse(until) < nowMs) return [reason("not-confirmed", `it was last confirmed at ${confirmedAt}`)];
  if (Date.parse(until) - validForMs > nowMs + skewMs) {
    return [reason("clock-went-back", `it was confirmed at ${confirmedAt}, which is yet to come`)];
  }
  return [];
}
