import type { Journal, JournalEntry, JournalFilter, JournalRefusal, JournalState } from "./journal.ts";
import { type Disk, readAll, realDisk, writeAll, writeZeros } from "./journal-disk.ts";
import {
  errnoOf,
  openSegment,
  refusalOf,
  segmentNumbers,
  segmentPath,
  unfinishedFiles,
  wrongFolder,
} from "./journal-files.ts";
import { readJournal } from "./journal-read.ts";
import {
  carriedRecord,
  type Head,
  headerRecord,
  intentOf,
  intentRecord,
  type Made,
  mostOfOutcome,
  noHash,
  outcomeRecord,
  type Span,
} from "./journal-records.ts";
import { type Found, type OpenSegment, type Rest, type Scanned, scan } from "./journal-scan.ts";
import { aside } from "./journal-torn.ts";
import type { FileOutcome, Intended, OpenIntent } from "./outcome.ts";

export interface JournalSizes {
  /** Of a segment. */
  readonly segmentBytes: number;
  /** Of the first, where there is no room for a usual one. */
  readonly leastBytes: number;
  /** Of all: beyond, the oldest goes. */
  readonly mostBytes: number;
}

export interface JournalParts {
  readonly sizes: JournalSizes;
  readonly disk: Disk;
  nowMs(): number;
}

export const usualSizes: JournalSizes = { segmentBytes: 8 << 20, leastBytes: 1 << 20, mostBytes: 128 << 20 };
const usualParts: JournalParts = { sizes: usualSizes, disk: realDisk, nowMs: Date.now };

export type OpenedJournal = { readonly kind: "journal"; readonly journal: Journal } | JournalRefusal;

/**
 * Opens the journal in this folder, or makes it; the folder above must be there. The caller holds the lock of the state
 * folder. Of two that write all the same, the one that finds the other's record where its own is to stand takes no more;
 * only two writes at the very same time could spoil each other, and the next one to open it would find it damaged.
 *
 * Room is kept in files that are already full of zeros. A file system that writes elsewhere instead (btrfs, ZFS) cannot keep
 * any: there a full disk is noticed at the write, and the run ends then.
 */
export function openJournal(folder: string, parts: Partial<JournalParts> = {}): OpenedJournal {
  const writer = new Writer(folder, { ...usualParts, ...parts });
  try {
    const refused = writer.start();
    if (refused === null) return { kind: "journal", journal: writer };
    writer[Symbol.dispose]();
    return refused;
  } catch (error) {
    writer[Symbol.dispose]();
    return refusalOf(folder, error);
  }
}

interface OpenAt extends Span {
  readonly intent: number;
  readonly files: number;
}

interface Segment {
  readonly number: number;
  readonly bytes: number;
}

type Written = { readonly kind: "written" } | JournalRefusal;
const written = { kind: "written" } as const;

/** After a refusal for room the disk is asked again not before this. */
const retryAfterMs = 10_000;

class Writer implements Journal {
  readonly #folder: string;
  readonly #sizes: JournalSizes;
  readonly #disk: Disk;
  readonly #nowMs: () => number;
  readonly #notices: string[] = [];
  readonly #open = new Map<number, OpenAt>();
  /** For the outcomes of open intents. Always there behind `#end`. */
  #reserved = 0;
  /** Those before the current one, ascending. */
  #older: Segment[] = [];
  #current: OpenSegment | null = null;
  #end = 0;
  /** Full of zeros, so that a full disk leaves room. */
  #spare: OpenSegment | null = null;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #head: Head = { seq: 0, hash: noHash };
  #durable = 0;
  /** Up to here a write that failed may have left something. */
  #spoiltTo = 0;
  /** After a sync that failed nobody knows what is on the disk. */
  #failed: JournalRefusal | null = null;

  constructor(folder: string, { sizes, disk, nowMs }: JournalParts) {
    this.#folder = folder;
    this.#sizes = sizes;
    this.#disk = disk;
    this.#nowMs = nowMs;
  }

  /** Null where it may be used. */
  start(): JournalRefusal | null {
    const wrong = wrongFolder(this.#disk, this.#folder);
    if (wrong !== null) return wrong;
    if (this.#disk.status(this.#folder) === null) {
      this.#disk.makeFolder(this.#folder);
      this.#disk.sync(`${this.#folder}/..`);
    }
    for (const name of unfinishedFiles(this.#disk, this.#folder)) this.#disk.remove(`${this.#folder}/${name}`);
    const numbers = segmentNumbers(this.#disk, this.#folder);
    if (numbers.length === 0) return this.#begin();
    const segments: OpenSegment[] = [];
    try {
      for (const number of numbers) segments.push(openSegment(this.#disk, this.#folder, number, "write"));
      return this.#resume(segments);
    } finally {
      const kept = [this.#current, this.#spare];
      for (const segment of segments) if (!kept.includes(segment)) this.#disk.close(segment.fd);
    }
  }

  intend(intended: Intended): { readonly kind: "written"; readonly intent: number } | JournalRefusal {
    if (this.#failed !== null) return this.#failed;
    try {
      const { files } = intended;
      const make = () => intentRecord(this.#head, this.#durable, this.#time(), intended);
      const outcome = mostOfOutcome(files.length);
      const record = this.#fitting(make, outcome);
      if (!("line" in record)) return record;
      const span = this.#append(record);
      this.#open.set(record.head.seq, { ...span, intent: record.head.seq, files: files.length });
      this.#reserved += outcome;
      return { kind: "written", intent: record.head.seq };
    } catch (error) {
      return this.#failed ?? refusalOf(this.#folder, error);
    }
  }

  settle(intent: number, outcomes: readonly FileOutcome[]): Written {
    if (this.#failed !== null) return this.#failed;
    const open = this.#open.get(intent);
    if (open === undefined) throw new Error(`${intent} is no open intent`);
    const places = new Set(outcomes.map(({ at }) => at));
    if (outcomes.length !== open.files || places.size !== open.files || outcomes.some(({ at }) => at >= open.files))
      throw new Error(`intent ${intent}: expected an outcome of each of ${open.files} files, once`);
    try {
      this.#append(outcomeRecord(this.#head, this.#durable, this.#time(), intent, open, outcomes));
    } catch (error) {
      return this.#failed ?? refusalOf(this.#folder, error);
    }
    this.#open.delete(intent);
    this.#reserved -= mostOfOutcome(open.files);
    return written;
  }

  sync(): Written {
    if (this.#failed !== null) return this.#failed;
    const { seq } = this.#head;
    if (this.#durable === seq) return written;
    try {
      this.#disk.syncBytes(this.#segment().fd);
    } catch (error) {
      this.#failed = refusalOf(this.#folder, error);
      return this.#failed;
    }
    this.#durable = seq;
    return written;
  }

  open(): readonly OpenIntent[] {
    const ascending = [...this.#open.values()].sort((a, b) => a.intent - b.intent);
    return ascending.map((each) => {
      const { at: _, ...open } = intentOf(this.#lineAt(each));
      return open;
    });
  }

  entries(filter: JournalFilter): Iterable<JournalEntry> {
    const read = readJournal(this.#folder, filter, this.#disk);
    return read.kind === "entries" ? read.entries : [];
  }

  state(): JournalState {
    const all = [...this.#older, ...[this.#current, this.#spare].filter((each) => each !== null)];
    return {
      folder: this.#folder,
      head: this.#head,
      openIntents: this.#open.size,
      bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
      notices: [...this.#notices],
    };
  }

  [Symbol.dispose](): void {
    for (const segment of [this.#current, this.#spare]) if (segment !== null) this.#disk.close(segment.fd);
    this.#current = null;
    this.#spare = null;
    this.#failed = { kind: "refused", code: "failed", message: `${this.#folder}: the journal was closed` };
  }

  /**
   * A journal that is new: its numbers begin at the time, in seconds, so that they are above those of one that was moved
   * away: what bears a number of that one (a file in quarantine, a mark of what was told) is not taken for this one's.
   */
  #begin(): null {
    const head = { seq: Math.max(1, Math.floor(this.#nowMs() / 1000)), hash: noHash };
    this.#head = head;
    this.#durable = head.seq;
    this.#current = this.#first();
    this.#append(headerRecord(head, head.seq, this.#current.number, this.#time()));
    this.#disk.syncBytes(this.#current.fd);
    this.#durable = this.#head.seq;
    this.#prepare();
    return null;
  }

  #first(): OpenSegment {
    try {
      return this.#preallocated(1, this.#sizes.segmentBytes);
    } catch (error) {
      if (errnoOf(error) !== "ENOSPC") throw error;
      return this.#preallocated(1, this.#sizes.leastBytes);
    }
  }

  #resume(segments: readonly OpenSegment[]): JournalRefusal | null {
    const scanning = scan(this.#disk, segments);
    let step = scanning.next();
    while (step.done !== true) {
      this.#note(step.value);
      step = scanning.next();
    }
    const scanned = step.value;
    if (scanned.kind === "broken") return damaged(this.#folder, scanned);
    for (const rest of scanned.rests) this.#cut(rest);
    const at = scanned.segment === null ? 0 : segments.indexOf(scanned.segment);
    const [current, spare, ...more] = segments.slice(at);
    if (current === undefined) throw new Error("a journal has a segment");
    for (const each of more) this.#disk.remove(each.path);
    this.#older = segments.slice(0, at);
    this.#current = current;
    this.#spare = spare ?? null;
    this.#end = scanned.end;
    if (scanned.head === null) {
      for (const each of [current, spare]) if (each !== undefined) this.#disk.remove(each.path);
      this.#current = null;
      this.#spare = null;
      return this.#begin();
    }
    this.#head = scanned.head;
    // What an earlier process wrote and did not sync is to be durable before anybody stands on it.
    this.#disk.syncBytes(current.fd);
    this.#durable = this.#head.seq;
    this.#prepare();
    return null;
  }

  #note({ head, segment, at, length }: Found): void {
    if (head.kind === "intent" || head.kind === "carried") {
      const intent = head.kind === "intent" ? head.seq : head.intent;
      if (!this.#open.has(intent)) this.#reserved += mostOfOutcome(head.files);
      this.#open.set(intent, { intent, segment, at, length, files: head.files });
    }
    const settled = head.kind === "outcome" ? this.#open.get(head.intent) : undefined;
    if (settled === undefined) return;
    this.#open.delete(settled.intent);
    this.#reserved -= mostOfOutcome(settled.files);
  }

  #cut(rest: Rest): void {
    this.#notices.push(aside(this.#disk, this.#folder, rest, this.#nowMs()));
    writeZeros(this.#disk, rest.segment.fd, rest.from, rest.from + rest.bytes.length);
    this.#disk.syncBytes(rest.segment.fd);
  }

  /** The record, for where it fits together with `outcome` more bytes and all that is reserved. */
  #fitting(make: () => Made, outcome: number): Made | JournalRefusal {
    const record = make();
    const need = record.line.length + outcome + this.#reserved;
    if (need <= this.#segment().bytes - this.#end) {
      if (this.#spare === null) this.#prepare();
      return record;
    }
    if (need + mostOfHeader > this.#sizes.segmentBytes) return tooLarge(this.#folder, need);
    if (this.#spare === null) {
      this.#triedAtMs = Number.NEGATIVE_INFINITY;
      this.#prepare();
    }
    if (this.#spare === null || need + mostOfHeader > this.#spare.bytes) return this.#full(need);
    this.#roll(this.#spare, need);
    return make();
  }

  /** The end of a segment is durable before the next one begins, so that nothing but the last can be torn. */
  #roll(spare: OpenSegment, need: number): void {
    const before = this.#segment();
    this.#mend();
    this.#disk.syncBytes(before.fd);
    this.#durable = this.#head.seq;
    this.#alone(spare, 0);
    const header = headerRecord(this.#head, this.#durable, spare.number, this.#time());
    writeAll(this.#disk, spare.fd, header.line, 0);
    this.#disk.close(before.fd);
    this.#older.push({ number: before.number, bytes: before.bytes });
    this.#current = spare;
    this.#spare = null;
    this.#end = header.line.length;
    this.#head = header.head;
    this.#forget(need);
    this.#triedAtMs = Number.NEGATIVE_INFINITY;
    this.#prepare();
  }

  /** Removes the oldest segments beyond the most. `need`: for what is about to be written. */
  #forget(need: number): void {
    let bytes = this.state().bytes + this.#sizes.segmentBytes;
    while (bytes > this.#sizes.mostBytes) {
      const [oldest] = this.#older;
      if (oldest === undefined || !this.#carry(oldest.number, need)) return;
      this.#disk.remove(segmentPath(this.#folder, oldest.number));
      this.#older.shift();
      bytes -= oldest.bytes;
    }
  }

  /** Writes once more, durably, what is open of this segment; false where there is no room for it. */
  #carry(segment: number, need: number): boolean {
    const open = [...this.#open.values()].filter((each) => each.segment === segment);
    for (const each of open) {
      const record = carriedRecord(this.#head, this.#durable, each.intent, this.#lineAt(each));
      if (record.line.length + need > this.#segment().bytes - this.#end) return false;
      this.#open.set(each.intent, { ...each, ...this.#append(record) });
    }
    if (open.length > 0) this.#disk.syncBytes(this.#segment().fd);
    return true;
  }

  /** Makes the spare segment, if there is room for it; where there is none, the journal goes on with what it has. */
  #prepare(): void {
    if (this.#spare !== null || this.#nowMs() - this.#triedAtMs < retryAfterMs) return;
    this.#triedAtMs = this.#nowMs();
    const { segmentBytes } = this.#sizes;
    try {
      if (this.#disk.freeBytes(this.#folder) < segmentBytes) return;
      this.#spare = this.#preallocated(this.#segment().number + 1, segmentBytes);
    } catch (error) {
      if (refusalOf(this.#folder, error).code === "failed") throw error;
    }
  }

  /** By its name only when it is whole and durable. */
  #preallocated(number: number, bytes: number): OpenSegment {
    const path = segmentPath(this.#folder, number);
    const unfinished = `${path}.new`;
    const fd = this.#disk.open(unfinished, "create");
    try {
      writeZeros(this.#disk, fd, 0, bytes);
      this.#disk.sync(unfinished);
      this.#disk.rename(unfinished, path);
      this.#disk.sync(this.#folder);
      return { number, path, fd, bytes };
    } catch (error) {
      this.#disk.close(fd);
      if (this.#disk.status(unfinished) !== null) this.#disk.remove(unfinished);
      throw error;
    }
  }

  #append({ line, head }: Made): Span {
    const { fd, number } = this.#segment();
    this.#mend();
    const at = this.#end;
    this.#alone(this.#segment(), at);
    this.#spoiltTo = at + line.length;
    writeAll(this.#disk, fd, line, at);
    this.#spoiltTo = 0;
    this.#end += line.length;
    this.#head = head;
    return { segment: number, at, length: line.length };
  }

  /** Where a record is to stand there is nothing: else another process writes, and neither may spoil what the other wrote. */
  #alone({ fd, path }: OpenSegment, at: number): void {
    const [byte] = readAll(this.#disk, fd, at, 1);
    if (byte === 0) return;
    const message = `${path}: expected nothing behind record ${this.#head.seq}, found what another process wrote; end the other agent of this state folder, and start this one again`;
    this.#failed = { kind: "refused", code: "failed", message };
    throw new Error(message);
  }

  /** Nothing of a record that was refused may stand behind the next one. */
  #mend(): void {
    if (this.#spoiltTo === 0) return;
    writeZeros(this.#disk, this.#segment().fd, this.#end, this.#spoiltTo);
    this.#spoiltTo = 0;
  }

  #lineAt({ segment, at, length }: Span): Buffer {
    const current = this.#segment();
    if (current.number === segment) return readAll(this.#disk, current.fd, at, length);
    const opened = openSegment(this.#disk, this.#folder, segment, "read");
    try {
      return readAll(this.#disk, opened.fd, at, length);
    } finally {
      this.#disk.close(opened.fd);
    }
  }

  #segment(): OpenSegment {
    if (this.#current === null) throw new Error("the journal is closed");
    return this.#current;
  }

  #time(): string {
    return new Date(this.#nowMs()).toISOString();
  }

  #full(need: number): JournalRefusal {
    const { segmentBytes } = this.#sizes;
    const free = this.#disk.freeBytes(this.#folder);
    const message = `${this.#folder}: expected ${need} bytes of prepared room for the next files and their outcome, found ${this.#segment().bytes - this.#end - this.#reserved}, and ${free} bytes free on its disk; nothing is removed until ${segmentBytes} bytes are free there`;
    return { kind: "refused", code: "full", message };
  }
}

/** More than a header takes. */
const mostOfHeader = 512;

function tooLarge(folder: string, need: number): JournalRefusal {
  const message = `${folder}: expected a group of files that fits into one segment of the journal, found ${need} bytes; release or settle fewer at once`;
  return { kind: "refused", code: "failed", message };
}

function damaged(folder: string, { where, message }: Scanned & { readonly kind: "broken" }): JournalRefusal {
  return {
    kind: "refused",
    code: "damaged",
    message: `${where}: ${message}; nothing is removed: look at what it holds (rcwarden cleanup journal), then move ${folder} away, and a new journal begins`,
  };
}
