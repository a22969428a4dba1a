/** What the endpoint may know and do: the agent's state in the endpoint's words. */
import { documentsInForce, enginesOf, policiesInForce, problemText } from "../documents/index.ts";
import { cursorText } from "../drift/index.ts";
import { enginesOfAccount } from "../runs/engines-of.ts";
import type { AccountView, AgentView, StatusBody } from "../status/agent-view.ts";
import type { Agent } from "./agent.ts";
import { cleanupViewOf } from "./cleanup-view.ts";
import type { Watched } from "./watched.ts";
import { everybody, notWatched, watchedAccount } from "./watched-account.ts";

export function viewOf(agent: Agent): AgentView {
  const { world } = agent;
  const { store } = world;
  return {
    store,
    source: sourceOf(agent),
    closing: agent.closing,
    nowMs: world.nowMs,
    status: () => status(agent),
    picture: (of) => agent.pictures.of(of),
    sessions: () => agent.sessions(),
    measures: world.measures,
    account(name) {
      const watched = agent.accounts.get(name);
      return watched === undefined ? notWatchedView(agent, name) : accountView(agent, watched);
    },
    blind: (account) => agent.isBlindTo(account),
    runs: (of) => store.runs(of),
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
    accounts: everybody(agent),
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

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
