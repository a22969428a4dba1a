import assert from "node:assert/strict";
import type { AnyCheckKind, CheckFacts, Judgement } from "../../agent/checks/index.ts";
import { checkFacts } from "./facts.ts";

/** Judges as a document would ask, defaults filled in. */
export function judge(kind: AnyCheckKind, facts: Partial<CheckFacts>, parameters: object = {}): readonly Judgement[] {
  return kind.judge(kind.parameters.parse(parameters), checkFacts(facts));
}

/** The one judgement of this subject; without a subject, of all. */
export function only(judgements: readonly Judgement[], subject?: string): Judgement {
  const found = judgements.filter((each) => subject === undefined || each.subject === subject);
  assert.equal(found.length, 1, `one judgement of ${subject ?? "one subject"}`);
  const [one] = found;
  assert.ok(one !== undefined);
  return one;
}

/** `subject status`, in order: short enough to compare whole. */
export function statuses(judgements: readonly Judgement[]): string[] {
  return judgements.map(({ subject, status }) => `${subject}: ${status}`);
}
