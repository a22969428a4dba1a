import type { Account } from "../facts/index.ts";
import type { Limit } from "../host/limits.ts";
import { moduleFile, type PamSession, pamModules, type SystemFiles } from "./pam-modules.ts";
import { type PamLine, pamStack } from "./pam-stack.ts";

/** What a program hands to PAM, and what comes back. */
export interface PamGround {
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly Limit[];
  /** Whether the program may raise hard limits (CAP_SYS_RESOURCE). */
  readonly mayRaise: boolean;
  readonly notes: readonly string[];
  readonly doubts: readonly string[];
}

/** Who asks PAM, and what for. */
export interface PamService {
  /** The name of its stack, and the one that is taken where that is not there. */
  readonly name: string;
  readonly orElse?: string;
  /** PAM's items, by name: PAM_RHOST, PAM_TTY. */
  readonly items: Readonly<Record<string, string>>;
  /** What it tells PAM's modules in their environment and does not take back into the session. */
  readonly tells: Readonly<Record<string, string>>;
}

/**
 * Follows the stack of a service. The `auth` lines count as well: credentials are set by them, and pam_env stands there on
 * Red Hat's systems.
 */
export async function pamGround(
  service: PamService,
  account: Account,
  own: Readonly<Record<string, string>>,
  from: PamGround,
  system: SystemFiles,
): Promise<PamGround> {
  const stack = pamStack(stackOf(service, system.text), system.text);
  const session: PamSession = {
    ...{ account, own, system, env: new Map(Object.entries(service.tells)) },
    items: { PAM_SERVICE: service.name, ...service.items },
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
  for (const name of Object.keys(service.tells)) session.env.delete(name);
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

/** The stack that PAM takes for a service. */
export function stackOf({ name, orElse = "other" }: PamService, read: SystemFiles["text"]): string {
  const isThere = (stack: string) => (read(`/etc/pam.d/${stack}`) ?? read(`/usr/lib/pam.d/${stack}`)) !== null;
  return [name, orElse].find(isThere) ?? "other";
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
