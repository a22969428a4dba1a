/**
 * What the facts mean: facts x documents -> a verdict for every rule, account, mode and subject, and what follows from
 * the verdicts for the caller. Pure; it sees the registry of check kinds and never a single one.
 */
export * from "./answer.ts";
export { baselineChanges, baselineItems } from "./baseline.ts";
export {
  asksFor,
  evaluate,
  type InForce,
  type Measured,
  modesFor,
  namesFor,
  type Question,
  sendsFor,
} from "./evaluate.ts";
export * from "./facts-document.ts";
export { fingerprint, type Key } from "./fingerprint.ts";
export * from "./replaced.ts";
export * from "./report.ts";
export { ruleDigests } from "./rule-digests.ts";
export type { Verdict, Waived } from "./verdict.ts";
export { exceptionFacts, waive } from "./waive.ts";
