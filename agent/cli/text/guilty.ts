/** The block of one guilty line. */
import { checkKinds } from "../../checks/index.ts";
import type { Verdict } from "../../evaluate/index.ts";
import type { FactName, ModeFacts, ModeId } from "../../facts/index.ts";
import { edge, folded, pad, row, rows, shortened, spread, unique } from "../../facts/layout.ts";
import type { CheckedAccount } from "../checked.ts";
import { type Guilty, modesOf } from "./blocks.ts";
import { chainOf, tilde } from "./chain.ts";
import { type Line, span } from "./printable.ts";

export function guiltyText(block: Guilty, { account, modes: measured }: CheckedAccount): Line[] {
  const modes = modesOf(block.verdicts, measured);
  const place =
    block.where === null ? "the line was not found" : `${tilde(block.where.file, account)}:${block.where.line}`;
  const title: Line = [
    "  ",
    span(
      pad(block.severity.toUpperCase(), 10),
      block.severity === "critical" || block.severity === "high" ? "red" : "yellow",
    ),
    span(place, "bold"),
    block.line === null ? "" : `   ${shortened(block.line, 200)}`,
  ];
  const chains = measured
    .filter(({ mode }) => modes.includes(mode))
    .map((facts) => chainOf(block.where, facts, account));
  return [
    ...folded(title, 12),
    ...storiesOf(block.verdicts, measured).flatMap(({ label, subjects, happenings }) => [
      ...rows(label, subjects),
      ...happenings.flatMap((happening) => happeningText(happening, modes)),
    ]),
    ...(measured.length > 1 ? rows("Coming in by", [modes.join(", ")]) : []),
    ...rows("Read by", unique(chains)),
    ...rows("Change", unique(block.verdicts.map(({ change }) => change).filter((change) => change !== ""))),
    ...ruleText(block.verdicts),
  ];
}

interface Happening {
  readonly says: readonly string[];
  readonly modes: readonly ModeId[];
}

/** What is sent (or, where a rule is about something else, what it is about), and what becomes of it. */
interface Story {
  readonly label: "The engine sends" | "About";
  readonly subjects: readonly string[];
  readonly happenings: readonly Happening[];
}

/** One story for each subject; subjects with which the same happens in the same modes share one. */
function storiesOf(verdicts: readonly Verdict[], measured: readonly ModeFacts[]): Story[] {
  const bySubject = Map.groupBy(verdicts, (verdict) => sentOf(verdict) ?? `\0${verdict.subject}`);
  const single = [...bySubject].map(([subject, group]) => ({ subject, happenings: happeningsOf(group, measured) }));
  const same = Map.groupBy(single, ({ subject, happenings }) => JSON.stringify([subject.startsWith("\0"), happenings]));
  return [...same.values()].map((group) => ({
    label: group[0]?.subject.startsWith("\0") ? "About" : "The engine sends",
    subjects: group.map(({ subject }) => subject.replace("\0", "")),
    happenings: group[0]?.happenings ?? [],
  }));
}

/** What happens, once for all modes in which it is the same; only a session without a terminal has an end of stdin. */
function happeningsOf(verdicts: readonly Verdict[], measured: readonly ModeFacts[]): Happening[] {
  const byMessage = Map.groupBy(verdicts, ({ message }) => message);
  return [...byMessage].map(([message, group]) => {
    const atEnd = unique(group.flatMap(({ evidence }) => (typeof evidence.atEnd === "string" ? [evidence.atEnd] : [])));
    const says = [message, ...atEnd.map((end) => `with stdin at its end (cron, ssh -n): ${end}`)];
    return { says: says.map((each) => shortened(each)), modes: modesOf(group, measured) };
  });
}

function happeningText({ says, modes }: Happening, all: readonly ModeId[]): Line[] {
  const where = modes.length === all.length ? [] : [`(${modes.join(", ")})`];
  return rows("What happens", [...says, ...where]);
}

/** Facts of the session as a whole: where a rule rests on these alone, whatever is sent suffers. */
const sessionFacts: readonly FactName[] = [
  "shell",
  "startup",
  "startupFiles",
  "traps",
  "umask",
  "cwd",
  "limits",
  "output",
];

function sentOf({ evidence, check }: Verdict): string | null {
  if (typeof evidence.sent === "string") return evidence.sent;
  const kind = checkKinds.find(({ id }) => id === check);
  return kind?.needs.every((need) => sessionFacts.includes(need)) ? "any command" : null;
}

function ruleText(verdicts: readonly Verdict[]): Line[] {
  const byRule = Map.groupBy(verdicts, ({ policy, rule }) => `${policy} / ${rule}`);
  return [...byRule].flatMap(([name, group], at) => {
    const prints = unique(group.map(({ fingerprint }) => fingerprint));
    const [first, ...others] = row(at === 0 ? "Rule" : "", name);
    const start = first ?? [];
    if (prints.length > 1) return [start, ...others, ...rows("", [prints.join("  ")])];
    return [...spread(start, [span(prints[0] ?? "", "dim")], edge), ...others];
  });
}
