import type { ModeId } from "../facts/index.ts";

/** Names a file that a shell reads by itself. `~/` is the account's home. */
export interface ReadsRow {
  /**
   * The last component may be a pattern (`conf.d/*.fish`): all files that fit are read, sorted, and of those that have the
   * same name only the first, in the order of the rows.
   */
  readonly file: string;
  /** A variable that, where the session has it, stands in for the beginning of `file`: XDG_CONFIG_HOME for ~/.config. */
  readonly movedBy?: { readonly variable: string; readonly from: string };
  /**
   * `when-called`: a file of a pattern is read when a command of its name is called, and before that it defines nothing.
   * `universal`: it holds the variables that fish keeps for all sessions. `never`: it is opened, but nothing in it is the
   * account's code: settings in another form, or the shell's own set-up.
   */
  readonly followed?: "when-called" | "universal" | "never";
  /** Where `file` is absent, the first of these that is there is read in its place: ~/.cshrc for want of ~/.tcshrc. */
  readonly orElse?: readonly string[];
  /** Whether a file that is there and may not be opened counts as absent, too (tcsh). Elsewhere it masks the others. */
  readonly orElseIf?: "cannot-be-opened";
  /** A compiled form that the shell takes in place of `file` where it is there and not older (zsh's FILE.zwc). */
  readonly compiled?: string;
  /** Modes in which it is read. */
  readonly modes: readonly ModeId[];
}

/** A family of shells that read the same language, more or less. */
export type Syntax = "sh" | "csh" | "fish";

/** How a way of coming in starts a shell. */
export interface Start {
  /** The last component of its path, the same after a dash, or the whole path. */
  readonly argv0: "name" | "-name" | "path";
  /** What follows; `COMMAND` stands for what is sent. Without it what is sent is typed. */
  readonly words: readonly string[];
}

/** One name that a dump reported. `file` and `line` only where the shell itself knows them. */
export interface Dumped {
  readonly aliases: readonly { readonly name: string; readonly value: string }[];
  readonly functions: readonly { readonly name: string; readonly file?: string; readonly line?: number }[];
  readonly options: readonly { readonly name: string; readonly value: string }[];
  readonly variables: readonly { readonly name: string; readonly value: string; readonly exported: boolean }[];
  readonly traps: readonly { readonly signal: string; readonly action: string }[];
  readonly commands: readonly {
    readonly name: string;
    readonly is: "alias" | "function" | "builtin" | "keyword" | "file" | "none";
    readonly then: string | null;
  }[];
  readonly umask: string | null;
  readonly cwd: string | null;
  /** Parts of the dump that could not be trusted or did not come, in words; each becomes a gap. */
  readonly doubts: readonly string[];
}

/** One line of a shell's own trace of its startup, already split. `text` is the command as the shell shows it. */
export interface Traced {
  /** Innermost file first, as the shell gives it. */
  readonly files: readonly string[];
  readonly line: number;
  readonly text: string;
}

/**
 * A shell is a value: what it is called, what it reads, how it is asked. One file a shell, one line in the registry.
 * Rows cite where they come from; measured ones stand in the shell-truth tables.
 */
export interface Shell {
  /** The personality: what the binary is under the name it is started by. */
  readonly name: string;
  /** Names under which the binary is this personality (the last component of the path in the account's entry). */
  readonly startedAs: readonly string[];
  /** Names that the resolved binary may have (`/bin/csh` may be a link to tcsh or to bsd-csh). */
  readonly binaries: readonly string[];
  readonly syntax: Syntax;
  /** How each mode starts it (`starts.ts` has the usual ones). A mode not listed is a gap. */
  readonly starts: Partial<Readonly<Record<ModeId, Start>>>;
  /** Commands that come on stdin run when stdin has come to its end, none before. */
  readonly readsAllOfStdin?: true;
  /** Words before those of a mode with which it reads no startup file, or none that an account may write. */
  readonly bare: readonly string[];
  /** How it is started for that, where no switch keeps a login shell from its files. */
  readonly bareAs?: "name";
  /** In this order. */
  readonly reads: readonly ReadsRow[];
  /** What it writes first by itself, whatever its startup files hold, where it is a login shell without a terminal. */
  readonly says?: RegExp;
  /** What a startup file says to keep people's things away from engines, for the advice. */
  readonly guard: string;
  /** Whether an alias bites in a non-interactive command, given the dumped options. */
  aliasesBite(options: readonly { readonly name: string; readonly value: string }[]): boolean;
  /**
   * The command text that makes this shell tell its definitions into `answer` (a FIFO), framed by `nonce`; then prints
   * `nonce` on stdout and on stderr, so that a lost stream shows. `names` are the commands to resolve. Pure text: it is
   * sent as the one command of a run of its own, so it must survive whatever startup files redefined.
   */
  dump(request: { readonly answer: string; readonly nonce: string; readonly names: readonly string[] }): string;
  /** `asked`: it cannot list its functions, and says only of the names that it is asked about whether they are some. */
  readonly tellsFunctions?: "asked";
  /** Reads what came through the FIFO. Null where the frames are missing or torn. */
  parseDump(answer: Buffer, nonce: string, names: readonly string[]): Dumped | null;
  /**
   * How to make the shell trace its startup on stderr, or null where it cannot. `switches` come before the mode's `-c`,
   * or last where it has none; `env` is added. `works` says no where the shell ignores it (bash ignores PS4 from root's environment).
   */
  readonly trace: {
    readonly switches: readonly string[];
    readonly env: (nonce: string) => Readonly<Record<string, string>>;
    works(account: { readonly uid: number }): boolean;
    parse(stderr: string, nonce: string): readonly Traced[];
  } | null;
  /** Finds in stderr the shell's complaint that it gave up on a startup file (syntax), with the line if it says one. */
  syntaxComplaint(
    stderr: string,
  ): { readonly file: string | null; readonly line: number | null; readonly says: string } | null;
  /** Where the rows come from. */
  readonly source: string;
}
