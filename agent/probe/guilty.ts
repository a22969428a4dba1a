/** Which line decides: the shells' trace, their own word and the reading, asked in the order of what could be to blame. */
import type { Attempt, Cause, CommandFact, ModeFacts, Output, Place, Startup } from "../facts/index.ts";
import {
  advice,
  type Evidence,
  whereAlias,
  whereBecame,
  whereCd,
  whereExit,
  whereFunction,
  whereHeld,
  whereLost,
  whereOption,
  whereOutput,
  whereSet,
  whereTrap,
  whereVariable,
  whereWaiting,
} from "../startup/index.ts";
import { type Parsed, programWord } from "./words-sent.ts";

/** What startup's reading or the shell itself found; null where nothing fits. */
type Found = { readonly place: Place; readonly line: string | null } | null;

export interface Guilty {
  alias(name: string, value: string): Cause;
  function(name: string): Cause;
  option(name: string): Cause;
  variable(name: string): Cause;
  /** The line that left the home. */
  cwd(): Cause;
  /** The line that set the umask, or changed limits. */
  set(what: "umask" | "limit"): Cause;
  held(command: string): Cause;
  trap(signal: string): Cause;
  command(command: Pick<CommandFact, "name" | "is" | "then">): Cause;
  output(output: Output): Cause;
  startup(startup: Startup): Cause;
  tried(parsed: Parsed, attempt: Attempt, facts: ModeFacts): Cause;
}

/** Folders in which a program of the table is expected: found elsewhere, PATH decided. */
const usualFolders = /^(\/usr)?\/(local\/)?s?bin\//;

/** `guard` is what this shell's startup files say to keep things for people; it is advised where the file has none. */
export function guilty(evidence: Evidence, guard: string): Guilty {
  const withAdvice = (found: Found, otherwise: string | null): Cause => {
    if (found === null) return { where: null };
    const change = (evidence.reading === null ? null : advice(evidence.reading, found.place)) ?? otherwise;
    return { where: found.place, line: found.line, ...(change !== null && { advice: change }) };
  };
  const plain = (found: Found): Cause => withAdvice(found, null);
  const cause = (found: Found): Cause =>
    withAdvice(found, found && `put line ${found.place.line} behind a guard for people (${guard}), or delete it`);
  return {
    alias: (name, value) => cause(whereAlias(evidence, name, value)),
    function: (name) => cause(whereFunction(evidence, name)),
    option: (name) => cause(whereOption(evidence, name)),
    variable: (name) => cause(whereVariable(evidence, name)),
    cwd: () => cause(whereCd(evidence)),
    set: (what) => cause(whereSet(evidence, what)),
    held: (command) => plain(whereHeld(evidence, command)),
    trap: (signal) => cause(whereTrap(evidence, signal)),
    command: (command) => cause(commandLine(evidence, command)),
    output: (output) => plain(whereOutput(evidence, output.stream, output.head)),
    startup: (startup) => (startup.ended === "ready" ? plain : cause)(startupLine(evidence, startup)),
    tried: (parsed, attempt, facts) =>
      (attempt.held.length > 0 ? plain : cause)(triedLine(evidence, parsed, attempt, facts)),
  };
}

function commandLine(evidence: Evidence, { name, is, then }: Pick<CommandFact, "name" | "is" | "then">): Found {
  if (is === "alias") {
    const value = evidence.dumped?.aliases.find((alias) => alias.name === name)?.value ?? "";
    return whereAlias(evidence, name, value);
  }
  if (is === "function") return whereFunction(evidence, name);
  if (is === "none") return whereVariable(evidence, "PATH");
  return is === "file" && then !== null && !usualFolders.test(then) ? whereVariable(evidence, "PATH") : null;
}

function startupLine(evidence: Evidence, startup: Startup): Found {
  const [lost] = startup.lost;
  const [held] = startup.held;
  const replaced = startup.became === null ? null : whereBecame(evidence, startup.became);
  if (startup.ended === "exec") return replaced;
  if (startup.ended === "exited") return whereExit(evidence);
  if (startup.ended !== "ready") {
    return replaced ?? (startup.waiting === null ? null : whereWaiting(evidence, startup.waiting));
  }
  if (lost !== undefined) return whereLost(evidence, lost);
  return held === undefined ? null : whereHeld(evidence, held.command);
}

function triedLine(evidence: Evidence, parsed: Parsed, attempt: Attempt, facts: ModeFacts): Found {
  const [held] = attempt.held;
  const isStartups = held !== undefined && (facts.startup?.held ?? []).some(({ command }) => command === held.command);
  if (isStartups) return whereHeld(evidence, held.command);
  const defined = definitionLine(evidence, parsed, facts);
  if (defined !== null) return defined;
  if (held !== undefined) return whereHeld(evidence, held.command);
  const [lost] = facts.startup?.lost ?? [];
  if (lost !== undefined && attempt.outcome === "not-done") return whereLost(evidence, lost);
  const hasExitTrap = evidence.dumped?.traps.some(({ signal }) => signal === "EXIT") ?? false;
  return hasExitTrap ? whereTrap(evidence, "EXIT") : null;
}

/** The alias, function or PATH that the word means which decides: the wrapper before the program, or the program's own. */
function definitionLine(evidence: Evidence, { prefix, program }: Parsed, facts: ModeFacts): Found {
  const word = programWord(prefix, program);
  const isWrapped = prefix.kind === "command" || prefix.kind === "env";
  const decides = isWrapped ? prefix.kind : word;
  const alias = facts.aliases.find(({ name, effective }) => name === decides && effective);
  if (alias !== undefined && prefix.kind !== "backslash") return whereAlias(evidence, alias.name, alias.value);
  if (facts.functions.some(({ name }) => name === decides)) return whereFunction(evidence, decides);
  const command = facts.commands.find(({ name }) => name === word);
  return command?.is === "file" || command?.is === "none" ? commandLine(evidence, command) : null;
}
