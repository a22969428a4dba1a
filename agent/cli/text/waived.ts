/** What does not hold, and stands under an exception of the host's owner. */
import type { Verdict } from "../../evaluate/index.ts";
import { folded, pad, rows, shortened, unique } from "../../facts/layout.ts";
import type { CheckedAccount } from "../checked.ts";
import { tilde } from "./chain.ts";
import { type Line, span } from "./printable.ts";

export function isWaived({ waived, finding }: Verdict): boolean {
  return waived !== undefined && finding;
}

/** One block for each exception and what happens; the same in several modes is said once. */
export function waivedText(checked: CheckedAccount): Line[] {
  const groups = Map.groupBy(checked.verdicts.filter(isWaived), ({ waived, subject, message, where }) =>
    JSON.stringify([waived, subject, message, where]),
  );
  return [...groups.values()].flatMap((group) => [[], ...blockText(group, checked)]);
}

function blockText(verdicts: readonly Verdict[], { account, modes }: CheckedAccount): Line[] {
  const [first] = verdicts;
  if (first?.waived === undefined) return [];
  const { where, subject, message, waived } = first;
  const place = where === null ? [] : [`   ${tilde(where.file, account)}:${where.line}`];
  const by = `exception ${waived.exception}, to the end of ${waived.until} (UTC): ${waived.reason}`;
  return [
    ...folded(["  ", span(pad("WAIVED", 10), "dim"), span(subject, "bold"), ...place], 12),
    ...rows("What happens", [shortened(message)]),
    ...rows("Waived by", [shortened(by)]),
    ...(modes.length > 1 ? rows("Coming in by", [verdicts.map(({ mode }) => mode).join(", ")]) : []),
    ...rows("Rule", unique(verdicts.map(({ policy, rule }) => `${policy} / ${rule}`))),
  ];
}
