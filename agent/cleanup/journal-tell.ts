/**
 * What became of files, from the journal to events: pages of at most 64 KiB, each with the mark to be kept with it in one
 * transaction, so that nothing is left out and nothing is told twice whatever ends in between.
 */
import { type Disk, readAll, realDisk } from "./journal-disk.ts";
import { lineAt, openAll } from "./journal-read.ts";
import { headOf, intentOf, outcomeOf, settledOf } from "./journal-records.ts";
import { type OpenSegment, scan } from "./journal-scan.ts";
import type { FileOutcome, Intended, Settled } from "./outcome.ts";

/** One file, as an engine reads it: exactly one of `path` (below the root, where it is UTF-8) and `pathHex`. */
export interface ToldFile {
  readonly path?: string;
  /** Bytes in hex, the whole path. */
  readonly pathHex?: string;
  /** Bytes, and nanoseconds since 1970; decimal. */
  readonly size: string;
  readonly mtime: string;
  readonly outcome: FileOutcome["outcome"];
  readonly code: FileOutcome["code"];
  readonly detail: string;
  readonly sha256: string | null;
}

/** The data of one `cleanup.completed`. */
export interface ToldPage {
  readonly retention: string;
  readonly account: string;
  readonly root: string;
  readonly run: string;
  readonly because: Intended["because"];
  /** The plan's whole hash. */
  readonly plan: string;
  /** RFC 3339: when the last of these outcomes was written. */
  readonly at: string;
  /** Where in the journal the last of these outcomes stands: `RECORD.FILES`, the files of that record until there. */
  readonly page: string;
  readonly outcomes: readonly ToldFile[];
}

export type Telling =
  | { readonly kind: "page"; readonly data: ToldPage; readonly mark: string }
  /** Outcomes that the mark does not cover are not in the journal any more; `mark` is where it goes on. */
  | { readonly kind: "missed"; readonly mark: string; readonly message: string };

export const mostPageBytes = 65_536;

/** Files of one run stand in one page where they fit, also those of several groups. */
export function* settledSince(folder: string, mark: string | null, disk: Disk = realDisk): Generator<Telling> {
  const after = parsedMark(mark);
  using opened = openAll(disk, folder);
  const segments = fromMark(disk, opened.segments, after.seq);
  const [first] = segments;
  if (first === undefined) return;
  const before = anchorSeq(disk, first);
  // 0: nothing was told yet, and the first segment of all begins with the journal.
  if (before !== null && after.seq < before && !(after.seq === 0 && first.number === 1))
    yield missed(before + 1, `the journal begins behind record ${before}, and what was told last is ${after.seq}`);
  let last = 0;
  let page: Page | null = null;
  for (const { head, line } of scan(disk, segments)) {
    last = head.seq;
    if (head.kind !== "outcome" || head.seq < after.seq) continue;
    const { seq, at, where, outcomes } = outcomeOf(line);
    const intentLine = lineAt(disk, opened.segments, where);
    if (intentLine === null) {
      if (page !== null) yield page.told();
      page = null;
      yield missed(seq + 1, `record ${seq} of the journal settles files of a segment that is gone`);
      continue;
    }
    const intended = intentOf(intentLine);
    for (const [index, settled] of settledOf(intended, outcomes).entries()) {
      if (seq === after.seq && index < after.files) continue;
      const file = toldOf(settled);
      if (page !== null && !page.takes(intended, file)) {
        yield page.told();
        page = null;
      }
      page ??= new Page(intended);
      page.add(file, at, `${seq}.${index + 1}`);
    }
  }
  if (page !== null) yield page.told();
  // What comes from now on would have numbers that pass for told.
  if (last < after.seq - 1 && last > 0)
    yield missed(last + 1, `the journal ends at record ${last}, and what was told last is ${after.seq}: it was cut`);
}

function missed(seq: number, message: string): Telling {
  return { kind: "missed", mark: `${seq}.0`, message };
}

class Page {
  readonly #intended: Intended;
  readonly #outcomes: ToldFile[] = [];
  #bytes: number;
  #at = "";
  #mark = "";

  constructor(intended: Intended) {
    this.#intended = intended;
    this.#bytes = sizeOf(this.#data()) + spareBytes;
  }

  takes(intended: Intended, file: ToldFile): boolean {
    const { run, retention, account, root, plan, because } = this.#intended;
    const isOfRun =
      intended.run === run &&
      intended.retention === retention &&
      intended.account === account &&
      intended.root === root &&
      intended.plan === plan &&
      intended.because === because;
    return isOfRun && this.#bytes + sizeOf(file) + 1 <= mostPageBytes;
  }

  add(file: ToldFile, at: string, mark: string): void {
    this.#outcomes.push(file);
    this.#bytes += sizeOf(file) + 1;
    this.#at = at;
    this.#mark = mark;
  }

  told(): Telling {
    return { kind: "page", data: this.#data(), mark: this.#mark };
  }

  #data(): ToldPage {
    const { retention, account, root, run, because, plan } = this.#intended;
    const [at, page] = [this.#at, this.#mark];
    return { retention, account, root, run, because, plan, at, page, outcomes: this.#outcomes };
  }
}

/** For the time and the mark, which are not known at first. */
const spareBytes = 64;

function sizeOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function toldOf({ path, identity, outcome, code, detail, sha256 }: Settled): ToldFile {
  const { size, mtimeNs } = identity;
  return { ...named(path), size, mtime: mtimeNs, outcome, code, detail, sha256 };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function named(path: readonly string[]): { readonly path: string } | { readonly pathHex: string } {
  const hex = path.join("2f");
  try {
    return { path: utf8.decode(Buffer.from(hex, "hex")) };
  } catch {
    return { pathHex: hex };
  }
}

interface Mark {
  readonly seq: number;
  readonly files: number;
}

/** A mark is what this file made; anything else is none. */
function parsedMark(mark: string | null): Mark {
  const [, seq, files] = /^(\d{1,15})\.(\d{1,5})$/.exec(mark ?? "") ?? [];
  return { seq: Number(seq ?? 0), files: Number(files ?? 0) };
}

/** From the segment on that holds this record. */
function fromMark(disk: Disk, segments: readonly OpenSegment[], seq: number): readonly OpenSegment[] {
  const at = segments.findLastIndex((segment) => {
    const anchor = anchorSeq(disk, segment);
    return anchor !== null && anchor < seq;
  });
  return segments.slice(Math.max(0, at));
}

/** The number of the record before the segment's first one; null where it was not begun. */
function anchorSeq(disk: Disk, segment: OpenSegment): number | null {
  const head = headOf(readAll(disk, segment.fd, 0, 256));
  return head === null ? null : head.seq - 1;
}
