import type { Place, StartupFile, Stream } from "../facts/index.ts";

/** What tells that a file stayed the same: lstat and stat of the path, or "absent", or the error's code. Opaque, comparable. */
export interface Identity {
  readonly path: string;
  readonly identity: string;
}

export type StatementKind =
  | "alias"
  | "unalias"
  | "function"
  | "option"
  | "variable"
  | "path"
  | "exec"
  | "exit"
  | "read"
  | "output"
  | "background"
  | "redirect"
  | "cd"
  | "trap"
  | "source"
  | "umask"
  | "limit"
  | "command"
  /** `[`, `test`, `[[`, `((`: what it asks decides where the shell goes. */
  | "test"
  | "syntax-error";

/** One statement of a startup file that matters, in the order in which the shell would come to it. */
export interface Statement {
  readonly kind: StatementKind;
  /** What it defines or names: the alias, function, option, variable, signal, command word; null where it has none. */
  readonly name: string | null;
  /** The value as far as it can be known without running; null otherwise. */
  readonly value: string | null;
  /** The statement's source on one line, trimmed, at most 200 characters. */
  readonly text: string;
  readonly where: Place;
  /** Whether the shell comes here in this mode: guards (`[ -z "$PS1" ] && return`, `if ($?prompt)`) are modelled. */
  readonly reached: "yes" | "maybe" | "no";
  /** Inside a function body: it runs only if the function is called. */
  readonly inFunction: string | null;
  /** Where the kind is `output`: the session's stream to which it writes. */
  readonly stream?: Stream;
}

/** A guard that was recognised: what stands behind it is for people. */
export interface Guard {
  readonly where: Place;
  readonly text: string;
  /** Last line that it keeps from engines; null for "the rest of the file". */
  readonly untilLine: number | null;
  /**
   * `block`: what may be moved goes below this line, inside the block; `return`: below `lastLine`; `open`: it asks whether a
   * person is there, takes this session for one, and keeps nothing from it.
   */
  readonly form: "block" | "return" | "open";
  /** The last line of the guard itself: of a `return`, where its `fi` or `esac` stands; of a `block`, its first line. */
  readonly lastLine: number;
}

/** What the reader child hands back for one account in one mode. */
export interface Reading {
  readonly files: readonly StartupFile[];
  readonly identities: readonly Identity[];
  /** Further paths on which it depends: what was asked about, folders in which names were looked for, where links lead. */
  readonly dependsOn: readonly string[];
  readonly statements: readonly Statement[];
  readonly guards: readonly Guard[];
  /** Lines of the files read, by path, for the report; only lines that statements or guards name. */
  readonly lines: Readonly<Record<string, Readonly<Record<number, string>>>>;
  /** The raw text of ~/.pam_environment and ~/.ssh/environment where they are, at most 64 KiB each. */
  readonly environmentFiles: Readonly<Record<string, string>>;
  /** What could not be read or understood, as clauses; each becomes a gap. */
  readonly doubts: readonly { readonly code: "unreadable" | "over-ceiling"; readonly message: string }[];
}
