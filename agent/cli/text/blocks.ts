/**
 * Sorts what was decided about one account into what a person reads: one block for each guilty line, whatever it breaks
 * in however many modes; one for each reason why something could not be told.
 */
import { type Severity, severities } from "../../checks/index.ts";
import type { Verdict } from "../../evaluate/index.ts";
import type { Gap, ModeFacts, ModeId, Place } from "../../facts/index.ts";
import type { CheckedAccount } from "../checked.ts";

/** Everything that one line (or, where none was found, one cause) breaks. */
export interface Guilty {
  readonly severity: Severity;
  readonly where: Place | null;
  readonly line: string | null;
  readonly verdicts: readonly Verdict[];
}

/** Everything that is undecided for one reason. `verdicts` may be empty: a gap that no rule asked about. */
export interface Undecided {
  readonly gaps: readonly Gap[];
  /** Why, one clause each. */
  readonly because: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly modes: readonly ModeId[];
}

export function guiltyOf(verdicts: readonly Verdict[]): Guilty[] {
  const failed = verdicts.filter((verdict) => verdict.status === "fail" && !verdict.waived);
  const groups = Map.groupBy(failed, ({ where, policy, rule, consequence, change }) =>
    where === null ? key("nowhere", policy, rule, consequence, change) : key(where.file, String(where.line)),
  );
  return [...groups.values()]
    .map((group) => ({
      severity: worstOf(group),
      where: group.find((verdict) => verdict.where !== null)?.where ?? null,
      line: group.find((verdict) => verdict.line !== null)?.line ?? null,
      verdicts: group,
    }))
    .sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || inFileOrder(a.where, b.where));
}

export function undecidedOf(checked: CheckedAccount): Undecided[] {
  const unknown = checked.verdicts.filter(
    (verdict) => verdict.status === "unknown" && verdict.finding && !verdict.waived,
  );
  const groups = Map.groupBy(unknown, (verdict) => key(...reasonsOf(verdict), placeKey(verdict)));
  const asked = [...groups.values()].map((verdicts) => ({
    gaps: verdicts[0]?.gaps ?? [],
    because: verdicts[0] === undefined ? [] : reasonsOf(verdicts[0]),
    verdicts,
    modes: modesOf(verdicts, checked.modes),
  }));
  const told = new Set(checked.verdicts.flatMap((verdict) => verdict.gaps.map(gapKey)));
  const others = checked.modes.flatMap(({ mode, gaps }) => gaps.map((gap) => ({ mode, gap })));
  const rest = Map.groupBy(
    others.filter(({ gap }) => !told.has(gapKey(gap))),
    ({ gap }) => gapKey(gap),
  );
  const unasked = [...rest.values()].map((group) => ({
    gaps: group.slice(0, 1).map(({ gap }) => gap),
    because: group.slice(0, 1).map(({ gap }) => gap.message),
    verdicts: [],
    modes: group.map(({ mode }) => mode),
  }));
  return [...asked, ...unasked];
}

/** The modes that these verdicts are about, in the order of the measurement; all of them for what is about the account. */
export function modesOf(verdicts: readonly Verdict[], measured: readonly ModeFacts[]): ModeId[] {
  const about = new Set(verdicts.map((verdict) => verdict.mode));
  return measured.map(({ mode }) => mode).filter((mode) => about.has("-") || about.has(mode));
}

function reasonsOf({ gaps, message }: Verdict): string[] {
  return gaps.length === 0 ? [message] : [...new Set(gaps.map((gap) => gap.message))];
}

function placeKey({ where }: Verdict): string {
  return where === null ? "" : key(where.file, String(where.line));
}

function gapKey({ code, message }: Gap): string {
  return key(code, message);
}

function worstOf(verdicts: readonly Verdict[]): Severity {
  return severities.find((severity) => verdicts.some((verdict) => verdict.severity === severity)) ?? "info";
}

function inFileOrder(a: Place | null, b: Place | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line;
}

function key(...parts: readonly string[]): string {
  return parts.join("\0");
}
