/** Where a call of clean-up finds what is kept, and whom it asks. */
import { shellWord } from "../../facts/shell-word.ts";
import { socketsFor } from "../agents.ts";
import type { Parts } from "../parts.ts";
import { agentPlaces } from "../places.ts";
import type { Call } from "../verb.ts";
import type { ActionOption } from "./action.ts";

export const stateOption: ActionOption = {
  flags: "--state <folder>",
  says: "where an agent keeps what it found, instead of the usual folder",
};
export const socketOption: ActionOption = { flags: "--socket <path>", says: "ask the agent that listens here" };

export interface CleanupPlaces {
  /** State folder of the caller's own instance. */
  readonly state: string;
  readonly sockets: readonly string[];
  /** The same flags for a command that somebody is told to type; with a blank before, or "". */
  readonly flags: string;
}

export function cleanupPlaces({ flags }: Pick<Call, "flags">, parts: Parts): CleanupPlaces {
  const own = agentPlaces(parts.callerUid, parts.env);
  const state = typeof flags.state === "string" ? flags.state : own.state;
  const again = ["state", "socket"].flatMap((name) => {
    const value = flags[name];
    return typeof value === "string" ? [` --${name} ${shellWord(value)}`] : [];
  });
  return { state, sockets: socketsFor(parts, flags.socket), flags: again.join("") };
}
