/**
 * The short way to `status`, as a bundle of its own: somebody waits for its start, and the whole command line takes longer to
 * load than the answer to come. What is not plainly such a call (help, a mistake, an abbreviation) is left to the whole.
 */
import { asProcess } from "./as-process.ts";
import { askingParts } from "./asking-parts.ts";
import { plainCall } from "./plain-call.ts";
import type { Taken } from "./taken.ts";
import { flags, status } from "./verbs/status.ts";

export async function main(argv: readonly string[], version: string): Promise<Taken> {
  const call = argv[0] === "status" ? plainCall(argv.slice(1), flags) : null;
  if (call === null) return { kind: "left" };
  return {
    kind: "answered",
    code: await asProcess((voice) => status.run(call, { voice, parts: askingParts(), version })),
  };
}
