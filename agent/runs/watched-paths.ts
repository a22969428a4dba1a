/** What is watched for an account, and for all: every path whose change may change what is measured. Pure but for /etc. */
import { environmentFiles, groundPaths } from "../collectors/session-ground.ts";
import type { Account, ModeFacts } from "../facts/index.ts";
import { type ReadsRow, shells } from "../shells/index.ts";
import type { Reading } from "../startup/index.ts";

/** The account database, as far as it lies in files. */
export const namePaths: readonly string[] = ["/etc/passwd", "/etc/group", "/etc/nsswitch.conf"];

/** Files and folders of the system that decide for every account, those that are not there yet among them. */
export function systemPaths(): string[] {
  return unique([...groundPaths(), "/etc/profile.d", "/etc/shells"]);
}

/**
 * What decides for one account: the startup files of its shell in every mode, also those that are not there yet, what the
 * readings came to or depend on, what sshd reads of the account, the shell itself. Files of other shells only where a
 * reading came to them.
 */
export function pathsOfAccount(account: Account, readings: readonly Reading[]): string[] {
  const started = account.shell.slice(account.shell.lastIndexOf("/") + 1);
  const rows = shells.filter(({ startedAs }) => startedAs.includes(started)).flatMap(({ reads }) => reads);
  const read = readings.flatMap(({ files, identities, dependsOn }) => [
    ...files.map(({ path }) => path),
    ...identities.map(({ path }) => path),
    ...dependsOn,
  ]);
  const own = [...environmentFiles, ".ssh/rc"].map((name) => `~/${name}`);
  const named = [...rows.flatMap(filesOf), ...own].map((file) => atHome(account.home, file));
  return unique([account.shell, ...named, ...read]);
}

export interface KnownPaths {
  readonly paths: readonly string[];
  /** No file that the shell reads is missing, as far as reading can tell. */
  readonly isWhole: boolean;
}

/** What a reading names at most (startup/read.ts): one that names as much has more. */
const mostRead = { files: 200, dependsOn: 1_000 } as const;

/**
 * Whether these readings came to their end: a reader that waits for a dead file server names nothing at all, and says that
 * it does not know. (In some modes a shell reads nothing; then there is no doubt.)
 */
export function areWhole(readings: readonly Reading[]): boolean {
  return readings.every(
    ({ files, dependsOn, doubts }) =>
      (files.length > 0 || doubts.length === 0) &&
      files.length < mostRead.files &&
      dependsOn.length < mostRead.dependsOn,
  );
}

/** Of one account; a PATH of more folders has what is in them looked at when it is measured. */
const most = { folders: 48, programs: 48 } as const;

/**
 * Where the shell looks for the programs that engines send: one that appears in an earlier folder of PATH takes another's
 * place without a word in any startup file.
 */
export function programPaths(modes: readonly ModeFacts[]): string[] {
  return unique(modes.flatMap(programsIn));
}

function programsIn({ tried, commands, variables, cwd, home }: ModeFacts): string[] {
  const sent = tried.map(({ command }) => command.replace(/^(?:\\|command |env )/, "").split(" ", 1)[0] ?? "");
  const names = firstNames([...sent, ...commands.map(({ name }) => name)]);
  const path = variables.find(({ name }) => name === "PATH")?.value ?? "";
  // An empty one is the current folder.
  const folders = [...new Set(path.split(":"))].slice(0, most.folders);
  const absolute = folders.map((folder) => (folder.startsWith("/") ? folder : `${cwd ?? home}/${folder}`));
  const searched = names.filter((name) => !name.includes("/"));
  return [
    ...names.filter((name) => name.startsWith("/")),
    ...commands.flatMap(({ then }) => (then === null ? [] : [then])),
    ...absolute.flatMap((folder) => searched.map((name) => `${folder}/${name}`)),
  ];
}

function firstNames(names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name !== "").slice(0, most.programs);
}

/** Of a pattern its folder: a file that comes or goes changes that, and those that are there the reading names. */
function filesOf({ file, orElse, compiled }: ReadsRow): string[] {
  return [file.replace(/\/[^/]*\*[^/]*$/, ""), ...(orElse ?? []), ...(compiled === undefined ? [] : [compiled])];
}

function atHome(home: string, file: string): string {
  return file.startsWith("~/") ? `${home === "/" ? "" : home}${file.slice(1)}` : file;
}

/** Where a session's own variable names a file (`$ENV`), the reading that followed it knows which. */
function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => path.startsWith("/") && !path.includes("\0"));
}
