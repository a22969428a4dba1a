/** Names of the facts that check kinds declare in `needs`: of one account in one mode, and what an agent knows besides. */
export type FactName =
  | "shell"
  | "startup"
  | "startupFiles"
  | "aliases"
  | "functions"
  | "options"
  | "variables"
  | "traps"
  | "commands"
  | "umask"
  | "cwd"
  | "limits"
  | "output"
  | "leftRunning"
  | "tried"
  | "stdin"
  | HostFactName
  | AgentFactName;

/** Facts that no mode gives: only a running agent has them. */
export type AgentFactName = "watching" | "exceptions" | "reviewed" | "backlog" | "sessions";

/** Facts about an account that need no run of its shell: what limits a probe takes none of them away. */
export type HostFactName = "standings" | "sudo" | "locales" | "sshServer" | "accountUse";

export const hostFacts: readonly HostFactName[] = ["standings", "sudo", "locales", "sshServer", "accountUse"];

export const agentFacts: readonly AgentFactName[] = ["watching", "exceptions", "reviewed", "backlog", "sessions"];

/** Every fact that a run of the shell gives. */
export const everyFact: readonly FactName[] = [
  "shell",
  "startup",
  "startupFiles",
  "aliases",
  "functions",
  "options",
  "variables",
  "traps",
  "commands",
  "umask",
  "cwd",
  "limits",
  "output",
  "leftRunning",
  "tried",
  "stdin",
];

/** Stable words; documented in design 6. */
export type GapCode =
  | "probe-limited"
  | "not-reached"
  | "unreadable"
  | "timed-out"
  | "over-ceiling"
  | "sandbox-forbidden"
  | "unknown-shell"
  | "unknown-mode"
  | "no-frames"
  | "changed-meanwhile"
  | "not-granted"
  | "no-account"
  | "account-unavailable";

/** A fact that could not be had. It never becomes a `pass`. */
export interface Gap {
  readonly code: GapCode;
  /** One clause in plain words: what could not be had, and why. */
  readonly message: string;
  /** What to do about it, or "" where nothing can be done. */
  readonly change: string;
  /** The facts that are missing or in doubt because of it. */
  readonly of: readonly FactName[];
}
