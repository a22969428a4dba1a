/** What happens to a journal on a disk of its own, a small tmpfs at the given folder: `node journal-disk-child.ts SCENARIO FOLDER`. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import type { Journal } from "../../agent/cleanup/journal.ts";
import { verifyJournal } from "../../agent/cleanup/journal-read.ts";
import { openJournal } from "../../agent/cleanup/journal-writer.ts";
import { entries, intend, intended, kept, opened, removed, written } from "./journal-support.ts";
import { nowMs } from "./support.ts";

const [scenario = "", disk = ""] = process.argv.slice(2);
const folder = `${disk}/cleanup`;
const ballast = `${disk}/ballast`;
const sizes = { segmentBytes: 1 << 20, leastBytes: 1 << 18, mostBytes: 16 << 20 };
const group = intended(Array.from({ length: 256 }, (_, at) => `arch_${at}_1036964654.arc`));
const all = group.files.map((_, at) => removed(at));

/** Leaves so many bytes free. */
function fill(leave: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - leave), 1));
}

/** Groups are written until one is refused: how many, and the refusal. */
function untilRefused(journal: Journal): { readonly groups: number; readonly message: string; readonly code: string } {
  for (let groups = 0; groups < 10_000; groups++) {
    const answer = journal.intend(group);
    if (answer.kind === "refused") return { groups, ...answer };
    written(journal.sync());
    written(journal.settle(answer.intent, all));
    written(journal.sync());
  }
  throw new Error("the disk never filled");
}

function refusal(): { readonly code: string; readonly message: string } {
  const answer = openJournal(folder, { sizes, nowMs: () => nowMs });
  assert.ok(answer.kind === "refused");
  return answer;
}

const scenarios: Record<string, () => void> = {
  "what was prepared lets go of thousands of files on a full disk"() {
    let at = nowMs;
    const journal = opened(folder, { sizes, nowMs: () => at });
    fill(0);
    const { groups, code, message } = untilRefused(journal);
    assert.equal(code, "full");
    assert.ok(groups * 256 > 8000, `${groups} groups`);
    assert.match(
      message,
      /cleanup: expected \d+ bytes of prepared room for the next files .*, found \d+, and 0 bytes free on its disk; nothing is removed until 1048576 bytes are free there$/,
    );
    assert.deepEqual(journal.open(), []);
    assert.equal(untilRefused(journal).groups, 0, "it stays so");
    rmSync(ballast);
    at += 1;
    intend(journal, group);
    fill(0);
    const [open] = journal.open();
    assert.ok(open !== undefined);
    written(journal.settle(open.intent, all));
    assert.ok(untilRefused(journal).groups > 5);
    assert.equal(verifyJournal(folder).kind, "whole");
    journal[Symbol.dispose]();
    const later = opened(folder, { sizes });
    assert.deepEqual(later.state().notices, []);
    assert.ok(entries(folder).length > groups);
  },

  "of every intent that was written the outcome can be written, too"() {
    const journal = opened(folder, { sizes });
    fill(0);
    const open: number[] = [];
    const detail = "\u0001".repeat(200);
    for (let answer = journal.intend(group); answer.kind === "written"; answer = journal.intend(group))
      open.push(answer.intent);
    assert.ok(open.length > 5, `${open.length}`);
    for (const intent of open)
      written(
        journal.settle(
          intent,
          all.map(({ at }) => ({ ...kept(at), outcome: "gone-unconfirmed", detail, sha256: "f".repeat(64) })),
        ),
      );
    written(journal.sync());
    assert.equal(journal.state().openIntents, 0);
    assert.equal(verifyJournal(folder).kind, "whole");
  },

  "on a disk that is full already it begins smaller, or says what it needs"() {
    fill(sizes.leastBytes + 65_536);
    {
      using journal = opened(folder, { sizes });
      assert.equal(journal.state().bytes, sizes.leastBytes);
      assert.ok(untilRefused(journal).groups >= 1);
    }
    rmSync(folder, { recursive: true });
    rmSync(ballast);
    fill(65_536);
    const { code, message } = refusal();
    assert.equal(code, "full");
    assert.match(
      message,
      /expected to write the journal of clean-up, found "ENOSPC.*"; nothing is removed until it can be written: make room there$/,
    );
    assert.deepEqual(readdirSync(folder), [], "nothing half made takes the room");
    rmSync(ballast);
    using journal = opened(folder, { sizes });
    intend(journal, group);
  },

  "a torn write on a full disk does not keep it from going on"() {
    {
      using journal = opened(folder, { sizes });
      intend(journal, group);
      written(journal.sync());
    }
    const path = `${folder}/journal.000001`;
    execFileSync("sh", [
      "-c",
      `printf '{"hash":"torn' | dd of="$1" bs=1 seek=$(tr -d '\\000' < "$1" | wc -c) conv=notrunc status=none`,
      "sh",
      path,
    ]);
    fill(0);
    using journal = opened(folder, { sizes });
    assert.match(
      journal.state().notices.join(),
      /13 bytes behind the last whole record .*; there was no room to keep them$/,
    );
    written(journal.settle(journal.open()[0]?.intent ?? 0, all));
    assert.ok(untilRefused(journal).groups > 5);
  },

  "read-only: refused, and what is there is still read"() {
    {
      using journal = opened(folder, { sizes });
      written(journal.settle(intend(journal, group), all));
    }
    execFileSync("mount", ["-o", "remount,ro", disk]);
    const { code, message } = refusal();
    assert.equal(code, "read-only");
    assert.match(
      message,
      /found "EROFS.*; nothing is removed until it can be written: make it writable for this account$/,
    );
    assert.equal(entries(folder).length, 1);
    assert.equal(verifyJournal(folder).kind, "whole");
    execFileSync("mount", ["-o", "remount,rw", disk]);
    rmSync(folder, { recursive: true });
    execFileSync("mount", ["-o", "remount,ro", disk]);
    assert.equal(refusal().code, "read-only");
  },
};

const run = scenarios[scenario];
assert.ok(run !== undefined, `no scenario ${scenario}`);
run();
console.log("came to its end");
