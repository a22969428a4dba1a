/**
 * The agent: it watches, measures what changed, finds what is new, and keeps it. The world comes in as one value
 * (`AgentWorld`), so that a test can stand in for clock, name service and probe; start.ts makes the real one.
 */

import { hungCommands } from "../collectors/hung-commands.ts";
import type { TerminalSpan } from "../collectors/wtmp.ts";
import {
  type AgentDocument,
  type DocumentSet,
  exceptionEndMs,
  type HostDocuments,
  isMeasurable,
  isQuiet,
  noGrant,
  type Policy,
  type Problem,
  policiesInForce,
  problemText,
} from "../documents/index.ts";
import { cursorText, type DriftInput, drift, type Hint, type Via } from "../drift/index.ts";
import { exceptionFacts, modesFor, ruleDigests } from "../evaluate/index.ts";
import type { Account, AgentFacts, BaselineItem, ModeFacts, ModeId, SeenSessions } from "../facts/index.ts";
import type { Watch, WatchOptions } from "../host/watching.ts";
import type { WantedLines } from "../probe/reader.ts";
import type { Configuration } from "../runs/host-documents.ts";
import type { AccountReadings } from "../runs/measuring.ts";
import { type KnownPaths, programPaths } from "../runs/watched-paths.ts";
import type { MeasureRequest, NameService } from "../runs/world.ts";
import type { RunningSink } from "../sinks/index.ts";
import type { AgentView } from "../status/agent-view.ts";
import type { Measures } from "../status/measures.ts";
import type { RunRecord, Store } from "../store/index.ts";
import { counted, documentsDigest, hostVerdicts, otherModes, ownRules, type Ran, runAccount } from "./account-run.ts";
import { Accounts } from "./accounts.ts";
import { Cleaner } from "./cleaner.ts";
import type { CleanupWorld } from "./cleanup-world.ts";
import { Coverage } from "./coverage.ts";
import { startsOf, turnedBy, withRun } from "./history.ts";
import { Keeper } from "./keeper.ts";
import { groundOf, hintKept, hintsOf, inOrder, keyOfLines, linesWanted } from "./lead.ts";
import { Leftovers } from "./leftovers.ts";
import { OwnLimits } from "./limits.ts";
import type { Log } from "./log.ts";
import { Pictures } from "./pictures.ts";
import { type RunEnd, RunQueue } from "./queue.ts";
import { type LooksAtSessions, Sessions } from "./sessions.ts";
import type { Textfile } from "./textfile.ts";
import { every, later, splayed } from "./timers.ts";
import { viewOf } from "./view.ts";
import { type Meant, watchList } from "./watch-list.ts";
import type { Key, Watched } from "./watched.ts";
import { areOthersDue, noteOthers, noteSeen } from "./ways.ts";

/** The documents in force, and what is wrong with those that were read last. */
export interface Configured {
  readonly set: DocumentSet;
  readonly host: HostDocuments;
  readonly problems: readonly Problem[];
  /** Files and folders that documents are read from, there or not. */
  readonly paths: readonly string[];
  readonly loadedAtMs: number;
}

export interface Reloaded {
  readonly taken: boolean;
  readonly problems: readonly string[];
}

export interface AgentWorld {
  readonly version: string;
  readonly hostName: string;
  readonly instance: string;
  readonly ownerUid: number;
  readonly viewerGid: number | null;
  readonly pid: number;
  /** Accounts that the call named. */
  readonly named: readonly string[];
  readonly store: Store;
  readonly names: NameService;
  readonly log: Log;
  nowMs(): number;
  monotonicMs(): number;
  configuration(): Configuration;
  /** Begins to read the account's startup files in every mode, `first` in these. */
  readings(account: Account, first: readonly ModeId[]): AccountReadings;
  measure(request: MeasureRequest, readings: AccountReadings): Promise<ModeFacts>;
  /** What every session is made of, and the account database. */
  systemPaths(): readonly string[];
  readonly namePaths: readonly string[];
  identitiesAs(account: Account, paths: readonly string[]): Promise<ReadonlyMap<string, string>>;
  watch(options: Pick<WatchOptions, "sweepMs" | "lookElsewhere" | "changed">): Watch;
  hint(file: string): Promise<Hint | null>;
  /** Logins of the last 30 days, as far as the host tells; empty for who may not read them. */
  logins(): Promise<readonly { readonly user: string; readonly atMs: number }[]>;
  sinks(agent: Agent): readonly RunningSink[];
  readonly cleanup: CleanupWorld;
  /** Who had a terminal after this moment, in seconds since 1970; null where that is not known. */
  people(sinceMs: number): readonly TerminalSpan[] | null;
  /** Lines of a file as the account reads them, by number; null where it is another one by now, or cannot be read. */
  lines(account: Account, wanted: WantedLines, signal: AbortSignal): Promise<ReadonlyMap<number, string> | null>;
  readonly measures: Measures;
  readonly textfile: Pick<Textfile, "look" | "problem">;
  readonly looks: LooksAtSessions;
  /** Gives back memory that much work left behind. */
  giveBack(): void;
  /** Memory that this process holds. */
  residentBytes(): number;
  /** Whether another instance watches this account already; a clause that says which. */
  elsewhere(account: Account): Promise<string | null>;
  /** What an account's first runs found, for whoever started the agent by hand. */
  firstRun(ran: Ran, policies: readonly Policy[]): void;
}

/** What holds where no Agent document is. */
const noAgentDocument: Pick<AgentDocument, "reconcile" | "sinks" | "limits"> = {
  reconcile: { everyMs: 30_000, fullMs: 3_600_000 },
  sinks: [],
  limits: { probesAtOnce: 2, memoryBytes: 256 * 1_048_576, queueBytes: 64 * 1_048_576 },
};
const heartbeatMs = 60_000;
const retryMs = 5_000;
const lookMs = 10_000;
/** Of who accepts a baseline: a run takes seconds, and waits for others. */
const baselinePatienceMs = 45_000;
/** Children that look at mounts which may not answer. */
const lookersAtOnce = 8;
/** Some hundred are what a home with a large framework has. */
const mostPaths = 2_000;

export class Agent {
  readonly world: AgentWorld;
  readonly accounts: Accounts;
  readonly keeper: Keeper;
  readonly limits: OwnLimits;
  readonly startedAtMs: number;
  readonly queue: RunQueue;
  readonly cleaner: Cleaner;
  readonly pictures: Pictures;
  readonly #stopping = new AbortController();
  readonly #sessions: Sessions;
  readonly #coverage: Coverage;
  readonly #watch: Watch;
  readonly #waitingForRun = new Map<string, ((ran: Ran) => void)[]>();
  readonly #leftovers: Leftovers;
  /** When each path of an account was seen to change since its last run, epoch milliseconds. */
  readonly #saves = new Map<string, Map<string, number>>();
  /** Of a clock that never jumps: since when something is seen to have changed that no run has looked at. */
  readonly #seenFrom = new Map<string, number>();
  /** Accounts that the next run of is to be a full one. */
  readonly #full = new Set<string>();
  readonly #firstDone = Promise.withResolvers<void>();
  #sinks: readonly RunningSink[] = [];
  #configured: Configured;
  #groups = new Map<string, { gid: number; members: readonly string[] }>();
  #lastFullRunMs: number | null = null;
  #hostKeys: readonly Key[] = [];
  #isReady = false;
  #listProblems: readonly string[] = [];
  #notGranted: readonly string[] = [];
  #skipped: ReadonlyMap<string, string> = new Map();
  #refreshing: Promise<void> = Promise.resolve();
  #reloading: Promise<unknown> = Promise.resolve();
  #reloadsSoon = false;
  #measuresOthers = false;
  /** Names of the exceptions that stand, as they were last looked at. */
  #standing = "";

  constructor(world: AgentWorld, configured: Configured) {
    this.world = world;
    this.#configured = configured;
    this.startedAtMs = world.nowMs();
    this.keeper = new Keeper(world.store, world.log, () => {
      this.pictures.changed();
      this.wakeSinks();
    });
    this.pictures = new Pictures(this, () => this.view().cleanup().retentions);
    this.accounts = new Accounts({
      ...world,
      keeper: this.keeper,
      mayMeasure: (name) => this.grant !== null && isMeasurable(this.grant, name),
    });
    this.#leftovers = new Leftovers(world.residentBytes);
    this.limits = new OwnLimits(this.#agentDocument.limits.memoryBytes, world.monotonicMs());
    this.queue = new RunQueue(
      {
        monotonicMs: world.monotonicMs,
        later,
        run: (account, via) => this.#counted(account, via),
        atOnce: () => (this.limits.use.over.length > 0 ? 1 : this.#agentDocument.limits.probesAtOnce),
        quietMs: () => this.#quietMs(),
      },
      this.#stopping.signal,
    );
    this.cleaner = new Cleaner(
      {
        ...world,
        keeper: this.keeper,
        inForce: () => ({ retentions: this.#configured.set.retentions, granted: this.#configured.host.grant }),
      },
      this.#stopping.signal,
    );
    this.#sessions = new Sessions(
      {
        ...world,
        accounts: () => this.accounts.all.flatMap(({ name, account }) => account ?? { name, uid: -1 }),
        barred: () => (this.grant === null ? "the Grant is broken, so that nobody is looked at" : ""),
        hung: () => this.accounts.all.flatMap(({ hung }) => hung),
        looked: (facts) => this.pictures.looked(facts),
      },
      this.#stopping.signal,
    );
    const reconcile = () => this.#agentDocument.reconcile;
    this.#watch = world.watch({
      get sweepMs() {
        return reconcile().everyMs;
      },
      lookElsewhere: (paths) => this.#lookElsewhere(paths),
      changed: (paths, via) => this.#changed(paths, via),
    });
    this.#coverage = new Coverage(this.#watch);
  }

  get configured(): Configured {
    return this.#configured;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get sinks(): readonly RunningSink[] {
    return this.#sinks;
  }

  get closing(): AbortSignal {
    return this.#stopping.signal;
  }

  get groups(): ReadonlyMap<string, { readonly gid: number; readonly members: readonly string[] }> {
    return this.#groups;
  }

  /** Problems that only this host shows: a policy that names a group which is not there. */
  get listProblems(): readonly string[] {
    return this.#listProblems;
  }

  get notGranted(): readonly string[] {
    return this.#notGranted;
  }

  /** Watched by another instance: name and which. */
  get skipped(): ReadonlyMap<string, string> {
    return this.#skipped;
  }

  /** Null where the Grant is broken: nobody is measured and nothing leaves. */
  get grant(): Pick<typeof noGrant, "measure" | "local" | "share"> | null {
    const { grant } = this.#configured.host;
    if (grant.kind === "broken") return null;
    return grant.kind === "grant" ? grant.grant : noGrant;
  }

  /** Milliseconds from one full run to the next. */
  get fullMs(): number {
    return this.#agentDocument.reconcile.fullMs;
  }

  get lastFullRunMs(): number | null {
    return this.#lastFullRunMs;
  }

  view(): AgentView {
    return viewOf(this);
  }

  sessions(): SeenSessions {
    return this.#sessions.facts();
  }

  /** Resolves when everything that is to be watched is; runs begin on their own. */
  async start(): Promise<void> {
    const { store, version } = this.world;
    this.keeper.keep("agent", () => ({
      nowMs: this.world.nowMs(),
      happened: startsOf(store.livedUntilMs, this.startedAtMs),
      events: [
        {
          type: "agent.started",
          subject: this.world.instance,
          account: null,
          data: { version, previous: store.previous, notices: store.notices },
        },
      ],
    }));
    await this.#refresh("start");
    const { signal } = this.#stopping;
    this.#sinks = this.world.sinks(this);
    this.cleaner.start();
    every(
      () => splayed(this.#agentDocument.reconcile.fullMs),
      signal,
      () => this.#fullRun(),
    );
    every(
      () => this.#agentDocument.reconcile.everyMs,
      signal,
      () => this.#lookAtHost("sweep"),
    );
    every(
      () => retryMs,
      signal,
      () => this.keeper.retry(),
    );
    every(
      () => lookMs,
      signal,
      () => this.#lookAtOurselves(),
    );
    every(
      () => heartbeatMs,
      signal,
      () => this.#housekeeping(),
    );
    void this.#firstFullRun();
  }

  /** Resolves when every account was looked at once. */
  get firstFullRun(): Promise<void> {
    return this.#firstDone.promise;
  }

  /** What a heartbeat says: an engine compares the digest with its own. */
  heartbeat() {
    const { store } = this.world;
    const { degraded, blind } = this.#watch.state();
    const snapshot = store.snapshot();
    return {
      digest: snapshot.digest,
      head: cursorText(store.head),
      findings: snapshot.findings.length,
      documents: documentsDigest(this.#configured.set),
      degraded: degraded.map(({ code }) => code),
      blind,
      lastFullRun: isoOrNull(this.#lastFullRunMs),
    };
  }

  /** Stops everything that was begun, and says so in the stream; within some seconds whatever hangs. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const patience = new Promise<void>((resolve) => setTimeout(resolve, 2_500).unref());
    await Promise.race([Promise.all([this.queue.drained(), this.#refreshing, this.cleaner.drained()]), patience]);
    this.cleaner.journal[Symbol.dispose]();
    await Promise.race([this.#watch[Symbol.asyncDispose](), patience]);
    this.keeper.keep("agent", () => ({
      nowMs: this.world.nowMs(),
      events: [{ type: "agent.stopped", subject: this.world.instance, account: null, data: {} }],
    }));
    await Promise.race([Promise.all(this.#sinks.map((sink) => sink.stop())), patience]);
  }

  wakeSinks(): void {
    for (const sink of this.#sinks) sink.wake();
  }

  /**
   * Reads the documents anew, one time after the other. What is wrong leaves the old ones in force, but for the Grant: a
   * broken one stops measuring, and a sound one holds at once, for whoever writes policies must not keep the host's owner
   * from narrowing it.
   */
  reload(): Promise<Reloaded> {
    const reloaded = this.#reloading.then(() => this.#reload());
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }

  async #reload(): Promise<Reloaded> {
    const found = this.world.configuration();
    const before = this.#configured;
    const paths = [...new Set([...before.paths, ...found.paths])];
    if (found.kind === "problems") {
      const grant = found.host.grant.kind === "none" ? before.host.grant : found.host.grant;
      this.#configured = { ...before, host: { ...before.host, grant }, problems: found.problems, paths };
      this.world.log("warn", "documents were refused; the ones before stay in force", {
        problems: found.problems.map(problemText),
      });
      this.cleaner.reloaded();
      await this.#refresh("documents");
      this.#wantAnew(before);
      return { taken: false, problems: found.problems.map(problemText) };
    }
    this.#configured = { ...found, problems: [], loadedAtMs: this.world.nowMs() };
    this.limits.memoryLimitBytes = this.#agentDocument.limits.memoryBytes;
    this.cleaner.reloaded();
    const changesSinks = JSON.stringify(before.host.agent) !== JSON.stringify(found.host.agent);
    if (changesSinks) {
      await Promise.all(this.#sinks.map((sink) => sink.stop()));
      this.#sinks = this.world.sinks(this);
    }
    await this.#refresh("documents");
    this.#wantAnew(before);
    this.#lookAtHost("documents");
    this.wakeSinks();
    void this.world.textfile.look();
    this.world.log("info", "documents were taken");
    return { taken: true, problems: [] };
  }

  /** Where documents say otherwise what is measured and waived, all are; who waited for a Grant waits no longer. */
  #wantAnew(before: Configured): void {
    const now = this.#configured;
    if (documentsDigest(before.set) !== documentsDigest(now.set) || !sameWord(before.host, now.host))
      for (const { name } of this.accounts.all) this.queue.want(name, "documents");
  }

  /** Measures the account, or all, as soon as it can be; `rests`: as soon as a change of its files would be. */
  want(account: string | null, rests = false): readonly string[] {
    const names = account === null ? this.accounts.all.map(({ name }) => name) : [account];
    for (const name of names) {
      this.#full.add(name);
      this.queue.want(name, "request", rests);
    }
    return names;
  }

  /** What the next run of this account finds. */
  nextRun(account: string): Promise<Ran> {
    return new Promise((resolve) => {
      this.#waitingForRun.set(account, [...(this.#waitingForRun.get(account) ?? []), resolve]);
      this.queue.want(account, "request");
    });
  }

  async #nextRunWithin(account: string, ms: number): Promise<Ran | null> {
    const ended = new AbortController();
    const { promise, resolve } = Promise.withResolvers<null>();
    later(ms, ended.signal, () => resolve(null));
    this.#stopping.signal.addEventListener("abort", () => resolve(null), { once: true, signal: ended.signal });
    const ran = await Promise.race([this.nextRun(account), promise]);
    ended.abort();
    return ran;
  }

  facts(): AgentFacts {
    const { host } = this.#configured;
    const state = this.#watch.state();
    const { lastSweepMs, ...rest } = state;
    return {
      watching: { ...rest, lastSweep: isoOrNull(lastSweepMs), lastFullRun: isoOrNull(this.#lastFullRunMs) },
      // Before everybody was judged, nothing can be said to match nothing.
      exceptions: exceptionFacts(host.exceptions, this.#isReady ? this.#keys() : null, this.world.nowMs()),
      backlog: this.cleaner.facts(),
      sessions: this.sessions(),
    };
  }

  /** Adopts a baseline: the account is looked at again, for a finding may end. */
  async acceptBaseline(account: string, reason: string) {
    const stated = () => this.view().account(account)?.account;
    // Whoever accepts means what is there now, not what is there when it may be measured again.
    const isNow = ["waiting", "measuring", "measured", "suspended"].includes(stated()?.state ?? "");
    const ran = isNow ? await this.#nextRunWithin(account, baselinePatienceMs) : null;
    if (ran === null) {
      const found = stated();
      const is = found === undefined ? "it is not watched" : found.says || `it is ${found.state}`;
      return { kind: "refused", message: `${account}: expected to measure it now, found that ${is}` } as const;
    }
    const { items } = ran;
    const acceptedAt = new Date(this.world.nowMs()).toISOString();
    const baseline = { account, acceptedAt, reason, items: [...items] satisfies BaselineItem[] };
    const kept = this.world.store.commit({ nowMs: this.world.nowMs(), baselines: [baseline] });
    if (kept.kind === "refused") return { kind: "refused", message: kept.message } as const;
    const watched = this.accounts.get(account);
    if (watched !== undefined) watched.changes = [];
    this.queue.want(account, "request");
    return { kind: "accepted", baseline } as const;
  }

  get #agentDocument() {
    return this.#configured.host.agent ?? noAgentDocument;
  }

  #keys(): readonly Key[] {
    return [...this.#hostKeys, ...this.accounts.all.flatMap(({ keys }) => keys)];
  }

  /** Looks who is to be watched, and where their files are; runs what differs. */
  #refresh(via: Via): Promise<void> {
    this.#refreshing = this.#refreshing.then(async () => {
      if (this.#stopping.signal.aborted) return;
      const { set, host } = this.#configured;
      const list = await watchList(
        {
          named: this.world.named.map((name) => this.accounts.nameNow(name)),
          policies: policiesInForce(set),
          grant: host.grant.kind === "grant" ? host.grant.grant : null,
          kept: this.world.store.accounts(),
        },
        this.world.names,
      );
      if (list.problems.length > 0) this.world.log("warn", "nobody new is watched", { problems: list.problems });
      this.#listProblems = list.problems;
      this.#notGranted = list.notGranted;
      // Groups that could not be looked up now are those that were.
      if (list.problems.length === 0)
        this.#groups = new Map([...list.groups].map(([name, group]) => [name, { ...group }]));
      const skipped = new Map<string, string>();
      const meant: Meant[] = [];
      for (const each of list.meant) {
        const by = each.account === null ? null : await this.world.elsewhere(each.account);
        if (by === null) meant.push(each);
        else skipped.set(each.name, by);
      }
      this.#skipped = skipped;
      const differ = await this.accounts.take({ ...list, meant });
      await this.#cover();
      this.#leftovers.note(this.world.monotonicMs());
      for (const name of differ) {
        this.#full.add(name);
        this.queue.want(name, via);
      }
      // Whoever the name service does not name is asked about again and again, as a run is that failed.
      for (const { name, unavailableFrom } of this.accounts.all)
        if (unavailableFrom !== null) this.queue.want(name, via);
    });
    return this.#refreshing;
  }

  /** Startup files are known by the shells' tables at once, and includes when they were read for the first time. */
  async #cover(): Promise<void> {
    await this.#coverage.cover({
      accounts: this.accounts.all.map(({ name, account, paths }) => ({ name, home: account?.home ?? null, paths })),
      system: this.world.systemPaths(),
      names: this.world.namePaths,
      documents: this.#configured.paths,
    });
  }

  async #lookElsewhere(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const byOwner = Map.groupBy(paths, (path) => this.#coverage.ownerOf(path));
    const identities = new Map<string, string>();
    const waiting = [...byOwner];
    const inTurn = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const [owner, own] = next;
        const account = owner === null ? null : (this.accounts.get(owner)?.account ?? null);
        if (account === null) continue;
        for (const [path, identity] of await this.world.identitiesAs(account, own)) identities.set(path, identity);
      }
    };
    // Each may wait for its file system as long as it may: one after the other they would hold up the sweep.
    await Promise.all(Array.from({ length: lookersAtOnce }, inTurn));
    return identities;
  }

  #changed(paths: readonly string[], via: "watch" | "sweep"): void {
    if (this.#stopping.signal.aborted) return;
    const { accounts, everybody, names, documents } = this.#coverage.concernedBy(paths);
    for (const name of accounts) {
      const saves = this.#saves.get(name) ?? new Map<string, number>();
      const own = paths.filter((path) => this.accounts.get(name)?.paths.has(path));
      for (const path of own) if (!saves.has(path)) saves.set(path, this.world.nowMs());
      this.#saves.set(name, saves);
      this.#wantChanged(name, via);
    }
    if (everybody) {
      // It may include others now than before.
      void this.#cover();
      for (const { name } of this.accounts.all) this.#wantChanged(name, via);
    }
    if (documents) this.#reloadSoon();
    else if (names) void this.#refresh(via);
  }

  #wantChanged(name: string, via: Via): void {
    if (!this.#seenFrom.has(name)) this.#seenFrom.set(name, this.world.monotonicMs());
    this.queue.want(name, via);
  }

  /** An editor writes in several steps. */
  #reloadSoon(): void {
    if (this.#reloadsSoon) return;
    this.#reloadsSoon = true;
    later(200, this.#stopping.signal, () => {
      this.#reloadsSoon = false;
      this.reload().catch((error: unknown) => {
        this.world.log("error", "documents could not be read", { error: messageOf(error) });
      });
    });
  }

  async #counted(name: string, via: Via): Promise<RunEnd> {
    const ended = await this.#run(name, via);
    if (!this.#stopping.signal.aborted) this.world.measures.runEnded(ended);
    return ended;
  }

  async #run(name: string, via: Via): Promise<RunEnd> {
    const watched = this.accounts.get(name);
    const { grant } = this;
    if (watched === undefined || grant === null || this.#stopping.signal.aborted) return "measured";
    try {
      if (!(await this.accounts.lookUp(watched)) || watched.account === null) {
        watched.attempts += 1;
        this.#wantRenamed(name, via);
        return "failed";
      }
      return await this.#measured(watched, watched.account, via);
    } catch (error) {
      if (this.#stopping.signal.aborted) return "failed";
      this.world.log("error", "a run failed", { account: name, error: messageOf(error) });
      watched.attempts += 1;
      return "failed";
    } finally {
      this.#leftovers.note(this.world.monotonicMs());
    }
  }

  /** Where it turned out that the account has another name now, that one is new and waits for its first run. */
  #wantRenamed(name: string, via: Via): void {
    const renamed = this.accounts.nameNow(name);
    if (renamed === name || this.accounts.get(renamed) === undefined) return;
    this.#full.add(renamed);
    this.queue.want(renamed, via);
  }

  async #measured(watched: Watched, account: Account, via: Via): Promise<RunEnd> {
    const { world } = this;
    const { name } = watched;
    const { set, host } = this.#configured;
    const seenFrom = this.#seenFrom.get(name);
    this.#seenFrom.delete(name);
    const isFull = this.#full.delete(name) || via === "start" || via === "schedule";
    const readings = world.readings(account, modesFor(watched.applying));
    // What is not watched yet would change unseen after it was measured.
    if (watched.paths.size === 0) await this.#coverAlso(watched, await readings.paths, []);
    const ran = await runAccount({
      account,
      set,
      groups: this.#groups,
      exceptions: host.exceptions,
      how: this.grant?.measure.how ?? "reading",
      baseline: world.store.baseline(name),
      program: world.version,
      via,
      everyMode: isFull,
      nowMs: world.nowMs,
      measure: (request) => {
        const known = watched.startupFiles.get(request.mode);
        return world.measure({ ...request, ...(known !== undefined && { known }) }, readings);
      },
      signal: this.#stopping.signal,
    });
    // Called off: what came of it is no answer.
    const isCalledOff = () => this.#stopping.signal.aborted || this.accounts.get(name) !== watched;
    if (isCalledOff()) return "measured";
    const saves = this.#saves.get(name) ?? new Map<string, number>();
    await this.#keep(watched, ran, via);
    this.#measure(ran, seenFrom);
    noteSeen(watched, ran, via === "documents" || saves.size > 0 ? `${world.nowMs()}` : "");
    // What other modes read may be known later, and tells nobody anything yet.
    const [paths] = await Promise.all([readings.paths, this.#noteLead(watched, account, ran)]);
    if (isCalledOff()) return "measured";
    await this.#coverAlso(watched, paths, programPaths(ran.measured.modes));
    watched.startupFiles = new Map(modesFor(ran.applying).map((mode) => [mode, readings.startupFiles(mode)]));
    watched.attempts += 1;
    watched.measuredAt = world.monotonicMs();
    watched.counts = { pass: ran.record.pass, fail: ran.record.fail, unknown: ran.record.unknown };
    watched.undecided = ran.verdicts
      .filter(({ status, finding, waived }) => status === "unknown" && !finding && waived === undefined)
      .map(({ policy, rule, check, mode, subject, severity }) => ({ policy, rule, check, mode, subject, severity }));
    watched.applying = ran.applying;
    watched.changes = ran.changes;
    watched.items = world.store.baseline(name) === null ? [] : ran.items;
    watched.keys = ran.verdicts.map(keyOf);
    watched.hung = hungCommands(name, ran.measured.modes);
    this.#sessions.measured();
    if (watched.rests !== null) watched.rests = withRun(watched.rests, Date.parse(ran.record.startedAt), this.fullMs);
    this.pictures.changed();
    for (const resolve of this.#waitingForRun.get(name) ?? []) resolve(ran);
    this.#waitingForRun.delete(name);
    if (!this.#isReady) world.firstRun(ran, policiesInForce(set));
    if (ran.changedMeanwhile) return "unsteady";
    return ran.timedOut ? "timed-out" : "measured";
  }

  /** `seenFrom`: when the change was seen that this run looked at. */
  #measure({ record: { account, seconds, modes } }: Ran, seenFrom: number | undefined): void {
    const { measures, monotonicMs } = this.world;
    measures.measured({ seconds, timeouts: modes.filter(({ gaps }) => gaps.includes("timed-out")).length });
    if (seenFrom === undefined || this.keeper.isUnsaved(`run ${account}`)) return;
    measures.detected((monotonicMs() - seenFrom) / 1000);
  }

  /** A file that is watched from now on may have changed since it was read: then one more run looks. */
  async #coverAlso(watched: Watched, known: KnownPaths, programs: readonly string[]): Promise<void> {
    const before = watched.paths;
    // What was known before is watched on as long as nobody can say what is read now.
    const paths = known.isWhole ? known.paths : [...new Set([...known.paths, ...before])];
    const kept = paths.slice(0, mostPaths);
    watched.paths = new Set([...kept, ...programs]);
    watched.missesSome = !known.isWhole || paths.length > kept.length;
    if (isSame(before, watched.paths)) return;
    await this.#cover();
    if (kept.some((path) => !before.has(path)) && before.size > 0) this.queue.want(watched.name, "sweep");
  }

  async #keep(watched: Watched, ran: Ran, via: Via): Promise<void> {
    const { name } = watched;
    const found = { via, verdicts: ran.verdicts, inputs: ran.record };
    const expected = driftOf(name, found, this.world, () => null);
    const { put, remove } = expected;
    const gone = this.world.store.findings(name).filter(({ finding }) => remove.includes(finding.fingerprint));
    const changed = [...put, ...gone].flatMap(({ finding }) => finding.where?.file ?? []);
    const hints = new Map<string, Hint | null>();
    for (const file of new Set(changed)) hints.set(file, await this.world.hint(file));
    const saves = [...(this.#saves.get(name) ?? [])];
    this.#saves.delete(name);
    watched.hints = hintsOf(watched.hints, expected, hints, new Map(saves));
    this.keeper.keep(`run ${name}`, () => {
      const told = driftOf(name, found, this.world, (file) => hints.get(file) ?? null);
      const saved = saves.map(([path, atMs]) => ({ kind: "save", key: `${name} ${path}`, atMs }) as const);
      const { turned: _, ...change } = told;
      return { ...change, runs: [ran.record], happened: [...told.happened, ...saved] };
    });
  }

  /**
   * Where something changed since an account was measured in the modes by which no engine comes in: those again, while nothing
   * else is to be done. Nobody waits for them, and no verdict hangs on them.
   */
  async measureOthers(): Promise<void> {
    if (this.#measuresOthers) return;
    this.#measuresOthers = true;
    try {
      for (const watched of this.accounts.all) {
        if (!this.queue.isIdle || this.isQuietNow || this.#stopping.signal.aborted) return;
        if (areOthersDue(watched, this.world.monotonicMs())) await this.#measureOthersOf(watched);
      }
    } catch (error) {
      this.world.log("error", "ways by which no engine comes in could not be measured", { error: messageOf(error) });
    } finally {
      this.#measuresOthers = false;
    }
  }

  async #measureOthersOf(watched: Watched): Promise<void> {
    const { account, ground, applying } = watched;
    if (account === null || this.grant === null) return;
    const readings = this.world.readings(account, []);
    const wish = {
      account,
      how: this.grant.measure.how,
      measure: (request: MeasureRequest) => this.world.measure(request, readings),
      signal: this.#stopping.signal,
    };
    const others = await otherModes(wish, applying);
    watched.othersMs = this.world.monotonicMs();
    if (this.#stopping.signal.aborted || this.accounts.get(watched.name) !== watched) return;
    noteOthers(watched, others, ground);
    this.pictures.changed();
    this.#leftovers.note(this.world.monotonicMs());
  }

  /** What leads to the line of the finding that leads here, and its lines, read as the account while they are those. */
  async #noteLead(watched: Watched, account: Account, { measured }: Ran): Promise<void> {
    const { store } = this.world;
    const [finding] = inOrder(store.findings(watched.name).map((state) => state.finding));
    if (finding === undefined || finding.waived !== undefined) {
      watched.lead = null;
      return;
    }
    const facts = measured.modes.find(({ mode }) => mode === finding.mode) ?? null;
    if (!watched.hints.has(finding.fingerprint))
      watched.hints = new Map([...watched.hints, [finding.fingerprint, hintKept(store, finding.fingerprint)]]);
    const wanted = linesWanted(finding, facts);
    const before = watched.lead;
    // As long as file and lines are the same, nobody need read them again.
    const texts =
      wanted === null || before?.key === keyOfLines(wanted)
        ? null
        : await this.world.lines(account, wanted, this.#stopping.signal);
    watched.lead = groundOf({ finding, account, facts, wanted, texts, before });
    this.pictures.changed();
  }

  /** What is about the host itself: watching, exceptions. Its last record says what it stood on, as an account's does. */
  #lookAtHost(via: Via): void {
    this.#lookAtExceptions();
    const { store, version, nowMs } = this.world;
    const { set, host } = this.#configured;
    const verdicts = hostVerdicts(set, this.facts(), host.exceptions, nowMs());
    this.#hostKeys = verdicts.map(keyOf);
    const inputs = { program: version, documents: documentsDigest(set), rules: ruleDigests([ownRules(set)]) };
    const make = () => {
      const told = driftOf("-", { via, verdicts, inputs }, this.world, () => null);
      const record: RunRecord = {
        account: "-",
        startedAt: new Date(nowMs()).toISOString(),
        seconds: 0,
        via,
        modes: [],
        ...counted(verdicts),
        ...inputs,
      };
      return { ...told, runs: [record] };
    };
    const { put, remove, events } = make();
    if (store.lastRun("-") === null || put.length + remove.length + events.length > 0) this.keeper.keep("host", make);
  }

  /** One that began or ended, as days pass: who it is about is judged anew. */
  #lookAtExceptions(): void {
    const nowMs = this.world.nowMs();
    const standing = this.#configured.host.exceptions.filter((exception) => nowMs < exceptionEndMs(exception));
    const names = standing.map(({ name }) => name).join("\n");
    if (names === this.#standing) return;
    const isFirst = this.#lastFullRunMs === null;
    this.#standing = names;
    if (isFirst) return;
    const about = new Set(this.#configured.host.exceptions.map(({ finding }) => finding.account));
    for (const { name } of this.accounts.all) if (about.has(name)) this.queue.want(name, "documents");
  }

  #lookAtOurselves(): void {
    void this.measureOthers();
    this.#leftovers.look(this.world.monotonicMs(), this.queue.isIdle, this.world.giveBack);
    if (!this.limits.look(this.world.monotonicMs())) return;
    const { over } = this.limits.use;
    if (over.length > 0) this.world.log("warn", "the agent itself is over its limit: one probe at a time", { over });
    else this.world.log("info", "the agent is within its limits again");
  }

  #housekeeping(): void {
    const { store, nowMs } = this.world;
    const { queueBytes } = this.#agentDocument.limits;
    const kept = store.housekeeping(nowMs(), queueBytes);
    this.pictures.lookAtPeople();
    if (kept.kind === "refused") this.keeper.failed(kept);
    else this.keeper.took();
    if (kept.kind === "committed" && kept.events.length > 0) this.wakeSinks();
    // It goes in small steps; the next one comes soon.
    const { signal } = this.#stopping;
    if (kept.kind === "committed" && store.size.bytes > queueBytes) later(100, signal, () => this.#housekeeping());
    // The other instance may have ended.
    if (this.#skipped.size > 0) void this.#refresh("schedule");
  }

  /** Counts logins of who is watched, each once: the host's own logs may be rotated away sooner. */
  async #countLogins(): Promise<void> {
    const { store, logins, nowMs } = this.world;
    const found = await logins();
    const happened = this.accounts.all.flatMap(({ name }) => {
      const last = store.happenings("login", name, 0).at(-1) ?? 0;
      const later = found.filter(({ user, atMs }) => user === name && atMs > last);
      return later.map(({ atMs }) => ({ kind: "login", key: name, atMs }) as const);
    });
    if (happened.length > 0) this.keeper.keep("logins", () => ({ nowMs: nowMs(), happened }));
  }

  /** Everybody is new, and thus waits for a run already. */
  async #firstFullRun(): Promise<void> {
    await Promise.all([this.queue.settled(), this.#sessions.start()]);
    if (this.#stopping.signal.aborted) return;
    this.#isReady = true;
    this.#lastFullRunMs = this.world.nowMs();
    this.#lookAtHost("start");
    await this.#countLogins();
    // Now, so that what its first time takes is given back together with what the runs left behind.
    this.#housekeeping();
    this.world.log("info", "every account was looked at for the first time", { accounts: this.accounts.all.length });
    this.#firstDone.resolve();
  }

  async #fullRun(): Promise<void> {
    await this.#refresh("schedule");
    for (const { name } of this.accounts.all) {
      this.#full.add(name);
      this.queue.want(name, "schedule");
    }
    await this.queue.settled();
    this.#lastFullRunMs = this.world.nowMs();
    await this.#countLogins();
  }

  #quietMs(): number {
    const { grant } = this;
    if (grant === null) return 60_000;
    const now = new Date(this.world.nowMs());
    return isQuiet(grant, now.getHours() * 60 + now.getMinutes()) ? 60_000 - (this.world.nowMs() % 60_000) : 0;
  }

  /** Whether nobody may be measured at this hour. */
  get isQuietNow(): boolean {
    return this.grant !== null && this.#quietMs() > 0;
  }

  get watch(): Watch {
    return this.#watch;
  }

  /** Whether something of this account could change unseen. */
  isBlindTo(name: string, unseen = this.#watch.unseen()): boolean {
    return this.accounts.get(name)?.missesSome === true || this.#coverage.isUnseen(name, unseen);
  }
}

function isSame(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return some.size === others.size && [...some].every((one) => others.has(one));
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether the host's owner says the same of what is measured and waived. */
function sameWord(a: HostDocuments, b: HostDocuments): boolean {
  return JSON.stringify([a.grant, a.exceptions]) === JSON.stringify([b.grant, b.exceptions]);
}

/** What is new of this account against what the store holds now, as one change of the store. */
function driftOf(
  account: string,
  found: Pick<DriftInput, "via" | "verdicts" | "inputs">,
  { store, nowMs: clock }: AgentWorld,
  hint: (file: string) => Hint | null,
) {
  const nowMs = clock();
  const prior = store.findings(account);
  const last = store.lastRun(account);
  const told = drift({
    nowMs,
    account,
    ...found,
    prior,
    last,
    turns: (fingerprint) => store.happened("turn", fingerprint, nowMs - 3_600_000).map(({ atMs }) => atMs),
    hint,
  });
  return { nowMs, ...told, happened: turnedBy(told, { account, prior, isFirst: last === null, isLast: false, nowMs }) };
}

function keyOf({ policy, rule, account, mode, subject }: Key): Key {
  return { policy, rule, account, mode, subject };
}
