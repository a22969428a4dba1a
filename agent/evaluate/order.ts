import { severities } from "../checks/check-kind.ts";
import type { Verdict } from "./verdict.ts";

/** Best first: of two verdicts under one key the later one stands. */
const statuses = ["pass", "unknown", "fail"] as const satisfies readonly Verdict["status"][];

/** One verdict a key. Two policies may include the same rule: what fails by one of them fails. */
export function worstOfEach(verdicts: readonly Verdict[]): Verdict[] {
  const kept = new Map<string, Verdict>();
  for (const verdict of verdicts) {
    const other = kept.get(verdict.fingerprint);
    if (other === undefined || rank(verdict) > rank(other)) kept.set(verdict.fingerprint, verdict);
  }
  return [...kept.values()];
}

/** The most severe first; equals stay in the order in which they came. */
export function bySeverity(verdicts: readonly Verdict[]): Verdict[] {
  return verdicts.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
}

function rank({ status, finding }: Verdict): number {
  return 2 * statuses.indexOf(status) + Number(finding);
}
