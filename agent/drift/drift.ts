/** What is new for one account (or the host): its verdicts against what was kept of it. */
import type { Verdict, Waived } from "../evaluate/index.ts";
import { rfc3339 } from "../facts/index.ts";
import { contentDigest, contentOf, fitting, undecided } from "./content.ts";
import type { Because, EventDraft, FindingState, Hint, Via } from "./event.ts";

/** What a run stood on, as its record keeps it. */
export interface Ground {
  readonly program: string;
  readonly documents: string;
  /** Digest by `POLICY/RULE`. */
  readonly rules: Readonly<Record<string, string>>;
}

export interface DriftInput {
  readonly nowMs: number;
  readonly via: Via;
  /** `-` for what is about the host. */
  readonly account: string;
  /** All verdicts of this account: what is not among them is asked no more. */
  readonly verdicts: readonly Verdict[];
  /** All that is kept of this account. */
  readonly prior: readonly FindingState[];
  /** What the run before this one stood on; null where there was none. */
  readonly last: Ground | null;
  readonly inputs: Ground;
  /** Times (epoch milliseconds) of a finding's earlier turns, as far as they are of the last hour. */
  turns(fingerprint: string): readonly number[];
  hint(file: string): Hint | null;
}

/** What changes together: the store keeps all of it or nothing. */
export interface Drift {
  readonly put: readonly FindingState[];
  readonly remove: readonly string[];
  readonly events: readonly EventDraft[];
  /** Fingerprints of what opened, resolved or changed its status: each is a turn to be remembered. */
  readonly turned: readonly string[];
}

const hourMs = 3_600_000;
/** More turns than this within an hour are flapping. */
const steadyTurns = 6;

/** One thing that is new. `before` is null for what opened; `after` of what is no more is how it stood. */
interface Step {
  readonly type: "finding.opened" | "finding.changed" | "finding.resolved";
  readonly before: FindingState | null;
  readonly after: FindingState;
  readonly because: Because;
  readonly turned: boolean;
  readonly how?: "pass" | "withdrawn";
}

/**
 * A gap resolves nothing: only a pass of that very key does, or that nobody asks for it any more. Whoever puts what was
 * opened and changed, and removes what was resolved, in order, ends with exactly what is kept.
 */
export function drift(input: DriftInput): Drift {
  const prior = new Map(input.prior.map((state) => [state.finding.fingerprint, state]));
  const asked = new Set(input.verdicts.map(({ fingerprint }) => fingerprint));
  const steps = input.verdicts.flatMap((verdict) => stepOf(verdict, prior.get(verdict.fingerprint) ?? null, input));
  const gone = input.prior.filter(({ finding }) => !asked.has(finding.fingerprint));
  const withdrawn = gone.map((state) => resolved(state, "withdrawn", causeOf(state.finding, false, input), input));
  return told([...steps, ...withdrawn], input);
}

/** Everything that is kept of an account is withdrawn: it is gone, or it may not be measured any more. */
export function withdraw(
  prior: readonly FindingState[],
  { nowMs, via, because }: { readonly nowMs: number; readonly via: Via; readonly because: Because },
): Drift {
  const turns = () => [];
  const steps = prior.map((state) => resolved(state, "withdrawn", because, { nowMs, turns }));
  return told(steps, { nowMs, via, last: {}, hint: () => null });
}

function stepOf(verdict: Verdict, prior: FindingState | null, input: DriftInput): Step[] {
  if (verdict.status === "pass") {
    if (prior === null) return [];
    return [resolved(prior, "pass", causeOf(verdict, false, input), input)];
  }
  if (prior === null) return verdict.finding ? [opened(verdict, input)] : [];
  return changed(verdict, prior, input);
}

function opened(verdict: Verdict, input: DriftInput): Step {
  const now = rfc3339(input.nowMs);
  const content = contentOf(verdict);
  const marks = { ...waiverOf(verdict), ...flappingOf(verdict.fingerprint, true, input), openedAt: now, since: now };
  const after = { finding: { ...keyOf(verdict), ...content, ...marks }, digest: contentDigest(content) };
  return { type: "finding.opened", before: null, after, because: causeOf(verdict, false, input), turned: true };
}

function changed(verdict: Verdict, prior: FindingState, input: DriftInput): Step[] {
  const before = prior.finding;
  const fresh = contentOf(verdict);
  const turned = fresh.status !== before.status;
  const failed = fresh.status === "unknown" && (before.status === "fail" || before.was === "fail");
  const content = failed ? undecided(fresh, before) : fresh;
  const digest = contentDigest(content);
  const waiver = waiverOf(verdict);
  const flapping = flappingOf(before.fingerprint, turned, input);
  const waives = !sameWaiver(waiver.waived, before.waived);
  if (digest === prior.digest && !waives && flapping.flapping === before.flapping) return [];
  const marks = {
    ...waiver,
    ...flapping,
    ...(failed ? { was: "fail" as const } : {}),
    openedAt: before.openedAt,
    since: turned ? rfc3339(input.nowMs) : before.since,
  };
  const after = { finding: { ...keyOf(verdict), ...content, ...marks }, digest };
  return [{ type: "finding.changed", before: prior, after, because: causeOf(verdict, waives, input), turned }];
}

function resolved(
  prior: FindingState,
  how: "pass" | "withdrawn",
  because: Because,
  input: Pick<DriftInput, "nowMs" | "turns">,
): Step {
  const { flapping: _, ...finding } = prior.finding;
  const after = { ...prior, finding: { ...finding, ...flappingOf(finding.fingerprint, true, input) } };
  return { type: "finding.resolved", before: prior, after, because, turned: true, how };
}

/** What is said to have changed it, most general first: a new program may judge all hosts anew. */
function causeOf(
  of: Pick<Verdict, "policy" | "rule" | "check">,
  waives: boolean,
  { last, inputs }: DriftInput,
): Because {
  if (last !== null && last.program !== inputs.program) return "program";
  // Such a finding is about an exception itself, that was written, ended or was taken back.
  if (waives || of.check === "exceptions") return "exception";
  const rule = `${of.policy}/${of.rule}`;
  if (last !== null && last.rules[rule] !== inputs.rules[rule]) return "documents";
  return "host";
}

function told(
  steps: readonly Step[],
  input: Pick<DriftInput, "nowMs" | "via" | "hint"> & { readonly last: object | null },
): Drift {
  const kept = steps.filter(({ type }) => type !== "finding.resolved");
  const gone = steps.filter(({ type }) => type === "finding.resolved");
  const key = ({ after }: Step) => after.finding.fingerprint;
  return {
    put: kept.map(({ after }) => after),
    remove: gone.map(key),
    events: steps.map((step) => eventOf(step, input)),
    turned: steps.filter(({ turned }) => turned).map(key),
  };
}

function eventOf(
  { type, before, after, because, how }: Step,
  { nowMs, via, hint, last }: Pick<DriftInput, "nowMs" | "via" | "hint"> & { readonly last: object | null },
): EventDraft {
  const { finding } = after;
  const byHost = because === "host" && finding.where !== null && how !== "withdrawn";
  return {
    type,
    subject: finding.fingerprint,
    account: finding.account === "-" ? null : finding.account,
    data: {
      finding,
      because,
      via,
      digest: { old: before?.digest ?? null, new: how === undefined ? after.digest : null },
      ...(how && { how }),
      first: last === null,
      detectedAt: rfc3339(nowMs),
      hint: byHost && finding.where !== null ? hint(finding.where.file) : null,
    },
  };
}

function keyOf({ fingerprint, policy, rule, check, account, mode, subject }: Verdict) {
  return { fingerprint, policy, rule, check, account, mode, subject };
}

function waiverOf({ waived }: Verdict): { readonly waived?: Waived } {
  return waived === undefined ? {} : { waived: { ...waived, reason: fitting(waived.reason, 1000) } };
}

function sameWaiver(a: Waived | undefined, b: Waived | undefined): boolean {
  return a?.exception === b?.exception && a?.reason === b?.reason && a?.until === b?.until;
}

function flappingOf(
  fingerprint: string,
  turned: boolean,
  { nowMs, turns }: Pick<DriftInput, "nowMs" | "turns">,
): { readonly flapping?: true } {
  const recent = turns(fingerprint).filter((atMs) => atMs > nowMs - hourMs).length;
  return recent + Number(turned) > steadyTurns ? { flapping: true } : {};
}
