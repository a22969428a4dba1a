/** What `explain --json` prints (design 10): everything measured, each fact with where it comes from. Pure. */
import type {
  BareFacts,
  Cause,
  CommandFact,
  Ended,
  Gap,
  GuardFact,
  LeftRunning,
  ModeFacts,
  Place,
  StartupFile,
  Stream,
} from "../facts/index.ts";
import type { Measured } from "./evaluate.ts";

/** Text from the host is raw here; the output escapes it. */
export interface FactsDocument {
  readonly apiVersion: "rcwarden/v1";
  readonly kind: "Facts";
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly account: string;
  readonly shell: ModeFacts["shell"];
  readonly modes: readonly ModeDocument[];
}

/** The line that decides, and its text; null where none was found, or none decides. */
interface Located {
  readonly where: Place | null;
  readonly line: string | null;
}

/**
 * Whether startup files brought it: a bare shell has it otherwise, or not at all. Left out where the bare shell was not
 * asked, or did not answer.
 */
interface Brought {
  readonly brought?: boolean;
}

export interface ModeDocument extends Pick<ModeFacts, "mode" | "sandbox" | "evidence" | "seconds"> {
  /** Null where startup's end could not be had; `gaps` says why. */
  readonly ended: Ended | null;
  readonly gaps: readonly Gap[];
  /** In the order in which they are read. */
  readonly startupFiles: readonly StartupFile[];
  readonly guards: readonly GuardFact[];
  readonly aliases: readonly (Located &
    Brought & { readonly name: string; readonly value: string; readonly effective: boolean })[];
  readonly functions: readonly (Located & Brought & { readonly name: string; readonly effective: boolean })[];
  readonly options: readonly (Located & Brought & { readonly name: string; readonly value: string })[];
  readonly variables: readonly (Located &
    Brought & { readonly name: string; readonly exported: boolean; readonly value: string })[];
  /** What a bare shell has and startup files took away, by name. */
  readonly removed?: { readonly aliases: readonly string[]; readonly variables: readonly string[] };
  readonly traps: readonly (Located & { readonly signal: string; readonly action: string })[];
  readonly commands: readonly (Located & Pick<CommandFact, "name" | "is" | "then">)[];
  readonly umask: string | null;
  readonly cwd: string | null;
  readonly limits: ModeFacts["limits"];
  /** What a bare shell has of these three; left out where it was not asked, or did not answer. */
  readonly bare?: Pick<BareFacts, "umask" | "cwd" | "limits">;
  readonly output: readonly (Located & { readonly stream: Stream; readonly bytes: number; readonly head: string })[];
  readonly leftRunning: readonly (Located & Pick<LeftRunning, "command" | "holds">)[];
  readonly tried: readonly (Located & Pick<ModeFacts["tried"][number], TriedField>)[];
  /** Where reading and running disagree: running counts. */
  readonly mismatches: readonly string[];
}

const triedFields = ["command", "outcome", "prompt", "exit", "stderr", "stdout", "missing", "atEnd"] as const;
type TriedField = (typeof triedFields)[number];

export function factsDocument(time: string, { account, modes }: Measured): FactsDocument {
  const own = modes.find(({ shell }) => shell.path === account.shell);
  return {
    apiVersion: "rcwarden/v1",
    kind: "Facts",
    time,
    account: account.name,
    shell: { path: account.shell, personality: own?.shell.personality ?? null },
    modes: modes.map(modeDocument),
  };
}

function modeDocument(facts: ModeFacts): ModeDocument {
  const { mode, sandbox, evidence, seconds, startup, gaps, startupFiles, guards = [], umask, cwd, limits } = facts;
  const since = differences(facts);
  const brought = (kind: "aliases" | "functions" | "options" | "variables", name: string): Brought =>
    facts.bare == null ? {} : { brought: since[kind].has(name) };
  return {
    mode,
    sandbox,
    evidence,
    seconds,
    ended: startup?.ended ?? null,
    gaps,
    startupFiles,
    guards,
    aliases: facts.aliases.map((each) => {
      const { name, value, effective } = each;
      return { name, value, effective, ...brought("aliases", name), ...located(each) };
    }),
    functions: facts.functions.map((each) => {
      const { name, effective } = each;
      return { name, effective, ...brought("functions", name), ...located(each) };
    }),
    options: facts.options.map((each) => {
      const { name, value } = each;
      return { name, value, ...brought("options", name), ...located(each) };
    }),
    variables: facts.variables.map((each) => {
      const { name, exported, value } = each;
      return { name, exported, value, ...brought("variables", name), ...located(each) };
    }),
    ...(facts.bare == null ? {} : { removed: since.removed }),
    traps: facts.traps.map((each) => ({ signal: each.signal, action: each.action, ...located(each) })),
    commands: facts.commands.map((each) => commandDocument(each)),
    umask,
    cwd,
    limits,
    ...(facts.bare == null
      ? {}
      : { bare: { umask: facts.bare.umask, cwd: facts.bare.cwd, limits: facts.bare.limits } }),
    output: facts.output.map((each) => ({
      stream: each.stream,
      bytes: each.bytes,
      head: each.head,
      ...located(each),
    })),
    leftRunning: facts.leftRunning.map((each) => ({ command: each.command, holds: each.holds, ...located(each) })),
    tried: facts.tried.map((each) => {
      const { command, outcome, prompt, exit, stderr, stdout, missing, atEnd } = each;
      return { command, outcome, prompt, exit, stderr, stdout, missing, atEnd, ...located(each) };
    }),
    mismatches: facts.mismatches,
  };
}

function commandDocument(command: CommandFact) {
  const { name, is } = command;
  // biome-ignore lint/suspicious/noThenProperty: the name of the field in the JSON that people read (design 10)
  return { name, is, then: command.then, ...located(command) };
}

function located({ where, line }: Partial<Cause>): Located {
  return { where: where ?? null, line: line ?? null };
}

/** Names of what startup files brought or changed. */
export interface Differences {
  readonly aliases: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  readonly options: ReadonlySet<string>;
  readonly variables: ReadonlySet<string>;
  readonly removed: { readonly aliases: readonly string[]; readonly variables: readonly string[] };
}

/** What follows from where the session stands and how the shell was started, not from what a line says. */
const ofItself: ReadonlySet<string> = new Set(["PWD", "OLDPWD", "DIRSTACK", "cwd", "owd", "dirstack", "rcs"]);

/**
 * What is otherwise than in a bare shell. Where nobody asked one, aliases and functions are startup's, and of options and
 * variables those whose line is known.
 */
export function differences({ bare, aliases, functions, options, variables }: ModeFacts): Differences {
  const named = <T extends { readonly name: string }>(all: readonly T[], is: (one: T) => boolean) =>
    new Set(all.filter(is).map(({ name }) => name));
  if (bare == null) {
    const isPlaced = ({ where }: Cause) => where !== null;
    return {
      aliases: named(aliases, () => true),
      functions: named(functions, () => true),
      options: named(options, isPlaced),
      variables: named(variables, isPlaced),
      removed: { aliases: [], variables: [] },
    };
  }
  const known = new Set(bare.functions);
  const isUnlike = { option: unlike(bare.options), variable: unlike(bare.variables) };
  const isOwn = ({ name, where }: Valued & Cause) => where === null && ofItself.has(name);
  return {
    aliases: named(aliases, unlike(bare.aliases)),
    functions: named(functions, ({ name }) => !known.has(name)),
    options: named(options, (one) => !isOwn(one) && isUnlike.option(one)),
    variables: named(variables, (one) => !isOwn(one) && isUnlike.variable(one)),
    removed: {
      aliases: gone(bare.aliases, aliases),
      variables: gone(bare.variables, variables).filter((name) => !ofItself.has(name)),
    },
  };
}

interface Valued {
  readonly name: string;
  readonly value: string;
  readonly exported?: boolean;
}

function unlike(bare: readonly Valued[]): (one: Valued) => boolean {
  const before = new Map(bare.map((one) => [one.name, one]));
  return ({ name, value, exported }) => {
    const one = before.get(name);
    return one === undefined || one.value !== value || one.exported !== exported;
  };
}

function gone(bare: readonly Valued[], now: readonly Valued[]): string[] {
  const names = new Set(now.map(({ name }) => name));
  return bare.map(({ name }) => name).filter((name) => !names.has(name));
}
