/**
 * Clean-up as the agent does it: it plans each Retention when it is due, applies what may go by itself, and tells what became
 * of it. One run at a time on a mount; before anything is removed below a root, what an earlier run left open there is
 * settled.
 */
import { randomUUID } from "node:crypto";
import { backlogOf, historyOf, historyText } from "../cleanup/backlog.ts";
import {
  type Allowed,
  type Applied,
  candidateKey,
  countingReleases,
  endReleases,
  type Following,
  followReleases,
  type KeptPlan,
  keptForMs,
  leastDigits,
  type OutcomeSum,
  type Performed,
  type ToApply,
  takeReleases,
} from "../cleanup/index.ts";
import { type Granted, type Removal, type Retention, removalOf } from "../documents/index.ts";
import type { EventDraft } from "../drift/index.ts";
import type { Account, RetentionFacts } from "../facts/index.ts";
import type { AskedRelease, Released, StoredRelease } from "../store/index.ts";
import { Cleaning, type Order, type OrderEnd } from "./cleaning.ts";
import { dueOf, looksEveryMs } from "./cleanup-due.ts";
import { CleanupJournal } from "./cleanup-journal.ts";
import { type CleanupBecause, plannedEvent, planTold, type Refused, refusedEvent } from "./cleanup-told.ts";
import type { CleanerWorld, Space } from "./cleanup-world.ts";
import { SteadyClock } from "./steady-clock.ts";
import { every, later } from "./timers.ts";

/** On different mounts. */
const mostAtOnce = 2;
const lookDeadlineMs = 300_000;
const lookMs = 10_000;
const spaceMs = 60_000;
const othersMs = 600_000;
const mostEnded = 1_000;

export type KeptHere = Pick<KeptPlan, "kind" | "hash" | "holds" | "retention">;

/** Why nothing was done; told where it is new. */
interface None {
  readonly kind: "none";
  readonly refused: Refused;
}

export class Cleaner {
  readonly #world: CleanerWorld;
  readonly #signal: AbortSignal;
  readonly #cleanings = new Map<string, Cleaning>();
  readonly #journal: CleanupJournal;
  readonly #clock: SteadyClock;
  readonly #busyMounts = new Set<number>();
  readonly #running = new Set<Promise<void>>();
  #timer = new AbortController();
  /** By root that no Retention has any more, when it was last tried to settle what was left open there. */
  readonly #othersTriedMs = new Map<string, number>();

  /** `signal` ends all of it. */
  constructor(world: CleanerWorld, signal: AbortSignal) {
    this.#world = world;
    this.#signal = signal;
    this.#clock = new SteadyClock(world.nowMs(), world.monotonicMs());
    this.#journal = new CleanupJournal(world, signal);
    // Whoever releases files before it begins is answered by what is in force already.
    this.#takeDocuments();
  }

  get all(): readonly Cleaning[] {
    return [...this.#cleanings.values()];
  }

  get journal(): CleanupJournal {
    return this.#journal;
  }

  get granted(): Granted {
    return this.#world.inForce().granted;
  }

  /** What rules about the backlog are judged by. */
  facts(): readonly RetentionFacts[] {
    const { granted } = this;
    const nowMs = this.#world.monotonicMs();
    return this.all.map(({ retention, backlog, seenMs, refused }) => {
      const { name, account, root, plan } = retention;
      const removal = removalOf(granted, account, root);
      const applied = isAutomatic(retention, removal, "schedule") ? "automatically" : "by-hand";
      return {
        ...{ retention: name, account, root, backlog },
        applied: removal.kind === "granted" ? applied : "plan-only",
        sinceSeconds: seenMs === null ? 0 : Math.round((nowMs - seenMs) / 1000),
        everySeconds: Math.round(Math.min(plan.everyMs ?? looksEveryMs, looksEveryMs) / 1000),
        problem: unseen.has(refused?.code ?? "") ? (refused?.message ?? "") : "",
      };
    });
  }

  /** Begins; what an earlier process left open comes first. */
  start(): void {
    this.reloaded();
    every(
      () => lookMs,
      this.#signal,
      () => this.look(),
    );
    every(
      () => spaceMs,
      this.#signal,
      () => {
        this.#endReleases();
        return this.#lookAtSpace();
      },
    );
  }

  /** The documents in force may be others: what runs by one that no longer holds is called off. */
  reloaded(): void {
    this.#takeDocuments();
    for (const { retention, calledOff, applyingBy } of this.all) {
      const removal = removalOf(this.granted, retention.account, retention.root);
      if (applyingBy !== null && JSON.stringify(removal) !== JSON.stringify(applyingBy)) calledOff?.abort();
    }
    void this.#lookAtSpace();
    this.look();
  }

  /** Keeps what was released, durably, before it comes back; what it may let go is looked at soon. */
  release(by: StoredRelease["by"], asked: readonly AskedRelease[]): Released {
    const { store, keeper, nowMs: clock } = this.#world;
    const nowMs = clock();
    const { answers, change, due } = takeReleases(by, asked, (name) => this.#allowed(name), store, nowMs);
    const kept = keeper.keepNow({ ...change, nowMs });
    if (kept.kind === "refused") return { kind: "refused", message: kept.message };
    for (const name of due) {
      const cleaning = this.#cleanings.get(name);
      if (cleaning !== undefined) cleaning.releasedMs ??= this.#world.monotonicMs();
    }
    if (due.length > 0) this.look();
    return { kind: "released", answers };
  }

  /** Resolves when the plan was applied, or could not be. */
  apply(retention: string, plan: Order["plan"]): Promise<OrderEnd> {
    const cleaning = this.#cleanings.get(retention);
    if (cleaning === undefined)
      return Promise.resolve({ problem: `${retention}: no Retention of this name is in force`, run: null });
    return new Promise((done) => {
      cleaning.orders.push({ plan, done });
      this.look();
    });
  }

  /** A plan that could not be kept in the state folder; null where there is none that begins so. */
  planKeptHere(prefix: string): KeptHere | null {
    if (prefix.length < leastDigits) return null;
    for (const { keptHere, retention } of this.all) {
      if (keptHere === null || !keptHere.hash.startsWith(prefix) || this.#world.nowMs() >= keptHere.expiresAtMs)
        continue;
      const { hash, keys } = keptHere;
      return { kind: "plan", hash, holds: (key) => keys.has(key), retention: retention.name };
    }
    return null;
  }

  /** Begins what is due, and comes back when the next one is. */
  look(): void {
    if (this.#signal.aborted) return;
    this.#trust();
    if (this.#needsJournal()) this.#journal.look();
    let nextMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#world.monotonicMs();
    for (const cleaning of this.all) {
      if (cleaning.isRunning) continue;
      const due = dueOf(cleaning.waiting, nowMs);
      if (due.kind === "later") nextMs = Math.min(nextMs, due.inMs);
      else this.#begin(cleaning, due.because === "look" && this.#hasReleases(cleaning) ? "release" : due.because);
    }
    this.#settleOthers(nowMs);
    this.#lookIn(nextMs);
  }

  /** Resolves when nothing runs any more; whoever called off waits for little. */
  async drained(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** It takes room on the disk: only where something may go, or once did. */
  #needsJournal(): boolean {
    const mayGo = ({ retention: { account, root } }: Cleaning) =>
      removalOf(this.granted, account, root).kind === "granted";
    return this.all.some(mayGo) || this.#world.cleanup.hasJournal();
  }

  #allowed(name: string): Allowed | null {
    const retention = this.#cleanings.get(name)?.retention;
    if (retention === undefined) return null;
    return { retention, removal: removalOf(this.granted, retention.account, retention.root) };
  }

  /** Releases whose time is over go, some at a time, while nobody doubts what time it is. */
  #endReleases(): void {
    if (this.#trust() !== "trusted") return;
    const { store, keeper, nowMs: clock } = this.#world;
    const nowMs = clock();
    keeper.keepNow({ ...endReleases(store.releasesEnded(nowMs, mostEnded), nowMs), nowMs });
  }

  /** What was left open below roots that no Retention has any more. */
  #settleOthers(nowMs: number): void {
    const roots = new Set(this.all.map(({ retention }) => retention.root));
    for (const root of [...this.#journal.openRoots].filter((each) => !roots.has(each))) {
      if (nowMs - (this.#othersTriedMs.get(root) ?? Number.NEGATIVE_INFINITY) < othersMs) continue;
      const mount = this.#world.cleanup.mountOf(root);
      // It is looked again as soon as the mount is free.
      if (this.#busyMounts.has(mount) || this.#world.cleanup.isStuck(root)) continue;
      this.#othersTriedMs.set(root, nowMs);
      this.#holding(mount, async () => {
        const problem = await this.#journal.reconcile(root, this.#signal);
        if (problem !== null) this.#world.log("warn", problem.message, { code: problem.code });
      });
    }
  }

  /** Nothing else begins on this mount before it is done. */
  #holding(mount: number, run: () => Promise<void>): void {
    this.#busyMounts.add(mount);
    const running = run().finally(() => {
      this.#busyMounts.delete(mount);
      this.#running.delete(running);
      this.look();
    });
    this.#running.add(running);
  }

  #takeDocuments(): void {
    const { retentions } = this.#world.inForce();
    const named = new Map(retentions.map((each) => [each.name, each]));
    for (const [name, { retention, calledOff, orders }] of this.#cleanings) {
      const now = named.get(name);
      if (now !== undefined && saysTheSame(now, retention)) continue;
      calledOff?.abort();
      for (const order of orders) order.done({ problem: `${name}: the documents changed meanwhile`, run: null });
      this.#cleanings.delete(name);
    }
    for (const retention of retentions) {
      const known = this.#cleanings.get(retention.name);
      if (known === undefined) this.#cleanings.set(retention.name, new Cleaning(retention));
      else known.retention = retention;
    }
    this.#rememberReleases();
  }

  /** What was released before an earlier process ended, or before the documents said so, waits for no other release. */
  #rememberReleases(): void {
    for (const { retention, answer } of this.#world.store.releaseCounts()) {
      const cleaning = this.#cleanings.get(retention);
      if (answer === "accepted" && cleaning !== undefined) cleaning.releasedMs ??= this.#world.monotonicMs();
    }
  }

  #lookIn(ms: number): void {
    this.#timer.abort();
    this.#timer = new AbortController();
    if (ms < lookMs) later(Math.max(ms, 1), AbortSignal.any([this.#timer.signal, this.#signal]), () => this.look());
  }

  /** They wait for something else by now: that a file grows old, or that nobody has it open any more. */
  #hasReleases({ retention: { name } }: Cleaning): boolean {
    return this.#world.store
      .releaseCounts()
      .some(({ retention, answer }) => retention === name && answer === "accepted");
  }

  #trust(): "trusted" | "not-trusted" {
    return this.#clock.look(this.#world.nowMs(), this.#world.monotonicMs());
  }

  #begin(cleaning: Cleaning, because: CleanupBecause): void {
    const { cleanup, monotonicMs } = this.#world;
    const { root } = cleaning.retention;
    const mount = cleanup.mountOf(root);
    if (cleanup.isStuck(root)) {
      const message = `${root}: expected its file system to answer, found an earlier look that still waits for it`;
      this.#refuse(cleaning, { code: "stuck", message });
      for (const order of cleaning.orders.splice(0)) order.done({ problem: message, run: null });
      return;
    }
    if (this.#busyMounts.has(mount) || this.#busyMounts.size >= mostAtOnce) return;
    const { signal } = cleaning.begin(because, monotonicMs());
    this.#holding(mount, () => this.#run(cleaning, because, AbortSignal.any([signal, this.#signal])));
  }

  async #run(cleaning: Cleaning, because: CleanupBecause, signal: AbortSignal): Promise<void> {
    const order = because === "by-hand" ? cleaning.orders.shift() : undefined;
    let performed: Performed | null = null;
    const { run: before } = cleaning;
    let problem = "";
    try {
      const outcome = await this.#performed(cleaning, because, order ?? null, signal);
      if (outcome.kind === "planned") performed = outcome;
      else if (!signal.aborted) this.#refuse(cleaning, outcome.refused);
      problem = outcome.kind === "planned" ? orderProblem(cleaning, outcome.applied) : outcome.refused.message;
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
      this.#world.log("error", "a clean-up failed", { retention: cleaning.retention.name, error: problem });
    }
    cleaning.end(because, performed, this.#world.monotonicMs());
    order?.done({ problem, run: cleaning.run === before ? null : cleaning.run });
  }

  async #performed(
    cleaning: Cleaning,
    because: CleanupBecause,
    order: Order | null,
    signal: AbortSignal,
  ): Promise<Extract<Performed, { kind: "planned" }> | None> {
    const { cleanup, store, nowMs } = this.#world;
    const { retention } = cleaning;
    const account = await this.#accountOf(retention);
    if (typeof account === "string") return none("account", account);
    const hindrance = this.#needsJournal() ? await this.#journal.reconcile(retention.root, signal) : null;
    if (this.#mayHoldStrangers(retention)) await this.#journal.countStrangers(retention.root, account, signal);
    const space = await cleanup.spaceOf(retention.root, account, signal);
    // Nothing is waited for from here until it applies: if the Grant changes later, `reloaded` knows what to call off.
    const removal = removalOf(this.granted, retention.account, retention.root);
    cleaning.withheld = withheldBy(removal) || (hindrance?.message ?? "");
    const { journal } = this.#journal;
    const mayApply = cleaning.withheld === "" && (order !== null || isAutomatic(retention, removal, because));
    const at = nowMs();
    const stored = retention.after === "release" ? store.releases(retention.name, "accepted") : [];
    const following = followReleases(stored, retention.depth);
    const toApply: ToApply | null =
      mayApply && journal !== null && because !== "look"
        ? { journal, run: randomUUID(), because, only: order?.plan ?? null }
        : null;
    cleaning.applyingBy = toApply === null ? null : removal;
    const performed = await cleanup.perform({
      retention,
      account,
      releases: countingReleases(stored, { retention, removal }, at),
      moment: { nowMs: at, clock: this.#trust() },
      apply: toApply,
      isListed: false,
      prepare: removal.kind === "granted",
      deadlineMs: lookDeadlineMs,
      signal,
      look: (batch) => following.look(batch),
    });
    if (performed.kind === "none") return none(performedCodes[performed.code], performed.because);
    this.#keepPlan(cleaning, performed, because, at);
    const hasRemoved = performed.applied?.outcomes.has("removed") ?? false;
    const left = hasRemoved ? await cleanup.spaceOf(retention.root, account, signal) : space;
    this.#reckon(cleaning, performed, at, left ?? space);
    if (performed.applied !== null) {
      await this.#applied(cleaning, performed.applied, because, signal);
      if (lyingOf(performed.applied) > 0) await this.#journal.countStrangers(retention.root, account, signal);
    }
    const isTold = !this.#needsJournal() || (await this.#journal.isTold());
    // What lies in quarantine is not absent, nor is what was removed and is not told yet.
    this.#answer(following, isTold && !this.#journal.openRoots.has(retention.root));
    const strangers = this.#journal.strangersIn(retention.root) ?? 0;
    const refused = hindrance ?? refusedOf(performed.applied, strangers);
    if (refused === null) this.#well(cleaning);
    else if (!signal.aborted) this.#refuse(cleaning, refused);
    return performed;
  }

  /** Some did when it was looked last, be it by an earlier process. */
  #mayHoldStrangers({ name, root }: Retention): boolean {
    const known = this.#journal.strangersIn(root);
    return known === null ? this.#world.store.mark(`cleanup refused ${name}`) === "in-quarantine" : known > 0;
  }

  /** What became of it is told; what a run left open that ended in the midst is settled. */
  async #applied(cleaning: Cleaning, applied: Applied, because: CleanupBecause, signal: AbortSignal): Promise<void> {
    const at = new Date(this.#world.nowMs()).toISOString();
    const outcomes = [...applied.outcomes.values()].map((sum) => ({ ...sum, bytes: Number(sum.bytes) }));
    for (const { outcome, ...sum } of outcomes)
      if (outcome === "removed") this.#world.measures.removedFiles(cleaning.retention.name, sum);
    if (outcomes.length > 0) cleaning.run = { run: applied.run, at, because, outcomes };
    if (applied.refused !== null) this.#journal.refused(applied.refused);
    else if (applied.unfinished !== "") await this.#journal.reconcile(cleaning.retention.root, signal);
    await this.#journal.tell();
    // What goes for want of room goes no longer than it is wanted.
    if (applied.outcomes.has("removed")) await this.#lookAtSpace();
  }

  #keepPlan(
    cleaning: Cleaning,
    { decision, applied }: Extract<Performed, { kind: "planned" }>,
    because: CleanupBecause,
    madeAtMs: number,
  ): void {
    const { retention } = cleaning;
    const { remove: candidates, hash } = decision;
    const expiresAtMs = madeAtMs + keptForMs;
    const plan = planTold(decision, new Date(madeAtMs).toISOString(), new Date(expiresAtMs).toISOString());
    cleaning.plan = plan;
    cleaning.keptHere = null;
    if (applied === null && candidates.length > 0) {
      const { name, root } = retention;
      const kept = this.#world.cleanup.keepPlan({ hash, retention: name, root, madeAtMs, candidates });
      if (kept.kind === "refused")
        cleaning.keptHere = { hash, keys: new Set(candidates.map(candidateKey)), expiresAtMs };
    }
    const applies = cleaning.withheld === "" ? retention.apply : "plan-only";
    const event = plannedEvent(retention, plan, { clock: decision.clock.kind, because, applies });
    this.#tellOnce(`planned ${retention.name}`, hash, event);
  }

  /** After what was removed was told: of the others those that turned out to be changed, or absent. */
  #answer(following: Following, isWhole: boolean): void {
    const { store, keeper, nowMs: clock } = this.#world;
    const nowMs = clock();
    // Where the store has no room for it, the next look finds it again.
    keeper.keepNow({ ...following.changed(isWhole, store, nowMs), nowMs });
  }

  /** What lies there, and how it grows; where nobody could say how much is free, what was known stays. */
  #reckon(
    cleaning: Cleaning,
    { decision, applied }: Extract<Performed, { kind: "planned" }>,
    atMs: number,
    space: Space | null,
  ): void {
    if (space === null) return;
    const { store, keeper, monotonicMs } = this.#world;
    const mark = `cleanup history ${cleaning.retention.name}`;
    cleaning.history ??= historyOf(store.mark(mark));
    const removed = applied?.outcomes.get("removed") ?? { files: 0, bytes: 0n };
    const { backlog, history } = backlogOf({
      ...{ retention: cleaning.retention, decision, removed, atMs, steadyMs: monotonicMs() },
      ...{ free: space.freeBytes, total: space.totalBytes, history: cleaning.history },
      lastReclaimedMs: removed.files > 0 ? atMs : cleaning.history.lastReclaimedMs,
    });
    cleaning.backlog = backlog;
    cleaning.history = history;
    keeper.keep(mark, () => ({ nowMs: this.#world.nowMs(), marks: { [mark]: historyText(history) } }));
  }

  #refuse(cleaning: Cleaning, refused: Refused): void {
    cleaning.refused = refused;
    this.#tellOnce(`refused ${cleaning.retention.name}`, refused.code, refusedEvent(cleaning.retention, refused));
  }

  #well(cleaning: Cleaning): void {
    cleaning.refused = null;
    this.#tellOnce(`refused ${cleaning.retention.name}`, "", null);
  }

  /** `word`: what is remembered beyond this process, so that the same is not told again. */
  #tellOnce(what: string, word: string, event: EventDraft | null): void {
    const { store, keeper, nowMs } = this.#world;
    const mark = `cleanup ${what}`;
    if ((store.mark(mark) ?? "") === word && !keeper.isUnsaved(mark)) return;
    keeper.keep(mark, () => ({ nowMs: nowMs(), marks: { [mark]: word }, events: event === null ? [] : [event] }));
  }

  async #accountOf({ account: name, origin }: Retention): Promise<Account | string> {
    const { names } = this.#world;
    const answer = await names.account(name);
    if (answer.kind === "unavailable") return `${name}: ${answer.why}`;
    if (answer.kind === "absent") return `${origin.file}: expected an account of this host, found "${name}"`;
    const { account } = answer;
    if (names.callerUid === 0 || names.callerUid === account.uid) return account;
    return `expected an agent of root's or of ${name}'s, found one of uid ${names.callerUid}`;
  }

  async #lookAtSpace(): Promise<void> {
    const asked = this.all.filter(({ retention }) => retention.plan.whenFreeBelowPercent !== null);
    for (const cleaning of asked) {
      const { account: name, root, plan } = cleaning.retention;
      const answer = await this.#world.names.account(name);
      if (answer.kind !== "account" || this.#world.cleanup.isStuck(root)) continue;
      const space = await this.#world.cleanup.spaceOf(root, answer.account, this.#signal);
      if (space === null) continue;
      cleaning.isUnderPressure = space.freeBytes * 100 < space.totalBytes * (plan.whenFreeBelowPercent ?? 0);
    }
    if (asked.some(({ isUnderPressure }) => isUnderPressure)) this.look();
  }
}

/** Of reasons those for which nothing was seen. */
const unseen: ReadonlySet<string> = new Set(["root-refused", "stuck", "unseen", "account", "failed"]);
const performedCodes = { refused: "root-refused", stuck: "stuck", failed: "failed", unseen: "unseen" } as const;

function none(code: Refused["code"], message: string): None {
  return { kind: "none", refused: { code, message } };
}

function withheldBy(removal: Removal): string {
  if (removal.kind === "granted") return "";
  return removal.kind === "no-grant"
    ? "there is no Grant, so it stays a plan"
    : "the Grant does not let files go here, so it stays a plan";
}

function isAutomatic({ apply }: Retention, removal: Removal, because: CleanupBecause): boolean {
  return because !== "look" && apply === "automatically" && removal.kind === "granted" && removal.apply === apply;
}

function orderProblem({ withheld, retention }: Cleaning, applied: Applied | null): string {
  if (applied !== null) return applied.unfinished;
  return `${retention.name}: ${withheld === "" ? "it was not applied" : withheld}`;
}

/** What somebody has to know who reads no outcomes; null where all went as it should. */
function refusedOf(applied: Applied | null, strangers: number): Refused | null {
  if (applied !== null && applied.refused !== null)
    return { code: `journal-${applied.refused.code}`, message: applied.refused.message };
  if (applied !== null && applied.unfinished !== "") return { code: "unfinished", message: applied.unfinished };
  const files = Math.max(strangers, lyingOf(applied));
  if (files === 0) return refusedBySystem(applied);
  const message = `${files} ${files === 1 ? "file lies" : "files lie"} in .rcwarden-quarantine and could be put back nowhere, or are none of ours; move them by hand`;
  return { code: "in-quarantine", message };
}

/** How many were taken, and could be put back nowhere. */
function lyingOf(applied: Applied | null): number {
  return filesOf(applied, ({ outcome }) => outcome === "in-quarantine");
}

function filesOf(applied: Applied | null, is: (sum: OutcomeSum) => boolean): number {
  return [...(applied?.outcomes.values() ?? [])].filter(is).reduce((sum, { files }) => sum + files, 0);
}

function refusedBySystem(applied: Applied | null): Refused | null {
  const files = filesOf(applied, ({ outcome, code }) => stayed.has(outcome) && code === "refused");
  if (files === 0) return null;
  const message = `${files} ${files === 1 ? "file that was to go stays" : "files that were to go stay"}, for the system refused it; rcwarden cleanup journal says why`;
  return { code: "unfinished", message };
}

const stayed: ReadonlySet<string> = new Set(["kept", "put-back"]);

function saysTheSame({ origin: _, ...one }: Retention, { origin: __, ...other }: Retention): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
