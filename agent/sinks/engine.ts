/**
 * Sends events to an engine by HTTPS: in order, one request at a time, nothing acknowledged that was not taken. What the
 * rules are stands in YOUR-ENGINE.md; what a reply means in judge.ts; when to try again in pace.ts.
 */
import type { EngineSinkDocument } from "../documents/host-kinds.ts";
import type { SinkState } from "../facts/index.ts";
import {
  type AskedRelease,
  type Cursor,
  cursorText,
  heartbeatEvent,
  type Page,
  parseCursor,
  parseRelease,
  type StoredEvent,
  type StoreFailure,
} from "../store/index.ts";
import { judge, type Outcome, type Problem } from "./judge.ts";
import { readKeyFiles } from "./key-files.ts";
import { batchText, eventText, fitting, type Leaving, snapshotTexts } from "./outgoing.ts";
import { leastPauseMs, mendingPauseMs, pauseMs } from "./pace.ts";
import { type EngineAnswer, mostBatchBytes, mostBatchEvents } from "./protocol.ts";
import { Rounds, SinkError } from "./rounds.ts";
import { SenderLink } from "./sender-link.ts";
import type { RunningSink, SinkParts } from "./sink.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** More than this waiting, or an hour without a word: the engine is told the state before its history. */
const manyWaiting = 1000;
const leastPartBytes = 65_536;
/**
 * A host that was set back missed so many starts at most; a higher claim is taken for an engine's error. One that lies at
 * every hour would need more than ten years to use up the numbers of epochs.
 */
const mostMissedStarts = 10_000;
type Offer =
  | { readonly kind: "events"; readonly events: readonly StoredEvent[]; readonly texts: readonly string[] }
  | { readonly kind: "part"; readonly texts: readonly string[] }
  | { readonly kind: "heartbeat"; readonly texts: readonly string[] };

/** A snapshot under way: made once, so that all its parts are of one state. */
interface Snapshot {
  readonly asOf: Cursor;
  readonly madeAtMs: number;
  readonly share: Leaving["share"];
  readonly texts: readonly string[];
  sent: number;
}

export function startEngine(sink: EngineSinkDocument, parts: SinkParts): RunningSink {
  return new EngineSink(sink, parts);
}

class EngineSink implements RunningSink {
  readonly #sink: EngineSinkDocument;
  readonly #parts: SinkParts;
  readonly #link: SenderLink;
  readonly #rounds: Rounds;

  #mostEvents = mostBatchEvents;
  #mostPartBytes = mostBatchBytes - 2;
  /** The engine was away or is new: what it missed decides whether it gets a snapshot first. */
  #isResuming = true;
  /** `now`: before anything else. `wish`: the engine's own, heard at most once a minute. */
  #snapshotDue: "no" | "wish" | "now" = "now";
  #snapshot: Snapshot | null = null;
  #snapshots = 0;
  #lastSnapshot: { readonly asOf: Cursor; readonly atMs: number } | null = null;
  /** The place after which something is missing, of which a snapshot told. */
  #toldMissed: string | null = null;
  /** One event was refused while nothing else was taken lately: a heartbeat tells whether the event is at fault. */
  #mustKnow = false;
  #heartbeatAtMs: number;
  #rolledBackMs: number | null = null;
  #lastNote: string | null = null;
  /** What of the last releases was not taken. */
  #notReleased = "";

  constructor(sink: EngineSinkDocument, parts: SinkParts) {
    this.#sink = sink;
    this.#parts = parts;
    this.#link = new SenderLink(parts);
    this.#heartbeatAtMs = parts.elapsedMs() + minuteMs;
    this.#rounds = new Rounds(
      sink,
      parts,
      () => this.#turn(),
      (failures) => this.#backoffMs(failures),
    );
  }

  wake(): void {
    this.#rounds.wake();
  }

  state(): SinkState {
    const sentBy = this.#link.identity;
    const note = this.#notReleased;
    return { ...this.#rounds.state(this.#sink.url), ...(sentBy !== null && { sentBy }), ...(note !== "" && { note }) };
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
    this.#link.end();
  }

  async #turn(): Promise<void> {
    const { share, source, nowMs } = this.#parts;
    const allowed = share();
    if (allowed === null) return this.#rounds.waitForGrant();
    this.#rounds.acknowledgeOwed();
    const offer = this.#next({ source, share: allowed });
    if (offer === null) return this.#idle();
    const files = await readKeyFiles(this.#sink);
    if (files.kind === "problem")
      return this.#rounds.fail("stopped", files.problem, (failures) => this.#soonMs(failures));
    this.#rounds.sending();
    const { url, proxy, timeoutMs } = this.#sink;
    const body = batchText(offer.texts);
    const reply = await this.#link.post({ url, proxy, timeoutMs, body, material: files.material });
    if (this.#rounds.ending.aborted) return;
    if (reply.kind === "answered" || reply.left) this.#rounds.keepSent(body);
    const outcome = judge(reply, { ...this.#sink, certificate: files.certificate }, nowMs());
    if (outcome.kind !== "taken") this.#isResuming = true;
    await this.#after(offer, outcome);
  }

  async #idle(): Promise<void> {
    const { store, elapsedMs, later } = this.#parts;
    this.#isResuming = true;
    const toHeartbeatMs = Math.max(0, this.#heartbeatAtMs - elapsedMs());
    await this.#rounds.idle((signal) =>
      Promise.race([store.eventAfter(store.head, signal), later(toHeartbeatMs, signal)]),
    );
  }

  #backoffMs(failures: number, askedMs: number | null = null): number {
    return pauseMs(failures, this.#parts.chance(), askedMs);
  }

  /** Where nothing leaves the host by trying. */
  #soonMs(failures: number): number {
    return pauseMs(failures, this.#parts.chance(), null, minuteMs);
  }

  // What to offer next.

  #next(at: Leaving): Offer | null {
    const { store } = this.#parts;
    if (this.#mustKnow) return this.#heartbeat(at);
    const cursor = store.cursor(this.#sink.name);
    const page = store.events(cursor);
    const snapshot = this.#snapshotFirst(page, cursor, at);
    if (snapshot !== null) return { kind: "part", texts: snapshot.texts.slice(snapshot.sent, snapshot.sent + 1) };
    if (page.events.length > 0) return this.#batch(page, at);
    return this.#parts.elapsedMs() >= this.#heartbeatAtMs && !this.#rounds.isStopping ? this.#heartbeat(at) : null;
  }

  #batch({ events }: Page, at: Leaving): Offer {
    const texts = events.slice(0, this.#mostEvents).map((event) => eventText(event, at));
    const count = fitting(texts, this.#mostEvents, mostBatchBytes);
    return { kind: "events", events: events.slice(0, count), texts: texts.slice(0, count) };
  }

  #heartbeat(at: Leaving): Offer {
    const { store, nowMs, heartbeat } = this.#parts;
    const data = { ...heartbeat(), waiting: store.queue(this.#sink.name).waiting };
    const event = heartbeatEvent({ head: store.head, data }, { nowMs: nowMs(), instance: store.instance }, at);
    return { kind: "heartbeat", texts: [JSON.stringify(event)] };
  }

  #snapshotFirst(page: Page, cursor: Cursor | null, at: Leaving): Snapshot | null {
    const { nowMs, elapsedMs, store } = this.#parts;
    const held = this.#snapshot;
    const isStale = held !== null && (held.share !== at.share || elapsedMs() - held.madeAtMs >= hourMs);
    if (held !== null && !isStale && this.#snapshotDue !== "now") return held;
    if (held === null && !this.#isSnapshotDue(page, cursor)) return null;
    const snapshot = store.snapshot();
    this.#snapshots += 1;
    const about = { nowMs: nowMs(), instance: store.instance, count: this.#snapshots };
    const texts = snapshotTexts(snapshot, about, at, this.#mostPartBytes);
    this.#snapshotDue = "no";
    this.#snapshot = { asOf: snapshot.asOf, madeAtMs: elapsedMs(), share: at.share, texts, sent: 0 };
    return this.#snapshot;
  }

  #isSnapshotDue(page: Page, cursor: Cursor | null): boolean {
    if (this.#snapshotDue === "now") return true;
    if (page.missed && placeText(cursor) !== this.#toldMissed) return true;
    const last = this.#lastSnapshot;
    const ageMs = last === null ? Number.POSITIVE_INFINITY : this.#parts.elapsedMs() - last.atMs;
    if (this.#snapshotDue === "wish") return ageMs >= minuteMs;
    if (!this.#isResuming) return false;
    const { store } = this.#parts;
    const { head } = store;
    const isNews = last === null || ageMs >= hourMs || head.n !== last.asOf.n || head.seq - last.asOf.seq > manyWaiting;
    return isNews && (this.#isLongAway() || store.queue(this.#sink.name).waiting > manyWaiting);
  }

  #isLongAway(): boolean {
    return this.#rounds.sinceTakenMs >= hourMs;
  }

  // What came of it.

  async #after(offer: Offer, outcome: Outcome): Promise<void> {
    if (outcome.kind === "taken") return this.#taken(offer, outcome);
    if (outcome.kind === "refused") return this.#refused(offer, outcome.problem, outcome.tooLarge);
    if (outcome.kind === "stopped") return this.#stopped(outcome.problem);
    return this.#rounds.fail("waiting", outcome.problem, (failures) => this.#backoffMs(failures, outcome.askedMs));
  }

  #taken(offer: Offer, { answer, note }: Extract<Outcome, { kind: "taken" }>): void {
    this.#rounds.taken();
    this.#heartbeatAtMs = this.#parts.elapsedMs() + minuteMs;
    this.#mustKnow = false;
    this.#isResuming = this.#isResuming && offer.kind === "heartbeat";
    if (note !== null) this.#note(`the engine's answer was not understood: ${note}`);
    if (offer.kind === "part") this.#partTaken();
    if (offer.kind === "events") {
      this.#mostEvents = Math.min(mostBatchEvents, this.#mostEvents * 2);
      this.#acknowledgeLast(offer.events);
    }
    // Last: it may rewind what was acknowledged.
    if (answer !== null) this.#heed(answer);
    if (answer?.releases !== undefined) this.#released(answer.releases);
  }

  #partTaken(): void {
    const snapshot = this.#snapshot;
    if (snapshot === null) return;
    snapshot.sent += 1;
    if (snapshot.sent < snapshot.texts.length) return;
    this.#snapshotDone(snapshot);
  }

  #snapshotDone({ asOf }: Snapshot): void {
    this.#snapshot = null;
    // What the engine wished while the parts were under way is answered by them.
    this.#snapshotDue = "no";
    this.#lastSnapshot = { asOf, atMs: this.#parts.elapsedMs() };
    this.#toldMissed = placeText(this.#parts.store.cursor(this.#sink.name));
  }

  #heed({ have, want }: EngineAnswer): void {
    if (want === "snapshot" && this.#snapshotDue === "no" && this.#snapshot === null) this.#snapshotDue = "wish";
    const held = parseCursor(have ?? "");
    if (held !== null && isAbove(held, this.#parts.store.head)) this.#rolledBack(held);
  }

  /** Each entry for itself: one that is wrong costs no other, and the batch was taken whatever they are. */
  #released(entries: readonly unknown[]): void {
    const asked: AskedRelease[] = [];
    const wrong: string[] = [];
    for (const [at, entry] of entries.entries()) {
      const parsed = parseRelease(entry, `releases[${at}]`);
      if (parsed.kind === "asked") asked.push(parsed.asked);
      else wrong.push(parsed.message);
    }
    this.#notReleased = notTaken(wrong, "was not understood");
    if (asked.length > 0) this.#ask(asked);
    if (this.#notReleased !== "") this.#note(this.#notReleased);
  }

  #ask(asked: readonly AskedRelease[]): void {
    const released = this.#parts.released(this.#sink.name, asked);
    const refused =
      released.kind === "refused"
        ? notTaken([released.message], "could not be kept")
        : notTaken(
            released.answers
              .filter(({ message }) => message !== "")
              .map(({ answer, message }) => `${answer}: ${message}`),
            "does not count",
          );
    this.#notReleased = [this.#notReleased, refused].filter((note) => note !== "").join("; ");
  }

  /** The engine holds more of us than we do: this state is an older one. */
  #rolledBack(held: Cursor): void {
    const { store, log, nowMs, elapsedMs } = this.#parts;
    const claim = { have: cursorText(held), head: cursorText(store.head) };
    const isCredible = held.n - store.head.n <= mostMissedStarts;
    if (!isCredible || (this.#rolledBackMs !== null && elapsedMs() - this.#rolledBackMs < hourMs)) {
      this.#note("the engine says that it holds more than this host has; it is not followed", claim);
      return;
    }
    log("warn", "the engine holds more than this host has: the state was set back; a new epoch begins", claim);
    const begun = store.newEpoch(nowMs(), held.n);
    if (begun.kind === "refused") throw storeError(begun);
    const refused = store.rewind(this.#sink.name);
    if (refused !== null) throw storeError(refused);
    this.#rolledBackMs = elapsedMs();
    this.#snapshot = null;
    this.#snapshotDue = "now";
    this.#tellOfEpoch(claim.have);
  }

  /** As after a start: whoever reads the stream learns where the epoch before ended, and why there is a new one. */
  #tellOfEpoch(have: string): void {
    const { store, nowMs } = this.#parts;
    const notices = [`${this.#sink.url} holds ${have}, more than this state: it was set back, and a new epoch begins`];
    const data = { previous: store.previous, notices };
    const told = store.commit({
      nowMs: nowMs(),
      events: [{ type: "agent.started", subject: store.instance, account: null, data }],
    });
    if (told.kind === "refused") throw storeError(told);
  }

  /** 400, 422, 413: the batch is halved until one event is left. */
  async #refused(offer: Offer, problem: Problem, tooLarge: boolean): Promise<void> {
    if (offer.kind === "events" && offer.events.length > 1) {
      this.#mostEvents = Math.ceil(offer.events.length / 2);
      return this.#tryAgainSoon(problem);
    }
    if (offer.kind === "part" && tooLarge && this.#mostPartBytes > leastPartBytes) {
      this.#mostPartBytes = Math.max(leastPartBytes, Math.floor(this.#mostPartBytes / 2));
      this.#snapshot = null;
      this.#snapshotDue = "now";
      return this.#tryAgainSoon(problem);
    }
    if (offer.kind === "heartbeat") return this.#heartbeatRefused(problem);
    if (tooLarge) return this.#stopped(problem);
    if (!this.#tookLately()) {
      this.#mustKnow = true;
      return this.#tryAgainSoon(problem);
    }
    if (offer.kind === "part") return this.#snapshotRefused(problem);
    return this.#deadLetter(offer.events, problem);
  }

  #tookLately(): boolean {
    return this.#rounds.sinceTakenMs < minuteMs;
  }

  async #heartbeatRefused(problem: Problem): Promise<void> {
    // Even what is never wrong is refused: it is not the event. (A proxy that wants a certificate answers 400, too.)
    if (this.#mustKnow) return this.#stopped(problem);
    this.#heartbeatAtMs = this.#parts.elapsedMs() + minuteMs;
    this.#note(`the engine does not take heartbeats: ${problem.message}`);
  }

  async #snapshotRefused(problem: Problem): Promise<void> {
    this.#note(`the engine does not take a snapshot: ${problem.message}`);
    if (this.#snapshot !== null) this.#snapshotDone(this.#snapshot);
    return this.#tryAgainSoon(problem);
  }

  async #deadLetter(events: readonly StoredEvent[], problem: Problem): Promise<void> {
    const { store, nowMs, log } = this.#parts;
    for (const event of events) {
      const refused = store.deadLetter(this.#sink.name, event, problem.message, nowMs());
      if (refused !== null) throw storeError(refused);
      log("warn", "the engine refused an event; it was put aside", { event: cursorText(event), why: problem.message });
    }
    this.#acknowledgeLast(events);
    return this.#tryAgainSoon(problem);
  }

  async #stopped(problem: Problem): Promise<void> {
    return this.#rounds.fail("stopped", problem, () => mendingPauseMs(this.#parts.chance()));
  }

  /** Another batch, another try; but never more than one a second while something is refused. */
  async #tryAgainSoon(problem: Problem): Promise<void> {
    return this.#rounds.pause("waiting", problem, leastPauseMs);
  }

  #acknowledgeLast(events: readonly StoredEvent[]): void {
    const last = events.at(-1);
    if (last !== undefined) this.#rounds.acknowledge(last);
  }

  #note(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.#lastNote === message) return;
    this.#lastNote = message;
    this.#parts.log("warn", message, { sink: this.#sink.name, ...fields });
  }
}

/** Whether the engine holds a place that the host never came to; an equal N with another R is another history. */
function isAbove(held: Cursor, ours: Cursor): boolean {
  if (held.n !== ours.n) return held.n > ours.n;
  return held.r !== ours.r || held.seq > ours.seq;
}

/** One clause for all of them: the first one's reason, and how many there are. */
function notTaken([first, ...others]: readonly string[], why: string): string {
  if (first === undefined) return "";
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return `a release in the engine's answer ${why}: ${first}${more}`;
}

function placeText(cursor: Cursor | null): string {
  return cursor === null ? "" : cursorText(cursor);
}

function storeError({ code, message }: StoreFailure): SinkError {
  return new SinkError({ code: `store-${code}`, message });
}
