/** What the endpoint may know and do: the agent's state in the endpoint's words. */
import { documentsInForce, enginesOf, policiesInForce, problemText } from "../documents/index.ts";
import { cursorText } from "../drift/index.ts";
import type { Unseen } from "../host/watching.ts";
import { enginesOfAccount } from "../runs/engines-of.ts";
import type { AccountView, AgentView, StatusBody, WatchedAccount } from "../status/agent-view.ts";
import type { Agent } from "./agent.ts";
import { cleanupViewOf } from "./cleanup-view.ts";
import { pictureOf } from "./picture.ts";
import type { Watched } from "./watched.ts";

export function viewOf(agent: Agent): AgentView {
  const { world } = agent;
  const { store } = world;
  return {
    store,
    source: sourceOf(agent),
    closing: agent.closing,
    nowMs: world.nowMs,
    status: () => status(agent),
    picture: (of) => pictureOf(agent, of),
    sessions: () => agent.sessions(),
    measures: world.measures,
    account(name) {
      const watched = agent.accounts.get(name);
      return watched === undefined ? notWatchedView(agent, name) : accountView(agent, watched);
    },
    blind: (account) => agent.isBlindTo(account),
    runs: (most, account) => store.runs(most, account),
    share: () => (agent.grant === null ? null : { local: agent.grant.local, share: agent.grant.share }),
    baseline(account) {
      const watched = agent.accounts.get(account);
      if (watched === undefined) return null;
      return { baseline: store.baseline(account), changes: watched.changes, now: watched.items };
    },
    acceptBaseline: (account, reason) => agent.acceptBaseline(account, reason),
    reload: () => agent.reload(),
    run(account, rests) {
      if (account !== null && agent.accounts.get(account) === undefined) return null;
      return { queued: agent.want(account, rests) };
    },
    ...cleanupViewOf({ cleaner: agent.cleaner, cleanup: world.cleanup, store, nowMs: world.nowMs }),
    accountOfUid: (uid) => agent.accounts.all.find(({ account }) => account?.uid === uid)?.name ?? null,
    viewerGid: world.viewerGid,
    ownerUid: world.ownerUid,
  };
}

export function sourceOf({ world }: Agent): string {
  return `rcwarden://${world.store.hostId}/${world.instance}`;
}

function status(agent: Agent): StatusBody {
  const { world, configured, keeper } = agent;
  const { store } = world;
  const watching = agent.facts().watching;
  if (watching === null) throw new Error("an agent knows how it watches");
  const { epoch, head, size, notices } = store;
  const unseen = agent.watch.unseen();
  return {
    apiVersion: "rcwarden/v1",
    kind: "Status",
    time: iso(world.nowMs()),
    rcwarden: world.version,
    host: { id: store.hostId, name: world.hostName },
    instance: world.instance,
    pid: world.pid,
    startedAt: iso(agent.startedAtMs),
    ready: agent.isReady,
    accounts: [
      ...agent.accounts.all.map((watched) => watchedAccount(agent, watched, unseen)),
      ...[...agent.skipped].map(([name, by]) => unwatched(name, "elsewhere", by)),
      ...agent.notGranted.map((name) => unwatched(name, "not-granted", "the Grant does not name it")),
    ],
    watching,
    documents: {
      loadedAt: iso(configured.loadedAtMs),
      inForce: documentsInForce(configured.set).map(({ kind, name, origin }) => ({
        kind,
        name,
        file: origin.file,
        digest: origin.digest,
      })),
      problems: [
        ...configured.problems.map(problemText),
        ...agent.listProblems,
        ...(world.textfile.problem === "" ? [] : [world.textfile.problem]),
      ],
      grant: configured.host.grant.kind,
    },
    sinks: agent.sinks.map((sink) => sink.state()),
    store: { epoch: `${epoch.n}.${epoch.r}`, head: cursorText(head), ...size, problem: keeper.problem, notices },
    resources: agent.limits.use,
  };
}

function accountView(agent: Agent, watched: Watched): AccountView {
  return {
    account: watchedAccount(agent, watched, agent.watch.unseen()),
    engines: engines(agent, watched),
    findings: agent.world.store.findings(watched.name).map(({ finding }) => finding),
    undecided: watched.undecided,
  };
}

/** Who would be watched, and why not. */
function notWatched({ skipped, notGranted }: Agent): WatchedAccount[] {
  return [
    ...[...skipped].map(([name, by]) => unwatched(name, "elsewhere", by)),
    ...notGranted.map((name) => unwatched(name, "not-granted", "the Grant does not name it")),
  ];
}

/** Nothing is known of such an account, and it is known why. */
function notWatchedView(agent: Agent, name: string): AccountView | null {
  const account = notWatched(agent).find((each) => each.name === name);
  if (account === undefined) return null;
  return { account, engines: enginesInForce(agent), findings: [], undecided: [] };
}

function engines(agent: Agent, { applying, name }: Watched): AccountView["engines"] {
  const found = enginesOfAccount(applying.filter(({ accounts }) => accounts === "all" || accounts.includes(name)));
  return applying.length > 0 ? found : enginesInForce(agent);
}

/** Before a first run: the names, so that a question about one of them is no mistake. */
function enginesInForce(agent: Agent): AccountView["engines"] {
  const { set } = agent.configured;
  const names = policiesInForce(set).flatMap((policy) => enginesOf(policy, set).map((engine) => engine.name));
  return [...new Set(names)].map((each) => ({ name: each, rules: [], sends: [] }));
}

function unwatched(name: string, state: WatchedAccount["state"], says: string): WatchedAccount {
  const none = { pass: 0, fail: 0, unknown: 0, pending: false, measuredAt: null, confirmedAt: null };
  return { name, uid: -1, shell: "", because: "", state, says, ...none };
}

function watchedAccount(agent: Agent, watched: Watched, unseen: Unseen): WatchedAccount {
  const { world, queue, keeper } = agent;
  const place = queue.place(watched.name);
  const monotonic = world.monotonicMs();
  const at = (moment: number) => iso(world.nowMs() - (monotonic - moment));
  const { measuredAt } = watched;
  const pending = place.pending || keeper.isUnsaved(`run ${watched.name}`);
  const confirmed =
    measuredAt === null ? null : Math.max(measuredAt, pending ? 0 : confirmedBy(agent, watched.name, unseen));
  return {
    name: watched.name,
    uid: watched.account?.uid ?? -1,
    shell: watched.account?.shell ?? "",
    because: watched.because,
    ...stateOf(agent, watched),
    measuredAt: measuredAt === null ? null : at(measuredAt),
    confirmedAt: confirmed === null ? null : at(confirmed),
    pending,
    ...watched.counts,
  };
}

/** The last sweep that found every identity unchanged, on the clock that never jumps; 0 before the first. */
function confirmedBy(agent: Agent, name: string, unseen: Unseen): number {
  const { world } = agent;
  const { lastSweepMs } = unseen;
  return lastSweepMs === null || agent.isBlindTo(name, unseen)
    ? 0
    : world.monotonicMs() - Math.max(0, world.nowMs() - lastSweepMs);
}

function stateOf(agent: Agent, watched: Watched): Pick<WatchedAccount, "state" | "says"> {
  const { state, inMs, timeOuts } = agent.queue.place(watched.name);
  if (agent.grant === null) return { state: "not-granted", says: "the Grant is broken: nobody is measured" };
  if (watched.account === null || watched.says !== "") return { state: "unavailable", says: watched.says };
  if (state === "quiet" || (state !== "running" && agent.isQuietNow))
    return { state: "quiet", says: "the Grant wants quiet at this hour (notBetween)" };
  const minutes = Math.ceil((inMs ?? 0) / 60_000);
  if (state === "suspended")
    return { state, says: `ran out of time ${timeOuts} times in a row; tried again in ${minutes} min, or when asked` };
  if (state === "running") return { state: "measuring", says: "" };
  return { state: watched.measuredAt === null ? "waiting" : "measured", says: "" };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
