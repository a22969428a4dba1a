/** Which line decides: the shells' trace, their own word and the reading, asked in the order of what could be to blame. */
import type { Attempt, CommandFact, ModeFacts, Output, Place, Startup } from "../facts/index.ts";
import {
  type Evidence,
  whereAlias,
  whereBecame,
  whereExit,
  whereFunction,
  whereHeld,
  whereLost,
  whereOption,
  whereOutput,
  whereTrap,
  whereVariable,
  whereWaiting,
} from "../startup/index.ts";
import { type Parsed, programWord } from "./words-sent.ts";

export interface Found {
  readonly place: Place;
  /** The line's text, or null if it is not known. */
  readonly line: string | null;
}

export interface Guilty {
  alias(name: string, value: string): Found | null;
  function(name: string): Found | null;
  option(name: string): Found | null;
  variable(name: string): Found | null;
  trap(signal: string): Found | null;
  command(command: Pick<CommandFact, "name" | "is" | "then">): Found | null;
  output(output: Output): Found | null;
  startup(startup: Startup): Found | null;
  tried(parsed: Parsed, attempt: Attempt, facts: ModeFacts): Found | null;
}

/** Folders in which a program of the table is expected: found elsewhere, PATH decided. */
const usualFolders = /^(\/usr)?\/(local\/)?s?bin\//;

export function guilty(evidence: Evidence): Guilty {
  const find: Guilty = {
    alias: (name, value) => whereAlias(evidence, name, value),
    function: (name) => whereFunction(evidence, name),
    option: (name) => whereOption(evidence, name),
    variable: (name) => whereVariable(evidence, name),
    trap: (signal) => whereTrap(evidence, signal),
    command({ name, is, then }) {
      if (is === "alias") {
        const value = evidence.dumped?.aliases.find((alias) => alias.name === name)?.value ?? "";
        return whereAlias(evidence, name, value);
      }
      if (is === "function") return whereFunction(evidence, name);
      if (is === "file" && then !== null && !usualFolders.test(then)) return whereVariable(evidence, "PATH");
      return is === "none" ? whereVariable(evidence, "PATH") : null;
    },
    output: (output) => whereOutput(evidence, output.stream, output.head),
    startup(startup) {
      const [lost] = startup.lost;
      const [held] = startup.held;
      if (startup.ended === "exec" && startup.became !== null) return whereBecame(evidence, startup.became);
      if (startup.ended === "exited") return whereExit(evidence);
      if (startup.ended !== "ready") {
        const replaced = startup.became === null ? null : whereBecame(evidence, startup.became);
        return replaced ?? (startup.waiting === null ? null : whereWaiting(evidence, startup.waiting));
      }
      if (lost !== undefined) return whereLost(evidence, lost);
      return held === undefined ? null : whereHeld(evidence, held.command);
    },
    tried(parsed, attempt, facts) {
      const [held] = attempt.held;
      if (held !== undefined) return whereHeld(evidence, held.command);
      const defined = definitionOf(parsed, facts);
      if (defined !== null) return defined;
      const [lost] = facts.startup?.lost ?? [];
      if (lost !== undefined && attempt.outcome === "not-done") return whereLost(evidence, lost);
      const exit = evidence.dumped?.traps.find(({ signal }) => signal === "EXIT");
      return exit === undefined ? null : whereTrap(evidence, exit.signal);
    },
  };

  /** The alias, function or PATH that the program's word, or the word before it, means. */
  function definitionOf({ prefix, program }: Parsed, facts: ModeFacts): Found | null {
    const word = programWord(prefix, program);
    const words = prefix.kind === "command" || prefix.kind === "env" ? [prefix.kind, word] : [word];
    for (const each of words) {
      const isTried = each === word;
      const alias = facts.aliases.find(({ name, effective }) => name === each && effective);
      if (alias !== undefined && prefix.kind !== "backslash" && !(isTried && words.length > 1)) {
        return whereAlias(evidence, alias.name, alias.value);
      }
      const isFunction = facts.functions.some(({ name }) => name === each);
      if (isFunction && !(isTried && words.length > 1)) return whereFunction(evidence, each);
    }
    const command = facts.commands.find(({ name }) => name === word);
    return command === undefined ? null : find.command(command);
  }
  return find;
}
