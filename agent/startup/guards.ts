/** Guards: what keeps engines away from what is for people. They are known by what they ask and by what came of it. */
import type { Guard } from "./reading.ts";
import { type Case, type If, type List, type Logic, type Node, plain } from "./syntax.ts";
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

function add(walk: Walk, spot: Spot, form: Guard["form"], last: number, untilLine: number | null): void {
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

/** Words of a condition that holds where nobody is there. */
const asksForNobody =
  /-z\s+"?\$\{?(?:PS1|prompt|PROMPT)\b|!\s*(?:\[+\s+)?(?:-t\s|\$\?prompt|tty\b|isatty\b|test\s+-t)|\[+\s+!\s+-t\s|\$\?prompt\s*==\s*0|\bnot\s+(?:isatty|status|test\s+-t)/;

/** Whether the source between the offsets asks that nobody is there: what comes then is for engines. */
export function isForNobody(walk: Walk, start: number, end: number): boolean {
  return asksForNobody.test(walk.frame.lines.text.slice(start, Math.min(end, start + 400)));
}

/**
 * A guard of the other kind: it was passed although nobody is there, as `$?prompt` is where commands come on stdin and a
 * terminal is for `ssh -tt host CMD`. Only what is sure: it leaves unless a person is there, and did not leave.
 */
export function addOpen(walk: Walk, node: If | Logic): void {
  if (walk.ground.session.isInteractive || reached(walk) !== "yes") return;
  const [first] = node.kind === "if" ? node.branches : [];
  const last = node.kind === "if" ? first?.body[0]?.node : node.rest.at(-1)?.node;
  const leaves = node.kind === "if" ? node.otherwise === null && leavesAt(first?.body ?? []) : isLeaving(last);
  if (last === undefined || !leaves || !isForPeople(walk, node.start, last.start)) return;
  const forNobody = isForNobody(walk, node.start, last.start);
  const leavesWithout = node.kind === "logic" && node.rest.at(-1)?.op === "||" ? !forNobody : forNobody;
  if (leavesWithout) add(walk, node, "open", Math.max(node.start, node.end - 1), null);
}

function leavesAt(list: List): boolean {
  return list.some(({ node }) => isLeaving(node));
}

function isLeaving(node: Node | undefined): boolean {
  const word = node?.kind === "simple" ? node.words[0] : undefined;
  return word !== undefined && ["exit", "return", "logout"].includes(plain(word) ?? "");
}
