/** Each account in status' words: watched or not, measured when, and why not. */
import { quietUntil } from "../documents/index.ts";
import type { Unseen } from "../host/watching.ts";
import type { WatchedAccount } from "../status/agent-view.ts";
import type { Agent } from "./agent.ts";
import type { Watched } from "./watched.ts";

/** Who is watched, and who would be. */
export function everybody(agent: Agent): WatchedAccount[] {
  const unseen = agent.watch.unseen();
  return [...agent.accounts.all.map((watched) => watchedAccount(agent, watched, unseen)), ...notWatched(agent)];
}

/** Who would be watched, and why not. */
export function notWatched({ skipped, notGranted }: Agent): WatchedAccount[] {
  return [
    ...[...skipped].map(([name, by]) => unwatched(name, "elsewhere", by)),
    ...notGranted.map((name) => unwatched(name, "not-granted", "the Grant does not name it")),
  ];
}

function unwatched(name: string, state: WatchedAccount["state"], says: string): WatchedAccount {
  const none = { pass: 0, fail: 0, unknown: 0, pending: false, measuredAt: null, confirmedAt: null };
  return { name, uid: -1, shell: "", because: "", state, says, ...none };
}

export function watchedAccount(agent: Agent, watched: Watched, unseen: Unseen): WatchedAccount {
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
    return { state: "quiet", says: quietWords(agent.grant, new Date(agent.world.nowMs())) };
  const minutes = Math.ceil((inMs ?? 0) / 60_000);
  if (state === "suspended")
    return { state, says: `ran out of time ${timeOuts} times in a row; tried again in ${minutes} min, or when asked` };
  if (state === "running") return { state: "measuring", says: "" };
  return { state: watched.measuredAt === null ? "waiting" : "measured", says: "" };
}

function quietWords(grant: NonNullable<Agent["grant"]>, now: Date): string {
  const until = quietUntil(grant, now.getHours() * 60 + now.getMinutes());
  if (until === null) return "the Grant wants quiet at every hour (notBetween)";
  const [hours, minutes] = [Math.floor(until / 60), until % 60].map((part) => String(part).padStart(2, "0"));
  return `the Grant wants quiet until ${hours}:${minutes} (notBetween)`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
