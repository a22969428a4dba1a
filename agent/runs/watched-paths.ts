/** What is watched for an account, and for all: every path whose change may change what is measured. Pure but for /etc. */
import { environmentFiles, groundPaths } from "../collectors/session-ground.ts";
import type { Account } from "../facts/index.ts";
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

function filesOf({ file, orElse, compiled }: ReadsRow): string[] {
  return [file, ...(orElse ?? []), ...(compiled === undefined ? [] : [compiled])];
}

function atHome(home: string, file: string): string {
  return file.startsWith("~/") ? `${home === "/" ? "" : home}${file.slice(1)}` : file;
}

/** Where a session's own variable names a file (`$ENV`), the reading that followed it knows which. */
function unique(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => path.startsWith("/") && !path.includes("\0"));
}
