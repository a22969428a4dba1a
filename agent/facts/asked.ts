/** Facts that cost something of their own: they are asked for only where a rule in force needs them. */
import type { Cause } from "./index.ts";

export const askedFacts = ["limits", "stdin", "standings", "sudo", "locales", "sshServer", "accountUse"] as const;
/** `limits` are always there as a session begins with them; where asked for, as startup leaves them. */
export type AskedFact = (typeof askedFacts)[number];

/** What a path is by lstat(2): `mode` is the permission bits, as in chmod(2). */
export interface Step {
  readonly path: string;
  readonly is: "file" | "folder" | "link" | "other";
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** How a path stands on the file system, as the account sees it. */
export interface Standing {
  readonly path: string;
  /** What it leads to; `unreadable` says that the account may not look, or that links go round. */
  readonly is: "file" | "folder" | "other" | "absent" | "unreadable";
  /** Without links; null where it leads nowhere. */
  readonly real: string | null;
  /** Every folder, link and file on the way, from `/` on, in the order in which the kernel comes to them; each once. */
  readonly steps: readonly Step[];
  /** Of a file that was read as text; else null. */
  readonly text: TextMarks | null;
  /** Of a folder; else null. */
  readonly room: Room | null;
}

export interface Standings {
  readonly home: Standing;
  /** Of the absolute paths in PATH, in its order, each once. */
  readonly path: readonly Standing[];
  /** Of every startup file that is there, in the order in which the shell comes to them. */
  readonly startupFiles: readonly Standing[];
}

/** What in a text no shell expects. Lines count from 1. */
export interface TextMarks {
  /** The first line that ends with CR LF, and how many do; null where none does. */
  readonly crLf: { readonly line: number; readonly count: number } | null;
  readonly byteOrderMark: boolean;
  readonly nul: boolean;
}

/** The file system below a folder. */
export interface Room {
  readonly readOnly: boolean;
  /** Of what the account may use. */
  readonly freeBytes: number;
  /** Null where the file system counts none. */
  readonly freeInodes: number | null;
}

/** What arrived of bytes that were sent to the session's stdin, when startup was over. */
export interface StdinFact extends Cause {
  readonly sentBytes: number;
  readonly arrivedBytes: number;
  /** Whether all that arrived is what was sent last: startup took the beginning and nothing else. */
  readonly isTail: boolean;
}

/** What sudo itself says of the account. */
export type SudoFacts =
  | { readonly kind: "absent" }
  /** No entry of sudoers is for it. */
  | { readonly kind: "nothing-allowed" }
  | {
      readonly kind: "told";
      /** `Defaults` that hold for the account, as sudo lists them: `requiretty`, `!authenticate`. */
      readonly defaults: readonly string[];
      /** The same for single commands or who they are run as, a line each: `Defaults!/usr/bin/id !requiretty`. */
      readonly specific: readonly string[];
      /** In the order of sudoers: of several that match a command the last one decides (sudoers(5)). */
      readonly entries: readonly SudoEntry[];
    };

export interface SudoEntry {
  /** `ALL`, `root`, `#0`, `%dba`. */
  readonly runAs: readonly string[];
  /** `!authenticate`, `noexec`. */
  readonly options: readonly string[];
  /** `ALL`, `/usr/bin/systemctl restart db`, `!/bin/sh`. */
  readonly commands: readonly string[];
}
