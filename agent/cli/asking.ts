/**
 * The short way to `status`, as a bundle of its own: somebody waits for its start, and the whole command line takes longer to
 * load than the answer to come. What is not plainly such a call (help, a mistake, an abbreviation) is left to the whole.
 */
import { closeInherited } from "../host/inherited.ts";
import { askingParts } from "./asking-parts.ts";
import { internalError } from "./internal-error.ts";
import { processIo, type Voice, voiceOf } from "./io.ts";
import type { Call, ExitCode } from "./verb.ts";
import { flags, status } from "./verbs/status.ts";

/** Whether it answered, and if so with which exit status. */
export type Taken = { readonly kind: "answered"; readonly code: number } | { readonly kind: "left" };

export async function main(argv: readonly string[], version: string): Promise<Taken> {
  const call = argv[0] === "status" ? callOf(argv.slice(1)) : null;
  if (call === null) return { kind: "left" };
  closeInherited();
  const io = processIo();
  const code = await answered(call, voiceOf(io), version);
  const failure = await io.flushed();
  if (failure === null) return { kind: "answered", code };
  voiceOf(io).remark(`rcwarden: stdout: expected to write, found ${failure.code}`);
  await io.flushed();
  return { kind: "answered", code: 2 };
}

/** Exit 1 is an answer: a fault of the program must not be taken for one. */
async function answered(call: Call, voice: Voice, version: string): Promise<ExitCode> {
  try {
    return await status.run(call, { voice, parts: askingParts(), version });
  } catch (error) {
    voice.remark(internalError(error));
    return 2;
  }
}

/** Null where a word is none of the flags as they are written out, each at most once. */
function callOf(words: readonly string[]): Call | null {
  const given: Record<string, string | true> = {};
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const flag = flags.find(([name]) => name.split(" ")[0] === word)?.[0];
    if (flag === undefined || word.slice(2) in given) return null;
    const value = flag.includes(" ") ? left.shift() : true;
    if (value === undefined || (value !== true && value.startsWith("-"))) return null;
    given[word.slice(2)] = value;
  }
  return { flags: given, words: [] };
}
