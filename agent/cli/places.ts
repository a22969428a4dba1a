/** Where an instance keeps its state and listens (design 10): as root the host's own, else one's own. */
import { lstatSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export interface Places {
  /** The state folder. */
  readonly state: string;
  readonly socket: string;
}

/** Where units have folders, one an instance (packaging/systemd). They lie in folders of root, so their owner is root's word. */
const unitState = "/var/lib/rcwarden";
const unitRuntime = "/run/rcwarden";

export const hostPlaces: Places = { state: `${unitState}/host`, socket: `${unitRuntime}/host/agent.sock` };

/** What the units of an account have made, or null where there is none. */
export interface UnitFolders {
  readonly state: string | null;
  readonly runtime: string | null;
}

/**
 * Of the instance that this caller would start: what the host's owner set up for the account by a unit, else below the caller's
 * own folders. Without a home it is `/`, where nobody but root may write.
 */
export function agentPlaces(
  callerUid: number,
  env: Readonly<Record<string, string | undefined>>,
  unit: UnitFolders = unitFoldersOf(callerUid),
): Places {
  if (callerUid === 0) return hostPlaces;
  const local = join(absolute(env.HOME) ?? "/", ".local", "state");
  const own = join(absolute(env.XDG_STATE_HOME) ?? local, "rcwarden");
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  const folder = unit.runtime ?? (runtime === null ? own : join(runtime, "rcwarden"));
  return { state: unit.state ?? own, socket: join(folder, "agent.sock") };
}

/** Sockets of accounts' own instances that units listen at. */
export function unitSockets(runtime = unitRuntime): readonly string[] {
  return foldersIn(runtime)
    .filter(({ owner }) => owner !== 0)
    .map(({ path }) => join(path, "agent.sock"))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSocket());
}

/** Whether a unit gave this place to this user: then its agent is believed as his own, and of others nothing. */
export function isUnitOf(uid: number, socket: string, runtime = unitRuntime): boolean {
  const folder = dirname(socket);
  if (dirname(folder) !== runtime || basename(socket) !== "agent.sock") return false;
  return foldersIn(runtime).some(({ path, owner }) => path === folder && owner === uid);
}

export function unitFoldersOf(uid: number, state = unitState, runtime = unitRuntime): UnitFolders {
  const ownIn = (folder: string) => foldersIn(folder).find(({ owner }) => owner === uid)?.path ?? null;
  return { state: ownIn(state), runtime: ownIn(runtime) };
}

/** None where the folder is not there, or is not root's alone. */
function foldersIn(folder: string): { readonly path: string; readonly owner: number }[] {
  try {
    const { uid, mode } = lstatSync(folder);
    if (uid !== 0 || (mode & 0o022) !== 0) return [];
    return readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found?.isDirectory() ? [{ path, owner: found.uid }] : [];
    });
  } catch {
    return [];
  }
}

/** A relative path is to be taken for none (XDG Base Directory Specification). */
function absolute(path: string | undefined): string | null {
  return path?.startsWith("/") === true ? path : null;
}
