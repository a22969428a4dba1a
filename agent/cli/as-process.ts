/** The program as it is started: the real streams, and the exit status. */
import { closeInherited } from "../host/inherited.ts";
import { internalError } from "./internal-error.ts";
import { type Io, processIo, type Voice, voiceOf } from "./io.ts";

/**
 * Runs one call and gives its exit status once all of its words are out. A fault of the program is one line and exit 2, for
 * exit 1 is an answer, and a stack trace tells a DBA nothing.
 */
export async function asProcess(call: (voice: Voice, io: Io) => Promise<number>): Promise<number> {
  closeInherited();
  const io = processIo();
  const voice = voiceOf(io);
  // Outside of what is awaited below.
  process.once("uncaughtException", (error) => {
    voice.remark(internalError(error));
    process.exit(2);
  });
  const code = await answered(call, voice, io);
  const failure = await io.flushed();
  if (failure === null) return code;
  voice.remark(`rcwarden: stdout: expected to write, found ${failure.code}`);
  await io.flushed();
  return 2;
}

async function answered(call: (voice: Voice, io: Io) => Promise<number>, voice: Voice, io: Io): Promise<number> {
  try {
    return await call(voice, io);
  } catch (error) {
    voice.remark(internalError(error));
    return 2;
  }
}
