/** From a call to a running agent: folder, lock, store, documents, socket, signals; and back again. */
import { mkdirSync } from "node:fs";
import { get } from "node:http";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { hintOf } from "../collectors/hint.ts";
import { recentLogins } from "../collectors/logins.ts";
import { peopleSince } from "../collectors/people.ts";
import { realSessions } from "../collectors/real-sessions.ts";
import { SessionLooks } from "../collectors/sessions.ts";
import { type Policy, problemText } from "../documents/index.ts";
import type { Account } from "../facts/index.ts";
import { groupMembers } from "../host/accounts.ts";
import { lockFolder } from "../host/lock.ts";
import { peerOf } from "../host/peer.ts";
import { giveBack } from "../host/resources.ts";
import { type ServiceManager, serviceManager } from "../host/service-manager.ts";
import { watch } from "../host/watch.ts";
import { identitiesAs, linesAs } from "../probe/reader.ts";
import { type Configuration, configAt, shippedAlone } from "../runs/host-documents.ts";
import { hostNames } from "../runs/host-names.ts";
import { measureHere, readingsOf } from "../runs/measuring.ts";
import { namePaths, systemPaths } from "../runs/watched-paths.ts";
import { startSink } from "../sinks/index.ts";
import { serve } from "../status/index.ts";
import { Measures } from "../status/measures.ts";
import { measuredOf, metricsText, stoppedText } from "../status/metrics.ts";
import { openStore } from "../store/index.ts";
import type { Ran } from "./account-run.ts";
import { Agent, type AgentWorld, type Configured } from "./agent.ts";
import { ownInstanceOf } from "./elsewhere.ts";
import { type Log, logTo } from "./log.ts";
import { realCleanup } from "./real-cleanup.ts";
import { senderAccount, spawnSender } from "./sender.ts";
import { connectedSender, hasSenderUnit } from "./sender-unit.ts";
import { Textfile, writtenEveryMs } from "./textfile.ts";
import { every, later } from "./timers.ts";
import { sourceOf } from "./view.ts";

export interface AgentCall {
  readonly version: string;
  /** A file or folder with documents; null for what is installed. */
  readonly config: string | null;
  readonly stateFolder: string;
  readonly socketPath: string;
  readonly named: readonly string[];
  /** The socket of the host's own instance, which an account's own one asks. */
  readonly hostSocket: string;
  /** By hand, on a terminal or in a pipe: what each account's first run found. */
  firstRun(ran: Ran, policies: readonly Policy[]): void;
  /** The agent answers; `problems` of documents are told. */
  begun(agent: Agent): void;
  ready(agent: Agent): void;
}

export type Ended = { readonly kind: "ended" } | { readonly kind: "refused"; readonly problems: readonly string[] };

const stopWithinMs = 4_500;

/** Runs until it is told to stop (SIGTERM, SIGINT). */
export async function runAgent(call: AgentCall): Promise<Ended> {
  const manager = serviceManager(process.env, process.pid);
  const log = logTo(manager.present ? 1 : 2, { journal: manager.present, least: manager.present ? "info" : "warn" });
  const names = hostNames();
  const isRoot = names.callerUid === 0;
  const instance = isRoot ? "host" : await ownName(names.callerUid);
  const refused = (...problems: readonly string[]): Ended => ({ kind: "refused", problems });

  const unknown = await unknownNames(call.named);
  if (unknown.length > 0) return refused(...unknown);
  const watchedBy = isRoot ? null : await watchedByHost(call.hostSocket, instance);
  if (watchedBy !== null) return refused(watchedBy);
  const folder = makeFolder(call.stateFolder);
  if (folder !== null) return refused(folder);
  const lock = lockFolder(call.stateFolder);
  if (lock.kind === "refused") return refused(lock.message);
  if (lock.kind === "held") {
    const by = lock.by ?? "another process";
    return refused(`${call.stateFolder}: expected no other agent, found ${by}; stop it, or use --state`);
  }
  using _ = lock;
  const first = configAt(call.config, Date.now());
  if (first.kind === "problems" && first.grant !== "broken") return refused(...first.problems.map(problemText));
  const opened = openStore({ folder: call.stateFolder, instance, nowMs: Date.now(), program: call.version });
  if (opened.kind === "refused") return refused(opened.message);
  const { store } = opened;
  for (const notice of store.notices) log("warn", notice);

  const configured = configuredFirst(first);
  const sender = await senderAccount(isRoot, names.callerUid);
  const viewers = await groupMembers("rcwarden");
  const textfile = new Textfile({
    uid: names.callerUid,
    log,
    path: () => agent.configured.host.agent?.metricsFile ?? null,
    text: () => metricsText(measuredOf(agent.view())),
    stoppedText: () => stoppedText(Date.now(), instance),
  });
  const world: AgentWorld = {
    version: call.version,
    hostName: hostname(),
    instance,
    ownerUid: names.callerUid,
    viewerGid: viewers.kind === "group" ? viewers.gid : null,
    pid: process.pid,
    named: call.named,
    store,
    names,
    log,
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    configuration: () => configAt(call.config, Date.now()),
    readings: (account, first) => readingsOf(account, isRoot, first),
    measure: (request, readings) => measureHere(request, isRoot, readings),
    systemPaths,
    namePaths,
    identitiesAs: (account, paths) => identitiesAs(account, paths),
    watch: (options) =>
      watch({
        sentinelFolder: call.stateFolder,
        // Documents may change it.
        get sweepMs() {
          return options.sweepMs;
        },
        lookElsewhere: options.lookElsewhere,
        changed: options.changed,
      }),
    hint: (file) => hintOf(file, Date.now()),
    people: peopleSince,
    lines: (account, wanted, signal) => linesAs(account, wanted, { signal }),
    giveBack,
    residentBytes: () => process.memoryUsage.rss(),
    logins: async () => (isRoot ? loginsOfHost() : []),
    elsewhere: async (account) => (isRoot && account.uid !== 0 ? ownInstanceOf(account) : null),
    sinks: (agent) => sinksOf(agent, isRoot, sender),
    cleanup: realCleanup(call.stateFolder),
    measures: new Measures(),
    looks: new SessionLooks(realSessions(isRoot)),
    textfile,
    // A journal has other readers than who starts it by hand, and what a finding quotes is not redacted here.
    firstRun: manager.present ? () => {} : call.firstRun,
  };
  const agent: Agent = new Agent(world, configured);
  const served = await serve({
    view: agent.view(),
    socketPath: call.socketPath,
    peerOf,
    fault: (message) => log("error", "a question could not be answered", { message }),
  });
  if (served.kind === "refused") {
    store.close();
    return refused(served.message);
  }
  const ending = endOf(agent, manager, log);
  await agent.start();
  manager.ready();
  tellManager(agent, manager);
  void textfile.look();
  every(
    () => writtenEveryMs,
    agent.closing,
    // Not waited for: that an earlier one hangs is to be said.
    () => void textfile.look(),
  );
  call.begun(agent);
  void agent.firstFullRun.then(() => call.ready(agent));
  await ending;
  manager.stopping();
  const hard = setTimeout(() => process.exit(1), stopWithinMs);
  await agent.stop();
  await textfile.stop();
  await served.close();
  store.close();
  clearTimeout(hard);
  return { kind: "ended" };
}

/**
 * At the start there are no documents to fall back to: with a broken Grant the shipped ones stand, so that the agent can
 * say what is wrong; nobody is measured. Anything else that is broken keeps the agent from starting.
 */
function configuredFirst(first: Configuration): Configured {
  const loadedAtMs = Date.now();
  if (first.kind === "documents") return { ...first, problems: [], loadedAtMs };
  const { host, problems, paths } = first;
  return { set: shippedAlone(loadedAtMs), host, problems, paths, loadedAtMs };
}

async function loginsOfHost() {
  const { logins } = await recentLogins(new Date());
  return logins.map(({ user, seconds }) => ({ user, atMs: Math.round(seconds * 1000) }));
}

function sinksOf(agent: Agent, isRoot: boolean, sender: Account | null) {
  const { world, configured } = agent;
  return (configured.host.agent?.sinks ?? []).map((document) =>
    startSink(document, {
      store: world.store,
      source: sourceOf(agent),
      share: () => agent.grant?.share ?? null,
      nowMs: world.nowMs,
      heartbeat: () => agent.heartbeat(),
      released: (name, asked) => agent.cleaner.release({ kind: "engine", name }, asked),
      log: world.log,
      later: (ms, signal) =>
        new Promise((resolve) => {
          later(ms, signal, resolve);
          signal.addEventListener("abort", () => resolve(), { once: true });
        }),
      chance: Math.random,
      spawnSender() {
        if (isRoot && hasSenderUnit()) return connectedSender();
        if (sender === null) throw new Error("expected an account to send as, found none");
        return spawnSender(sender, isRoot);
      },
    }),
  );
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. SIGHUP reads the documents anew. */
function endOf(agent: Agent, manager: ServiceManager, log: Log): Promise<void> {
  return new Promise((resolve) => {
    let asked = 0;
    const stop = () => {
      asked += 1;
      if (asked > 1) process.exit(1);
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    process.on("SIGHUP", () => {
      manager.reloading();
      agent
        .reload()
        .catch((error: unknown) => log("error", "documents could not be read", { error: String(error) }))
        .finally(() => manager.ready());
    });
  });
}

function tellManager(agent: Agent, manager: ServiceManager): void {
  const { watchdogMs } = manager;
  if (watchdogMs !== null)
    every(
      () => watchdogMs,
      agent.closing,
      () => manager.watchdog(),
    );
  let last = "";
  if (!manager.present) return;
  every(
    () => 2_000,
    agent.closing,
    () => {
      const { all } = agent.accounts;
      const failing = all.filter(({ counts }) => counts.fail > 0).length;
      const broken = agent.grant === null ? "; the Grant is broken: nobody is measured" : "";
      const text = `${all.length} ${all.length === 1 ? "account" : "accounts"} watched, ${failing} with findings${broken}`;
      if (text !== last) manager.status(text);
      last = text;
    },
  );
}

async function ownName(uid: number): Promise<string> {
  const answer = await hostNames().accountOfUid(uid);
  return answer.kind === "account" ? answer.account.name : `uid-${uid}`;
}

async function unknownNames(named: readonly string[]): Promise<string[]> {
  const names = hostNames();
  const problems: string[] = [];
  for (const name of named) {
    const answer = await names.account(name);
    if (answer.kind === "absent") problems.push(`--account: expected an account of this host, found "${name}"`);
    else if (answer.kind === "account" && names.callerUid !== 0 && answer.account.uid !== names.callerUid)
      problems.push(`--account: expected your own account, for you are not root, found "${name}"`);
  }
  return problems;
}

/** Null where it is there and ours to use; else what is wrong. */
function makeFolder(folder: string): string | null {
  try {
    mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return null;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return `${folder}: expected to make this folder for what the agent keeps, found ${code}; make it, or use --state`;
  }
}

/** Whether the host's instance says that it watches this account; null where it does not, or where there is none. */
function watchedByHost(socketPath: string, name: string): Promise<string | null> {
  const found = `${socketPath}: the host's agent watches ${name} already: expected to be the only one; ask that one, or have ${name} taken out of its Grant`;
  return new Promise((resolve) => {
    const request = get({ socketPath, path: `/v1/accounts/${encodeURIComponent(name)}`, timeout: 2_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200 ? found : null);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(null));
  });
}
