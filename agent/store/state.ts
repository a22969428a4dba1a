import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { type Cursor, cursorText, type Epoch, type FindingState, stateDigest } from "../drift/index.ts";
import type { Baseline } from "../facts/index.ts";
import { type Beside, writeBeside } from "./beside.ts";
import { body, number, type Row, text } from "./database.ts";
import { type Lived, lived } from "./lived.ts";
import { failure } from "./problem.ts";
import { type ReleaseAnswer, type ReleaseCount, releaseAnswer, type StoredRelease } from "./releases.ts";
import { dropEvents, dropRecords, lostDraft } from "./retention.ts";
import type { Statements } from "./statements.ts";
import type {
  AccountState,
  Change,
  Committed,
  DeadLetter,
  Happening,
  LostData,
  Page,
  Queue,
  RunRecord,
  Snapshot,
  Store,
  StoredEvent,
  StoreFailure,
} from "./store.ts";
import { append, cursorIn, eventIn, pageAfter, placeOf, type Stretch } from "./stream.ts";
import { type Done, type Totals, Writer } from "./writer.ts";

/** What is known of the state's owner; written beside the database with each epoch. */
export type Owner = Omit<Beside, "n" | "r">;

export interface Surroundings {
  readonly folder: string;
  readonly owner: Owner;
  readonly notices: readonly string[];
  readonly nowMs: number;
  /** Milliseconds that only go forward. */
  elapsedMs(): number;
  /** Lets go of the folder. */
  release(): void;
}

/** How far above ours an epoch may begin, so that a lying engine cannot use up the numbers. */
const epochLeap = 1_000_000;
const highestEpoch = 999_999_999;
const sentBytes = 8 << 20;
const mostHappened = 10_000;
/** Empty pages of the file that are kept for what comes next; what is over it is given back, some at a time. */
const sparePages = 512;
const pagesGivenBack = 256;

/** The store over an open, sound database; `begin` is its first call. */
export class State implements Store {
  readonly #around: Surroundings;
  readonly #writer: Writer;
  readonly #lived: Lived;
  /** What waits for a sink, counted once and then kept along. */
  readonly #waiting = new Map<string, { events: number; bytes: number }>();
  readonly #waiters = new Set<{ readonly after: Cursor; readonly wake: () => void }>();
  /** Of the last epoch that the database names; before `begin` that is the one of the start before. */
  #epoch: Stretch = { n: 0, r: "", base: 0 };
  #previous: Cursor | null = null;
  /** The wall clock of the last transaction before this start. */
  readonly livedUntilMs: number | null;

  constructor(connection: DatabaseSync, around: Surroundings) {
    this.#around = around;
    this.#writer = new Writer(around.folder, connection);
    this.livedUntilMs = this.#writer.totals.wall > 0 ? this.#writer.totals.wall : null;
    this.#lived = lived(this.#writer.totals.lived, around.nowMs - this.#writer.totals.wall, around.elapsedMs);
    this.#writer.reopened = () => this.#readEpochs();
    this.#readEpochs();
  }

  get hostId(): string {
    return this.#around.owner.hostId;
  }
  get instance(): string {
    return this.#around.owner.instance;
  }
  get notices(): readonly string[] {
    return this.#around.notices;
  }
  get epoch(): Epoch {
    return { n: this.#epoch.n, r: this.#epoch.r };
  }
  get previous(): Cursor | null {
    return this.#previous;
  }
  get head(): Cursor {
    return { ...this.epoch, seq: this.#writer.totals.head - this.#epoch.base };
  }
  get size(): Store["size"] {
    const { events, bytes, lost } = this.#writer.totals;
    return { events, bytes, lost };
  }

  /**
   * Begins the epoch of this start, above the last one and above `aboveN`. `lost`, what salvage could not bring back, is told
   * by the first event of it, and every place before it counts as missed.
   */
  begin(nowMs: number, aboveN: number, lost: LostData | null): Committed {
    const begun = this.#beginEpoch(nowMs, aboveN, lost);
    if (begun.kind === "refused") return begun;
    try {
      this.#writeBeside();
      return begun;
    } catch (error) {
      return failure(this.#around.folder, error);
    }
  }

  newEpoch(nowMs: number, aboveN = 0): Committed {
    const most = this.#epoch.n + epochLeap;
    if (aboveN > most) {
      const message = `the engine: expected to hold an epoch of at most ${most}, found ${aboveN}; look whose events it holds`;
      return { kind: "refused", code: "failed", message };
    }
    const begun = this.#beginEpoch(nowMs, aboveN, null);
    if (begun.kind === "refused") return begun;
    try {
      this.#writeBeside();
    } catch {
      // The database has the epoch; the file beside it is for a database that cannot be read, and is written at each start.
    }
    return begun;
  }

  commit(change: Change): Committed {
    if (isEmpty(change)) return { kind: "committed", events: [] };
    const { bytes } = this.#writer.totals;
    const outcome = this.#write((now, next) => {
      putFindings(now, change);
      putAccounts(now, change);
      putReleases(now, change);
      putRecords(now, next, change);
      return append(now, next, this.#epoch, change.events ?? [], change.nowMs);
    });
    return this.#tell(outcome, bytes);
  }

  findings(account?: string): FindingState[] {
    const { findings, findingsOf } = this.#writer.now();
    return (account === undefined ? findings.all() : findingsOf.all(account)).map(body<FindingState>);
  }

  snapshot(account?: string): Snapshot {
    const findings = this.findings(account);
    return { asOf: this.head, findings, digest: stateDigest(findings) };
  }

  accounts(): AccountState[] {
    return this.#writer
      .now()
      .accounts.all()
      .map(body<AccountState>);
  }

  lastRun(account: string): RunRecord | null {
    const row = this.#writer.now().lastRun.get(account);
    return row === undefined ? null : body<RunRecord>(row);
  }

  runs({ most, account, before = Number.MAX_SAFE_INTEGER }: Parameters<Store["runs"]>[0]) {
    const { runs, runsOf } = this.#writer.now();
    const rows = account === undefined ? runs.all(before, most + 1) : runsOf.all(account, before, most + 1);
    const shown = rows.slice(0, most);
    const last = shown.at(-1);
    const next = rows.length > most && last !== undefined ? number(last, "id") : null;
    return { runs: shown.map(body<RunRecord>), next };
  }

  happenings(kind: Happening["kind"], key: string, sinceMs: number): number[] {
    const rows = this.#writer.now().happenings.all(kind, key, Math.floor(sinceMs));
    return rows.map((row) => number(row, "at"));
  }

  happened(kind: Happening["kind"], key: string, sinceMs: number, most = mostHappened): Happening[] {
    // What lies between the key itself and the key with what comes after a space.
    const end = key === "" ? String.fromCodePoint(0x10ffff) : `${key}!`;
    const rows = this.#writer.now().happened.all(kind, key, end, Math.floor(sinceMs), most);
    return rows.map((row) => ({ kind, key: text(row, "key"), atMs: number(row, "at") }));
  }

  runTimes(account: string): number[] {
    return this.#writer
      .now()
      .runTimes.all(account)
      .map((row) => Date.parse(text(row, "at")));
  }

  eventsAbout(fingerprint: string, most: number): StoredEvent[] {
    return this.#writer.now().eventsAbout.all(`finding ${fingerprint}`, most).map(eventIn);
  }

  baseline(account: string): Baseline | null {
    const row = this.#writer.now().baseline.get(account);
    return row === undefined ? null : body<Baseline>(row);
  }

  release(key: string): StoredRelease | null {
    const row = this.#writer.now().release.get(key);
    return row === undefined ? null : body<StoredRelease>(row);
  }

  releases(retention?: string, answer?: ReleaseAnswer): StoredRelease[] {
    const { releases, releasesOf, releasesAnswered } = this.#writer.now();
    // There may be many: their texts need not all be held at once.
    if (retention === undefined) return Array.from(releases.iterate(), body<StoredRelease>);
    const rows = answer === undefined ? releasesOf.iterate(retention) : releasesAnswered.iterate(retention, answer);
    return Array.from(rows, body<StoredRelease>);
  }

  releasesEnded(nowMs: number, most: number): StoredRelease[] {
    return this.#writer
      .now()
      .endedReleases.all(Math.floor(nowMs), most)
      .map(body<StoredRelease>);
  }

  releaseCounts(): ReleaseCount[] {
    const rows = this.#writer.now().countReleases.all();
    return rows.map((row) => ({
      retention: text(row, "retention"),
      answer: releaseAnswer(text(row, "answer")),
      rows: number(row, "rows"),
    }));
  }

  mark(name: string): string | null {
    const row = this.#writer.now().mark.get(name);
    return row === undefined ? null : text(row, "value");
  }

  events(after: Cursor | null, account?: string): Page {
    return pageAfter(this.#writer.now(), this.#writer.totals, this.head, after, account);
  }

  eventAfter(after: Cursor, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isBehind(after)) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiters.delete(waiter);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const waiter = { after, wake };
      this.#waiters.add(waiter);
      signal.addEventListener("abort", wake);
    });
  }

  cursor(sink: string): Cursor | null {
    const row = this.#writer.now().sink.get(sink);
    return row === undefined || row.n === null ? null : cursorIn(row);
  }

  acknowledge(sink: string, through: Cursor): StoreFailure | null {
    const now = this.#writer.now();
    const place = placeOf(now, this.#writer.totals, through);
    if (place === null) return this.#unknownPlace(sink, through);
    const row = now.sink.get(sink);
    if (row !== undefined && row.n !== null && number(row, "place") >= place) return null;
    const before = row === undefined ? 0 : number(row, "place");
    const done = this.#write(() => now.putSink.run(sink, through.n, through.r, through.seq, place));
    if (done.kind === "refused") return done;
    const waiting = this.#waiting.get(sink);
    const taken = this.#writer.now().between.get(before, place);
    if (waiting === undefined) return null;
    waiting.events -= number(taken, "events");
    waiting.bytes -= number(taken, "bytes");
    return null;
  }

  rewind(sink: string): StoreFailure | null {
    const done = this.#write((now) => now.putSink.run(sink, null, null, null, 0));
    this.#waiting.delete(sink);
    return done.kind === "refused" ? done : null;
  }

  deadLetter(sink: string, event: StoredEvent, why: string, nowMs: number): StoreFailure | null {
    const id = cursorText(event);
    const letter: DeadLetter = { id, sink, at: new Date(nowMs).toISOString(), why };
    const done = this.#write((now, next) => now.putLetter.run(sink, id, next.lived, JSON.stringify(letter)));
    return done.kind === "refused" ? done : null;
  }

  deadLetters(sink: string): DeadLetter[] {
    return this.#writer
      .now()
      .letters.all(sink)
      .map(body<DeadLetter>);
  }

  queue(sink: string): Queue {
    const now = this.#writer.now();
    const row = now.sink.get(sink);
    const place = row === undefined ? 0 : number(row, "place");
    const { events, bytes } = this.#waitingOf(now, sink, place);
    const oldest = now.nextEvent.get(place);
    return {
      waiting: events,
      bytes,
      deadLetters: number(now.countLetters.get(sink), "rows"),
      oldest: oldest === undefined ? null : eventIn(oldest).time,
    };
  }

  keepSent(sink: string, sentBody: Uint8Array, nowMs: number): StoreFailure | null {
    const done = this.#write((now) => {
      now.putSent.run(sink, new Date(nowMs).toISOString(), sentBody);
      let bytes = 0;
      for (const row of now.sentSizes.all()) {
        bytes += number(row, "bytes");
        if (bytes <= sentBytes) continue;
        now.dropSent.run(number(row, "id"));
        break;
      }
    });
    return done.kind === "refused" ? done : null;
  }

  sent(): ReturnType<Store["sent"]> {
    return this.#writer
      .now()
      .sent.all()
      .map((row) => ({ sink: text(row, "sink"), at: text(row, "at"), body: bytes(row) }));
  }

  housekeeping(nowMs: number, queueBytes: number): Committed {
    const outcome = this.#write((now, next) => {
      dropRecords(now, next.lived);
      const lost = dropEvents(now, next, queueBytes);
      return append(
        now,
        next,
        this.#epoch,
        lost.map((data) => lostDraft(this.instance, data)),
        nowMs,
      );
    });
    if (outcome.kind === "refused") return outcome;
    this.#waiting.clear();
    this.#tidy();
    return this.#tell(outcome, 0);
  }

  close(): void {
    if (this.#writer.isClosed) return;
    for (const { wake } of [...this.#waiters]) wake();
    try {
      this.#write(() => null);
    } finally {
      this.#writer.close();
      this.#around.release();
    }
  }

  #write<Value>(work: (now: Statements, next: Totals) => Value): Done<Value> | StoreFailure {
    return this.#writer.write((now, next) => {
      next.lived = Math.max(next.lived, this.#lived.nowMs());
      return work(now, next);
    });
  }

  /** What was committed becomes known to those who wait for it. */
  #tell(outcome: Done<StoredEvent[]> | StoreFailure, bytesBefore: number): Committed {
    if (outcome.kind === "refused") return outcome;
    const events = outcome.value;
    const bytes = this.#writer.totals.bytes - bytesBefore;
    for (const waiting of this.#waiting.values()) {
      waiting.events += events.length;
      waiting.bytes += bytes;
    }
    for (const waiter of [...this.#waiters]) if (this.#isBehind(waiter.after)) waiter.wake();
    return { kind: "committed", events };
  }

  #beginEpoch(nowMs: number, aboveN: number, lost: LostData | null): Committed {
    const n = Math.max(this.#epoch.n, aboveN) + 1;
    if (n > highestEpoch) {
      const message = `${this.#around.folder}: expected an epoch of at most ${highestEpoch}, found that all are used; move the folder away`;
      return { kind: "refused", code: "failed", message };
    }
    const outcome = this.#write((now, next) => {
      if (this.#epoch.n > 0) now.endEpoch.run(next.head - this.#epoch.base, this.#epoch.n);
      if (lost !== null) {
        next.head++; // A place that nobody has read: whoever was at the last one has missed something, too.
        next.dropped = next.head;
        next.lost += lost.count ?? 0;
        now.forgetOwed.run();
      }
      const stretch = { n, r: randomBytes(4).toString("hex"), base: next.head };
      now.beginEpoch.run(stretch.n, stretch.r, stretch.base);
      next.wall = nowMs;
      return append(now, next, stretch, lost === null ? [] : [lostDraft(this.instance, lost)], nowMs);
    });
    if (outcome.kind === "done") this.#readEpochs();
    return this.#tell(outcome, 0);
  }

  #readEpochs(): void {
    const [last, before] = this.#writer.now().lastEpochs.all();
    if (last !== undefined) this.#epoch = { n: number(last, "n"), r: text(last, "r"), base: number(last, "base") };
    this.#previous =
      before === undefined ? null : { n: number(before, "n"), r: text(before, "r"), seq: number(before, "last") };
    this.#waiting.clear();
  }

  #writeBeside(): void {
    writeBeside(this.#around.folder, { ...this.#around.owner, ...this.epoch });
  }

  #isBehind(after: Cursor): boolean {
    const place = placeOf(this.#writer.now(), this.#writer.totals, after);
    return place === null || place < this.#writer.totals.head;
  }

  #waitingOf(now: Statements, sink: string, place: number): { events: number; bytes: number } {
    const known = this.#waiting.get(sink);
    if (known !== undefined) return known;
    const row = now.waiting.get(place);
    const waiting = { events: number(row, "events"), bytes: number(row, "bytes") };
    this.#waiting.set(sink, waiting);
    return waiting;
  }

  #unknownPlace(sink: string, through: Cursor): StoreFailure {
    const message = `sink ${sink}: expected a place up to ${cursorText(this.head)}, found ${cursorText(through)}; offer the events again`;
    return { kind: "refused", code: "failed", message };
  }

  /**
   * Copies the log back while nobody waits for a commit, and gives empty pages back, a MiB at a time. Where there is no
   * room for that, nothing is lost by it: the next commit says so.
   */
  #tidy(): void {
    if (this.#writer.tidy("wal_checkpoint(PASSIVE)") !== null) return;
    const empty = number(this.#writer.now().emptyPages.get(), "freelist_count");
    if (empty > sparePages) this.#writer.tidy(`incremental_vacuum(${pagesGivenBack})`);
  }
}

function isEmpty({ nowMs: _, marks = {}, ...lists }: Change): boolean {
  return Object.keys(marks).length === 0 && Object.values(lists).every((list) => !list?.length);
}

function putFindings(now: Statements, { put = [], remove = [] }: Change): void {
  for (const fingerprint of remove) now.removeFinding.run(fingerprint);
  for (const state of put) now.putFinding.run(state.finding.fingerprint, state.finding.account, JSON.stringify(state));
}

function putAccounts(now: Statements, { accounts = [], removeAccounts = [], baselines = [] }: Change): void {
  for (const name of removeAccounts) now.removeAccount.run(name);
  for (const account of accounts) now.putAccount.run(account.name, JSON.stringify(account));
  for (const baseline of baselines) now.putBaseline.run(baseline.account, JSON.stringify(baseline));
}

function putReleases(now: Statements, { releases = [], removeReleases = [], marks = {} }: Change): void {
  for (const key of removeReleases) now.removeRelease.run(key);
  for (const each of releases) {
    const { key, retention, answer, expiresAt } = each;
    now.putRelease.run(key, retention, answer, Date.parse(expiresAt), JSON.stringify(each));
  }
  for (const [name, value] of Object.entries(marks)) now.putMark.run(name, value);
}

function putRecords(now: Statements, next: Totals, { runs = [], happened = [], nowMs }: Change): void {
  next.wall = nowMs;
  for (const run of runs) now.putRun.run(run.account, next.lived, JSON.stringify(run));
  for (const { kind, key, atMs } of happened) now.putHappening.run(kind, key, Math.floor(atMs), next.lived);
}

function bytes(row: Row): Uint8Array {
  if (!(row.body instanceof Uint8Array)) throw new Error("state database: expected bytes in body");
  return row.body;
}
