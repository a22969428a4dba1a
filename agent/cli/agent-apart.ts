/**
 * The agent, as a bundle of its own: it holds its program in memory for months, and needs nothing of the other verbs. What is
 * not plainly a call of it (help, a mistake) is left to the whole command line, which comes here by `runAgent`.
 */
import { runAgent } from "../daemon/index.ts";
import { asProcess } from "./as-process.ts";
import { plainCall } from "./plain-call.ts";
import type { Taken } from "./taken.ts";
import { agent, flags } from "./verbs/agent.ts";

export { runAgent };

export async function main(argv: readonly string[], version: string): Promise<Taken> {
  const call = argv[0] === "agent" ? plainCall(argv.slice(1), flags) : null;
  if (call === null) return { kind: "left" };
  const parts = { callerUid: process.geteuid?.() ?? -1, env: process.env, runAgent };
  return { kind: "answered", code: await asProcess((voice) => agent.run(call, { voice, parts, version })) };
}
