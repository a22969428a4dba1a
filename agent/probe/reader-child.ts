/** The reader as a child: what is said to it, and how much it may answer. */
import { readFileSync } from "node:fs";
import type { Account } from "../facts/index.ts";
import { type BareChild, runBareChild } from "../host/bare-child.ts";
import { builtPart } from "../host/beside.ts";
import type { ReaderRequest } from "../startup/index.ts";

export interface Sending {
  readonly account: Account;
  /** Path of the reader's own text, a bundle without imports; `reader.cjs` beside the program if not said. */
  readonly script?: string;
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

export interface Errand extends Pick<BareChild, "mostBytes" | "holds" | "take"> {
  readonly request: ReaderRequest;
  /** Looks that may be waiting for a file system at the same time. */
  readonly threads: number;
}

const usualDeadlineMs = 3_000;
/** libuv has 4 threads for file systems; more than these cost more than what is gained. */
const mostThreads = 64;

/** Resolves with null when the answer was `enough`, else with why there is no more of it. Never rejects. */
export async function sendReader(sending: Sending, errand: Errand): Promise<string | null> {
  const { account, script, deadlineMs, signal } = sending;
  const { request, threads, ...more } = errand;
  try {
    const program = readFileSync(script ?? builtPart("reader.cjs"), "utf8");
    const ended = await runBareChild({
      ...more,
      is: "reader",
      account,
      text: `globalThis.request = ${JSON.stringify(request)};\n${program}`,
      options: ["--max-old-space-size=128"],
      env: { UV_THREADPOOL_SIZE: String(Math.min(mostThreads, Math.max(4, threads))) },
      deadlineMs: deadlineMs ?? usualDeadlineMs,
      signal,
    });
    return ended.kind === "enough" ? null : ended.why;
  } catch (error) {
    return error instanceof Error ? error.message : "the reader could not be started";
  }
}
