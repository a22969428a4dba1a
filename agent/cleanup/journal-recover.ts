/** What is to be written of intents that an earlier process left open, from what the sweeper found of their files. Pure. */
import type { FileOutcome, OpenIntent, OutcomeCode } from "./outcome.ts";

export interface Settlement {
  readonly intent: number;
  readonly outcomes: readonly FileOutcome[];
}

export interface Reconciled {
  /** In ascending order. */
  readonly settlements: readonly Settlement[];
  /** Of these not every file's fate is known: they stay open, and their root is not to be touched. */
  readonly undecided: readonly OpenIntent[];
}

/** `recovered`: by the intent's number. An intent is settled only where there is one outcome of each of its files. */
export function reconciled(
  open: readonly OpenIntent[],
  recovered: ReadonlyMap<number, readonly FileOutcome[]>,
): Reconciled {
  const settlements: Settlement[] = [];
  const undecided: OpenIntent[] = [];
  for (const intent of open) {
    const outcomes = recovered.get(intent.intent) ?? [];
    if (isWhole(intent, outcomes)) settlements.push({ intent: intent.intent, outcomes: outcomes.map(unproven) });
    else undecided.push(intent);
  }
  return { settlements, undecided };
}

/** Where its root is not there any more, so that nobody can look. */
export function givenUp({ intent, files }: OpenIntent, code: OutcomeCode, detail: string): Settlement {
  const outcomes = files.map((_, at) => ({ at, outcome: "gone-unconfirmed", code, detail, sha256: null }) as const);
  return { intent, outcomes };
}

function isWhole({ files }: OpenIntent, outcomes: readonly FileOutcome[]): boolean {
  const places = new Set(outcomes.map(({ at }) => at));
  return outcomes.length === files.length && places.size === files.length && files.every((_, at) => places.has(at));
}

/** That a file is missing is never proof that we removed it, whoever says so. */
function unproven(outcome: FileOutcome): FileOutcome {
  return outcome.outcome === "removed" ? { ...outcome, outcome: "gone-unconfirmed", code: "gone" } : outcome;
}
