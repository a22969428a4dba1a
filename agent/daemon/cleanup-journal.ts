/** The journal as the agent holds it: opened as soon as it can be, settled after a crash, and told from. */
import { setImmediate } from "node:timers/promises";
import {
  type Following,
  followReleases,
  type Journal,
  type JournalRefusal,
  type OpenIntent,
  type Recovered,
  settleBelow,
  type Telling,
} from "../cleanup/index.ts";
import type { Account } from "../facts/index.ts";
import type { Change } from "../store/index.ts";
import type { Refused } from "./cleanup-told.ts";
import type { CleanerWorld } from "./cleanup-world.ts";

/** How far of the journal the stream was told. */
const mark = "cleanup told";
const reopenMs = 10_000;
const recoverDeadlineMs = 120_000;

export class CleanupJournal implements Disposable {
  readonly #world: CleanerWorld;
  readonly #signal: AbortSignal;
  #journal: Journal | null = null;
  #refusal: JournalRefusal | null = null;
  #triedMs = Number.NEGATIVE_INFINITY;
  #telling: Promise<void> | null = null;
  /** By root: how many lie in quarantine that belong to no intent. */
  readonly #strangers = new Map<string, number>();
  /** Whether there may be something that the stream was not told. */
  #hasMore = true;

  constructor(world: CleanerWorld, signal: AbortSignal) {
    this.#world = world;
    this.#signal = signal;
  }

  /** Null where it is not open: then nothing may be removed. */
  get journal(): Journal | null {
    return this.#journal;
  }

  /** Why it cannot be written; null where it can, or where nobody needed it yet. */
  get refusal(): Refused | null {
    if (this.#refusal === null) return null;
    return { code: `journal-${this.#refusal.code}`, message: this.#refusal.message };
  }

  /** Opens it, where that was not possible before, and tells what the store had no room for. */
  look(): void {
    if (this.#opened() !== null && this.#hasMore && this.#telling === null) void this.tell();
  }

  /** Roots below which an earlier run left something open. */
  get openRoots(): ReadonlySet<string> {
    return new Set(this.#open().map(({ root }) => root));
  }

  /** How many files lie in the quarantine below this root of which no intent speaks; null where nobody looked. */
  strangersIn(root: string): number | null {
    return this.#strangers.get(root) ?? null;
  }

  /** Looks how many they are now. */
  async countStrangers(root: string, account: Account, signal: AbortSignal): Promise<void> {
    // Settling counts them, too; until then those of open intents are none.
    if (!this.openRoots.has(root)) await this.#recover(root, account, [], signal);
  }

  /** It took no more while a run wrote to it: what it says now is read from the disk anew. */
  refused(refusal: JournalRefusal): void {
    // For want of room it asks again itself.
    if (refusal.code === "full" || this.#journal === null) return;
    this.#journal[Symbol.dispose]();
    this.#journal = null;
    this.#refusal = refusal;
    this.#triedMs = this.#world.monotonicMs();
  }

  /** Settles what an earlier run left open below this root. Null where nothing hinders another one. */
  async reconcile(root: string, signal: AbortSignal): Promise<Refused | null> {
    const journal = this.#opened();
    if (journal === null) return this.refusal;
    if (!this.openRoots.has(root)) return null;
    this.#hasMore = true;
    const problems = await settleBelow(root, journal, {
      account: (name) => this.#account(name),
      recover: (below, account, open) => this.#recover(below, account, open, signal),
    });
    if (this.#hasMore) await this.tell();
    const [problem] = problems;
    return problem === undefined ? null : { code: "not-reconciled", message: problem };
  }

  /** Tells what became of files since it was told last; comes back when the store has it, or takes no more. */
  async tell(): Promise<void> {
    this.#hasMore = true;
    // What was settled meanwhile is told as well.
    while (this.#telling !== null) await this.#telling;
    this.#telling = this.#tell().finally(() => {
      this.#telling = null;
    });
    await this.#telling;
  }

  /** Whether the store has all that the journal has to tell, after one more try. */
  async isTold(): Promise<boolean> {
    if (this.#hasMore || this.#telling !== null) await this.tell();
    return this.#journal !== null && !this.#hasMore;
  }

  [Symbol.dispose](): void {
    this.#journal?.[Symbol.dispose]();
    this.#journal = null;
  }

  #opened(): Journal | null {
    const { monotonicMs, cleanup, log } = this.#world;
    if (this.#journal !== null || this.#signal.aborted || monotonicMs() - this.#triedMs < reopenMs)
      return this.#journal;
    this.#triedMs = monotonicMs();
    const opened = cleanup.openJournal();
    if (opened.kind === "refused") {
      if (this.#refusal?.message !== opened.message) log("error", opened.message, { code: `journal-${opened.code}` });
      this.#refusal = opened;
      return null;
    }
    this.#refusal = null;
    this.#journal = opened.journal;
    for (const notice of opened.journal.state().notices) log("warn", notice);
    return this.#journal;
  }

  #open(): readonly OpenIntent[] {
    const { journal } = this;
    return journal === null || journal.state().openIntents === 0 ? [] : journal.open();
  }

  async #recover(root: string, account: Account, open: readonly OpenIntent[], signal: AbortSignal): Promise<Recovered> {
    const sent = { deadlineMs: recoverDeadlineMs, signal };
    const recovered = await this.#world.cleanup.recover({ root }, account, open, sent);
    if (recovered.kind === "recovered") this.#strangers.set(root, recovered.strangersInAll);
    return recovered;
  }

  async #account(name: string): Promise<Account | null | string> {
    const answer = await this.#world.names.account(name);
    if (answer.kind === "unavailable") return `${name}: ${answer.why}`;
    return answer.kind === "absent" ? null : answer.account;
  }

  async #tell(): Promise<void> {
    const { cleanup, store, keeper } = this.#world;
    // What the store had no room for comes first; the keeper tries again.
    if (this.#signal.aborted || this.journal === null || keeper.isUnsaved(mark)) return;
    this.#hasMore = false;
    const following = new Map<string, Following>();
    for (const telling of cleanup.settledSince(store.mark(mark))) {
      keeper.keep(mark, () => this.#change(telling, following));
      this.#hasMore = keeper.isUnsaved(mark) || this.#signal.aborted;
      if (this.#hasMore) return;
      await setImmediate();
    }
  }

  /** With what it means for releases: what was told to be removed answers them in the same transaction. */
  #change(telling: Telling, following: Map<string, Following>): Change {
    const { store, nowMs: clock } = this.#world;
    const nowMs = clock();
    const marks = { [mark]: telling.mark };
    if (telling.kind === "missed") {
      const data = { code: "outcomes-missed", message: telling.message };
      const event = { type: "cleanup.refused", subject: "journal", account: null, data } as const;
      return { nowMs, marks, events: [event] };
    }
    const { data } = telling;
    const { retention, account, outcomes } = data;
    const followed = following.get(retention) ?? followReleases(store.releases(retention, "accepted"));
    following.set(retention, followed);
    followed.settled(outcomes);
    const answered = followed.changed(false, store, nowMs);
    const event = { type: "cleanup.completed", subject: retention, account, data: { ...data } } as const;
    return { ...answered, nowMs, marks: { ...answered.marks, ...marks }, events: [event, ...answered.events] };
  }
}
