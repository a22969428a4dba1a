/** Status as a mail that opens a ticket: at most 15 plain lines, the first of which can be the subject. */
import { counted } from "../facts/amounts.ts";
import { pad, pageColumns, shortened, unique, wrapped } from "../facts/layout.ts";
import type { Line } from "../facts/lines.ts";
import { localMinute, localSecond } from "../facts/moment.ts";
import {
  changesOf,
  earliest,
  type Guilty,
  guiltyOf,
  happensOf,
  modesOf,
  moreAbout,
  type Reading,
  sinceText,
  suffersOf,
} from "./guilty.ts";
import type { StatusAnswer } from "./shapes.ts";

const mostLines = 15;
const indent = 10;

/** [label, text, lines that it may take] */
type Field = readonly [label: string, text: string, most: number];

export function ticketText(status: StatusAnswer, reading: Reading): Line[] {
  const whole = ticketLines(status, reading, 2);
  const lines = whole.length <= mostLines ? whole : ticketLines(status, reading, 1);
  return lines.slice(0, mostLines).map((text) => [text]);
}

/** `room`: lines for each of those that can be told shorter. */
function ticketLines(status: StatusAnswer, reading: Reading, room: number): string[] {
  const fails = guiltyOf(status.findings, "fail");
  const undecided = guiltyOf(status.findings, "unknown");
  const first = fails[0] ?? undecided[0];
  const fields = first === undefined ? calm(status) : about(first, status, reading, room);
  const rest = fails.length + undecided.length - 1;
  const besides = [
    ...stuckOf(status),
    ...(rest > 0 ? [`${counted(rest, "more is", "more are")} wrong or undecided: rcwarden status`] : []),
  ];
  const last: readonly Field[] = [
    ...(besides.length === 0 ? [] : [["Besides", besides.join("; "), room] as const]),
    ["Said by", `rcwarden ${status.rcwarden} on ${status.host.name}, ${asOf(status, reading)}`, 1],
  ];
  return [...cut(subjectOf(status, first), pageColumns, 1), "", ...[...fields, ...last].flatMap(fieldLines)];
}

function fieldLines([label, text, most]: Field): string[] {
  return cut(text, pageColumns - indent, most).map(
    (line, at) => (at === 0 ? pad(label, indent) : " ".repeat(indent)) + line,
  );
}

/** At most so many lines; what is left out is said. */
function cut(text: string, room: number, most: number): string[] {
  const lines = wrapped(text, room);
  if (lines.length <= most) return lines;
  const [last = ""] = wrapped(lines[most - 1] ?? "", room - 4);
  return [...lines.slice(0, most - 1), `${last} ...`];
}

function subjectOf(status: StatusAnswer, block: Guilty | undefined): string {
  const host = shortened(status.host.name, 40);
  if (block === undefined) return `${host}: nothing fails`;
  const { first } = block;
  const whose = first.account === "-" ? "this host" : first.account;
  const says = first.status === "fail" ? `${whose}: ${happensOf(first)}` : `${whose}: could not be decided`;
  return `${host}: ${says}`;
}

function calm({ accounts, watching }: StatusAnswer): Field[] {
  const known = accounts.filter(({ state }) => state === "measured").map(({ name }) => name);
  const others = accounts.filter(({ state }) => state !== "measured");
  return [
    ["What", `${counted(known.length, "account")} measured; what engines send does what it says`, 1],
    ...(known.length === 0 ? [] : [["Whose", known.join(", "), 2] as const]),
    ...(others.length === 0
      ? []
      : [
          [
            "But",
            others.map(({ name, state, says }) => `${name}: ${says === "" ? state : says}`).join("; "),
            2,
          ] as const,
        ]),
    ...(watching.blind ? [["But", "changes could go unseen: nothing is confirmed", 1] as const] : []),
  ];
}

function about(block: Guilty, status: StatusAnswer, reading: Reading, room: number): Field[] {
  const { first, findings } = block;
  const since = earliest(findings);
  const modes = modesOf(block);
  const lead = status.lead?.fingerprint === first.fingerprint ? status.lead : null;
  const more = moreAbout(first);
  const change = [...unique([...changesOf(block), ...gapChanges(block)])].join("; ");
  return [
    ["What", unique(findings.map(happensOf)).join("; "), 2],
    ["Then", `an engine ${suffersOf(block)}${modes === "" ? "" : `, coming in by ${modes}`}`, 1],
    ...(since === null ? [] : [["Since", sinceText(since, reading), 1] as const]),
    ["Line", lineOf(block, lead), room],
    ...(lead === null || lead.chain.length === 0
      ? []
      : [["Read by", lead.chain.map(({ what }) => what).join(" -> "), 1] as const]),
    ["By whom?", whoOf(lead?.hint ?? null, reading), room],
    ...(change === "" ? [] : [["To do", change, 2] as const]),
    ...(more === null ? [] : [["Ask", more, 1] as const]),
    ["Finding", `${first.fingerprint}, ${first.severity}, ${first.policy} / ${first.rule}`, 1],
  ];
}

function gapChanges({ findings }: Guilty): string[] {
  return findings.flatMap((finding) => finding.gaps?.map(({ change }) => change) ?? []).filter((text) => text !== "");
}

type Lead = NonNullable<StatusAnswer["lead"]>;

function lineOf({ first: { where, line, message, gaps, status } }: Guilty, lead: Lead | null): string {
  if (where !== null) return `${where.file}:${where.line}${line === null ? "" : `   ${shortened(line, 200)}`}`;
  const why = status === "unknown" ? (gaps?.[0]?.message ?? message) : (lead?.says ?? "");
  return `not known${why === "" ? "" : `: ${why}`}`;
}

/** A hint, and said to be one: who was logged in need not have done it. */
function whoOf(hint: Lead["hint"], { offsetMinutes }: Reading): string {
  if (hint === null) return "not known";
  const { savedAt, ownerUid, loggedIn } = hint;
  const at = savedAt === null ? null : new Date(savedAt);
  const parts = [
    ...(at === null ? [] : [`saved ${localMinute(at, offsetMinutes(at))}`]),
    ...(loggedIn === null ? [] : [`logged in then: ${loggedIn.length === 0 ? "nobody" : loggedIn.join(", ")}`]),
    ...(ownerUid === null ? [] : [`file of uid ${ownerUid}`]),
  ];
  return parts.length === 0 ? "not known" : parts.join("; ");
}

function stuckOf({ sessions }: StatusAnswer): string[] {
  return sessions.groups
    .filter(({ isStuck }) => isStuck)
    .map(({ account, count, says }) => `${count} of ${account}'s SSH commands wait for ${says}`);
}

function asOf({ time, validUntil }: StatusAnswer, { offsetMinutes }: Reading): string {
  const at = new Date(time);
  const until = validUntil === null ? null : new Date(validUntil);
  const valid = until === null ? "" : `, valid until ${localSecond(until, offsetMinutes(until))}`;
  return `${localMinute(at, offsetMinutes(at))}${valid}`;
}
