/**
 * What shells are: how each is started, what it reads by itself and in which order, how it is made to tell its
 * definitions, how it is traced, what it says when it gives up on a file. Pure: text in, text out; it starts nothing.
 * May import types of `facts/`, nothing else of ours.
 *
 * To add a shell: one file here with a value of type `Shell` (start from `tcsh.ts`), one line in `shells` below, one test
 * at `test/shells/NAME.test.ts`, its rows in `test/fixtures/shell-truth-reads.json`. Its files may be split by subject
 * (`NAME-dump.ts`). Modes that the shell can be started in stand in its `starts`; a mode that is missing there is said to
 * be unknown, so add modes as they are measured: `starts: usualStarts` of `starts.ts` says all of an account's own shell,
 * `{ ...usualStarts, ...cronStart }` those of one that /bin/sh may be, and what differs is written over them (bash under
 * sudo). `reads` names for each file the modes in which it is read, at the shell's end as well. A binary under another name
 * is another personality (`sh` linked to bash reads other files than `bash`): an entry of its own.
 */
import type { ModeId } from "../facts/index.ts";
import { ash } from "./ash.ts";
import { bash } from "./bash.ts";
import { bashsh } from "./bashsh.ts";
import { bsdcsh } from "./bsdcsh.ts";
import { dash } from "./dash.ts";
import { fish } from "./fish.ts";
import { ksh93 } from "./ksh93.ts";
import { mksh } from "./mksh.ts";
import { posh } from "./posh.ts";
import type { Shell } from "./shell.ts";
import { tcsh } from "./tcsh.ts";
import { yash } from "./yash.ts";
import { yashsh } from "./yashsh.ts";
import { zsh } from "./zsh.ts";
import { zshksh } from "./zshksh.ts";
import { zshsh } from "./zshsh.ts";

export type { Dumped, ReadsRow, Shell, Start, Traced } from "./shell.ts";

/** All shells that are known, in the order in which people read them. */
export const shells: readonly Shell[] = [
  bash,
  bashsh,
  dash,
  ash,
  zsh,
  zshsh,
  zshksh,
  ksh93,
  mksh,
  yash,
  yashsh,
  posh,
  tcsh,
  bsdcsh,
  fish,
];

/**
 * The personality of an account's shell: `path` is the path in the account's entry, `resolved` the binary behind all
 * links. Both must be known: a shell goes by the name under which it is started, and `csh` may be one of two programs.
 * Null for what is not known, to which `rbash` and `sh` linked to mksh belong.
 */
export function personalityOf(shell: { readonly path: string; readonly resolved: string }): Shell | null {
  const started = lastOf(shell.path);
  const binary = lastOf(shell.resolved);
  return shells.find((known) => known.startedAs.includes(started) && known.binaries.includes(binary)) ?? null;
}

/** Whether a session of this mode can be started for an account with this shell; cron starts /bin/sh, whatever that is. */
export function isStartedIn(mode: ModeId, shell: Pick<Shell, "starts"> | null): boolean {
  return mode === "cron" || shell?.starts[mode] !== undefined;
}

/** The names of the known personalities, for messages. */
export function knownNames(): string[] {
  return shells.map((shell) => shell.name);
}

const lastOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
