/** What the host's owner lets stand for a while: it is told and counted, and decides nothing. */
import { dayMs, type Exception, exceptionEndMs } from "../documents/index.ts";
import type { ExceptionFacts } from "../facts/index.ts";
import type { Key } from "./fingerprint.ts";
import type { Verdict } from "./verdict.ts";

/** An end nearer than this is said beforehand. */
const soonMs = 14 * dayMs;

/** The same verdicts; those that do not hold and are waived now say by which exception, of several by the longest. */
export function waive(verdicts: readonly Verdict[], exceptions: readonly Exception[], nowMs: number): Verdict[] {
  const inForce = exceptions
    .filter((each) => nowMs < exceptionEndMs(each))
    .sort((a, b) => exceptionEndMs(b) - exceptionEndMs(a));
  return verdicts.map((verdict) => {
    const found = verdict.status === "pass" ? undefined : inForce.find(({ finding }) => names(finding, verdict));
    if (found === undefined) return verdict;
    return { ...verdict, waived: { exception: found.name, reason: found.reason, until: found.until } };
  });
}

/**
 * How it stands with each exception. `keys`: of all that is judged here, whatever came of it; null where not everything
 * was judged yet, so that nothing can be said to match nothing. The same holds for the host's findings (account `-`)
 * while there is none among the keys.
 */
export function exceptionFacts(
  exceptions: readonly Exception[],
  keys: readonly Key[] | null,
  nowMs: number,
): ExceptionFacts[] {
  return exceptions.map((exception) => {
    const { name, until, reason } = exception;
    return { name, state: stateOf(exception, keys, nowMs), until, reason };
  });
}

function stateOf(exception: Exception, keys: readonly Key[] | null, nowMs: number): ExceptionFacts["state"] {
  const { finding } = exception;
  const leftMs = exceptionEndMs(exception) - nowMs;
  if (leftMs <= 0) return "expired";
  const isJudged = keys !== null && (finding.account !== "-" || keys.some(({ account }) => account === "-"));
  if (isJudged && !keys.some((key) => names(finding, key))) return "never-matched";
  return leftMs <= soonMs ? "soon" : "in-force";
}

function names(finding: Exception["finding"], key: Key): boolean {
  return (["policy", "rule", "account", "mode", "subject"] as const).every((part) => finding[part] === key[part]);
}
