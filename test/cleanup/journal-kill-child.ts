/**
 * Writes a journal and says each answer on stdout, until it kills itself at one call to the disk:
 * `node journal-kill-child.ts FOLDER CALL PART`. `CALL` counts from 1; 0: it comes to its end and says how many calls there
 * were, a word each. `PART`: how much of a write is done before, in hundredths.
 */
import assert from "node:assert/strict";
import { writeSync } from "node:fs";
import { realDisk } from "../../agent/cleanup/journal-disk.ts";
import { intend, intended, kept, opened, removed, watchedDisk, written } from "./journal-support.ts";

const [folder = "", call = "0", part = "0"] = process.argv.slice(2);
const calls: string[] = [];

const disk = watchedDisk((name, bytes) => {
  calls.push(name);
  if (calls.length !== Number(call)) return undefined;
  if (name !== "write" || part === "0") process.kill(process.pid, "SIGKILL");
  return Math.ceil((bytes * Number(part)) / 100);
});

/** Of a write that was done in part the rest is never asked for. */
const dying = {
  ...disk,
  write(fd: number, bytes: Buffer, at: number): number {
    const isLast = calls.length + 1 === Number(call);
    const count = disk.write(fd, bytes, at);
    if (isLast) process.kill(process.pid, "SIGKILL");
    return count;
  },
};

function say(...words: readonly (string | number)[]): void {
  writeSync(1, `${words.join(" ")}\n`);
}

// So that a segment is left behind, and the oldest one removed.
const sizes = { segmentBytes: 5120, leastBytes: 5120, mostBytes: 10_240 };
const journal = opened(folder, { disk: dying, sizes });
say("open", ...journal.open().map(({ intent }) => intent));
for (const { intent, files } of journal.open()) {
  written(
    journal.settle(
      intent,
      files.map((_, at) => kept(at)),
    ),
  );
  say("settle", intent, "kept");
}
written(journal.sync());
say("sync");
// One is left open, and carried along.
const left = intend(journal, intended(["left.arc", "left.trc"]));
say("intend", left);
for (let group = 0; group < 4; group++) {
  const intent = intend(journal, intended([`${group}.arc`, `${group}.trc`]));
  say("intend", intent);
  written(journal.sync());
  say("sync");
  written(journal.settle(intent, [removed(0), removed(1)]));
  say("settle", intent, "removed");
  if (group % 2 === 0) continue;
  written(journal.sync());
  say("sync");
}
assert.equal(realDisk.status(folder)?.isDirectory(), true);
say("calls", ...calls);
