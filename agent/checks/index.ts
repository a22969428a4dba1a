/**
 * The check kinds, in the order in which people read them: what an engine sends first, then what startup does to the
 * session, then single definitions, then the account, then what only a running agent knows. A kind sees facts and never a shell; it imports facts' types and
 * nothing else of ours. To add one: one file named by its id, one line here, one test at test/checks/ID.test.ts.
 * Parameters are read from text: plain strings, lists and enums, so that the JSON Schema can say them.
 */
import { accountUsable } from "./account-usable.ts";
import { alias } from "./alias.ts";
import { backgroundProcess } from "./background-process.ts";
import type { AnyCheckKind } from "./check-kind.ts";
import { commandResolves } from "./command-resolves.ts";
import { engineCommands } from "./engine-commands.ts";
import { exceptions } from "./exceptions.ts";
import { fileTransfer } from "./file-transfer.ts";
import { shellFunction } from "./function.ts";
import { home } from "./home.ts";
import { limit } from "./limit.ts";
import { locale } from "./locale.ts";
import { logBacklog } from "./log-backlog.ts";
import { loginShell } from "./login-shell.ts";
import { option } from "./option.ts";
import { pathEntries } from "./path-entries.ts";
import { reviewed } from "./reviewed.ts";
import { sessionsStuck } from "./sessions-stuck.ts";
import { sshServer } from "./ssh-server.ts";
import { startupDuration } from "./startup-duration.ts";
import { startupFile } from "./startup-file.ts";
import { startupFinishes } from "./startup-finishes.ts";
import { startupOutput } from "./startup-output.ts";
import { stdinUntouched } from "./stdin-untouched.ts";
import { sudoNoninteractive } from "./sudo-noninteractive.ts";
import { trap } from "./trap.ts";
import { umask } from "./umask.ts";
import { variable } from "./variable.ts";
import { watchCoverage } from "./watch-coverage.ts";
import { workingDirectory } from "./working-directory.ts";

export const checkKinds: readonly AnyCheckKind[] = [
  engineCommands,
  startupFinishes,
  startupOutput,
  stdinUntouched,
  workingDirectory,
  fileTransfer,
  trap,
  startupDuration,
  backgroundProcess,
  commandResolves,
  alias,
  shellFunction,
  variable,
  option,
  pathEntries,
  umask,
  limit,
  locale,
  startupFile,
  loginShell,
  sshServer,
  accountUsable,
  home,
  sudoNoninteractive,
  watchCoverage,
  sessionsStuck,
  logBacklog,
  reviewed,
  exceptions,
];

export * from "./check-kind.ts";
export { outcomeWords } from "./outcome.ts";
export { namesOf, programOf, programsOf } from "./sent.ts";
