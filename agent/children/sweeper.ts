/**
 * The sweeper: looks at a root with the account's identity, and removes there what it is then told to. Like the reader it is
 * started through the launcher, its text on stdin behind one line that sets `globalThis.toSweep`; what it is told comes
 * there, too, a line each. The addon is descriptor 2, opened before the identity changed, for the account may not reach the
 * file. One JSON document a line comes out (cleanup/said.ts).
 */
import { readSync, writeSync } from "node:fs";
import { constants, setPriority } from "node:os";
import type { SweepRequest } from "../cleanup/asked.ts";
import { type Calls, realCalls } from "../cleanup/calls.ts";
import type { Said } from "../cleanup/said.ts";
import { sweep } from "../cleanup/sweeping.ts";
import { setAddon } from "../host/native.ts";

declare global {
  /** Set by the line that the agent puts before this text. */
  var toSweep: SweepRequest | undefined;
}

/** By the descriptor itself: it waits where the agent is slower, and so does the look. */
function say(said: Said): void {
  const bytes = Buffer.from(`${JSON.stringify(said)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

const room = Buffer.allocUnsafeSlow(65_536);
let pieces: Buffer[] = [];
let rest = Buffer.alloc(0);

/** By the descriptor itself as well: there is nothing to do until then. */
function hear(): string | null {
  for (;;) {
    const end = rest.indexOf(0x0a);
    if (end >= 0) {
      const line = Buffer.concat([...pieces, rest.subarray(0, end)]).toString();
      [pieces, rest] = [[], rest.subarray(end + 1)];
      return line;
    }
    pieces.push(rest);
    const bytes = readSync(0, room, 0, room.length, null);
    if (bytes === 0) return null;
    rest = Buffer.from(room.subarray(0, bytes));
  }
}

function callsOrWhy(): Calls | string {
  try {
    return realCalls();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function start(request: SweepRequest): void {
  setAddon("/proc/self/fd/2");
  const calls = callsOrWhy();
  if (typeof calls === "string") {
    say({ refused: `the addon of the sweeper: expected to load it, found ${calls}; install rcwarden again` });
    return;
  }
  // Behind everybody else on this host; where the kernel refuses that, the limits of the Retention remain.
  calls.beIdle();
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  sweep(request, { say, hear }, calls);
}

if (globalThis.toSweep !== undefined) start(globalThis.toSweep);
