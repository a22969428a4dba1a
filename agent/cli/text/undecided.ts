/** The block of one reason why something could not be told. */
import type { FactName, ModeFacts } from "../../facts/index.ts";
import { folded, list, pad, rows, shortened, unique } from "../../facts/layout.ts";
import type { CheckedAccount } from "../checked.ts";
import type { Undecided } from "./blocks.ts";
import { tilde } from "./chain.ts";
import { type Line, span } from "./printable.ts";

export function undecidedText(block: Undecided, { account, modes: measured }: CheckedAccount): Line[] {
  const { gaps, because, verdicts, modes } = block;
  const subjects = unique(verdicts.map(({ subject }) => subject));
  const place = verdicts.find(({ where }) => where !== null);
  const changes = [...gaps.map((gap) => gap.change), ...verdicts.map(({ change }) => change)];
  const title: Line =
    place?.where == null
      ? [span(titleOf(block, subjects, measured), "bold")]
      : [
          span(`${tilde(place.where.file, account)}:${place.where.line}`, "bold"),
          place.line === null ? "" : `   ${place.line}`,
        ];
  return [
    ...folded(["  ", span(pad("UNKNOWN", 10), "yellow"), ...title], 12),
    ...(place?.where != null || subjects.length > 2 ? rows("Undecided", [subjects.join(", ")]) : []),
    ...rows(
      "Because",
      because.map((reason) => shortened(reason)),
    ),
    ...(measured.length > 1 ? rows("Coming in by", [modes.join(", ")]) : []),
    ...rows("Change", unique(changes.filter((change) => change !== ""))),
    ...rows("Rule", unique(verdicts.map(({ policy, rule }) => `${policy} / ${rule}`))),
  ];
}

function titleOf({ gaps, modes }: Undecided, subjects: readonly string[], measured: readonly ModeFacts[]): string {
  const facts = unique(gaps.flatMap((gap) => gap.of));
  if (subjects.length === 0) return `${factWords(facts)} could not be had`;
  const here = measured.filter(({ mode }) => modes.includes(mode));
  if (facts.includes("tried") && here.every(({ tried }) => tried.length === 0)) return "commands were not tried";
  return `${subjects.length > 2 ? `${subjects.length} things` : list(subjects)} could not be decided`;
}

/** Facts whose names are no words that people use. */
const plain: Readonly<Partial<Record<FactName, string>>> = {
  startupFiles: "a startup file",
  cwd: "the working directory",
  leftRunning: "what was left running",
  tried: "what commands do",
};

function factWords(facts: readonly FactName[]): string {
  if (facts.length === 0) return "what no rule asks about";
  return facts.length > 4 ? "most facts" : list(facts.map((fact) => plain[fact] ?? fact));
}
