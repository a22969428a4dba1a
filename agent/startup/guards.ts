/** Guards: what keeps engines away from what is for people. They are known by what they ask and by what came of it. */
import type { Case, If, Logic } from "./syntax.ts";
import { lineAt, lineText } from "./text.ts";
import { noteLine, placeOf, reached, type Walk } from "./walk.ts";

/** What only a person's session has. */
const asksForPeople =
  /\$-|\$\{-|\bPS1\b|\?prompt\b|\$prompt\b|\b(?:is)?a?tty\b|(?:\[|\btest\b).*\s-t\s|\binteractive\b|\bloginsh\b|\bstatus\s+-i\b/;

interface Spot {
  readonly start: number;
  readonly end: number;
}

/** Whether the source between the offsets asks whether a person is there. */
export function isForPeople(walk: Walk, start: number, end: number): boolean {
  return asksForPeople.test(walk.frame.lines.text.slice(start, Math.min(end, start + 400)));
}

/** Whether control stays here, for comparing before and after. */
export function stays(walk: Walk): boolean {
  return reached(walk) !== "no";
}

function add(walk: Walk, spot: Spot, form: "block" | "return", last: number, untilLine: number | null): void {
  if (walk.inFunction !== null || walk.frame.place !== null || walk.base === "no") return;
  const where = placeOf(walk, spot.start);
  const text = lineText(walk.frame.lines, where.line);
  walk.guards.push({ where, text, untilLine, form, lastLine: lineAt(walk.frame.lines, last) });
  noteLine(walk, where);
}

/** The guard ended the file for engines: what is below it is for people. */
export function addReturn(walk: Walk, node: If | Case | Logic): void {
  add(walk, node, "return", Math.max(node.start, node.end - 1), null);
}

/** The block is for people: what is in it is not run for engines. */
export function addBlock(walk: Walk, spot: Spot): void {
  add(walk, spot, "block", spot.start, lineAt(walk.frame.lines, Math.max(spot.start, spot.end - 1)));
}
