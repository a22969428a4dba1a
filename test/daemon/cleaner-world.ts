/**
 * A cleaner with a real store, journal and kept plans in a folder of the test's own; what lies below roots is made of values,
 * and so are clocks, mounts and the child.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Applying,
  type FileOutcome,
  keepPlan,
  keptPlan,
  openJournal,
  type Performing,
  perform,
  type Seen,
  type Sweeping,
  type Swept,
  settledSince,
} from "../../agent/cleanup/index.ts";
import { Cleaner } from "../../agent/daemon/cleaner.ts";
import type { CleanupWorld, Space } from "../../agent/daemon/cleanup-world.ts";
import { Keeper } from "../../agent/daemon/keeper.ts";
import type { Grant, Granted, Retention } from "../../agent/documents/index.ts";
import { Measures } from "../../agent/status/measures.ts";
import { openStore, type Store, type StoredEvent } from "../../agent/store/index.ts";
import { nowMs, retentionOf, rootIdentity, seenOf, textPath } from "../cleanup/support.ts";

export const account = { name: "oracle", uid: 501, gid: 501, groups: [501], home: "/home/oracle", shell: "/bin/sh" };

export interface CleanerTest extends AsyncDisposable {
  readonly folder: string;
  readonly store: Store;
  readonly cleaner: Cleaner;
  readonly keeper: Keeper;
  /** By root and path: what lies there. */
  readonly disk: Map<string, Map<string, Seen>>;
  readonly clock: { now: number; monotonic: number };
  readonly cleanup: CleanupWorld;
  readonly measures: Measures;
  retentions: Retention[];
  granted: Granted;
  /** What was performed, in order: `RETENTION BECAUSE`, with ` dry` where nothing was to be applied. */
  readonly performed: string[];
  space: Space | null;
  /** Roots whose file system does not answer. */
  readonly stuck: Set<string>;
  /** In the place of what the child would do once it may. */
  child: (applying: Applying, root: string) => Promise<Swept> | Swept;
  /** Lets time pass on both clocks, looks, and waits until nothing runs. */
  live(minutes: number): Promise<void>;
  settled(): Promise<void>;
  put(retention: Retention, ...paths: readonly string[]): void;
  /** Paths below the root of this Retention. */
  lies(retention: Retention): readonly string[];
  events(): readonly StoredEvent[];
  /** `TYPE SUBJECT` of those of clean-up. */
  told(): readonly string[];
}

export function grantOf(remove: Partial<Grant["remove"][number]> = {}): Granted {
  const entry = { account: "oracle", below: "/u01", apply: "automatically", releasesFrom: null, ...remove } as const;
  const grant: Grant = {
    ...{ kind: "Grant", name: "host", description: "" },
    measure: { accounts: "all", how: "running", notBetween: [] },
    ...{ local: "names", share: "names", remove: [entry] },
    origin: { file: "/etc/rcwarden/grant.yaml", digest: "sha256:0", shipped: false, given: true },
  };
  return { kind: "grant", grant };
}

/** Removes by age and by itself, looked at every 15 minutes. */
export function automatic(other: Partial<Retention> = {}): Retention {
  const plan = { everyMs: 900_000, whenFreeBelowPercent: null };
  return retentionOf({ apply: "automatically", plan, ...other });
}

export interface CleanerWish {
  readonly retentions?: Retention[];
  readonly granted?: Granted;
  /** State of another one, which is gone on with. */
  readonly folder?: string;
  readonly disk?: CleanerTest["disk"];
  readonly cleanup?: Partial<CleanupWorld>;
  readonly store?: (store: Store) => Store;
}

export function cleanerTest(wish: CleanerWish = {}): CleanerTest {
  const folder = wish.folder ?? mkdtempSync(join(tmpdir(), "rcw-cleaner-"));
  const clock = { now: nowMs, monotonic: 1_000_000 };
  const opened = openStore({ folder, instance: "host", nowMs: clock.now, program: "0.1.0" });
  if (opened.kind === "refused") throw new Error(opened.message);
  const store = wish.store?.(opened.store) ?? opened.store;
  const stopping = new AbortController();
  const keeper = new Keeper(
    store,
    () => {},
    () => {},
  );
  const journal = join(folder, "cleanup");
  mkdirSync(journal, { recursive: true, mode: 0o700 });
  const disk = wish.disk ?? new Map<string, Map<string, Seen>>();
  const test = {
    ...{ folder, store, keeper, clock, disk },
    retentions: wish.retentions ?? [],
    granted: wish.granted ?? grantOf(),
    performed: [] as string[],
    space: { freeBytes: 50, totalBytes: 100 } as Space | null,
    stuck: new Set<string>(),
    child: (applying: Applying, root: string): Promise<Swept> | Swept => obedient(applying, below(disk, root)),
  };
  const sweep = async (
    { root }: { readonly root: string },
    _: unknown,
    { take, apply, signal }: Sweeping,
  ): Promise<Swept> => {
    await take([...below(disk, root).values()]);
    const looked = {
      kind: "looked",
      message: "",
      root: rootIdentity,
      unseen: "",
      applied: apply !== undefined,
    } as const;
    if (apply === undefined) return looked;
    const calledOff = new Promise<Swept>((resolve) => {
      signal?.addEventListener("abort", () => resolve({ kind: "failed", message: "it was called off" }));
    });
    return await Promise.race([test.child(apply, root), calledOff]);
  };
  const cleanup: CleanupWorld = {
    hasJournal: () => readdirSync(journal).some((name) => name !== "plans"),
    openJournal: () =>
      openJournal(journal, { sizes: { segmentBytes: 1 << 18, leastBytes: 1 << 17, mostBytes: 1 << 20 } }),
    settledSince: (mark) => settledSince(journal, mark),
    perform(performing: Performing) {
      const { retention, apply } = performing;
      test.performed.push(`${retention.name} ${apply?.because ?? "dry"}`);
      return perform(performing, sweep);
    },
    async recover({ root }, _, open) {
      const outcomes = new Map(
        open.map(({ intent, files }) => [intent, files.map((file, at) => found(disk, root, file, at))]),
      );
      return { kind: "recovered", outcomes, strangers: [], strangersInAll: 0 };
    },
    keepPlan: (plan) => keepPlan(folder, plan),
    keptPlan: (prefix, atMs) => keptPlan(folder, prefix, atMs),
    mountOf: () => 1,
    isStuck: (root) => test.stuck.has(root),
    spaceOf: async () => test.space,
    ...wish.cleanup,
  };
  const measures = new Measures();
  const cleaner = new Cleaner(
    {
      ...{ store, keeper, cleanup, measures },
      names: { callerUid: 0, account: async () => ({ kind: "account", account }) },
      log: () => {},
      nowMs: () => clock.now,
      monotonicMs: () => clock.monotonic,
      inForce: () => ({ retentions: test.retentions, granted: test.granted }),
    },
    stopping.signal,
  );
  const events = () => store.events(null).events;
  return Object.assign(test, {
    ...{ cleaner, cleanup, measures },
    settled: () => settledOf(cleaner),
    async live(minutes: number) {
      clock.now += minutes * 60_000;
      clock.monotonic += minutes * 60_000;
      cleaner.look();
      await settledOf(cleaner);
    },
    put({ root }: Retention, ...paths: readonly string[]) {
      for (const path of paths) below(disk, root).set(path, seenOf(path));
    },
    lies: ({ root }: Retention) => [...below(disk, root).keys()].sort(),
    events,
    told: () => events().flatMap(({ type, subject }) => (/^cleanup|^release/.test(type) ? [`${type} ${subject}`] : [])),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await cleaner.drained();
      cleaner.journal[Symbol.dispose]();
      opened.store.close();
      if (wish.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  });
}

/** Until nothing runs and nothing is left to begin. */
async function settledOf(cleaner: Cleaner): Promise<void> {
  for (let turn = 0; turn < 20; turn++) {
    await cleaner.drained();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function below(disk: CleanerTest["disk"], root: string): Map<string, Seen> {
  const known = disk.get(root);
  if (known !== undefined) return known;
  const made = new Map<string, Seen>();
  disk.set(root, made);
  return made;
}

function obedient(applying: Applying, lies: Map<string, Seen>): Swept {
  for (const file of applying.decide(rootIdentity)) {
    const intent = applying.intend([file]);
    if (intent === null) return { kind: "looked", message: "", root: rootIdentity, unseen: "", applied: false };
    lies.delete(textPath(file.path));
    applying.settle(intent, [{ at: 0, outcome: "removed", code: null, detail: "", sha256: null }]);
  }
  return { kind: "looked", message: "", root: rootIdentity, unseen: "", applied: true };
}

function found(disk: CleanerTest["disk"], root: string, file: Pick<Seen, "path">, at: number): FileOutcome {
  const isThere = below(disk, root).has(textPath(file.path));
  return isThere
    ? { at, outcome: "kept", code: "not-begun", detail: "", sha256: null }
    : { at, outcome: "gone-unconfirmed", code: "gone", detail: "", sha256: null };
}
