/**
 * What is measured: the shapes of everything that a run learns about one account, one mode at a time.
 * Types and tiny pure helpers only; anybody may import this folder, and it imports nothing of ours.
 *
 * Text that comes from the host (names, values, prompts, paths) is kept raw in these shapes. It is made harmless where
 * it leaves the program, once for each output (cli/text, cli/format), so that no caller can forget it.
 */
export type * from "./agent-facts.ts";
export * from "./asked.ts";
export type * from "./backlog.ts";
export * from "./gap.ts";
export * from "./hostile.ts";
export * from "./mode.ts";
export * from "./replacement.ts";
export type * from "./sessions.ts";
export * from "./share.ts";
export type * from "./ssh-server.ts";
export * from "./time.ts";

import type { AskedFact, Standings, StdinFact, SudoFacts } from "./asked.ts";
import type { FactName, Gap } from "./gap.ts";
import type { ModeId } from "./mode.ts";
import type { AccountUseFacts, SshServerFacts } from "./ssh-server.ts";

/** A place in a file of the host. Line and column count from 1; the column counts bytes' characters as decoded UTF-8. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The files that sourced this one, outermost first; empty for a file that the shell reads by itself. */
  readonly through: readonly string[];
}

/** The line that decides, as far as it could be found. */
export interface Cause {
  readonly where: Place | null;
  /** That line's text, trimmed, at most 200 characters. */
  readonly line?: string | null;
  /** The smallest change that helps, as one clause, where whoever found the line knows one; else the check says one. */
  readonly advice?: string;
}

/** An entry of the host's account database, and the groups that the name service gives it. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** All groups of the account, the primary one among them, ascending, each once. */
  readonly groups: readonly number[];
  readonly home: string;
  /** The path in the account's entry; an empty field there means /bin/sh, as login(1) and sshd(8) have it. */
  readonly shell: string;
}

/** How startup ended: `ready` means that commands ran. */
export type Ended = "ready" | "hang" | "exited" | "exec" | "stopped" | "timed-out";

export type Stream = "stdout" | "stderr";

/** A process that startup or a command left behind. */
export interface LeftRunning extends Partial<Cause> {
  /** Its argv, joined by spaces. */
  readonly command: string;
  /** Which of the session's streams it keeps open: the session cannot end before it lets go. */
  readonly holds: readonly Stream[];
}

/** What a process waits for, in words that a person understands, with the call as evidence. */
export interface Waiting {
  /** `input` is final: nobody but the engine holds the other end. */
  readonly for: "input" | "time" | "lock" | "fifo" | "network" | "child" | "stopped" | "cpu" | "other";
  /** The waiting process' argv, joined by spaces; empty if it could not be read. */
  readonly command: string;
  /** One clause, for example `sleeps`, `waits to open the FIFO /home/a/.bashrc`. */
  readonly says: string;
}

export interface Exit {
  /** Exit status, or null if a signal ended it. */
  readonly status: number | null;
  /** The signal's name (`SIGKILL`), or null. */
  readonly signal: string | null;
}

export interface Startup extends Cause {
  readonly ended: Ended;
  /** Seconds from the shell's start to the first command, or to the verdict. */
  readonly seconds: number;
  /** The line that takes most of them, where one surely does. */
  readonly slowest?: Cause | null;
  /** The bytes since the last newline when it was found waiting; "" if it says nothing; null where it does not wait. */
  readonly prompt: string | null;
  readonly waiting: Waiting | null;
  readonly exit: Exit | null;
  /** The program that took the shell's place before the first command (`exec zsh`), or null. */
  readonly became: string | null;
  /** Streams that startup redirected: what a command writes there never reaches the engine. */
  readonly lost: readonly Stream[];
  /** Background jobs of startup that keep the session's streams open. */
  readonly held: readonly LeftRunning[];
}

export interface Output extends Cause {
  readonly stream: Stream;
  readonly bytes: number;
  /** The first bytes as text, at most 200 characters. */
  readonly head: string;
  /** What keeps people's output away from engines in this shell, for the advice (`"if ($?prompt)"`). */
  readonly guard: string;
}

export interface StartupFile {
  readonly path: string;
  readonly state: "read" | "absent" | "unreadable" | "not-a-file" | "skipped";
  /** sha256 of the content, `sha256:HEX`; only where it was read. */
  readonly digest?: string;
  /** Why, where the state is `unreadable`, `not-a-file` or `skipped`. */
  readonly reason?: string;
  readonly through: readonly string[];
}

/** File and line only where the shell says them. */
export interface Complaint {
  readonly file: string | null;
  readonly line: number | null;
  readonly says: string;
}

export interface AliasFact extends Cause {
  readonly name: string;
  readonly value: string;
  /** Whether it would bite the command that is sent, in this mode (bash needs expand_aliases). */
  readonly effective: boolean;
}
export interface FunctionFact extends Cause {
  readonly name: string;
  readonly effective: boolean;
}
export interface OptionFact extends Cause {
  readonly name: string;
  readonly value: string;
}
export interface VariableFact extends Cause {
  readonly name: string;
  readonly exported: boolean;
  readonly value: string;
}
export interface TrapFact extends Cause {
  readonly signal: string;
  readonly action: string;
  /**
   * What it did when a session of nothing but `: >MARK` ended; null where it could not be seen. That session succeeds, so
   * that `exit 0` in a trap shows only in one that fails: `sawFailure` says that `changesStatus` is about such a one, too.
   */
  readonly effect: {
    readonly writes: readonly Stream[];
    readonly changesStatus: boolean;
    readonly sawFailure?: boolean;
  } | null;
}
export interface CommandFact extends Cause {
  readonly name: string;
  readonly is: "alias" | "function" | "builtin" | "keyword" | "file" | "none";
  /** The path of the program that the name would reach in the end, or null. */
  readonly then: string | null;
}

export type Outcome = "done" | "hang" | "not-done" | "failed" | "noisy" | "unknown";

/** What came of one command that the engine sends. */
export interface Attempt {
  readonly outcome: Outcome;
  readonly prompt: string | null;
  readonly waiting: Waiting | null;
  readonly exit: Exit | null;
  /** The first bytes of stderr and stdout as text, at most 400 characters each. */
  readonly stderr: string;
  readonly stdout: string;
  /** What should have been true afterwards and was not, as a clause ("existing.1 keeps its old content"); "" otherwise. */
  readonly missing: string;
  readonly held: readonly LeftRunning[];
  readonly seconds: number;
  /** Why, where the outcome is `unknown`: one clause. */
  readonly reason?: string;
}
export interface Tried extends Attempt, Cause {
  /** As the document has it: `cp -f {file} {existing}`. */
  readonly command: string;
  /** Where the command waits: the same again with stdin at its end (cron, `ssh -n`). Null otherwise. */
  readonly atEnd: Attempt | null;
  readonly line: string | null;
}

/** A line of a startup file that keeps what stands behind it for people, or is meant to. */
export interface GuardFact {
  readonly where: Place;
  /** Its source on one line, at most 200 characters. */
  readonly text: string;
  /** `block`: for people is what stands inside of it; `return`: the rest of the file; `open`: it lets this session through. */
  readonly form: "block" | "return" | "open";
}

/** What the same shell has in the same mode when it reads none of its startup files. */
export interface BareFacts {
  readonly aliases: readonly Pick<AliasFact, "name" | "value">[];
  readonly functions: readonly string[];
  readonly options: readonly Pick<OptionFact, "name" | "value">[];
  readonly variables: readonly Pick<VariableFact, "name" | "value" | "exported">[];
  readonly umask: string | null;
  readonly cwd: string | null;
  readonly limits: ModeFacts["limits"];
}

/** Everything measured for one account in one mode. A fact that a gap took away is empty here and named in `gaps`. */
export interface ModeFacts {
  readonly mode: ModeId;
  readonly sandbox: "whole-root" | "own-account" | "none";
  /** How faithful to the running host the session's limits and environment are, as a clause for the report. */
  readonly evidence: string;
  readonly seconds: number;
  readonly shell: { readonly path: string; readonly personality: string | null };
  readonly startup: Startup | null;
  readonly startupFiles: readonly StartupFile[];
  readonly aliases: readonly AliasFact[];
  readonly functions: readonly FunctionFact[];
  readonly options: readonly OptionFact[];
  readonly variables: readonly VariableFact[];
  readonly traps: readonly TrapFact[];
  readonly commands: readonly CommandFact[];
  readonly umask: string | null;
  /** The line that set it, where one does. */
  readonly umaskFrom?: Cause | null;
  readonly cwd: string | null;
  /** The line that left the home, where one does. */
  readonly cwdFrom?: Cause | null;
  readonly home: string;
  /** The home with its links resolved; null where there is no such folder; left out where nobody looked. */
  readonly homeReal?: string | null;
  /** As the session begins with them; where they or `bare` were asked for, as startup leaves them. */
  readonly limits: Readonly<Record<string, number | "unlimited">>;
  /** The line that changed limits, where one does. */
  readonly limitsFrom?: Cause | null;
  /** Guards of the files that were read, in their order, at most 200; left out where nothing was read. */
  readonly guards?: readonly GuardFact[];
  /** Only where it was asked for; null where it could not be had. */
  readonly bare?: BareFacts | null;
  /** Of the facts that are asked for only where a rule needs them: those that were. */
  readonly asked?: readonly AskedFact[];
  /** The shell's own words on giving up on a startup file; left out where nothing was run. */
  readonly complaints?: readonly Complaint[];
  readonly stdin?: StdinFact | null;
  readonly standings?: Standings | null;
  readonly sudo?: SudoFacts | null;
  /** Names of the locales that the host has, as `locale -a` lists them. */
  readonly locales?: readonly string[] | null;
  readonly sshServer?: SshServerFacts | null;
  readonly accountUse?: AccountUseFacts | null;
  readonly output: readonly Output[];
  readonly leftRunning: readonly LeftRunning[];
  readonly tried: readonly Tried[];
  /** Where reading and running disagree about a definition, as clauses (`static-probe-mismatch`): running counts. */
  readonly mismatches: readonly string[];
  readonly gaps: readonly Gap[];
}

export function gapsOf(facts: ModeFacts, needs: readonly FactName[]): Gap[] {
  return facts.gaps.filter((gap) => gap.of.some((name) => needs.includes(name)));
}
