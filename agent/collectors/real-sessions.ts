import { setTimeout as pause, setImmediate as turn } from "node:timers/promises";
import { procFolder } from "../host/proc-folder.ts";
import { SessionLooks, type SessionsLook, type SessionsWorld } from "./sessions.ts";

/** No look holds up whoever asks the agent meanwhile for longer. */
const longestTurnMs = 4;

/** The host's own processes. */
export function realSessions(isRoot: boolean): SessionsWorld {
  let turnMs = performance.now();
  return {
    proc: procFolder(),
    isRoot,
    monotonicMs: () => performance.now(),
    async pause(ms) {
      await pause(ms);
      turnMs = performance.now();
    },
    async breathe() {
      if (performance.now() - turnMs < longestTurnMs) return;
      await turn();
      turnMs = performance.now();
    },
  };
}

/** One look, for who asks once. */
export function sessionsNow(isRoot: boolean, isWanted: (uid: number) => boolean): Promise<SessionsLook> {
  return new SessionLooks(realSessions(isRoot)).look(isWanted);
}
