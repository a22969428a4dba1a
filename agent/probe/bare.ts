/** What startup is held against: the same shell in the same session without its startup files. */
import type { BareFacts, ModeFacts, ModeId } from "../facts/index.ts";
import { type Limit, parseLimits } from "../host/limits.ts";
import type { Shell } from "../shells/index.ts";
import type { Asker, Change } from "./asker.ts";
import { dump } from "./questions.ts";

type Limits = ModeFacts["limits"];

export interface Beside {
  /** Null where the bare shell did not answer. */
  readonly bare: BareFacts | null;
  /** As startup leaves them; null where that could not be had. */
  readonly limits: Limits | null;
}

export async function askBare(questions: Asker, shell: Shell, mode: ModeId): Promise<Beside> {
  const start = shell.starts[mode];
  const alone = { words: [...shell.bare, ...(start?.words ?? [])], argv0: shell.bareAs ?? start?.argv0 };
  const [{ dumped }, limits, bareLimits] = await Promise.all([
    dump(questions, shell, [], alone),
    limitsIn(questions, {}),
    limitsIn(questions, alone),
  ]);
  if (dumped === null || bareLimits === null) return { bare: null, limits };
  const { aliases, functions, options, variables, umask, cwd } = dumped;
  const names = functions.map(({ name }) => name);
  return { bare: { aliases, functions: names, options, variables, umask, cwd, limits: bareLimits }, limits };
}

/** Of a command in such a session; null where they could not be had. */
export async function limitsIn(questions: Asker, change: Change): Promise<Limits | null> {
  const { run } = await questions.ask(() => "/bin/cat /proc/self/limits", "empty", change);
  const hasEnded = run.ended === "exited" || run.ended === "held";
  const found = hasEnded ? parseLimits(run.stdout.head.toString("latin1").replaceAll("\r", "")) : [];
  return found.length === 0 ? null : softOf(found);
}

export function softOf(limits: readonly Limit[]): Limits {
  return Object.fromEntries(limits.map(({ name, soft }) => [name, soft]));
}
