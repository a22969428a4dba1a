/** For readers that need not hold the lock: what is whole is read, while a writer may go on. */

import type { JournalEntry, JournalFilter, JournalRefusal, Verified } from "./journal.ts";
import { type Disk, readAll, realDisk } from "./journal-disk.ts";
import { errnoOf, NotOurs, openSegment, ownUid, segmentNumbers, segmentPath, wrongFolder } from "./journal-files.ts";
import { intentOf, outcomeOf, type Span, settledOf } from "./journal-records.ts";
import { type OpenSegment, scan } from "./journal-scan.ts";

export type ReadJournal =
  /** Up to the first record that is broken: `verifyJournal` says whether there is one. Throws what the system says. */
  | { readonly kind: "entries"; readonly entries: Iterable<JournalEntry> }
  /** There is no journal. */
  | { readonly kind: "absent" }
  | JournalRefusal;

/** The oldest intent first, whenever it was settled. */
export function readJournal(folder: string, filter: JournalFilter, disk: Disk = realDisk): ReadJournal {
  const refused = refusedReader(disk, folder);
  if (refused !== null) return refused;
  return { kind: "entries", entries: entriesOf(disk, folder, filter) };
}

export function verifyJournal(
  folder: string,
  disk: Disk = realDisk,
): Verified | Exclude<ReadJournal, { kind: "entries" }> {
  const refused = refusedReader(disk, folder);
  if (refused !== null) return refused;
  using opened = openAll(disk, folder);
  const scanning = scan(disk, opened.segments);
  let step = scanning.next();
  while (step.done !== true) step = scanning.next();
  const scanned = step.value;
  if (scanned.kind === "broken") return scanned;
  if (scanned.head === null) return { kind: "absent" };
  const notices = scanned.rests.map(
    ({ segment, from, bytes }) =>
      `${segment.path}: ${bytes.length} bytes from byte ${from} on are no record: a write that did not come to its end`,
  );
  return { kind: "whole", records: scanned.records, head: scanned.head, notices };
}

/** Null where this account may read it. */
function refusedReader(disk: Disk, folder: string): { readonly kind: "absent" } | JournalRefusal | null {
  try {
    const wrong = wrongFolder(disk, folder);
    if (wrong !== null) return wrong;
    if (disk.status(folder) === null || segmentNumbers(disk, folder).length === 0) return { kind: "absent" };
    return null;
  } catch (error) {
    return notReadable(folder, error);
  }
}

function notReadable(folder: string, error: unknown): JournalRefusal {
  const found = error instanceof Error ? error.message : String(error);
  const message = `${folder}: expected to read the journal of clean-up as uid ${ownUid()}, found "${found}"; ask as its owner`;
  return { kind: "refused", code: "failed", message };
}

interface OpenAll extends Disposable {
  readonly segments: readonly OpenSegment[];
}

/** All of them at once, so that none is missing when a writer removes the oldest meanwhile. */
export function openAll(disk: Disk, folder: string): OpenAll {
  const segments: OpenSegment[] = [];
  const close = () => {
    for (const { fd } of segments) disk.close(fd);
  };
  try {
    // From the newest on: where one is gone, those before it are, too.
    for (const number of allNumbers(disk, folder).reverse()) {
      const opened = openedUnlessGone(disk, folder, number);
      if (opened === null) break;
      segments.unshift(opened);
    }
  } catch (error) {
    close();
    throw error;
  }
  return { segments, [Symbol.dispose]: close };
}

/** Ascending. A list that was made while a writer renames and removes may lack some: their neighbours are asked for. */
function allNumbers(disk: Disk, folder: string): number[] {
  const isThere = (number: number) => disk.status(segmentPath(folder, number)) !== null;
  const numbers = new Set<number>();
  for (const listed of segmentNumbers(disk, folder)) {
    numbers.add(listed);
    for (let before = listed - 1; !numbers.has(before) && isThere(before); before--) numbers.add(before);
    for (let behind = listed + 1; !numbers.has(behind) && isThere(behind); behind++) numbers.add(behind);
  }
  return [...numbers].sort((a, b) => a - b);
}

function openedUnlessGone(disk: Disk, folder: string, number: number): OpenSegment | null {
  try {
    return openSegment(disk, folder, number, "read");
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || (error instanceof NotOurs && error.isGone)) return null;
    throw error instanceof NotOurs ? error : new Error(notReadable(folder, error).message, { cause: error });
  }
}

export function lineAt(disk: Disk, segments: readonly OpenSegment[], { segment, at, length }: Span): Buffer | null {
  const found = segments.find(({ number }) => number === segment);
  return found === undefined ? null : readAll(disk, found.fd, at, length);
}

interface Waiting {
  readonly intent: number;
  readonly where: Span;
  outcome: Span | null;
}

function* entriesOf(disk: Disk, folder: string, filter: JournalFilter): Generator<JournalEntry> {
  using opened = openAll(disk, folder);
  const { segments } = opened;
  /** From the oldest that is not settled on; only where they lie is held. */
  const waiting = new Map<number, Waiting>();
  for (const { head, segment, at, length } of scan(disk, segments)) {
    const where = { segment, at, length };
    if (head.kind === "intent") waiting.set(head.seq, { intent: head.seq, where, outcome: null });
    if (head.kind === "carried" && !waiting.has(head.intent))
      waiting.set(head.intent, { intent: head.intent, where, outcome: null });
    const settled = head.kind === "outcome" ? waiting.get(head.intent) : undefined;
    if (settled === undefined) continue;
    settled.outcome = where;
    for (const first of waiting.values()) {
      if (first.outcome === null) break;
      waiting.delete(first.intent);
      yield* fitting(entryOf(disk, segments, first), filter);
    }
  }
  for (const left of waiting.values()) yield* fitting(entryOf(disk, segments, left), filter);
}

function entryOf(
  disk: Disk,
  segments: readonly OpenSegment[],
  { intent, where, outcome }: Waiting,
): JournalEntry | null {
  const line = lineAt(disk, segments, where);
  const outcomeLine = outcome === null ? null : lineAt(disk, segments, outcome);
  if (line === null) return null;
  const { files, at, intent: _, ...about } = intentOf(line);
  if (outcomeLine === null) return { intent, at, settledAt: null, intended: about, files: [] };
  const settled = outcomeOf(outcomeLine);
  return { intent, at, settledAt: settled.at, intended: about, files: settledOf({ files }, settled.outcomes) };
}

/** An entry of which no file has the outcome that is asked for is none. */
function fitting(entry: JournalEntry | null, filter: JournalFilter): readonly JournalEntry[] {
  if (entry === null) return [];
  const { intended, files } = entry;
  if (filter.after !== undefined && entry.intent <= filter.after) return [];
  if (filter.retention !== undefined && intended.retention !== filter.retention) return [];
  if (filter.account !== undefined && intended.account !== filter.account) return [];
  if (filter.sinceMs !== undefined && Date.parse(entry.settledAt ?? entry.at) < filter.sinceMs) return [];
  if (filter.outcome === undefined) return [entry];
  const some = files.filter(({ outcome }) => outcome === filter.outcome);
  return some.length === 0 ? [] : [{ ...entry, files: some }];
}
