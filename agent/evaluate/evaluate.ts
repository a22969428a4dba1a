import type { AnyCheckKind, CheckFacts, Judgement, Sends } from "../checks/check-kind.ts";
import type { Engine, Rule } from "../documents/kinds.ts";
import {
  type Account,
  type AgentFacts,
  type AskedFact,
  agentFacts,
  askedFacts,
  decidedBy,
  type FactName,
  type Gap,
  gapsOf,
  type ModeFacts,
  type ModeId,
  modeIds,
  type ReviewedFacts,
} from "../facts/index.ts";
import { baselineItems, isBaselineInDoubt } from "./baseline.ts";
import { fingerprint } from "./fingerprint.ts";
import { bySeverity, worstOfEach } from "./order.ts";
import type { Verdict } from "./verdict.ts";

/** A policy as it applies: its own rules and those of what it includes, and the engines that it names. */
export interface InForce {
  /** The policy's name, as its findings carry it; a rule that came by an include may name the policy that says it. */
  readonly policy: string;
  /** Names of the accounts that it is for, where the policy does not mean all that were measured. */
  readonly accounts: "all" | readonly string[];
  readonly rules: readonly (Rule & { readonly policy?: string })[];
  readonly engines: readonly Engine[];
}

export interface Measured {
  readonly account: Account;
  readonly modes: readonly ModeFacts[];
  /** What was accepted of the account, as a running agent keeps it; left out where none was asked. */
  readonly reviewed?: ReviewedFacts;
}

export interface Question {
  readonly policies: readonly InForce[];
  readonly measured: readonly Measured[];
  readonly checks: readonly AnyCheckKind[];
  /** The modes that the caller named, instead of those by which the policies' engines come in. */
  readonly modes?: readonly ModeId[];
  /** What a running agent knows of itself; left out where none was asked. */
  readonly agent?: AgentFacts;
}

/**
 * A verdict for every rule, account, mode and subject; the most severe first, else what is about the host, then in the
 * order of accounts, modes and rules. What could not be had is `unknown`, also a mode that nobody measured: nothing is
 * left out. What is about the host is judged once, whoever was measured; its account and mode are `-`.
 */
export function evaluate({ policies, measured, checks, modes, agent }: Question): Verdict[] {
  const verdicts = measured.flatMap((of) => {
    const applying = policies.filter(({ accounts }) => accounts === "all" || accounts.includes(of.account.name));
    return [...aboutAccount(applying, of, checks, modes), ...aboutModes(applying, of, checks, modes)];
  });
  return bySeverity(worstOfEach([...aboutHost(policies, checks, agent), ...verdicts]));
}

/** The modes by which a policy's engines come in, or those that the caller named, in the order of the modes' table. */
export function modesFor(policies: readonly Pick<InForce, "engines">[], asked?: readonly ModeId[]): ModeId[] {
  const entered = asked ?? policies.flatMap(({ engines }) => engines.flatMap(({ enters }) => enters));
  return modeIds.filter((id) => entered.includes(id));
}

/**
 * What is sent in a mode, each line once: by the engines that enter by it; in a mode that none of them enters by (the
 * caller named it), what they would send there.
 */
export function sendsFor(policies: readonly Pick<InForce, "engines">[], mode: ModeId): Sends[] {
  const sends = policies.flatMap(({ engines }) => {
    const entering = engines.filter(({ enters }) => enters.includes(mode));
    return (entering.length === 0 ? engines : entering).flatMap((engine) => engine.sends);
  });
  return [...new Map(sends.map((each) => [`${each.try} ${each.command}`, each])).values()];
}

/** Names whose meaning the rules ask for in a mode: the probe is to resolve each. */
export function namesFor(policies: readonly InForce[], checks: readonly AnyCheckKind[], mode: ModeId): string[] {
  const names = policies.flatMap((policy) => {
    const facts = { sends: sendsFor([policy], mode), mode };
    return policy.rules.flatMap((rule) => {
      const kind = kindOf(rule.check, checks);
      return isJudgedIn(kind, mode) ? (kind.names?.(rule.with, facts) ?? []) : [];
    });
  });
  return [...new Set(names)];
}

/** Facts that the rules need in a mode and that are asked for only then. */
export function asksFor(policies: readonly InForce[], checks: readonly AnyCheckKind[], mode: ModeId): AskedFact[] {
  const kinds = policies.flatMap(({ rules }) => rules.map(({ check }) => kindOf(check, checks)));
  const needs = kinds.filter((kind) => isJudgedIn(kind, mode)).flatMap((kind) => kind.needs);
  return askedFacts.filter((fact) => needs.includes(fact));
}

/** What is about an account is judged by the facts of one of its modes, whichever was measured. */
function isJudgedIn({ asksAbout }: AnyCheckKind, mode: ModeId): boolean {
  const isDerived = decidedBy(mode) !== mode;
  return asksAbout === "account" || asksAbout === (isDerived ? "transfer" : "mode");
}

interface Context {
  readonly kind: AnyCheckKind;
  readonly rule: Rule;
  readonly policy: string;
  readonly account: string;
  readonly mode: ModeId | "-";
}

function aboutModes(
  policies: readonly InForce[],
  { account, modes: facts }: Measured,
  checks: readonly AnyCheckKind[],
  asked: readonly ModeId[] | undefined,
): Verdict[] {
  return modesFor(policies, asked).flatMap((mode) => {
    const here = policies.filter((policy) => modesFor([policy], asked).includes(mode));
    const told = here.some(({ rules }) => rules.some(({ check }) => saysHowStartupEnded(kindOf(check, checks))));
    const found = facts.find((each) => each.mode === mode);
    return here.flatMap((policy) => {
      const kinds = policy.rules.map((rule) => ({ rule, kind: kindOf(rule.check, checks) }));
      const asking = kinds.filter(({ kind }) => kind.asksAbout !== "account" && isJudgedIn(kind, mode));
      // Nothing that a rule asks about is a pass: what is entered and never asked about is undecided.
      const judging = asking.length > 0 ? asking : kinds.filter(({ kind }) => kind.asksAbout === "mode");
      return judging.flatMap(({ rule, kind }) => {
        const context = { kind, rule, policy: rule.policy ?? policy.policy, account: account.name, mode };
        const sends = sendsFor([policy], mode);
        if (asking.length === 0) return undecided(context, { sends, mode, ...nobodyAsked }, [notAskedIn(mode)]);
        if (found === undefined) return undecided(context, { sends, mode, ...nobodyAsked }, [notMeasured(mode)]);
        return judged(context, { ...nobodyAsked, ...found, account, sends }, told);
      });
    });
  });
}

/** Account checks see the facts of a mode that starts the account's own shell: `shell` is what they ask for. */
function aboutAccount(
  policies: readonly InForce[],
  of: Measured,
  checks: readonly AnyCheckKind[],
  asked: readonly ModeId[] | undefined,
): Verdict[] {
  const { account, modes: facts } = of;
  const found = facts.find(({ shell }) => shell.path === account.shell) ?? facts[0];
  return policies.flatMap((policy) =>
    policy.rules.flatMap((rule) => {
      const kind = kindOf(rule.check, checks);
      if (kind.asksAbout !== "account") return [];
      const context = { kind, rule, policy: rule.policy ?? policy.policy, account: account.name, mode: "-" as const };
      const mode = found?.mode ?? modesFor([policy], asked)[0] ?? "ssh-command";
      const sends = sendsFor([policy], mode);
      if (found === undefined) return undecided(context, { sends, mode, ...nobodyAsked }, [notMeasured(mode)]);
      const gaps = [...found.gaps, ...reviewGaps(of)];
      return judged(context, { ...nobodyAsked, ...found, gaps, account, sends, reviewed: of.reviewed ?? null }, false);
    }),
  );
}

/** What a check sees where no agent was asked, nor what is asked only where a rule needs it; gaps say so. */
const nobodyAsked = {
  watching: null,
  exceptions: null,
  backlog: null,
  sessions: null,
  reviewed: null,
  stdin: null,
  standings: null,
  sudo: null,
  locales: null,
  sshServer: null,
  accountUse: null,
};

/** Of what is asked only where a rule needs it: what this rule needs and nobody asked for. */
function notAsked({ asked = [] }: CheckFacts, needs: readonly FactName[]): Gap[] {
  const of = askedFacts.filter((fact) => needs.includes(fact) && !asked.includes(fact));
  return of.length === 0 ? [] : [{ code: "not-reached", message: "it was not asked for", change: "", of }];
}

const gapOfAgent: Gap = {
  code: "unreadable",
  message: "only a running agent knows it",
  change: "let an agent watch this host",
  of: agentFacts,
};

/** Without a difference something may still be missing that could not be had; a difference that was seen is one. */
function reviewGaps({ reviewed, ...measured }: Measured): Gap[] {
  if (reviewed === undefined) return [gapOfAgent];
  if (reviewed.baseline === null || reviewed.changes.length > 0) return [];
  if (!isBaselineInDoubt(reviewed.baseline, baselineItems(measured))) return [];
  const message = "not everything that was accepted could be measured";
  return [{ code: "not-reached", message, change: "", of: ["reviewed"] }];
}

/** Host checks see what the agent knows and nothing of an account. */
function aboutHost(
  policies: readonly InForce[],
  checks: readonly AnyCheckKind[],
  agent: AgentFacts | undefined,
): Verdict[] {
  const known = agent === undefined ? { gaps: [gapOfAgent] } : { ...agent, gaps: [] };
  const facts = { ...noAccount, ...nobodyAsked, ...known };
  return policies.flatMap((policy) =>
    policy.rules.flatMap((rule) => {
      const kind = kindOf(rule.check, checks);
      if (kind.asksAbout !== "host") return [];
      const context = { kind, rule, policy: rule.policy ?? policy.policy, account: "-", mode: "-" as const };
      return judged(context, facts, false);
    }),
  );
}

/** The facts of nobody in no mode, for what is not about them. */
const noAccount: Omit<CheckFacts, "gaps" | keyof typeof nobodyAsked> = {
  mode: "ssh-command",
  sandbox: "none",
  evidence: "",
  seconds: 0,
  shell: { path: "", personality: null },
  startup: null,
  startupFiles: [],
  aliases: [],
  functions: [],
  options: [],
  variables: [],
  traps: [],
  commands: [],
  umask: null,
  cwd: null,
  home: "",
  limits: {},
  output: [],
  leftRunning: [],
  tried: [],
  mismatches: [],
  account: { name: "-", uid: -1, gid: -1, groups: [], home: "", shell: "" },
  sends: [],
};

function kindOf(id: string, checks: readonly AnyCheckKind[]): AnyCheckKind {
  const kind = checks.find((each) => each.id === id);
  if (kind === undefined) throw new Error(`no check kind ${id}: the documents were loaded with other check kinds`);
  return kind;
}

/** Whether a kind speaks of a startup that never finished, so that the others need not. */
function saysHowStartupEnded(kind: AnyCheckKind): boolean {
  return !kind.afterStartup && kind.needs.includes("startup");
}

function notAskedIn(mode: ModeId): Gap {
  const message = `no rule of the policy asks whether ${mode} works`;
  return { code: "unknown-mode", message, change: "add a rule with check: file-transfer", of: [] };
}

function notMeasured(mode: ModeId): Gap {
  return { code: "unknown-mode", message: `nothing was measured by way of ${mode}`, change: "", of: [] };
}

/** Gaps after which what is there still holds: it was measured before they cut the rest off. */
const leavesTheRest: readonly Gap["code"][] = ["timed-out", "over-ceiling"];

function judged(context: Context, found: CheckFacts, startupIsTold: boolean): Verdict[] {
  const { kind, rule } = context;
  const facts = { ...found, gaps: [...found.gaps, ...notAsked(found, kind.needs)] };
  const gaps = gapsOf(facts, kind.needs);
  if (kind.afterStartup && facts.startup !== null && facts.startup.ended !== "ready") {
    const reason = notReached(kind.needs, facts.startup.ended);
    return undecided(context, facts, gaps.length === 0 ? [reason] : gaps, !startupIsTold);
  }
  if (kind.afterStartup && facts.startup === null) {
    const reasons = gapsOf(facts, [...kind.needs, "startup"]);
    return undecided(context, facts, reasons.length === 0 ? [notReached(kind.needs, null)] : reasons);
  }
  if (kind.needsOf === undefined && gaps.length > 0) return undecided(context, facts, gaps);
  const subjects = kind.subjects(rule.with, facts);
  const judgements = kind.judge(rule.with, facts);
  const missing = subjects.filter((subject) => !judgements.some((each) => each.subject === subject));
  const all = [...judgements, ...missing.map(notJudged)];
  return all.map((judgement) => {
    const own = kind.needsOf === undefined ? [] : gapsOf(facts, kind.needsOf(judgement.subject, facts));
    const inDoubt = own.some(({ code }) => !leavesTheRest.includes(code));
    if (inDoubt) return unknown(context, judgement.subject, own);
    return verdictOf(context, judgement, judgement.status === "unknown" ? own : []);
  });
}

function notJudged(subject: string): Judgement {
  return { subject, status: "unknown", message: "was not judged" };
}

function notReached(needs: readonly FactName[], ended: string | null): Gap {
  const how = ended === null ? "nothing is known of startup" : "startup did not come to an end";
  return { code: "not-reached", message: `${how}, so that no command ran`, change: "", of: needs };
}

function undecided(
  context: Context,
  facts: Pick<CheckFacts, "sends" | "mode" | "exceptions" | "backlog" | "sessions">,
  gaps: readonly Gap[],
  finding = true,
): Verdict[] {
  return context.kind
    .subjects(context.rule.with, facts)
    .map((subject) => ({ ...unknown(context, subject, gaps), finding }));
}

function unknown(context: Context, subject: string, gaps: readonly Gap[]): Verdict {
  return verdictOf(context, { subject, status: "unknown", message: clauses(gaps, "message") }, gaps);
}

function verdictOf(context: Context, judgement: Judgement, gaps: readonly Gap[]): Verdict {
  const { kind, rule, policy, account, mode } = context;
  const { subject, status, message } = judgement;
  const because = gaps.map((gap) => gap.message).filter((each) => !message.includes(each));
  return {
    fingerprint: fingerprint({ policy, rule: rule.id, account, mode, subject }),
    status,
    severity: rule.severity,
    consequence: judgement.consequence ?? kind.consequence,
    policy,
    rule: rule.id,
    check: kind.id,
    account,
    mode,
    subject,
    message: [message, ...new Set(because)].join("; "),
    where: judgement.where ?? null,
    line: judgement.line ?? null,
    change: judgement.change || clauses(gaps, "change"),
    evidence: judgement.evidence ?? {},
    gaps,
    finding: status === "pass" ? false : judgement.follows !== true,
  };
}

function clauses(gaps: readonly Gap[], of: "message" | "change"): string {
  return [...new Set(gaps.map((gap) => gap[of]).filter((each) => each !== ""))].join("; ");
}
