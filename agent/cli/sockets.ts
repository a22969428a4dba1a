/** Where agents are asked, and what is said where none answers. */
import { shellWord } from "../facts/shell-word.ts";
import type { Parts } from "./parts.ts";
import { agentPlaces, hostPlaces, unitSockets } from "./places.ts";

/** The caller's own, then the host's; or the one that `--socket` names. */
export function socketsFor({ callerUid, env }: Pick<Parts, "callerUid" | "env">, named: unknown): readonly string[] {
  if (typeof named === "string") return [named];
  return [...new Set([agentPlaces(callerUid, env).socket, hostPlaces.socket])];
}

/** An account's own agent speaks for that account alone, so nobody else asks it unless he names it. */
export function noAgent(sockets: readonly string[], others: readonly string[] = unitSockets()): string {
  const expected = `${sockets.join(", ")}: expected an agent, found none`;
  const named = others.filter((each) => !sockets.includes(each)).map((each) => `--socket ${shellWord(each)}`);
  if (named.length === 0) return `${expected}; start one: rcwarden agent`;
  return `${expected}; accounts have their own: ${named.slice(0, 3).join(", ")}`;
}
