/** Writes events as JSON lines to a file that any collector tails; acknowledged when they are on the disk. */
import type { FileSinkDocument } from "../documents/host-kinds.ts";
import type { SinkState } from "../facts/index.ts";
import type { Cursor, Page } from "../store/index.ts";
import { LineFile } from "./line-file.ts";
import { eventText, type Leaving, snapshotTexts } from "./outgoing.ts";
import { pauseMs } from "./pace.ts";
import { Rounds } from "./rounds.ts";
import type { RunningSink, SinkParts } from "./sink.ts";

/** A disk is near, and trying costs little. */
const mostPauseMs = 30_000;
const mostLineBytes = 1_048_576;

/** Lines of a snapshot, masked as they were allowed to leave when they were made. */
interface Pending {
  readonly share: Leaving["share"];
  readonly lines: readonly string[];
}

export function startFile(sink: FileSinkDocument, parts: SinkParts): RunningSink {
  return new FileSink(sink, parts);
}

class FileSink implements RunningSink {
  readonly #sink: FileSinkDocument;
  readonly #parts: SinkParts;
  readonly #file: LineFile;
  readonly #rounds: Rounds;
  /** Lines of a snapshot that are still to be written, because events are no longer held that it stands for. */
  #snapshot: Pending | null = null;
  #snapshots = 0;
  /** The place after which something is missing, of which a snapshot told. */
  #toldMissed: string | null = null;

  constructor(sink: FileSinkDocument, parts: SinkParts) {
    this.#sink = sink;
    this.#parts = parts;
    this.#file = new LineFile(sink);
    const failed = (failures: number) => pauseMs(failures, parts.chance(), null, mostPauseMs);
    this.#rounds = new Rounds(sink, parts, () => this.#turn(), failed);
  }

  wake(): void {
    this.#rounds.wake();
  }

  state(): SinkState {
    return this.#rounds.state(this.#sink.path);
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
    // A file system that does not answer keeps its descriptor; the agent's end takes it.
    void this.#file.close();
  }

  async #turn(): Promise<void> {
    const { store, share, source } = this.#parts;
    const allowed = share();
    if (allowed === null) return this.#rounds.waitForGrant();
    this.#rounds.acknowledgeOwed();
    const cursor = store.cursor(this.#sink.name);
    const page = store.events(cursor);
    const at = { source, share: allowed };
    const isOld = this.#snapshot !== null && this.#snapshot.share !== allowed;
    if (isOld || (page.missed && this.#isNews(cursor))) this.#snapshot = this.#snapshotNow(at);
    if (this.#snapshot !== null) return this.#writeSnapshot(this.#snapshot);
    if (page.events.length > 0) return this.#write(page, at);
    return this.#rounds.idle((signal) => store.eventAfter(store.head, signal));
  }

  async #write({ events }: Page, at: Leaving): Promise<void> {
    const count = await this.#append(events.map((event) => eventText(event, at)));
    const last = events[count - 1];
    if (last !== undefined) this.#rounds.acknowledge(last);
  }

  /** Whoever tails the file lost nothing that a snapshot does not hold. */
  async #writeSnapshot({ share, lines }: Pending): Promise<void> {
    const rest = lines.slice(await this.#append(lines));
    this.#snapshot = rest.length === 0 ? null : { share, lines: rest };
  }

  async #append(lines: readonly string[]): Promise<number> {
    this.#rounds.sending();
    const count = await this.#file.append(lines);
    this.#rounds.taken();
    this.#rounds.keepSent(`${lines.slice(0, count).join("\n")}\n`);
    return count;
  }

  #isNews(cursor: Cursor | null): boolean {
    const place = JSON.stringify(cursor);
    const isNews = this.#toldMissed !== place;
    this.#toldMissed = place;
    return isNews;
  }

  #snapshotNow(at: Leaving): Pending {
    const { store, nowMs } = this.#parts;
    this.#snapshots += 1;
    const about = { nowMs: nowMs(), instance: store.instance, count: this.#snapshots };
    return { share: at.share, lines: snapshotTexts(store.snapshot(), about, at, mostLineBytes) };
  }
}
