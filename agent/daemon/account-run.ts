/** One run: an account is measured in every mode that matters, and judged. What becomes of it is agent.ts' to keep. */
import { createHash } from "node:crypto";
import { checkKinds } from "../checks/index.ts";
import { type DocumentSet, documentsInForce, type Exception, policiesInForce, selfPolicy } from "../documents/index.ts";
import {
  baselineChanges,
  baselineItems,
  evaluate,
  type InForce,
  type Measured,
  modesFor,
  ruleDigests,
  type Verdict,
  waive,
} from "../evaluate/index.ts";
import {
  type Account,
  type AgentFacts,
  type Baseline,
  type BaselineChange,
  type BaselineItem,
  decidedBy,
  type ModeFacts,
  type ModeId,
  modeIds,
} from "../facts/index.ts";
import { realPath } from "../host/real-path.ts";
import { type Groups, inForce } from "../runs/in-force.ts";
import { byWay, requestsFor } from "../runs/measure-all.ts";
import type { MeasureRequest } from "../runs/world.ts";
import { isStartedIn, personalityOf } from "../shells/index.ts";
import type { RunRecord } from "../store/index.ts";

export interface RunWish {
  readonly account: Account;
  readonly set: DocumentSet;
  readonly groups: Groups;
  readonly exceptions: readonly Exception[];
  readonly how: "running" | "reading";
  readonly baseline: Baseline | null;
  readonly program: string;
  readonly via: string;
  /** Also the modes by which no engine enters: once per full run. */
  readonly everyMode: boolean;
  readonly nowMs: () => number;
  readonly measure: (request: MeasureRequest) => Promise<ModeFacts>;
  readonly signal: AbortSignal;
}

/** The modes by which no engine enters, and what the rules say there. */
export interface Others {
  readonly modes: readonly ModeFacts[];
  readonly verdicts: readonly Verdict[];
}

export interface Ran {
  readonly measured: Measured;
  /** About this account and no other, waived where an exception says so. */
  readonly verdicts: readonly Verdict[];
  /** What the rules say of the derived modes by which no engine enters, by what was measured of another one. */
  readonly besides: readonly Verdict[];
  /** Null where they were not measured. */
  readonly others: Others | null;
  readonly applying: readonly InForce[];
  readonly record: RunRecord;
  readonly items: readonly BaselineItem[];
  readonly changes: readonly BaselineChange[];
  /** Nothing could be asked to the end: time was over in every mode that counts. */
  readonly timedOut: boolean;
  readonly changedMeanwhile: boolean;
}

const withinMs = 30_000;

export async function runAccount(wish: RunWish): Promise<Ran> {
  const { account, set, exceptions } = wish;
  const startedMs = wish.nowMs();
  const applying = policiesInForce(set).map((policy) => inForce(policy, set, [account], wish.groups));
  const here = applying.filter(({ accounts }) => accounts === "all" || accounts.includes(account.name));
  const requests = requestsFor(account, {
    accounts: [account],
    policies: applying,
    modes: undefined,
    besides: besides(here),
    withinMs,
    how: wish.how,
  });
  const modes: ModeFacts[] = [];
  for (const request of requests) {
    if (wish.signal.aborted) break;
    modes.push(await wish.measure({ ...request, signal: wish.signal }));
  }
  const ways = byWay(modesFor(here), modes);
  const others = wish.everyMode ? await otherModes(wish, applying) : null;
  const measured: Measured = { account, modes: ways };
  const items = baselineItems(measured);
  const changes = wish.baseline === null ? [] : baselineChanges(wish.baseline, items);
  const reviewed = { baseline: wish.baseline, changes };
  const own = rulesAbout(set, wish.baseline);
  const judged = evaluate({
    policies: [...applying, own],
    measured: [{ ...measured, reviewed }],
    checks: checkKinds,
  });
  // What is about the host is not asked here (hostVerdicts).
  const verdicts = waive(judged, exceptions, wish.nowMs()).filter((verdict) => verdict.account === account.name);
  const gapCodes = (facts: ModeFacts) => [...new Set(facts.gaps.map(({ code }) => code))];
  const record: RunRecord = {
    account: account.name,
    startedAt: new Date(startedMs).toISOString(),
    seconds: Math.max(0, (wish.nowMs() - startedMs) / 1000),
    via: wish.via,
    modes: [...modes, ...(others?.modes ?? []).filter(({ mode }) => decidedBy(mode) === mode)].map((facts) => ({
      mode: facts.mode,
      ended: facts.startup?.ended ?? null,
      gaps: gapCodes(facts),
    })),
    ...counted(verdicts),
    program: wish.program,
    documents: documentsDigest(set),
    rules: groundOf(wish, applying, own),
  };
  const has = (code: string) => modes.filter((facts) => facts.gaps.some((gap) => gap.code === code));
  const timedOut = modes.length > 0 && has("timed-out").length === modes.length;
  return {
    measured,
    verdicts,
    besides: verdictsIn(besides(here), { account, modes }, applying),
    others,
    applying,
    record,
    items,
    changes,
    timedOut,
    changedMeanwhile: has("changed-meanwhile").length > 0,
  };
}

/** Nothing is compared where nothing was accepted. */
function rulesAbout(set: DocumentSet, baseline: Baseline | null): InForce {
  const own = ownRules(set);
  return baseline === null ? { ...own, rules: own.rules.filter(({ check }) => check !== "reviewed") } : own;
}

/** What decides here: a rule that is not for this account is none of them, and the host's owner may let it only be read. */
function groundOf({ account, how, baseline }: RunWish, applying: readonly InForce[], own: InForce) {
  const here = applying.filter(({ accounts }) => accounts === "all" || accounts.includes(account.name));
  return { ...ruleDigests(here, [how]), ...ruleDigests([own], [how, baseline?.acceptedAt ?? ""]) };
}

export function counted(verdicts: readonly Verdict[]): Pick<RunRecord, "pass" | "fail" | "unknown"> {
  const count = (status: Verdict["status"]) => verdicts.filter((verdict) => verdict.status === status).length;
  return { pass: count("pass"), fail: count("fail"), unknown: count("unknown") };
}

/** The rules that an agent always adds. */
export function ownRules(set: DocumentSet): InForce {
  return { ...inForce(selfPolicy(set), set, [], new Map()), accounts: "all" };
}

/** What is about the host and not about an account. */
export function hostVerdicts(
  set: DocumentSet,
  agent: AgentFacts,
  exceptions: readonly Exception[],
  nowMs: number,
): Verdict[] {
  const judged = evaluate({ policies: [ownRules(set)], measured: [], checks: checkKinds, agent });
  return waive(judged, exceptions, nowMs).filter(({ account }) => account === "-");
}

export function documentsDigest(set: DocumentSet): string {
  const digests = documentsInForce(set).map(({ kind, name, origin }) => `${kind} ${name} ${origin.digest}\n`);
  return `sha256:${createHash("sha256").update(digests.sort().join("")).digest("hex")}`;
}

/** Kept as cells of the matrix: they become no finding and decide nothing. */
export async function otherModes(
  wish: Pick<RunWish, "account" | "measure" | "how" | "signal">,
  applying: readonly InForce[],
): Promise<Others> {
  const { account, measure, how, signal } = wish;
  const resolved = (await realPath(account.shell)) ?? account.shell;
  const shell = personalityOf({ path: account.shell, resolved });
  const entered: readonly ModeId[] = modesFor(applying);
  const transfers = areTransfersAsked(applying);
  const rest = modeIds.filter((mode) => {
    const by = decidedBy(mode);
    if (!isStartedIn(by, shell) || entered.includes(mode)) return false;
    return by === mode || (transfers && !entered.includes(by));
  });
  const plan = { accounts: [account], policies: applying, modes: rest, withinMs, how };
  const modes: ModeFacts[] = [];
  for (const request of requestsFor(account, plan)) {
    if (signal.aborted) break;
    modes.push(await measure({ ...request, signal }));
  }
  return { modes: byWay(rest, modes), verdicts: verdictsIn(rest, { account, modes }, applying) };
}

/** Derived modes that no engine enters by, and for which all is measured that decides them. */
function besides(applying: readonly InForce[]): ModeId[] {
  const entered: readonly ModeId[] = modesFor(applying);
  if (!areTransfersAsked(applying)) return [];
  return modeIds.filter((mode) => {
    const by = decidedBy(mode);
    return by !== mode && entered.includes(by) && !entered.includes(mode);
  });
}

function areTransfersAsked(applying: readonly InForce[]): boolean {
  const kinds = applying.flatMap(({ rules }) => rules.map(({ check }) => checkKinds.find(({ id }) => id === check)));
  return kinds.some((kind) => kind?.asksAbout === "transfer");
}

/** In modes by which no engine enters. */
function verdictsIn(modes: readonly ModeId[], measured: Measured, applying: readonly InForce[]): Verdict[] {
  if (modes.length === 0) return [];
  const ways = { ...measured, modes: byWay(modes, measured.modes) };
  const judged = evaluate({ policies: applying, measured: [ways], checks: checkKinds, modes });
  return judged.filter(({ mode }) => mode !== "-");
}
