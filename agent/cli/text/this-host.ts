/** What was judged about the host itself, where it does not hold or could not be told. */
import type { Verdict } from "../../evaluate/index.ts";
import { folded, list, pad, rows, shortened, unique } from "../../facts/layout.ts";
import { type Line, span } from "./printable.ts";

export function hostText(verdicts: readonly Verdict[]): Line[] {
  const own = verdicts.filter(({ account, status, waived }) => account === "-" && status !== "pass" && !waived);
  if (own.length === 0) return [];
  const groups = Map.groupBy(own, ({ status, message }) => `${status} ${message}`);
  return [[span("this host", "bold")], ...[...groups.values()].flatMap(blockText), []];
}

function blockText(verdicts: readonly Verdict[]): Line[] {
  const failed = verdicts.some(({ status }) => status === "fail");
  const subjects = list(unique(verdicts.map(({ subject }) => subject)));
  const label = failed ? (verdicts[0]?.severity ?? "").toUpperCase() : "UNKNOWN";
  const title = failed ? subjects : `${subjects} could not be decided`;
  return [
    [],
    ...folded(["  ", span(pad(label, 10), failed ? "red" : "yellow"), span(title, "bold")], 12),
    ...rows("Because", unique(verdicts.map(({ message }) => shortened(message)))),
    ...rows("Change", unique(verdicts.map(({ change }) => change).filter((change) => change !== ""))),
    ...rows("Rule", unique(verdicts.map(({ policy, rule }) => `${policy} / ${rule}`))),
  ];
}
