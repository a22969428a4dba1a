import assert from "node:assert/strict";
import { closeSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { openJournal, verifyJournal } from "../../agent/cleanup/index.ts";
import { intend, intended, kept, opened, place, removed, written } from "./journal-support.ts";
import { nowMs } from "./support.ts";

const sizes = { segmentBytes: 2560, leastBytes: 2560, mostBytes: 1 << 20 };

/** What is said of the journal with this byte changed; the byte is put back. */
function flipped(folder: string, path: string, at: number, byte: number, was: number): string {
  const fd = openSync(path, "r+");
  try {
    writeSync(fd, Buffer.of(byte), 0, 1, at);
    const verified = verifyJournal(folder);
    writeSync(fd, Buffer.of(was), 0, 1, at);
    if (verified.kind === "broken") return verified.where;
    assert.equal(verified.kind, "whole", `${path} byte ${at}`);
    return verified.kind === "whole" ? (verified.notices[0] ?? "nothing") : "";
  } finally {
    closeSync(fd);
  }
}

test("whichever byte is changed, to whatever: it is noticed, and its line or place is named", () => {
  using here = place();
  {
    using journal = opened(here.folder, { sizes });
    for (const name of ["a", "b", "c"]) {
      const intent = intend(journal, intended([name, `${name}2`]));
      written(journal.sync());
      written(journal.settle(intent, [removed(0), kept(1)]));
      written(journal.sync());
    }
    intend(journal, intended(["e"]));
  }
  const names = readdirSync(here.folder).sort();
  assert.ok(names.length >= 4, `${names}`);
  let flips = 0;
  for (const [index, name] of names.entries()) {
    const path = `${here.folder}/${name}`;
    const bytes = readFileSync(path);
    const end = bytes.indexOf(0);
    const lastLine = bytes.lastIndexOf("\n", end - 2) + 1;
    const isLast = index >= names.length - 2;
    for (let at = 0; at < bytes.length; at += at < end ? 1 : 61) {
      const was = bytes[at] ?? 0;
      const line = bytes.subarray(0, at).toString("latin1").split("\n").length;
      for (const byte of new Set([was ^ 0x81, 0, 10])) {
        if (byte === was) continue;
        const said = flipped(here.folder, path, at, byte, was);
        flips += 1;
        const isNoticed = said === `${path}:${line}` || (isLast && said.startsWith(`${path}: `));
        assert.ok(isNoticed || isLostNewline(name, at, byte, said), `${path} byte ${at} to ${byte}: ${said}`);
      }
    }

    /** Of the very last record the newline alone is gone: it reads as a write that did not come to its end. */
    function isLostNewline(file: string, at: number, byte: number, said: string): boolean {
      return (
        file === names.at(-2) && at >= lastLine && byte === 0 && said.includes("a write that did not come to its end")
      );
    }
  }
  console.log(`${flips} changes, each noticed`);
  assert.equal(verifyJournal(here.folder).kind, "whole");
});

test("a segment that is missing, emptied or another one's is noticed", () => {
  using here = place();
  using other = place();
  for (const [folder, run] of [
    [here.folder, "one"],
    [other.folder, "two"],
  ] as const) {
    using journal = opened(folder, { sizes });
    for (const name of ["a", "b", "c", "d", "e", "f"])
      written(journal.settle(intend(journal, intended([name, `${name}2`], { run })), [removed(0), removed(1)]));
  }
  const path = `${here.folder}/journal.000002`;
  const whole = readFileSync(path);
  for (const bytes of [
    Buffer.alloc(whole.length),
    readFileSync(`${other.folder}/journal.000002`),
    readFileSync(`${here.folder}/journal.000001`),
    whole.subarray(0, 700),
  ]) {
    const fd = openSync(path, "w");
    writeSync(fd, bytes);
    closeSync(fd);
    const verified = verifyJournal(here.folder);
    assert.ok(verified.kind === "broken" && verified.where.startsWith(`${here.folder}/journal.00000`), verified.kind);
    const refused = openJournal(here.folder, { sizes, nowMs: () => nowMs });
    assert.ok(refused.kind === "refused" && refused.code === "damaged");
  }
  const fd = openSync(path, "w");
  writeSync(fd, whole);
  closeSync(fd);
  assert.equal(verifyJournal(here.folder).kind, "whole");
});
