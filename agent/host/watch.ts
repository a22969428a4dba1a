/**
 * Notices when covered paths change. Events are hints: each leads to a look at what is there, and only another identity
 * counts. The truth is a sweep, which looks at everything again and again, opens and lists nothing, and asks another
 * process about mounts that may not answer. A sentinel proves that events arrive.
 *
 * Looks are synchronous lstat(2) calls, a few milliseconds at a time: a tenth of the work of asynchronous ones, and an
 * event is answered in the turn in which it arrives. What they cannot survive is a local disk that stops answering.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Degraded } from "../facts/agent-facts.ts";
import { type Mounts, mountsByPoint, readMountinfo } from "./mounts.ts";
import { bursts } from "./watch-bursts.ts";
import { Covered, type Entry, type Subject } from "./watch-covered.ts";
import { degradedBy } from "./watch-degraded.ts";
import { Folders } from "./watch-folders.ts";
import { type WatchLimits, watchLimits } from "./watch-limits.ts";
import { pace } from "./watch-pace.ts";
import { type Proof, Sentinel } from "./watch-sentinel.ts";
import type { Unseen, Watch, WatchOptions, WatchState } from "./watching.ts";

/** Between looks at everything while nobody knows whether events arrive, and after bursts. */
const soonMs = 5_000;
/** A burst that lasts is looked at while it lasts, not at its first event. */
const burstMs = 250;
const splay = 0.1;
const mountsAgeMs = 1_000;
/** Paths that are looked at without letting anything else in between. */
const mostAtOnce = 100;
/** Of `lookElsewhere`, which bounds itself: this is for one that does not. */
const elsewhereMs = 60_000;

/** `mountinfo` is the text of /proc/self/mountinfo, read again for each sweep. */
export function watch(options: WatchOptions, mountinfo: () => string = readMountinfo): Watch {
  return new Watching(options, mountinfo);
}

type Due = Subject | string;

class Watching implements Watch {
  readonly #options: WatchOptions;
  readonly #mountinfo: () => string;
  readonly #folders: Folders<Subject | Sentinel>;
  readonly #covered: Covered<Sentinel>;
  readonly #sentinel: Sentinel;
  readonly #pace = pace<Due>((due) => this.#look(due));
  readonly #running = new Set<Promise<unknown>>();
  readonly #ended = new AbortController();
  readonly #bursts;
  #mounts: { readonly mounts: Mounts; readonly readMs: number };
  #limits: WatchLimits = watchLimits();
  #covering: Promise<void> = Promise.resolve();
  #sweeping: Promise<readonly string[]> | null = null;
  #nextSweep: Promise<readonly string[]> | null = null;
  #round: NodeJS.Timeout | null = null;
  #hasBegun = false;
  #isInRound = false;
  #soonSweep: NodeJS.Timeout | null = null;
  #soonSweptMs = Number.NEGATIVE_INFINITY;
  #elsewhere: Promise<ReadonlyMap<string, string>> | null = null;
  /** Epoch, and the same moment on a clock that only goes on. */
  #swept: { readonly atMs: number; readonly monotonicMs: number } | null = null;
  #latencyMs: number | null = null;
  #lateSinceMs: number | null = null;
  #rearmedMs = Number.NEGATIVE_INFINITY;
  #overflow: { readonly waited: number; readonly monotonicMs: number } | null = null;
  #unwritten: string | null = null;

  constructor(options: WatchOptions, mountinfo: () => string) {
    this.#options = options;
    this.#mountinfo = mountinfo;
    this.#mounts = { mounts: mountsByPoint(mountinfo()), readMs: performance.now() };
    this.#bursts = bursts(this.#limits.waitingEvents, {
      burst: () => this.#sweepSoon(),
      overflow: (waited) => this.#overflowed(waited),
    });
    this.#folders = new Folders(
      {
        hinted: (subjects) => this.#hinted(subjects),
        moved: (folder) => this.#pace.touch(folder),
        opened: (subjects) => this.#opened(subjects),
        arrived: () => this.#bursts.arrived(),
      },
      options.mostWatches ?? Number.POSITIVE_INFINITY,
    );
    this.#covered = new Covered(this.#folders, this.#mounts.mounts);
    this.#sentinel = new Sentinel(options.sentinelFolder);
    if (this.#sentinel.hop !== null) this.#folders.hold(this.#sentinel.hop, this.#sentinel);
  }

  cover(paths: readonly string[]): Promise<void> {
    const wanted = new Set(paths);
    this.#covering = this.#covering.then(() => this.#cover(wanted));
    return this.#tracked(this.#covering);
  }

  /** A sweep that is under way began before something may have happened: whoever asks gets the one after it. */
  sweep(): Promise<readonly string[]> {
    if (this.#sweeping === null) return this.#begin();
    this.#nextSweep ??= this.#sweeping.then(() => {
      this.#nextSweep = null;
      return this.#begin();
    });
    return this.#nextSweep;
  }

  async prove(): Promise<number | null> {
    await this.#folders.settled();
    const { hop } = this.#sentinel;
    if (this.#hasEnded) return null;
    if (hop !== null && !this.#folders.isLive(hop.folder)) return this.#cannotProve();
    const proof = await this.#tracked(this.#sentinel.prove());
    this.#judge(proof);
    return proof.kind === "seen" ? proof.ms : null;
  }

  state(): WatchState {
    const { entries } = this.#covered;
    return {
      paths: entries.length,
      absent: entries.filter((entry) => this.#covered.isAbsent(entry)).length,
      byEvents: entries.filter((entry) => this.#covered.isByEvents(entry)).length,
      degraded: this.#degraded(),
      blind: this.#isBlind(),
      lastSweepMs: this.#swept?.atMs ?? null,
      latencyMs: this.#latencyMs,
      watches: this.#folders.live,
      watchLimit: this.#limits.watches,
    };
  }

  unseen(): Unseen {
    const paths = this.#covered.entries.filter(isUnseen).map(({ path }) => path);
    return { everything: this.#isBlindToAll(), paths, lastSweepMs: this.#swept?.atMs ?? null };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    if (this.#round !== null) clearTimeout(this.#round);
    if (this.#soonSweep !== null) clearTimeout(this.#soonSweep);
    this.#pace.end();
    this.#bursts.end();
    await this.#sentinel.end();
    await this.#folders.end();
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  get #hasEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  /**
   * Changes could go unseen for longer than the time between two sweeps: a path was never looked at or its file system
   * does not answer, the last sweep is too long ago, or events are known not to arrive.
   */
  #isBlind(): boolean {
    return this.#isBlindToAll() || this.#covered.entries.some(isUnseen);
  }

  #isBlindToAll(): boolean {
    if (this.#swept === null || this.#lateSinceMs !== null) return true;
    const oldestMs = this.#options.sweepMs * (1 + splay) + soonMs;
    return performance.now() - this.#swept.monotonicMs > oldestMs;
  }

  #degraded(): Degraded[] {
    return degradedBy({
      entries: this.#covered.entries,
      folders: [...this.#folders.states()],
      sweepMs: this.#options.sweepMs,
      watches: this.#folders.live,
      watchLimit: this.#limits.watches,
      mostWatches: this.#options.mostWatches,
      isLate: this.#lateSinceMs !== null,
      overflow: this.#overflow?.waited ?? null,
      unwritten: this.#unwritten,
      sentinelFolder: this.#options.sentinelFolder,
    });
  }

  async #cover(wanted: ReadonlySet<string>): Promise<void> {
    if (this.#hasEnded) return;
    const added = this.#covered.set(wanted);
    if (this.#hasBegun) await this.#lookFirst(added);
    else await this.sweep();
    await this.#folders.settled();
    if (this.#hasEnded || this.#hasBegun) return;
    this.#hasBegun = true;
    this.#schedule(this.#betweenMs());
    await this.prove();
  }

  /** Looks at paths that are new, some at a time. Where another process must look at one of them a sweep asks it. */
  async #lookFirst(added: readonly Entry[]): Promise<void> {
    this.#readMounts(mountsAgeMs);
    for (let at = 0; at < added.length; at += mostAtOnce) {
      this.#covered.look(added.slice(at, at + mostAtOnce), false);
      await nextTurn();
      if (this.#hasEnded) return;
    }
    if (added.some((entry) => entry.mount !== null)) await this.sweep();
  }

  #begin(): Promise<readonly string[]> {
    this.#sweeping = this.#sweep().finally(() => {
      this.#sweeping = null;
    });
    return this.#tracked(this.#sweeping);
  }

  async #sweep(): Promise<readonly string[]> {
    if (this.#hasEnded) return [];
    const startedMs = performance.now();
    this.#limits = watchLimits();
    this.#readMounts(0);
    this.#folders.retry();
    const here: string[] = [];
    for (const changed of this.#covered.slices()) {
      here.push(...changed);
      await nextTurn();
      if (this.#hasEnded) return [];
    }
    this.#tell(here, "sweep");
    const elsewhere = await this.#askElsewhere();
    if (this.#hasEnded) return [];
    this.#tell(elsewhere, "sweep");
    this.#swept = { atMs: Date.now(), monotonicMs: performance.now() };
    if (this.#overflow !== null && this.#overflow.monotonicMs < startedMs) this.#overflow = null;
    return [...here, ...elsewhere];
  }

  /** One question at a time: while there is no answer nothing more is asked. */
  async #askElsewhere(): Promise<string[]> {
    const asked = this.#covered.elsewhere();
    if (asked.length === 0) return [];
    if (this.#elsewhere !== null) return this.#covered.answered(asked, new Map());
    const asking = this.#options.lookElsewhere(asked).catch(() => new Map<string, string>());
    this.#elsewhere = asking;
    void asking.then(() => {
      this.#elsewhere = null;
    });
    return this.#covered.answered(asked, await this.#inTime(asking));
  }

  /** No answers where they take too long, or nobody wants them any more. */
  #inTime(asking: Promise<ReadonlyMap<string, string>>): Promise<ReadonlyMap<string, string>> {
    const { signal } = this.#ended;
    return new Promise((resolve) => {
      const none = () => settle(new Map());
      const timer = setTimeout(none, elsewhereMs);
      const settle = (answers: ReadonlyMap<string, string>): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", none);
        resolve(answers);
      };
      signal.addEventListener("abort", none);
      void asking.then(settle);
    });
  }

  #tell(paths: readonly string[], via: "watch" | "sweep"): void {
    if (paths.length > 0 && !this.#hasEnded) this.#options.changed(paths, via);
  }

  #hinted(subjects: readonly (Subject | Sentinel)[]): void {
    for (const subject of subjects) {
      if (subject.kind === "sentinel") subject.seen();
      else this.#pace.touch(subject);
    }
  }

  #look(due: ReadonlySet<Due>): void {
    this.#readMounts(mountsAgeMs);
    const all = [...due];
    this.#tell(
      this.#covered.look(
        all.filter((one) => typeof one !== "string"),
        true,
      ),
      "watch",
    );
    for (const folder of all.filter((one) => typeof one === "string")) this.#folders.reopen(folder);
  }

  #opened(subjects: ReadonlySet<Subject | Sentinel>): void {
    const covered = [...subjects].filter((subject) => subject.kind !== "sentinel");
    this.#tell(this.#covered.look(covered, false), "watch");
  }

  #readMounts(oldestMs: number): void {
    if (performance.now() - this.#mounts.readMs < oldestMs) return;
    this.#mounts = { mounts: mountsByPoint(this.#mountinfo()), readMs: performance.now() };
    this.#covered.mounts = this.#mounts.mounts;
  }

  /** Without a watch nothing says whether the others work; `degraded` says why there is none. */
  #cannotProve(): null {
    this.#latencyMs = null;
    this.#lateSinceMs = null;
    return null;
  }

  #judge(proof: Proof): void {
    if (proof.kind === "ended") return;
    this.#unwritten = proof.kind === "unwritten" ? proof.code : null;
    this.#latencyMs = proof.kind === "seen" ? proof.ms : null;
    if (proof.kind !== "late") return;
    const isNew = this.#lateSinceMs === null;
    this.#lateSinceMs ??= performance.now();
    if (isNew && !this.#isInRound) this.#schedule(0);
  }

  #overflowed(waited: number): void {
    this.#overflow = { waited, monotonicMs: performance.now() };
    this.#sweepSoon();
  }

  /** Not at each sign of a burst that goes on. */
  #sweepSoon(): void {
    if (this.#soonSweep !== null || this.#hasEnded) return;
    const waitMs = Math.max(burstMs, this.#soonSweptMs + soonMs - performance.now());
    this.#soonSweep = setTimeout(() => {
      this.#soonSweep = null;
      this.#soonSweptMs = performance.now();
      void this.#tracked(this.sweep());
    }, waitMs);
  }

  #schedule(waitMs: number): void {
    if (this.#hasEnded) return;
    if (this.#round !== null) clearTimeout(this.#round);
    this.#round = setTimeout(() => void this.#tracked(this.#goRound()), waitMs);
  }

  /** Proves and sweeps; where events do not arrive, with all watches set anew. */
  async #goRound(): Promise<void> {
    this.#isInRound = true;
    const wasLate = this.#lateSinceMs !== null;
    if (wasLate) await this.#rearm();
    const startedMs = performance.now();
    const [latencyMs] = await Promise.all([this.prove(), this.sweep()]);
    if (latencyMs !== null && this.#lateSinceMs !== null && this.#lateSinceMs < startedMs) this.#lateSinceMs = null;
    this.#isInRound = false;
    this.#schedule(this.#lateSinceMs !== null && !wasLate ? 0 : this.#betweenMs());
  }

  #betweenMs(): number {
    const isUnsure = this.#lateSinceMs !== null || this.#unwritten !== null;
    const ms = isUnsure ? Math.min(soonMs, this.#options.sweepMs) : this.#options.sweepMs;
    return ms * (1 - splay + 2 * splay * Math.random());
  }

  async #rearm(): Promise<void> {
    if (performance.now() - this.#rearmedMs < this.#options.sweepMs) return;
    this.#rearmedMs = performance.now();
    this.#folders.rearm();
    await this.#folders.settled();
  }

  #tracked<T>(task: Promise<T>): Promise<T> {
    this.#running.add(task);
    const done = () => this.#running.delete(task);
    task.then(done, done);
    return task;
  }
}

function isUnseen({ identity, isAnswered }: Entry): boolean {
  return identity === null || !isAnswered;
}
