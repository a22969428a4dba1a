/** Where agents are asked, and what is said where none answers. */
import type { Parts } from "./parts.ts";
import { agentPlaces, hostPlaces } from "./places.ts";

/** The caller's own, then the host's; or the one that `--socket` names. */
export function socketsFor({ callerUid, env }: Pick<Parts, "callerUid" | "env">, named: unknown): readonly string[] {
  if (typeof named === "string") return [named];
  return [...new Set([agentPlaces(callerUid, env).socket, hostPlaces.socket])];
}

export function noAgent(sockets: readonly string[]): string {
  return `${sockets.join(", ")}: expected an agent, found none; start one: rcwarden agent`;
}
