/** What the shell told of its definitions, as facts with the line that each comes from. */
import type { ModeFacts, Stream, TrapFact } from "../facts/index.ts";
import type { Dumped, Shell } from "../shells/index.ts";
import { type Asker, asksMore } from "./asker.ts";
import type { Guilty } from "./guilty.ts";
import type { Run } from "./question.ts";
import type { Marked } from "./questions.ts";

type Definitions = Pick<
  ModeFacts,
  | "aliases"
  | "functions"
  | "options"
  | "variables"
  | "commands"
  | "umask"
  | "umaskFrom"
  | "cwd"
  | "cwdFrom"
  | "limitsFrom"
>;

export function definitions(dumped: Dumped | null, shell: Shell, find: Guilty): Definitions {
  if (dumped === null) {
    return { aliases: [], functions: [], options: [], variables: [], commands: [], umask: null, cwd: null };
  }
  const effective = shell.aliasesBite(dumped.options);
  return {
    aliases: dumped.aliases.map((alias) => ({
      ...alias,
      effective,
      ...find.alias(alias.name, alias.value),
    })),
    functions: dumped.functions.map(({ name }) => ({
      name,
      effective: true,
      ...find.function(name),
    })),
    options: dumped.options.map((option) => ({ ...option, ...find.option(option.name) })),
    variables: dumped.variables.map((variable) => ({
      ...variable,
      ...find.variable(variable.name),
    })),
    commands: dumped.commands.map((command) => ({ ...command, ...find.command(command) })),
    umask: dumped.umask,
    umaskFrom: find.set("umask"),
    cwd: dumped.cwd,
    cwdFrom: find.cwd(),
    limitsFrom: find.set("limit"),
  };
}

/** A status that no shell gives by itself: a trap that hides a failure hides this one. */
const failure = 42;

/**
 * Traps with what the EXIT trap did: the marked session ran it, a session that ends by `exec` does not. `quiet` is that
 * session, whose output is startup's alone; null where no EXIT trap is set.
 */
export async function trapFacts(
  dumped: Dumped | null,
  questions: Asker,
  marked: Marked,
  find: Guilty,
): Promise<{ readonly facts: readonly TrapFact[]; readonly quiet: Pick<Marked, "run" | "terminal"> | null }> {
  const traps = dumped?.traps ?? [];
  // zsh's hooks at the end are functions, which no `trap` names.
  const located = traps.map((trap) => {
    const set = find.trap(trap.signal);
    return { ...trap, ...(set.where === null ? find.function(trap.action) : set) };
  });
  if (!traps.some(({ signal }) => signal === "EXIT") || !asksMore(questions)) {
    return { facts: located.map((trap) => ({ ...trap, effect: null })), quiet: null };
  }
  const [{ run: quiet }, { run: failing }] = await Promise.all([
    questions.ask(() => "exec /bin/true", "empty"),
    questions.ask(() => `exit ${failure}`, "empty"),
  ]);
  const isSeen = hasEnded(quiet) && quiet.exit?.status === 0 && hasEnded(failing) && marked.isReady;
  const streams: readonly Stream[] = questions.terminal ? ["stdout"] : ["stdout", "stderr"];
  const effect = {
    writes: streams.filter((stream) => marked.run[stream].bytes > quiet[stream].bytes),
    changesStatus: marked.run.exit?.status !== 0 || failing.exit?.status !== failure,
    sawFailure: true,
  };
  return {
    facts: located.map((trap) => ({ ...trap, effect: trap.signal === "EXIT" && isSeen ? effect : null })),
    quiet: isSeen ? { run: quiet, terminal: questions.terminal } : null,
  };
}

function hasEnded({ ended }: Run): boolean {
  return ended === "exited" || ended === "held";
}
