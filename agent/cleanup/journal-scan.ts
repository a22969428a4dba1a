/**
 * Reads segments, record by record, and says where the chain ends and how. A writer may go on meanwhile: what was read
 * stays, for a journal only grows.
 */
import { type Disk, isZero, lastNonZero, readAll, readInto } from "./journal-disk.ts";
import { anchorOf, followsOn, type Head, headOf, type RecordHead, type Span } from "./journal-records.ts";

/** A segment that is open for reading. Zeros behind its last record, up to its length. */
export interface OpenSegment {
  readonly number: number;
  readonly path: string;
  readonly fd: number;
  readonly bytes: number;
}

export interface Found extends Span {
  readonly head: RecordHead;
  /** The whole line; it is another one's after the next step. */
  readonly line: Buffer;
}

/** Behind the last whole record there should be zeros only. */
export interface Rest {
  readonly segment: OpenSegment;
  readonly from: number;
  /** Up to the last byte that is not zero. */
  readonly bytes: Buffer;
}

export type Scanned =
  | {
      readonly kind: "end";
      readonly records: number;
      /** Of the last whole record; null where there is none. */
      readonly head: Head | null;
      /** Where the last whole record ends. */
      readonly segment: OpenSegment | null;
      readonly end: number;
      /** What a writer left that ended within a write, or a file system that lost its last ones. */
      readonly rests: readonly Rest[];
    }
  /** `where`: file and line, from 1. */
  | { readonly kind: "broken"; readonly where: string; readonly message: string };

/** Any segment may be the first: its header holds the hash before it. */
export function* scan(disk: Disk, segments: readonly OpenSegment[]): Generator<Found, Scanned> {
  const walk = new Walk(disk, segments);
  for (;;) {
    const found = walk.next();
    if (found.kind !== "found") return found;
    yield found.found;
  }
}

class Walk {
  readonly #disk: Disk;
  readonly #segments: readonly OpenSegment[];
  #at = 0;
  #lines: Lines | null = null;
  readonly #room: Room = { bytes: Buffer.allocUnsafe(windowBytes) };
  #lineNumber = 0;
  #head: Head | null = null;
  #records = 0;
  #segment: OpenSegment | null = null;
  #end = 0;

  constructor(disk: Disk, segments: readonly OpenSegment[]) {
    this.#disk = disk;
    this.#segments = segments;
  }

  next(): { readonly kind: "found"; readonly found: Found } | Scanned {
    for (;;) {
      const segment = this.#segments[this.#at];
      if (segment === undefined) return this.#over([]);
      this.#lines ??= new Lines(this.#disk, segment, this.#room);
      // Asked first: a segment of which this is true was finished before.
      const isFinished = this.#isNextBegun();
      const line = this.#lines.next();
      if (line !== null) return this.#record(segment, line.at, line.bytes);
      if (isFinished) {
        const broken = this.#leave(segment);
        if (broken !== null) return broken;
        continue;
      }
      if (this.#isNextBegun()) continue;
      const rests = this.#rests();
      if (rests === "moved" || (rests.length > 0 && this.#isNextBegun())) continue;
      // A writer may have gone on before the rest was read.
      const late = rests.length === 0 ? null : this.#lines.next();
      return late === null ? this.#judged(rests) : this.#record(segment, late.at, late.bytes);
    }
  }

  #isNextBegun(): boolean {
    const next = this.#segments[this.#at + 1];
    return next !== undefined && (readAll(this.#disk, next.fd, 0, 1)[0] ?? 0) !== 0;
  }

  #record(segment: OpenSegment, at: number, line: Buffer): { kind: "found"; found: Found } | Scanned {
    const head = headOf(line);
    const isFirst = at === 0;
    if (head === null) return this.#broken(segment, "expected a record of the journal, found something else");
    if ((head.kind === "segment") !== isFirst || (head.kind === "segment" && head.number !== segment.number))
      return this.#broken(segment, `expected ${isFirst ? `the header of segment ${segment.number}` : "no header"}`);
    const before = isFirst ? anchorOf(line) : this.#head;
    if (before === null) return this.#broken(segment, "expected a header of format 1, found another one");
    if (this.#head !== null && (before.seq !== this.#head.seq || before.hash !== this.#head.hash))
      return this.#broken(segment, `expected the segment that follows on record ${this.#head.seq}, found another one`);
    if (head.seq !== before.seq + 1)
      return this.#broken(segment, `expected record ${before.seq + 1}, found ${head.seq}`);
    if (!followsOn(line, head, before.hash))
      return this.#broken(segment, `record ${head.seq}: its hash is not that of what it says`);
    this.#head = { seq: head.seq, hash: head.hash };
    this.#records += 1;
    this.#lineNumber += 1;
    this.#segment = segment;
    this.#end = at + line.length;
    return { kind: "found", found: { segment: segment.number, at, length: line.length, head, line } };
  }

  /** Goes to the next segment; nothing may lie behind the last record of one that is finished. */
  #leave(segment: OpenSegment): Scanned | null {
    const next = this.#segments[this.#at + 1];
    // The next one's header may be torn itself: then this one is the last, and what lies behind it is judged with that.
    if (next !== undefined && this.#isTornHeader(next)) {
      const rests = this.#rests();
      return rests === "moved" || !this.#isTornHeader(next) ? null : this.#judged(rests);
    }
    if (this.#segment !== segment)
      return this.#broken(segment, `expected the header of segment ${segment.number}, found nothing`);
    if (this.#restOf(segment, this.#end) !== null)
      return this.#broken(segment, "expected a record of the journal, found something else");
    this.#at += 1;
    this.#lines = null;
    this.#lineNumber = 0;
    return null;
  }

  #isTornHeader(segment: OpenSegment): boolean {
    const room = { bytes: Buffer.allocUnsafe(windowBytes) };
    return new Lines(this.#disk, segment, room).next() === null;
  }

  /** `moved`: a writer goes on right now. */
  #rests(): readonly Rest[] | "moved" {
    const first = this.#allRests();
    if (first.length === 0) return first;
    const second = this.#allRests();
    return isSame(first, second) ? first : "moved";
  }

  #allRests(): readonly Rest[] {
    const from = this.#lines?.at ?? 0;
    return this.#segments
      .slice(this.#at)
      .flatMap((segment, index) => this.#restOf(segment, index === 0 ? from : 0) ?? []);
  }

  #restOf(segment: OpenSegment, from: number): Rest | null {
    if (isZero(this.#disk, segment, from)) return null;
    const bytes = readAll(this.#disk, segment.fd, from, segment.bytes - from);
    const end = lastNonZero(bytes);
    return end === 0 ? null : { segment, from, bytes: bytes.subarray(0, end) };
  }

  /** Torn is what nobody was told that it is durable; more cannot be broken by an end of the process or of the power. */
  #judged(rests: readonly Rest[]): Scanned {
    const [first] = rests;
    const heads = rests.flatMap(({ bytes }) => headsIn(bytes));
    const missing = this.#head === null ? firstOf(heads) : this.#head.seq + 1;
    const isBroken = heads.some(({ durable }) => durable >= missing);
    if (isBroken && first !== undefined)
      return this.#broken(
        first.segment,
        `expected record ${missing}, which was on the disk once, found something else`,
        first.segment === this.#segments[this.#at] ? this.#lineNumber + 1 : 1,
      );
    return this.#over(rests);
  }

  #over(rests: readonly Rest[]): Scanned {
    return {
      kind: "end",
      records: this.#records,
      head: this.#head,
      segment: this.#segment,
      end: this.#end,
      rests,
    };
  }

  #broken(segment: OpenSegment, message: string, line = this.#lineNumber + 1): Scanned {
    return { kind: "broken", where: `${segment.path}:${line}`, message };
  }
}

/** Of the records that can still be told among what is left of them. */
function headsIn(bytes: Buffer): readonly RecordHead[] {
  const heads: RecordHead[] = [];
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const line = bytes.subarray(at, newline < 0 ? bytes.length : newline + 1);
    const head = headOf(line.subarray(line.lastIndexOf(0) + 1));
    if (head !== null) heads.push(head);
    at += line.length;
  }
  return heads;
}

/** The number that the first record had: a header comes before all others. */
function firstOf(heads: readonly RecordHead[]): number {
  const first = heads.reduce((least, head) => (head.seq < least.seq ? head : least), heads[0] ?? { seq: 0, kind: "" });
  return first.kind === "segment" ? first.seq : first.seq - 1;
}

function isSame(some: readonly Rest[], others: readonly Rest[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ segment, bytes }, at) => others[at]?.segment === segment && others[at].bytes.equals(bytes))
  );
}

const windowBytes = 1 << 18;

/** What lines are read into, one segment after the other: it grows with the longest. */
interface Room {
  bytes: Buffer;
}

/** Whole lines of one segment, from its beginning: each ends with a newline and holds no zero. */
class Lines {
  readonly #disk: Disk;
  readonly #segment: OpenSegment;
  readonly #room: Room;
  /** Where the next line begins. */
  at = 0;
  /** What was read, in the room, and from where. */
  #window: Buffer = Buffer.alloc(0);
  #windowAt = 0;

  constructor(disk: Disk, segment: OpenSegment, room: Room) {
    this.#disk = disk;
    this.#segment = segment;
    this.#room = room;
  }

  /** Null where there is no more whole line, yet: what is behind the last one is read again each time. */
  next(): { readonly at: number; readonly bytes: Buffer } | null {
    const line = this.#lineIn(this.#window.subarray(this.at - this.#windowAt));
    if (line !== null) return this.#took(line);
    for (let want = windowBytes; ; want *= 2) {
      if (this.#room.bytes.length < want) this.#room.bytes = Buffer.allocUnsafe(want);
      this.#windowAt = this.at;
      this.#window = readInto(this.#disk, this.#segment.fd, this.at, this.#room.bytes.subarray(0, want));
      const found = this.#lineIn(this.#window);
      if (found !== null) return this.#took(found);
      if (this.#window.length < want || this.#window.includes(0)) return null;
    }
  }

  #lineIn(bytes: Buffer): Buffer | null {
    const newline = bytes.indexOf(10);
    const line = bytes.subarray(0, newline + 1);
    return newline < 0 || line.includes(0) ? null : line;
  }

  #took(bytes: Buffer): { readonly at: number; readonly bytes: Buffer } {
    const { at } = this;
    this.at += bytes.length;
    return { at, bytes };
  }
}
