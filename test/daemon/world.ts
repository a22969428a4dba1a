/** A host made of values for the agent, with a real store in a folder of the test's own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkKinds } from "../../agent/checks/index.ts";
import { Agent, type AgentWorld } from "../../agent/daemon/agent.ts";
import type { CleanupWorld } from "../../agent/daemon/cleanup-world.ts";
import { type HostDocuments, loadDocuments, type SourceFile } from "../../agent/documents/index.ts";
import type { Account, ModeFacts } from "../../agent/facts/index.ts";
import type { AccountAnswer } from "../../agent/host/accounts.ts";
import { readDocumentFiles } from "../../agent/host/document-files.ts";
import type { Watch, WatchOptions, WatchState } from "../../agent/host/watching.ts";
import type { Configuration } from "../../agent/runs/host-documents.ts";
import type { AccountReadings } from "../../agent/runs/measuring.ts";
import type { MeasureRequest } from "../../agent/runs/world.ts";
import { Measures } from "../../agent/status/measures.ts";
import { openStore, type Store } from "../../agent/store/index.ts";
import { goodFacts } from "../cli/support/world.ts";

export interface TestWorld extends AsyncDisposable {
  readonly folder: string;
  readonly store: Store;
  readonly agent: Agent;
  /** What the name service says, by name; a name that is not here is absent. */
  readonly names: Map<string, AccountAnswer>;
  /** What a measurement gives; by default nothing is wrong. */
  measure: (request: MeasureRequest) => Promise<ModeFacts>;
  measured: MeasureRequest[];
  clock: { now: number; monotonic: number };
  watching: WatchState;
  covered: readonly string[];
  /** Paths that could change unseen. */
  unseen: readonly string[];
  changed: WatchOptions["changed"];
  configuration: () => Configuration;
  /** All events of the store, as `TYPE SUBJECT` with because or change. */
  told(): string[];
}

export function documents(files: Readonly<Record<string, string>>, host: Partial<HostDocuments> = {}): Configuration {
  const shipped = readDocumentFiles(join(import.meta.dirname, "../../policies"), { shipped: true });
  const given: SourceFile[] = Object.entries(files).map(([file, text]) => ({
    file,
    shipped: false,
    bytes: Buffer.from(text),
  }));
  const nowMs = Date.UTC(2026, 10, 23);
  const loaded = loadDocuments(given, { checks: checkKinds, shipped, host: [], nowMs });
  if (loaded.kind === "problems") return { ...loaded, paths: [] };
  return { ...loaded, host: { ...loaded.host, ...host }, paths: [] };
}

/** What reading came to, where only the paths matter. */
export function readingsAt(paths: readonly string[], isWhole = true): AccountReadings {
  return { paths: Promise.resolve({ paths, isWhole }), startupFiles: () => [], take: async () => null };
}

/** Where nothing is to be cleaned up: there is no journal, and nobody is asked. */
export const noCleanup: CleanupWorld = {
  hasJournal: () => false,
  openJournal: () => ({ kind: "refused", code: "failed", message: "this test has no journal" }),
  settledSince: () => [],
  perform: async () => ({ kind: "none", code: "failed", because: "this test cleans nothing up" }),
  recover: async () => ({ kind: "failed", message: "this test cleans nothing up" }),
  keepPlan: () => ({ kind: "refused", message: "this test keeps no plans" }),
  keptPlan: () => ({ kind: "unknown", message: "this test keeps no plans" }),
  mountOf: () => 1,
  isStuck: () => false,
  spaceOf: async () => null,
};

export interface WorldWish {
  readonly accounts?: readonly Account[];
  readonly named?: readonly string[];
  readonly configuration?: Configuration;
  readonly folder?: string;
  /** Epoch milliseconds at the start. */
  readonly startMs?: number;
  readonly world?: Partial<AgentWorld>;
}

export function testWorld(wish: WorldWish = {}): TestWorld {
  const folder = wish.folder ?? mkdtempSync(join(tmpdir(), "rcw-daemon-"));
  const clock = { now: wish.startMs ?? Date.UTC(2026, 10, 23, 12), monotonic: 1_000_000 };
  const opened = openStore({ folder, instance: "host", nowMs: clock.now, program: "0.1.0" });
  if (opened.kind === "refused") throw new Error(opened.message);
  const { store } = opened;
  const names = new Map<string, AccountAnswer>(
    (wish.accounts ?? []).map((account) => [account.name, { kind: "account", account }]),
  );
  const accountsNow = () =>
    [...names.values()].flatMap((answer) => (answer.kind === "account" ? [answer.account] : []));
  const first = wish.configuration ?? documents({});
  if (first.kind === "problems") throw new Error("the test's own documents are wrong");
  const test = {
    folder,
    store,
    names,
    clock,
    measured: [] as MeasureRequest[],
    measure: async ({ account, mode, sends }: MeasureRequest) =>
      goodFacts(
        account,
        mode,
        sends.filter((each) => each.try === "effect").map(({ command }) => command),
      ),
    configuration: () => first,
    covered: [] as readonly string[],
    unseen: [] as readonly string[],
    changed: (() => {}) as WatchOptions["changed"],
    watching: {
      paths: 1,
      absent: 0,
      byEvents: 1,
      degraded: [],
      blind: false,
      lastSweepMs: clock.now,
      latencyMs: 1,
      watches: 1,
      watchLimit: 1000,
    } as WatchState,
    told: () =>
      store.events(null).events.map(({ type, subject, data }) => {
        const { because, change, how } = { because: "", change: "", how: "", ...data } as Record<string, unknown>;
        return [type, subject, because || change, how].filter(Boolean).join(" ");
      }),
  };
  const world: AgentWorld = {
    version: "0.1.0",
    hostName: "db07",
    instance: "host",
    ownerUid: 0,
    viewerGid: null,
    pid: process.pid,
    named: wish.named ?? [],
    store,
    names: {
      callerUid: 0,
      account: async (name) => names.get(name) ?? { kind: "absent" },
      accountOfUid: async (uid) => {
        const account = accountsNow().find((each) => each.uid === uid);
        return account === undefined ? { kind: "absent" } : { kind: "account", account };
      },
      group: async () => ({ kind: "absent" }),
      automated: async () => ({
        accounts: accountsNow().map((account) => ({
          account,
          reasons: ["key login for 1 key"],
          keys: 1,
          loginsWithoutTty: 0,
          lastLogin: null,
          cronLines: 0,
        })),
        root: null,
        notListed: { withoutShell: 0, withoutSign: 0 },
        doubts: [],
      }),
      localNames: async () => [...names.keys()],
    },
    log: () => {},
    nowMs: () => clock.now,
    monotonicMs: () => clock.monotonic,
    configuration: () => test.configuration(),
    measure: (request) => {
      test.measured.push(request);
      return test.measure(request);
    },
    readings: ({ home }) => readingsAt([`${home}/.bashrc`]),
    systemPaths: () => ["/etc/ssh/sshd_config"],
    namePaths: ["/etc/passwd"],
    identitiesAs: async () => new Map(),
    watch(options): Watch {
      test.changed = options.changed;
      return {
        async cover(paths) {
          test.covered = paths;
        },
        sweep: async () => [],
        prove: async () => 1,
        state: () => test.watching,
        unseen: () => ({ everything: test.watching.blind, paths: test.unseen, lastSweepMs: test.watching.lastSweepMs }),
        async [Symbol.asyncDispose]() {},
      };
    },
    hint: async () => null,
    giveBack: () => {},
    residentBytes: () => 0,
    people: () => null,
    lines: async () => null,
    logins: async () => [],
    sinks: () => [],
    cleanup: noCleanup,
    looks: { look: async () => ({ sessions: [], problem: "", workMs: 0 }) },
    measures: new Measures(),
    textfile: { look: async () => {}, problem: "" },
    elsewhere: async () => null,
    firstRun: () => {},
    ...wish.world,
  };
  const agent = new Agent(world, { ...first, problems: [], loadedAtMs: clock.now });
  return Object.assign(test, {
    agent,
    async [Symbol.asyncDispose]() {
      await agent.stop();
      store.close();
      if (wish.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  });
}
