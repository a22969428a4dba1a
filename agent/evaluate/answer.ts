import { type Severity, severities } from "../checks/check-kind.ts";
import type { Gap } from "../facts/index.ts";
import type { Measured } from "./evaluate.ts";
import type { Verdict } from "./verdict.ts";

export interface Summary {
  readonly pass: number;
  readonly fail: number;
  /** Also those that only follow from another finding. */
  readonly unknown: number;
  /** Findings under an exception of the host's owner, counted here alone; only where there are any. */
  readonly waived?: number;
  /** Commands tried in the sandbox, over all accounts and modes. */
  readonly tried: number;
}

type Counted = Pick<Verdict, "status"> & Partial<Pick<Verdict, "finding" | "waived" | "gaps">>;

export function summary(verdicts: readonly Counted[], measured: readonly Measured[]): Summary {
  const standing = verdicts.filter(({ waived }) => waived === undefined);
  const count = (status: Verdict["status"]) => standing.filter((verdict) => verdict.status === status).length;
  const waived = verdicts.filter((each) => each.waived !== undefined && each.finding).length;
  const tried = measured.flatMap(({ modes }) => modes.flatMap((facts) => facts.tried)).length;
  const counts = { pass: count("pass"), fail: count("fail"), unknown: count("unknown"), tried };
  return waived === 0 ? counts : { ...counts, waived };
}

/**
 * 0: all determined, nothing failed. 1: something failed that is at least as severe as `failOn`. 3: something could not
 * be determined (a verdict, or a gap that no rule asked about), and nothing failed. What is waived decides nothing, and
 * no more does a gap that left only waived findings undecided.
 */
export function exitCode(
  verdicts: readonly (Counted & Pick<Verdict, "severity">)[],
  measured: readonly Measured[],
  failOn: Severity = "medium",
): 0 | 1 | 3 {
  const least = severities.indexOf(failOn);
  const standing = verdicts.filter(({ waived }) => waived === undefined);
  if (standing.some(({ status, severity }) => status === "fail" && severities.indexOf(severity) <= least)) return 1;
  const waivedGaps = new Set(verdicts.filter((each) => each.waived).flatMap(({ gaps = [] }) => gaps.map(gapKey)));
  const gaps = measured.flatMap(({ modes }) => modes.flatMap((facts) => facts.gaps));
  const counts = gaps.some((gap) => !waivedGaps.has(gapKey(gap)));
  return counts || standing.some(({ status }) => status === "unknown") ? 3 : 0;
}

function gapKey({ code, message }: Gap): string {
  return `${code} ${message}`;
}
