/** The text of `baseline show` and `baseline diff`. */
import type * as z from "zod";
import { paragraph, table } from "../../facts/layout.ts";
import { shellWord } from "../../facts/shell-word.ts";
import type { Shapes } from "../../status/index.ts";
import type { Line } from "./printable.ts";

type Baseline = z.output<Shapes["Baseline"]>;
type Item = Baseline["now"][number];

export function baselineText({ account, baseline }: Baseline): Line[] {
  if (baseline === null) return nothing(account);
  const { acceptedAt, reason, items } = baseline;
  return [...paragraph(`${account}: accepted ${acceptedAt}: ${reason}`), ...table(items.map((item) => cells(item)))];
}

export function baselineChangesText({ account, baseline, changes }: Baseline): Line[] {
  if (baseline === null) return nothing(account);
  const since = `since ${baseline.acceptedAt} (${baseline.reason})`;
  if (changes.length === 0) return paragraph(`${account}: nothing is otherwise ${since}`);
  const what = changes.length === 1 ? "1 thing is" : `${changes.length} things are`;
  return [
    ...paragraph(`${account}: ${what} otherwise ${since}`),
    ...table(changes.map(({ change, item }) => [`  ${change}`, ...cells(item)])),
    ...paragraph(`rcwarden baseline accept --account ${shellWord(account)} --reason TEXT    once it was reviewed`),
  ];
}

function nothing(account: string): Line[] {
  return [
    ...paragraph(`${account}: nothing was accepted yet`),
    ...paragraph(`rcwarden baseline accept --account ${shellWord(account)} --reason TEXT    accepts what is there now`),
  ];
}

/** A digest is for comparing: its beginning is enough for people, JSON has it whole. */
function cells({ kind, name, mode, digest, where }: Item): string[] {
  return [`  ${kind}`, name, mode === "-" ? "" : mode, digest.replace(/^sha256:/, "").slice(0, 12), where ?? ""];
}
