/**
 * Finds the line for what running showed. The shell's own trace comes first, then where the shell itself says that a
 * function stands, then the reading: the last statement of that kind and name that is surely reached, then one that may
 * be. Null where none of them knows; never a guess.
 */
import type { Place, Stream, Waiting } from "../facts/index.ts";
import type { Dumped, Traced } from "../shells/shell.ts";
import type { Reading, Statement, StatementKind } from "./reading.ts";

export interface Evidence {
  readonly reading: Reading | null;
  readonly dumped: Dumped | null;
  readonly traced: readonly Traced[] | null;
  readonly home: string;
}

/** The line that decides, and its text as it stands in the file where that is known. */
export type Found = { readonly place: Place; readonly line: string | null } | null;

type Fits = (statement: Statement) => boolean;

export function whereAlias(evidence: Evidence, name: string, value: string): Found {
  const defines = new RegExp(`^(?:(?:builtin|command|\\\\)\\s*)*alias\\s(?:.*[\\s'"])?${escaped(name)}(?:=|\\s)`, "s");
  const isIt = (text: string) => text.includes(name) && defines.test(text);
  return (
    lastTraced(evidence, isIt, ["alias"], name) ??
    chosen(
      evidence,
      ["alias"],
      (one) => one.name === name,
      (one) => normal(one.value) === normal(value),
    )
  );
}

export function whereFunction(evidence: Evidence, name: string): Found {
  const { reading, dumped } = evidence;
  const own = dumped?.functions.find((one) => one.name === name);
  if (own?.file !== undefined && own.line !== undefined) {
    const { file, line } = own;
    const read = reading?.statements.find(
      (one) => one.kind === "function" && one.name === name && isAt(one, file, line),
    );
    // A shell counts the lines of what `eval` is given from where that begins.
    const evaluated =
      read === undefined ? chosen(evidence, ["function"], (one) => one.name === name && one.where.file === file) : null;
    if (evaluated !== null) return evaluated;
    const place = read?.where ?? { file, line, column: 1, through: throughOf(reading, file) };
    return { place, line: lineOf(evidence, place) };
  }
  const isIt: Fits = (one) => one.name === name;
  return chosen(evidence, ["function"], isIt) ?? inItsFile(evidence, own?.file, isIt);
}

/** The definition in the file that the shell names, which is not read before the name is called. */
function inItsFile(evidence: Evidence, file: string | undefined, isIt: Fits): Found {
  if (file === undefined) return null;
  const kinds: readonly StatementKind[] = ["function", "alias"];
  const read = evidence.reading?.statements.findLast(
    (one) => one.where.file === file && kinds.includes(one.kind) && isIt(one),
  );
  return read === undefined ? null : found(evidence, read);
}

export function whereOption(evidence: Evidence, name: string): Found {
  const value = evidence.dumped?.options.find((one) => one.name === name)?.value;
  const wanted = optionName(name);
  const fits: Fits = (one) => one.name !== null && optionName(one.name) === wanted;
  const sets = (text: string) => /^(?:builtin |command )?(?:set|shopt|setopt|unsetopt|emulate)\s/.test(text);
  const isIt = (text: string) => sets(text) && optionName(text).includes(wanted);
  return (
    lastTraced(evidence, isIt, ["option"], null) ??
    chosen(evidence, ["option"], fits, (one) => value === undefined || one.value === value)
  );
}

/** Shells spell them with or without underscores, and with `no` before it for the opposite. */
function optionName(name: string): string {
  return name
    .toLowerCase()
    .replaceAll("_", "")
    .replaceAll(/\bno(?!tify|match)/g, "");
}

export function whereVariable(evidence: Evidence, name: string): Found {
  const value = evidence.dumped?.variables.find((one) => one.name === name)?.value;
  const names = name === "PATH" ? ["PATH", "path", "fish_user_paths"] : [name];
  const fits: Fits = (one) => one.name !== null && names.includes(one.name);
  const kinds: readonly StatementKind[] = ["variable", "path", "option"];
  const assigns = new RegExp(
    `^(?:(?:builtin|command)\\s+)?(?:(?:export|typeset|declare|readonly|local)\\s(?:.*[\\s'"])?)?(?:${names.map(escaped).join("|")})\\+?=`,
    "s",
  );
  const isIt = (text: string) => names.some((one) => text.includes(one)) && assigns.test(text);
  return (
    lastTraced(evidence, isIt, kinds, name) ??
    chosen(evidence, kinds, fits, (one) => value !== undefined && one.value === value)
  );
}

export function whereTrap(evidence: Evidence, signal: string): Found {
  const name = signal.replace(/^SIG/, "");
  const isIt = (text: string) => {
    const words = text.split(/\s+/);
    return words[0] === "trap" && words.slice(2).some((one) => plainSignal(one) === name);
  };
  return lastTraced(evidence, isIt, ["trap"], name) ?? chosen(evidence, ["trap"], (one) => one.name === name);
}
function plainSignal(word: string): string {
  const bare = word.replaceAll(/['"]/g, "").toUpperCase().replace(/^SIG/, "");
  return bare === "0" ? "EXIT" : bare;
}

const writers = /^(?:builtin |command )?(?:echo|printf|print|cat|\S*\/(?:echo|printf|cat))\b\s*/;

/** The first statement that writes: `head` is what came first. */
export function whereOutput(evidence: Evidence, stream: Stream, head: string): Found {
  const text = head.trim();
  const traced = evidence.traced?.find(({ text: shown }) => {
    if (!writers.test(shown)) return false;
    const words = unquoted(shown.replace(writers, "").replace(/^-\w+\s+/, "")).trim();
    return words !== "" && text !== "" && (text.startsWith(words) || text.includes(words));
  });
  const written = (evidence.reading?.statements ?? []).filter((one) => one.kind === "output" && one.stream === stream);
  if (traced !== undefined) return fromTrace(evidence, traced, ["output"], null);
  const same = (one: Statement) => {
    const value = one.value?.trim() ?? "";
    return value !== "" && text !== "" && (text.startsWith(value) || value.startsWith(text) || text.includes(value));
  };
  const reached = written.filter((one) => one.reached !== "no");
  const complaint = stream === "stderr" ? complained(evidence, text) : null;
  const fit =
    reached.find((one) => same(one)) ??
    complaint ??
    // A terminal has one stream for both.
    evidence.reading?.statements.find((one) => one.kind === "output" && one.reached !== "no" && same(one)) ??
    // What surely says something else did not say this.
    reached.find((one) => one.reached === "yes" && (one.value === null || text === "")) ??
    reached.find((one) => one.value === null || text === "");
  return fit === null || fit === undefined ? null : found(evidence, fit);
}

/** A message begins with the program's name, or says the file and the line by itself. */
function complained(evidence: Evidence, text: string): Statement | null {
  const { statements = [] } = evidence.reading ?? {};
  const [, file, line] = /^(\/[^\n:]*?):(?: line )?(\d+):/.exec(text) ?? [];
  if (file !== undefined && line !== undefined)
    return statements.find((one) => isAt(one, file, Number(line)) && one.reached !== "no") ?? null;
  const program = /^([\w./+-]+):/.exec(text)?.[1];
  if (program === undefined) return null;
  return (
    statements.find((one) => one.reached !== "no" && one.name !== null && baseName(one.name) === baseName(program)) ??
    null
  );
}

export function whereLost(evidence: Evidence, stream: Stream): Found {
  return chosen(evidence, ["redirect"], (one) => one.name === stream);
}

export function whereHeld(evidence: Evidence, command: string): Found {
  const isIt = (text: string) => unquoted(text) === command || unquoted(text).startsWith(`${command} `);
  const [program = ""] = command.split(" ");
  const names = (one: Statement) => one.text.includes(baseName(program).replace(/^-/, ""));
  return (
    chosen(evidence, ["background"], names) ??
    lastTraced(evidence, isIt, ["background"], null) ??
    only(evidence, ["background"])
  );
}

export function whereExit(evidence: Evidence): Found {
  const { traced } = evidence;
  const last = traced?.at(-1);
  if (last !== undefined && /^(?:builtin )?(?:exit|logout|bye)\b/.test(last.text))
    return fromTrace(evidence, last, ["exit"], null);
  const exits = chosen(evidence, ["exit"], (one) => one.name !== "return");
  return (
    exits ??
    chosen(evidence, ["exec"], () => true) ??
    // dash leaves a login at a line that makes no sense to it.
    first(evidence, ["syntax-error"]) ??
    (last === undefined ? null : fromTrace(evidence, last, [], null))
  );
}

export function whereBecame(evidence: Evidence, path: string): Found {
  const program = baseName(path);
  const isIt = (text: string) => text.startsWith("exec ") && text.includes(program);
  return (
    lastTraced(evidence, isIt, ["exec"], null) ??
    chosen(evidence, ["exec"], (one) => one.name !== null && baseName(one.name) === program) ??
    only(evidence, ["exec"])
  );
}

/** Where it stands still: the last line that the shell said it began, else a statement that waits for just this. */
export function whereWaiting(evidence: Evidence, waiting: Waiting): Found {
  const last = evidence.traced?.at(-1);
  if (last !== undefined) return fromTrace(evidence, last, ["read"], null);
  const [program = ""] = waiting.command.split(" ");
  const name = baseName(program);
  const runs: Fits = (one) => one.name !== null && baseName(one.name) === name;
  const kinds: readonly StatementKind[] = ["command", "output", "background", "exec"];
  const started = name === "" ? null : chosen(evidence, kinds, runs);
  if (started !== null) return started;
  // Within a pipeline, a substitution or an `eval` the program's name stands somewhere in the text.
  const mentioned = name.length < 3 ? null : chosen(evidence, kinds, (one) => mentions(one.text, name));
  if (mentioned !== null) return mentioned;
  return waiting.for === "input" ? first(evidence, ["read"]) : null;
}

export function whereCd(evidence: Evidence): Found {
  const isIt = (text: string) => /^(?:builtin |command )?(?:cd|chdir|pushd|popd)\b/.test(text);
  return lastTraced(evidence, isIt, ["cd"], null) ?? chosen(evidence, ["cd"], () => true);
}

/** The last line that sets the umask, or limits. */
export function whereSet(evidence: Evidence, what: "umask" | "limit"): Found {
  return chosen(evidence, [what], () => true);
}

/** What reading is sure of and the shell does not have, as clauses: running wins, and the report says so. */
export function mismatches({ reading, dumped, home }: Evidence): string[] {
  if (reading === null || dumped === null) return [];
  const clauses: string[] = [];
  const shown = ({ where }: Statement) =>
    `${where.file.startsWith(`${home}/`) ? `~${where.file.slice(home.length)}` : where.file}:${where.line}`;
  const last = new Map<string, Statement>();
  for (const one of reading.statements) {
    if (one.reached === "no") continue;
    if (one.kind === "alias" && one.name !== null) last.set(one.name, one);
    else if (one.kind === "unalias" && one.name !== null) last.delete(one.name);
    // What takes away everything, and code that is only known when it runs, leaves nothing sure.
    else if (one.kind === "unalias" || (one.kind === "source" && one.name === null)) last.clear();
  }
  for (const [name, one] of last) {
    if (one.reached !== "yes") continue;
    const alias = dumped.aliases.find((known) => known.name === name);
    if (alias === undefined) clauses.push(`${shown(one)} defines the alias ${name}, and the shell does not have it`);
    else if (one.value !== null && normal(one.value) !== normal(alias.value))
      clauses.push(`${shown(one)} defines the alias ${name} with another value than the shell has`);
  }
  return clauses;
}

/** csh's lists come with parentheses or without. */
function normal(value: string | null): string {
  return (value ?? "").replace(/^\((.*)\)$/s, "$1").trim();
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

function unquoted(text: string): string {
  return text.replaceAll(/\$?'((?:[^'\\]|\\.)*)'|"([^"]*)"/g, "$1$2");
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function mentions(text: string, name: string): boolean {
  return new RegExp(`(?:^|[^\\w.-])${escaped(name)}(?:$|[^\\w.-])`).test(text);
}

function isAt({ where }: Statement, file: string, line: number): boolean {
  return where.line === line && where.file === file;
}

function throughOf(reading: Reading | null, file: string): readonly string[] {
  return reading?.files.find(({ path }) => path === file)?.through ?? [];
}

function lineOf({ reading }: Evidence, { file, line }: Place): string | null {
  return reading?.lines[file]?.[line] || null;
}

function found(evidence: Evidence, { where, text }: Statement): Found {
  return { place: where, line: lineOf(evidence, where) ?? text };
}

/** The last that fits and is surely reached, else the last that may be; `better` decides among equals. */
function chosen(evidence: Evidence, kinds: readonly StatementKind[], fits: Fits, better: Fits = () => true): Found {
  const all = (evidence.reading?.statements ?? []).filter((one) => kinds.includes(one.kind) && fits(one));
  for (const reached of ["yes", "maybe"]) {
    const candidates = all.filter((one) => one.reached === reached);
    const best = candidates.findLast(better) ?? candidates.at(-1);
    if (best !== undefined) return found(evidence, best);
  }
  return null;
}

function first(evidence: Evidence, kinds: readonly StatementKind[]): Found {
  const all = (evidence.reading?.statements ?? []).filter((one) => kinds.includes(one.kind));
  const best = all.find((one) => one.reached === "yes") ?? all.find((one) => one.reached === "maybe");
  return best === undefined ? null : found(evidence, best);
}

/** The statement of this kind, if there is just one to which the shell may come. */
function only(evidence: Evidence, kinds: readonly StatementKind[]): Found {
  const all = (evidence.reading?.statements ?? []).filter((one) => kinds.includes(one.kind) && one.reached !== "no");
  const [one] = all;
  return all.length === 1 && one !== undefined ? found(evidence, one) : null;
}

function lastTraced(
  evidence: Evidence,
  isIt: (text: string) => boolean,
  kinds: readonly StatementKind[],
  name: string | null,
): Found {
  const traced = evidence.traced?.findLast(({ text }) => isIt(text));
  return traced === undefined ? null : fromTrace(evidence, traced, kinds, name);
}

/** The trace knows file and line; the column is the statement's that reading has on that line. */
function fromTrace(
  evidence: Evidence,
  { files, line, text }: Traced,
  kinds: readonly StatementKind[],
  name: string | null,
): Found {
  const [file = "", ...outer] = files;
  if (file === "" || line < 1) return null;
  const there = (evidence.reading?.statements ?? []).filter((one) => isAt(one, file, line));
  const read =
    there.find((one) => kinds.includes(one.kind) && (name === null || one.name === name)) ??
    there.find((one) => kinds.includes(one.kind)) ??
    there[0];
  const through = outer.length > 0 ? outer.toReversed() : (read?.where.through ?? throughOf(evidence.reading, file));
  const place: Place = { file, line, column: read?.where.column ?? 1, through };
  return { place, line: lineOf(evidence, place) ?? read?.text ?? text.slice(0, 200) };
}
