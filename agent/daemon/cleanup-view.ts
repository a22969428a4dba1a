/** What the endpoint may know and do about clean-up: the cleaner's state in the endpoint's words. */
import { removalOf } from "../documents/index.ts";
import type { AgentView, CleanupBody, CleanupRow, PlanApplied } from "../status/agent-view.ts";
import type { ReleaseAnswer, Store } from "../store/index.ts";
import type { Cleaner } from "./cleaner.ts";
import type { Cleaning } from "./cleaning.ts";
import type { CleanupWorld } from "./cleanup-world.ts";

export interface ViewedCleanup {
  readonly cleaner: Cleaner;
  readonly cleanup: CleanupWorld;
  readonly store: Store;
  nowMs(): number;
}

export function cleanupViewOf(viewed: ViewedCleanup): Pick<AgentView, "cleanup" | "applyPlan" | "release"> {
  return {
    cleanup: () => bodyOf(viewed),
    applyPlan: (hash) => applied(viewed, hash),
    release: (by, asked) => viewed.cleaner.release(by, asked),
  };
}

function bodyOf(viewed: ViewedCleanup): CleanupBody {
  const { cleaner, nowMs } = viewed;
  const { journal } = cleaner.journal;
  const answers = answersOf(viewed.store);
  return {
    apiVersion: "rcwarden/v1",
    kind: "Cleanup",
    time: new Date(nowMs()).toISOString(),
    retentions: cleaner.all.map((cleaning) => rowOf(cleaning, viewed, answers)),
    journal: journal === null ? null : journal.state(),
  };
}

type Answers = ReadonlyMap<string, Readonly<Partial<Record<ReleaseAnswer, number>>>>;

function answersOf(store: Store): Answers {
  const counts = Map.groupBy(store.releaseCounts(), ({ retention }) => retention);
  return new Map(
    [...counts].map(([retention, each]) => [
      retention,
      Object.fromEntries(each.map(({ answer, rows }) => [answer, rows])),
    ]),
  );
}

function rowOf(cleaning: Cleaning, { cleaner, cleanup }: ViewedCleanup, answers: Answers): CleanupRow {
  const { retention, plan, run, backlog, refused, withheld } = cleaning;
  const { name, account, root, apply } = retention;
  const removal = removalOf(cleaner.granted, account, root);
  return {
    ...{ retention: name, account, root, apply },
    granted: removal.kind === "granted" ? removal.apply : "plan-only",
    state: stateOf(cleaning, cleanup.isStuck(root)),
    ...{ plan, run, backlog },
    releases: answers.get(name) ?? {},
    problem: refused?.message ?? withheld,
  };
}

function stateOf({ isRunning, isApplying }: Cleaning, isStuck: boolean): CleanupRow["state"] {
  if (isStuck) return "stuck";
  if (!isRunning) return "waiting";
  return isApplying ? "applying" : "looking";
}

async function applied(viewed: ViewedCleanup, hash: string): Promise<PlanApplied> {
  const { cleaner, cleanup, nowMs } = viewed;
  const plan = cleaner.planKeptHere(hash) ?? cleanup.keptPlan(hash, nowMs());
  if (plan.kind !== "plan") {
    const code = plan.kind === "failed" ? "failed" : "unknown";
    return { kind: "refused", code, message: plan.message };
  }
  const cleaning = cleaner.all.find(({ retention }) => retention.name === plan.retention);
  if (cleaning === undefined) {
    const message = `plan ${hash}: expected its Retention ${plan.retention} to be in force, found none of this name`;
    return { kind: "refused", code: "unknown", message };
  }
  const { account, root, name } = cleaning.retention;
  if (removalOf(cleaner.granted, account, root).kind !== "granted") {
    const message = `${name}: expected a Grant that lets files of ${account}'s go below ${root}, found none; the host's owner may write it`;
    return { kind: "refused", code: "not-granted", message };
  }
  const { problem, run } = await cleaner.apply(name, plan);
  if (problem !== "") return { kind: "refused", code: "failed", message: problem };
  return { kind: "applied", row: { ...rowOf(cleaning, viewed, answersOf(viewed.store)), run } };
}
