/** Asks an agent for a page of events. */
import { shapes } from "../status/index.ts";
import { hear } from "./agents.ts";
import type { Question } from "./ask.ts";
import type { Parts } from "./parts.ts";

export const longestWaitMs = 60_000;
/** What an answer may take beside the waiting. */
const answersWithinMs = 5_000;

/** Whose events, and who is asked. */
export interface Stream {
  readonly account: string | null;
  readonly sockets: readonly string[];
}

/** The events after this one (null: from the oldest); waits so long where there is none yet. */
export function page(parts: Parts, { sockets, account }: Stream, after: string | null, waitMs: number) {
  const query = new URLSearchParams({
    ...(after !== null && { after }),
    ...(waitMs > 0 && { wait: `${waitMs}ms` }),
    ...(account !== null && { account }),
  });
  const path = `/v1/events${query.size === 0 ? "" : `?${query}`}`;
  const question: Question = { method: "GET", path, withinMs: waitMs + answersWithinMs };
  return hear(parts, sockets, question, shapes().Events);
}
