/** Journals in folders of their own, groups of files as values, and a disk that ends in between. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import type { Journal } from "../../agent/cleanup/journal.ts";
import { type Disk, realDisk } from "../../agent/cleanup/journal-disk.ts";
import { readJournal } from "../../agent/cleanup/journal-read.ts";
import { type JournalParts, openJournal } from "../../agent/cleanup/journal-writer.ts";
import type { FileOutcome, Intended } from "../../agent/cleanup/outcome.ts";
import type { Candidate } from "../../agent/cleanup/plan.ts";
import { hexPath, nowMs } from "./support.ts";

/** Segments so small that a few groups fill one. */
export const smallSizes = { segmentBytes: 4096, leastBytes: 3072, mostBytes: 16_384 };

export interface Place extends Disposable {
  readonly path: string;
  /** Of the journal; not there yet. */
  readonly folder: string;
}

export function place(): Place {
  const path = mkdtempSync("/var/tmp/rcwarden-journal-");
  return { path, folder: `${path}/cleanup`, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export function opened(folder: string, parts: Partial<JournalParts> = {}): Journal {
  const answer = openJournal(folder, { sizes: smallSizes, nowMs: () => nowMs, ...parts });
  assert.ok(answer.kind === "journal", answer.kind === "refused" ? answer.message : "");
  return answer.journal;
}

export function candidate(name: string, other: Partial<Candidate> = {}): Candidate {
  const identity = {
    dev: "2049",
    ino: "9007199254740993",
    size: "1048576",
    mtimeNs: "1763900000123456789",
    ctimeNs: "1763900000123456790",
    uid: 501,
    links: 1,
  };
  return { path: hexPath(name), identity, content: { kind: "as-seen" }, ...other };
}

export function intended(names: readonly string[], other: Partial<Intended> = {}): Intended {
  return {
    run: "run-1",
    retention: "staging",
    account: "oracle",
    root: "/u01/staging/engine",
    rootIdentity: { dev: "2049", ino: "2" },
    plan: "7d31c0".padEnd(64, "0"),
    because: "schedule",
    files: names.map((name) => candidate(name)),
    ...other,
  };
}

export const removed = (at: number): FileOutcome => ({ at, outcome: "removed", code: null, detail: "", sha256: null });
export const kept = (at: number): FileOutcome => ({
  at,
  outcome: "kept",
  code: "held-open",
  detail: "pid 4711 has it open",
  sha256: null,
});

export function intend(journal: Journal, group: Intended): number {
  const answer = journal.intend(group);
  assert.ok(answer.kind === "written", answer.kind === "refused" ? answer.message : "");
  return answer.intent;
}

export function written(answer: { readonly kind: string; readonly message?: string }): void {
  assert.equal(answer.kind, "written", answer.message);
}

export function entries(folder: string, filter = {}) {
  const read = readJournal(folder, filter);
  assert.equal(read.kind, "entries");
  return read.kind === "entries" ? [...read.entries] : [];
}

/** Calls that change something on the disk. */
export const changing = ["makeFolder", "open", "setMode", "write", "syncBytes", "sync", "rename", "remove"] as const;

/** The real disk; before each call that changes something, `at` is asked, and for a write what of it is to be written. */
export function watchedDisk(at: (call: string, bytes: number) => number | undefined): Disk {
  const told =
    <Given extends readonly unknown[], Answer>(call: string, does: (...given: Given) => Answer) =>
    (...given: Given): Answer => {
      at(call, 0);
      return does(...given);
    };
  return {
    ...realDisk,
    makeFolder: told("makeFolder", realDisk.makeFolder),
    open: (path, how) => {
      if (how === "create") at("open", 0);
      return realDisk.open(path, how);
    },
    setMode: told("setMode", realDisk.setMode),
    syncBytes: told("syncBytes", realDisk.syncBytes),
    sync: told("sync", realDisk.sync),
    rename: told("rename", realDisk.rename),
    remove: told("remove", realDisk.remove),
    write(fd, bytes, offset) {
      const part = at("write", bytes.length);
      return realDisk.write(fd, part === undefined ? bytes : bytes.subarray(0, part), offset);
    },
  };
}
