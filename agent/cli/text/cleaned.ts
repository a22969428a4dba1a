/** What became of the files of a plan that was applied, for a person and for a program. */
import { leastDigits, type OutcomeWord, quarantineName } from "../../cleanup/index.ts";
import { columns, folded, pad, padStart, pageColumns, paragraph, spread } from "../../facts/layout.ts";
import { sizeText } from "./cleanup.ts";
import { codeWords } from "./cleanup-journal.ts";
import { type Line, span } from "./printable.ts";

/** The words are those of the journal; an agent of another version may have others. */
interface OutcomeSum {
  readonly outcome: string;
  readonly code: string | null;
  readonly files: number;
  readonly bytes: number;
}

export interface Cleaned {
  readonly kind: "cleaned";
  readonly retention: string;
  readonly account: string;
  readonly root: string;
  /** The plan's hash, or as much of it as was named. */
  readonly plan: string;
  /** Null where nothing was begun. */
  readonly run: string | null;
  readonly outcomes: readonly OutcomeSum[];
  /** How many files the plan had; null where that is not known here. */
  readonly planned: number | null;
  /** Why it did not come to its end; "" where it did. */
  readonly unfinished: string;
}

export function isWhollyRemoved(cleaned: Cleaned): boolean {
  return cleaned.outcomes.every(({ outcome }) => outcome === "removed") && notTried(cleaned) === 0;
}

export function cleanedText(cleaned: Cleaned, flags: string): Line[] {
  const { retention, account, root, plan, outcomes, unfinished } = cleaned;
  const heading = [span(retention, "bold"), `   ${root}   as ${account}`];
  const left = notTried(cleaned);
  return [
    ...spread(heading, [`plan ${plan.slice(0, leastDigits)}`], pageColumns),
    [""],
    ...rows(cleaned),
    ...(left === 0 ? [] : notTriedText(left, unfinished === "")),
    ...(unfinished === "" ? [] : paragraph(`It did not come to its end: ${unfinished}`, 2)),
    ...(has(outcomes, "in-quarantine") ? quarantineText(root) : []),
    ...(has(outcomes, "gone-unconfirmed") ? goneText : []),
    ...(outcomes.length === 0 ? [] : [[`  Every file with its outcome:  rcwarden cleanup journal --since 1h${flags}`]]),
  ];
}

function rows({ outcomes }: Cleaned): Line[] {
  const sums = [...outcomes].sort((a, b) => order(a) - order(b));
  const removed = sums.some(({ outcome }) => outcome === "removed") ? [] : [noneRemoved];
  const shown = [...removed, ...sums];
  const counts = shown.map(({ files }) => (files === 1 ? "1 file " : `${files.toLocaleString("en-US")} files`));
  const width = Math.max(...counts.map(columns));
  return shown.flatMap(({ outcome, code, bytes }, at) => {
    const label = labelOf(outcome);
    const isFirst = at === 0 || labelOf(shown[at - 1]?.outcome ?? "") !== label;
    const start = `  ${pad(isFirst ? label : "", 14)}${padStart(counts[at] ?? "", width)}  ${padStart(sizeText(BigInt(bytes)), 10)}`;
    return folded([`${start}   ${code === null ? "" : reasonOf(code)}`.trimEnd()]);
  });
}

/** A word that only a newer agent knows stands for itself. */
function reasonOf(code: string): string {
  return Object.entries(codeWords).find(([word]) => word === code)?.[1] ?? code;
}

const noneRemoved: OutcomeSum = { outcome: "removed", code: null, files: 0, bytes: 0 };

const labels: Readonly<Record<OutcomeWord, string>> = {
  removed: "removed",
  kept: "stays",
  "put-back": "stays",
  "in-quarantine": "in quarantine",
  "gone-unconfirmed": "gone",
};

function labelOf(outcome: string): string {
  return Object.entries(labels).find(([word]) => word === outcome)?.[1] ?? outcome;
}

function order({ outcome }: OutcomeSum): number {
  return Object.keys(labels).indexOf(outcome);
}

function has(outcomes: readonly OutcomeSum[], word: OutcomeWord): boolean {
  return outcomes.some(({ outcome }) => outcome === word);
}

/** Files of the plan that were left alone: no longer what the plan saw, or kept by something since. */
function notTried({ planned, outcomes }: Cleaned): number {
  return planned === null ? 0 : planned - outcomes.reduce((sum, { files }) => sum + files, 0);
}

function notTriedText(files: number, isEnded: boolean): Line[] {
  const were = files === 1 ? "1 file of the plan was" : `${files.toLocaleString("en-US")} files of the plan were`;
  const why = isEnded ? "changed or gone since, or kept by something that was not so then" : "their turn did not come";
  return paragraph(`${were} left alone: ${why}; rcwarden cleanup plan --list says what stays, and why.`, 2);
}

function quarantineText(root: string): Line[] {
  const says = `Another file took the name of what is in quarantine, so it lies in ${root}/${quarantineName}. Look at both, and move it back or remove it; rcwarden cleanup journal --outcome in-quarantine says which it is.`;
  return paragraph(says, 2);
}

const goneText = paragraph("What is gone was not seen to go: nobody can say that it was removed by this.", 2);

export function cleanedJson(cleaned: Cleaned) {
  const { kind: _, ...about } = cleaned;
  return { apiVersion: "rcwarden/v1", kind: "CleanupApplied", ...about, leftAlone: notTried(cleaned) };
}
