import { type Severity, severities } from "../checks/check-kind.ts";
import type { Measured } from "./evaluate.ts";
import type { Verdict } from "./verdict.ts";

export interface Summary {
  readonly pass: number;
  readonly fail: number;
  /** Also those that only follow from another finding. */
  readonly unknown: number;
  /** Commands tried in the sandbox, over all accounts and modes. */
  readonly tried: number;
}

export function summary(verdicts: readonly Pick<Verdict, "status">[], measured: readonly Measured[]): Summary {
  const count = (status: Verdict["status"]) => verdicts.filter((verdict) => verdict.status === status).length;
  const tried = measured.flatMap(({ modes }) => modes.flatMap((facts) => facts.tried)).length;
  return { pass: count("pass"), fail: count("fail"), unknown: count("unknown"), tried };
}

/**
 * 0: all determined, nothing failed. 1: something failed that is at least as severe as `failOn`. 3: something could not
 * be determined (a verdict, or a gap that no rule asked about), and nothing failed.
 */
export function exitCode(
  verdicts: readonly Pick<Verdict, "status" | "severity">[],
  measured: readonly Measured[],
  failOn: Severity = "medium",
): 0 | 1 | 3 {
  const least = severities.indexOf(failOn);
  if (verdicts.some(({ status, severity }) => status === "fail" && severities.indexOf(severity) <= least)) return 1;
  const gaps = measured.some(({ modes }) => modes.some((facts) => facts.gaps.length > 0));
  return gaps || verdicts.some(({ status }) => status === "unknown") ? 3 : 0;
}
