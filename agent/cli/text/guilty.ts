/** The block of one guilty line. */
import { checkKinds } from "../../checks/index.ts";
import type { Verdict } from "../../evaluate/index.ts";
import type { FactName, ModeFacts } from "../../facts/index.ts";
import type { CheckedAccount } from "../checked.ts";
import { type Guilty, modesOf } from "./blocks.ts";
import { chainOf, tilde } from "./chain.ts";
import { edge, folded, pad, row, rows, shortened, spread, unique } from "./layout.ts";
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
    ...happeningsOf(block.verdicts, measured).flatMap(({ sent, about, happens, modes: only }) => [
      ...(sent.length > 0 ? rows("The engine sends", sent) : rows("About", about)),
      ...rows("What happens", happens),
      ...(only.length === modes.length ? [] : rows("", [`(${only.join(", ")})`])),
    ]),
    ...(measured.length > 1 ? rows("Coming in by", [modes.join(", ")]) : []),
    ...rows("Read by", unique(chains)),
    ...rows("Change", unique(block.verdicts.map(({ change }) => change).filter((change) => change !== ""))),
    ...ruleText(block.verdicts),
  ];
}

interface Happening {
  /** What is sent; empty where the rule is about something else. */
  readonly sent: readonly string[];
  readonly about: readonly string[];
  readonly happens: readonly string[];
  readonly modes: readonly string[];
}

/** Commands to which the same happens in the same modes stand together. */
function happeningsOf(verdicts: readonly Verdict[], measured: readonly ModeFacts[]): Happening[] {
  const bySubject = Map.groupBy(verdicts, (verdict) => [verdict.subject, ...happensOf(verdict)].join("\0"));
  const single = [...bySubject.values()].flatMap((group) => {
    const verdict = group[0];
    if (verdict === undefined) return [];
    return [{ verdict, happens: happensOf(verdict), modes: modesOf(group, measured) }];
  });
  const same = Map.groupBy(single, ({ verdict, happens, modes }) =>
    [sentOf(verdict) === null ? verdict.rule : "sent", ...happens, "", ...modes].join("\0"),
  );
  return [...same.values()].map((group) => ({
    sent: unique(group.flatMap(({ verdict }) => sentOf(verdict) ?? [])),
    about: unique(group.map(({ verdict }) => verdict.subject)),
    happens: group[0]?.happens ?? [],
    modes: group[0]?.modes ?? [],
  }));
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

function happensOf({ message, evidence }: Verdict): string[] {
  const atEnd = evidence.atEnd;
  return [
    shortened(message),
    ...(typeof atEnd === "string" ? [shortened(`with stdin at its end (cron, ssh -n): ${atEnd}`)] : []),
  ];
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
