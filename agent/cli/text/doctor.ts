/** The text of `doctor`: a line for each outcome, and below it what mends it. */
import { counted } from "../../facts/amounts.ts";
import { columns, pageColumns, wrapped } from "../../facts/layout.ts";
import type { Looked, Outcome } from "../doctor/self-check.ts";
import { type Line, type Style, span } from "./printable.ts";

const indent = 8;
const words: Readonly<Record<Outcome["kind"], readonly [word: string, style: Style]>> = {
  ok: ["ok", "green"],
  warn: ["warn", "yellow"],
  fail: ["FAIL", "red"],
};

export function doctorText(looked: readonly Looked[]): Line[] {
  const outcomes = looked.flatMap((each) => each.outcomes);
  const count = (kind: Outcome["kind"]) => outcomes.filter((outcome) => outcome.kind === kind).length;
  const faults = [
    ...(count("fail") > 0 ? [`${count("fail")} FAIL`] : []),
    ...(count("warn") > 0 ? [`${count("warn")} warn`] : []),
  ];
  const sum = `${counted(looked.length, "self-check")}: ${faults.length === 0 ? "all in order" : faults.join(", ")}.`;
  return [...outcomes.flatMap(outcomeText), [], [sum]];
}

/** What mends it stands behind where both fit, else on lines of its own, where it can be copied. */
function outcomeText(outcome: Outcome): Line[] {
  const [word, style] = words[outcome.kind];
  const change = outcome.kind === "ok" ? "" : outcome.change;
  const head: Line = ["  ", span(word.padEnd(indent - 2), style)];
  const free = pageColumns - indent - columns(outcome.message) - columns(change);
  if (change !== "" && free >= 4) return [[...head, outcome.message, "    ", change]];
  const says = wrapped(outcome.message, pageColumns - indent);
  const mends = change === "" ? [] : wrapped(change, pageColumns - indent);
  return [...says, ...mends].map((text, at): Line => (at === 0 ? [...head, text] : [" ".repeat(indent) + text]));
}
