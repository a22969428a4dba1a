/** The text of `explain`: everything that startup files make otherwise than in a bare shell, equal ways said once. */
import { type Differences, differences } from "../../evaluate/index.ts";
import type { Account, Cause, ModeFacts } from "../../facts/index.ts";
import { edge, folded, list, pad, rows, shortened, spread, widest } from "../../facts/layout.ts";
import { shellWord } from "../../facts/shell-word.ts";
import type { Explained } from "../explained.ts";
import { tilde } from "./chain.ts";
import { gapsText } from "./gaps.ts";
import { type Line, span } from "./printable.ts";

export function explainedText({ measured: { account, modes } }: Explained): Line[] {
  const seconds = modes.reduce((sum, facts) => sum + facts.seconds, 0);
  const shell = modes[0]?.shell.path ?? account.shell;
  const title: Line = [
    span(account.name, "bold"),
    `, ${shell}: what startup files make otherwise than in a bare shell`,
  ];
  const told = modes.map((facts) => ({ facts, rows: rowsOf(facts, account) }));
  const groups = [...Map.groupBy(told, (each) => JSON.stringify(each.rows)).values()];
  return [
    ...spread(title, [`in ${seconds.toFixed(2)} s`], edge),
    ...groups.flatMap((group) => groupText(group)),
    [],
    ...gapsText(modes),
    ...rows("Next", [
      `rcwarden check --account ${shellWord(account.name)}    whether an engine suffers from it`,
      `rcwarden explain NAME --account ${shellWord(account.name)}    one name, and since when`,
    ]),
  ];
}

/** One fact: what it is about, how it is, and the line. */
interface Row {
  readonly about: string;
  readonly says: string;
  readonly where: string;
}

function groupText(group: readonly { readonly facts: ModeFacts; readonly rows: readonly Row[] }[]): Line[] {
  const names = group.map(({ facts }) => facts.mode).join(", ");
  const all = group[0]?.rows ?? [];
  const title: Line[] = [[], ...folded(["  ", span(names, "bold")])];
  const widths = {
    about: widest(all.map(({ about }) => about)),
    says: widest(
      all.map(({ says }) => says),
      44,
    ),
  };
  return [
    ...title,
    ...all.flatMap(({ about, says, where }) =>
      folded([`    ${pad(about, widths.about)}  ${pad(says, widths.says)}  ${where}`], 8),
    ),
    ...(all.length === 1 ? [["    nothing is otherwise"]] : []),
  ];
}

function rowsOf(facts: ModeFacts, account: Account): Row[] {
  const at = (cause: Partial<Cause> | null | undefined) => {
    const where = cause?.where ?? null;
    return where === null ? "(line not found)" : `${tilde(where.file, account)}:${where.line}`;
  };
  const since = differences(facts);
  return [
    ...startupRows(facts, at),
    ...definitionRows(facts, since, at),
    ...removedRows(since),
    ...sessionRows(facts, at),
  ];
}

type At = (cause: Partial<Cause> | null | undefined) => string;

function startupRows({ startup, startupFiles, output, leftRunning }: ModeFacts, at: At): Row[] {
  const files = startupFiles.filter(({ state }) => state === "read").map(({ path }) => path);
  const row = (about: string, says: string, where: string): Row => ({ about, says, where });
  return [
    row("startup files", files.length === 0 ? "none is read" : shortened(list(files), 1000), ""),
    ...(startup === null || startup.ended === "ready" ? [] : [row("startup", endedWords(startup), at(startup))]),
    ...(startup?.lost ?? []).map((stream) => row("stream", `${stream} is led elsewhere`, at(startup))),
    ...output.map((each) => row("output", `to ${each.stream}: ${headOf(each.head)}`, at(each))),
    ...leftRunning.map((each) => {
      const holds = each.holds.length === 0 ? "" : `, keeps ${each.holds.join(" and ")} open`;
      return row("left running", `${shortened(each.command, 100)}${holds}`, at(each));
    }),
  ];
}

function endedWords({ ended, prompt, waiting }: NonNullable<ModeFacts["startup"]>): string {
  if (ended === "hang") return `waits for ever${prompt ? ` at: ${shortened(prompt, 100)}` : ""}`;
  if (ended === "exited") return "ends the shell before any command";
  if (ended === "exec") return "starts another program in place of the shell";
  if (ended === "stopped") return "is stopped";
  return waiting === null ? "does not come to an end in time" : `does not come to an end: ${waiting.says}`;
}

function headOf(head: string): string {
  return shortened(head.trimEnd().split("\n", 1)[0] ?? "", 40);
}

function definitionRows(facts: ModeFacts, since: Differences, at: At): Row[] {
  const { aliases, functions, options, variables, traps } = facts;
  return [
    ...aliases
      .filter(({ name }) => since.aliases.has(name))
      .map((each) => ({
        about: `alias ${each.name}`,
        says: `${shortened(each.value, 100)}${each.effective ? "" : "   (does not bite here)"}`,
        where: at(each),
      })),
    ...functions
      .filter(({ name }) => since.functions.has(name))
      .map((each) => ({ about: `function ${each.name}`, says: "", where: at(each) })),
    ...options
      .filter(({ name }) => since.options.has(name))
      .map((each) => ({ about: `option ${each.name}`, says: shortened(each.value, 100), where: at(each) })),
    ...variables
      .filter(({ name }) => since.variables.has(name))
      .map((each) => ({
        about: `variable ${each.name}`,
        says: `${shortened(each.value, 100)}${each.exported ? "" : "   (not exported)"}`,
        where: at(each),
      })),
    ...traps.map((each) => ({
      about: `trap ${each.signal}`,
      says: shortened(each.action, 100),
      where: at(each),
    })),
  ];
}

function removedRows({ removed: { aliases, variables } }: Differences): Row[] {
  const gone = (kind: string) => (name: string) => ({ about: `${kind} ${name}`, says: "is taken away", where: "" });
  return [...aliases.map(gone("alias")), ...variables.map(gone("variable"))];
}

/** Without a bare shell to compare with, what a line is known for. */
function sessionRows(facts: ModeFacts, at: At): Row[] {
  const { bare, umask, umaskFrom, cwd, cwdFrom, home, homeReal, limits, limitsFrom } = facts;
  const isOther = (now: string | null, before: string | null | undefined, cause: Partial<Cause> | null | undefined) =>
    now !== null && (bare == null ? cause?.where != null : before !== null && now !== before);
  const isAway = bare == null ? cwd !== null && cwd !== home && cwd !== homeReal : isOther(cwd, bare.cwd, cwdFrom);
  const changed = Object.entries(limits).filter(([name, value]) => bare != null && bare.limits[name] !== value);
  return [
    ...(isOther(umask, bare?.umask, umaskFrom) ? [{ about: "umask", says: umask ?? "", where: at(umaskFrom) }] : []),
    ...(isAway ? [{ about: "working directory", says: cwd ?? "", where: at(cwdFrom) }] : []),
    ...changed.map(([name, value]) => ({ about: `limit ${name}`, says: String(value), where: at(limitsFrom) })),
  ];
}
