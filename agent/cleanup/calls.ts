/**
 * Every call of the sweeper's on the file system, as one table: a test puts something between any two of them. What comes
 * back below zero is an errno.
 */
import { closeSync, readlinkSync, readSync } from "node:fs";
import type { AtCalls } from "../host/at.ts";
import { atCalls } from "../host/native.ts";

export interface Calls extends AtCalls {
  /** Where a held folder is now, a character a byte; null where that cannot be told. */
  pathOf(fd: number): string | null;
  /** From this position; how many bytes. Throws what read(2) says. */
  read(fd: number, room: Buffer, position: number): number;
  close(fd: number): void;
  /** Monotonic. */
  nowMs(): number;
  pause(ms: number): void;
}

/** Throws where the addon is missing. */
export function realCalls(): Calls {
  // The addon's functions belong to it and to no `this`.
  return {
    ...atCalls(),
    pathOf(fd) {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`, "latin1");
      } catch {
        return null;
      }
    },
    read: (fd, room, position) => readSync(fd, room, 0, room.length, position),
    close: closeSync,
    nowMs: () => performance.now(),
    pause: (ms) => void Atomics.wait(asleep, 0, 0, ms),
  };
}

/** Nobody else knows it: whoever waits for it to change waits for the time to pass. */
const asleep = new Int32Array(new SharedArrayBuffer(4));
