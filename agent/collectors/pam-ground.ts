import type { Account } from "../facts/index.ts";
import type { Limit } from "../host/limits.ts";
import { moduleFile, type PamSession, pamModules, type SystemFiles } from "./pam-modules.ts";
import { type PamLine, pamStack } from "./pam-stack.ts";
import { client } from "./sshd.ts";

/** What sshd hands to PAM, and what comes back. */
export interface PamGround {
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly Limit[];
  /** Whether sshd may raise hard limits (CAP_SYS_RESOURCE). */
  readonly mayRaise: boolean;
  readonly notes: readonly string[];
  readonly doubts: readonly string[];
}

/**
 * Follows the stack of the service `sshd`. The `auth` lines count as well: sshd sets credentials by them also for who
 * comes in by key, and pam_env stands there on Red Hat's systems.
 */
export async function pamGround(
  account: Account,
  own: Readonly<Record<string, string>>,
  from: PamGround,
  system: SystemFiles,
): Promise<PamGround> {
  const configured = (system.text("/etc/pam.d/sshd") ?? system.text("/usr/lib/pam.d/sshd")) !== null;
  const stack = pamStack(configured ? "sshd" : "other", system.text);
  // sshd tells PAM of the connection, and does not take it back into the session.
  const connection = `${client.address} ${client.port} ${client.server} ${client.serverPort}`;
  const session: PamSession = {
    ...{ account, own, system, env: new Map([["SSH_CONNECTION", connection]]) },
    ...{
      umask: from.umask,
      limits: from.limits,
      mayRaise: from.mayRaise,
      notes: [...from.notes],
      doubts: [...from.doubts],
    },
  };
  for (const file of stack.unread) session.doubts.push(`PAM's file ${file} could not be read`);
  for (const type of ["auth", "session"]) {
    for (const line of stack.lines) if (line.type === type && works(line)) await run(session, line);
  }
  session.env.delete("SSH_CONNECTION");
  const { umask, limits, notes, doubts } = session;
  return {
    env: Object.fromEntries(session.env),
    umask,
    limits,
    mayRaise: from.mayRaise,
    notes,
    doubts: [...new Set(doubts)],
  };
}

/** Of the modules that we know, only pam_env does something when credentials are set. */
function works(line: PamLine): boolean {
  return line.type === "session" || line.module === "pam_env";
}

async function run(session: PamSession, line: PamLine): Promise<void> {
  const apply = Object.hasOwn(pamModules, line.module) ? pamModules[line.module] : undefined;
  // A module that is not installed is passed over or bars the login; in neither case does it change anything.
  if (apply === undefined || moduleFile(line.module) === null) return;
  if (line.uncertain) session.doubts.push(`${line.module}: an earlier line of PAM's stack may skip it`);
  await apply(session, line.args);
}
