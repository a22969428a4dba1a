/** What a verb needs that only asks an agent: little, for its start is what a person waits for. */
import type { Socket } from "node:net";
import { peerOf } from "../host/peer.ts";
import { ask } from "./ask.ts";
import type { Parts } from "./parts.ts";

export type AskingParts = Pick<Parts, "ask" | "callerUid" | "env" | "now" | "offsetMinutes">;

export function askingParts(): AskingParts {
  const callerUid = process.geteuid?.() ?? -1;
  const listenerOf = (socket: Socket) => peerOf(socket)?.uid ?? null;
  return {
    callerUid,
    env: process.env,
    now: () => new Date(),
    offsetMinutes: (at) => -at.getTimezoneOffset(),
    ask: (sockets, question) => ask({ sockets, callerUid, listenerOf }, question),
  };
}
