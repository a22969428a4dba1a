import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Disk } from "../../agent/cleanup/journal-disk.ts";
import { verifyJournal } from "../../agent/cleanup/journal-read.ts";
import { intend, intended, opened, place, removed, watchedDisk, written } from "./journal-support.ts";

const script = fileURLToPath(new URL("journal-disk-child.ts", import.meta.url));
const skip = process.getuid?.() === 0 ? false : "needs root, to mount a small disk";

/** In a mount namespace of its own, on a tmpfs of 8 MB that goes with it. */
function onSmallDisk(scenario: string, folder: string): void {
  const disk = `${folder}/disk`;
  mkdirSync(disk);
  const command = 'mount -t tmpfs -o size=8m,mode=0700 none "$1" && shift && exec "$@"';
  const args = ["-m", "sh", "-c", command, "sh", disk, process.execPath, script, scenario, disk];
  const { status, stdout, stderr } = spawnSync("unshare", args, {
    encoding: "utf8",
    timeout: 120_000,
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.match(stdout, /came to its end/);
}

for (const scenario of [
  "what was prepared lets go of thousands of files on a full disk",
  "of every intent that was written the outcome can be written, too",
  "on a disk that is full already it begins smaller, or says what it needs",
  "a torn write on a full disk does not keep it from going on",
  "read-only: refused, and what is there is still read",
])
  test(`on a small disk: ${scenario}`, { skip }, () => {
    using here = place();
    onSmallDisk(scenario, here.path);
  });

/** A disk that refuses these calls for as long as `refusing` says so; of a write half is done first. */
function refusingDisk(): { readonly disk: Disk; refusing: { readonly call: string; readonly code: string } | null } {
  const failing: ReturnType<typeof refusingDisk> = {
    refusing: null,
    disk: watchedDisk((call, bytes) => {
      const { refusing } = failing;
      if (refusing?.call !== call) return undefined;
      if (bytes > 1) return bytes >> 1;
      throw Object.assign(new Error(`${refusing.code}: refused`), { code: refusing.code });
    }),
  };
  return failing;
}

for (const [errno, code] of [
  ["EIO", "failed"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["EROFS", "read-only"],
] as const)
  test(`a write that is answered ${errno}: it is refused as ${code}, and nothing of it stands behind the next one`, () => {
    using here = place();
    const failing = refusingDisk();
    using journal = opened(here.folder, { disk: failing.disk });
    const open = intend(journal, intended(["a.arc"]));
    written(journal.sync());
    failing.refusing = { call: "write", code: errno };
    for (const answer of [journal.intend(intended(["b".repeat(200)])), journal.settle(open, [removed(0)])]) {
      assert.ok(answer.kind === "refused");
      assert.equal(answer.code, code);
      assert.ok(
        answer.message.startsWith(`${here.folder}: expected to write the journal of clean-up, found "${errno}`),
      );
    }
    const afterKill = verifyJournal(here.folder);
    assert.ok(afterKill.kind === "whole" && afterKill.records === 2, "what was refused is not there");
    failing.refusing = null;
    written(journal.settle(open, [removed(0)]));
    const verified = verifyJournal(here.folder);
    assert.ok(verified.kind === "whole" && verified.records === 3);
    assert.deepEqual(verified.notices, []);
  });

test("after a sync that failed it takes nothing more, for nobody knows what is on the disk; who opens it again goes on", () => {
  using here = place();
  const failing = refusingDisk();
  const journal = opened(here.folder, { disk: failing.disk });
  const open = intend(journal, intended(["a.arc"]));
  failing.refusing = { call: "syncBytes", code: "EIO" };
  assert.equal(journal.sync().kind, "refused");
  failing.refusing = null;
  for (const answer of [journal.sync(), journal.settle(open, [removed(0)]), journal.intend(intended(["b"]))])
    assert.ok(answer.kind === "refused" && answer.code === "failed");
  journal[Symbol.dispose]();
  using later = opened(here.folder);
  assert.equal(later.open().length, 1);
});
