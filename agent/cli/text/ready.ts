/** The text of `ready`: may it begin, why not, and how old is that. */

import { pad, pageColumns, shortened, unique, wrapped } from "../../facts/layout.ts";
import { duration, localMinute, localSecond } from "../../facts/moment.ts";
import { shellWord } from "../../facts/shell-word.ts";
import type { PreflightAnswer } from "../../status/index.ts";
import { tilde } from "./chain.ts";
import { type Line, type Style, span } from "./printable.ts";

export interface Told {
  /** Null where it is not known. */
  readonly home: string | null;
  readonly preflight: PreflightAnswer;
  /** Which agent said so; null where it was measured just now. */
  readonly socket: string | null;
  readonly now: Date;
  offsetMinutes(at: Date): number;
}

const indent = 8;
const styles: Readonly<Record<PreflightAnswer["verdict"], Style>> = { go: "green", "no-go": "red", unknown: "yellow" };

export function readyText(told: Told): Line[] {
  const { preflight } = told;
  const [first = "", ...others] = saysOf(told);
  const head = wrapped(first, pageColumns - indent).map(
    (text, at): Line => [
      at === 0 ? span(pad(preflight.verdict, indent), styles[preflight.verdict]) : " ".repeat(indent),
      text,
    ],
  );
  return [...head, ...[...others, ...waivedOf(told), ageOf(told), ...nextOf(told)].flatMap(indented)];
}

function indented(text: string): Line[] {
  return wrapped(text, pageColumns - indent).map((line) => [" ".repeat(indent) + line]);
}

function saysOf(told: Told): string[] {
  const { preflight } = told;
  const { account } = preflight;
  const engines = preflight.engines.join(", ");
  const unless = preflight.waived.length === 0 ? "" : ", or is waived";
  if (preflight.verdict === "go") return [`${account}: what ${engines} sends does what it says${unless}`];
  const because = eachOnce(preflight.because, told);
  const all =
    preflight.verdict === "no-go" ? because : [...because, ...preflight.reasons.map(({ message }) => message)];
  return all.map((text, at) => (at === 0 ? `${account}: ${text}` : text));
}

type Finding = PreflightAnswer["because"][number];

/** What is said in the same words is said once, with all modes: one gap leaves many rules undecided. */
function eachOnce(findings: readonly Finding[], told: Told): string[] {
  const groups = Map.groupBy(findings, (finding) => findingText(finding, [], told));
  return [...groups.values()].map((group) => {
    const modes = unique(group.map(({ mode }) => mode)).filter((mode) => mode !== "-");
    const text = group.slice(0, 1).map((finding) => findingText(finding, modes, told));
    const count = group.length > Math.max(1, modes.length) ? ` (${group.length} findings)` : "";
    return `${text.join("")}${count}`;
  });
}

function findingText(finding: Finding, modes: readonly string[], told: Told): string {
  const { where, since } = finding;
  const place = [
    ...(where === null ? [] : [placeOf(where, told)]),
    ...(modes.length === 0 ? [] : [`by ${modes.join(", ")}`]),
  ].join(", ");
  const says = `${shortened(happensOf(finding), 300)}${place === "" ? "" : ` (${place})`}`;
  // Who only just measured does not know since when.
  if (told.socket === null) return says;
  const at = new Date(since);
  return `${says}, since ${localMinute(at, told.offsetMinutes(at))}`;
}

/** What is sent and what becomes of it; the message alone where it says what it is about. */
function happensOf({ subject, message, evidence }: Finding): string {
  return typeof evidence.sent === "string" && !message.startsWith(subject) ? `${subject} ${message}` : message;
}

function placeOf({ file, line }: NonNullable<Finding["where"]>, { home }: Told): string {
  return `${home === null ? file : tilde(file, { home })}:${line}`;
}

function waivedOf({ preflight }: Told): string[] {
  return preflight.waived.map((finding) => {
    const { exception = "", until = "", reason = "" } = finding.waived ?? {};
    return `waived until ${until} by ${exception} (${shortened(reason, 100)}): ${shortened(happensOf(finding), 200)}`;
  });
}

function ageOf({ preflight, socket, now, offsetMinutes }: Told): string {
  const { measuredAt, validUntil } = preflight;
  const by = socket === null ? "without an agent" : `by the agent at ${socket}`;
  if (measuredAt === null) return `not measured ${by}`;
  const until = validUntil === null ? null : new Date(validUntil);
  const valid = until === null ? "" : `, valid until ${localSecond(until, offsetMinutes(until))}`;
  return `measured ${duration(+now - Date.parse(measuredAt))} ago ${by}${valid}`;
}

/** On a line of its own: it is there to be copied. */
function nextOf({ preflight: { account, verdict } }: Told): string[] {
  return verdict === "go" ? [] : [`rcwarden check --account ${shellWord(account)}`];
}
