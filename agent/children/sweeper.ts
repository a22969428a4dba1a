/**
 * The sweeper: looks at a root with the account's identity. Like the reader it is `node -` started through the launcher,
 * its text on stdin behind one line that sets `globalThis.toLook`. The addon is descriptor 2, opened before the identity
 * changed, for the account may not reach the file. One JSON document a line comes out (cleanup/said.ts).
 */
import { writeSync } from "node:fs";
import type { LookRequest } from "../cleanup/root.ts";
import { look } from "../cleanup/walk.ts";
import { setAddon } from "../host/native.ts";

declare global {
  /** Set by the line that the agent puts before this text. */
  var toLook: LookRequest | undefined;
}

setAddon("/proc/self/fd/2");

/** By the descriptor itself: it waits where the agent is slower, and so does the look. */
function say(said: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(said)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

if (globalThis.toLook !== undefined) look(globalThis.toLook, say);
