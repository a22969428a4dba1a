/** Where an instance keeps its state and listens (design 10): as root the host's own, else one's own. */
import { join } from "node:path";

export interface Places {
  /** The state folder. */
  readonly state: string;
  readonly socket: string;
}

export const hostPlaces: Places = { state: "/var/lib/rcwarden/host", socket: "/run/rcwarden/host/agent.sock" };

/** Of the instance that this caller would start. Without a home it is `/`, where nobody but root may write. */
export function agentPlaces(callerUid: number, env: Readonly<Record<string, string | undefined>>): Places {
  if (callerUid === 0) return hostPlaces;
  const local = join(absolute(env.HOME) ?? "/", ".local", "state");
  const state = join(absolute(env.XDG_STATE_HOME) ?? local, "rcwarden");
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  return { state, socket: join(runtime === null ? state : join(runtime, "rcwarden"), "agent.sock") };
}

/** A relative path is to be taken for none (XDG Base Directory Specification). */
function absolute(path: string | undefined): string | null {
  return path?.startsWith("/") === true ? path : null;
}
