import * as z from "zod";
import type { Degraded, WatchingFacts } from "../facts/index.ts";
import { checkKind, type Evidence, type Judgement } from "./check-kind.ts";
import { oracle, watchesAll } from "./example-facts.ts";

const subject = "watching";

function evidenceOf({
  degraded,
  blind,
  paths,
  byEvents,
  watches,
  watchLimit,
  latencyMs,
  lastSweep,
}: WatchingFacts): Evidence {
  const codes = [...new Set(degraded.map(({ code }) => code))].sort();
  return { state: codes.join(", "), blind, paths, byEvents, watches, watchLimit, latencyMs, lastSweep };
}

/** Looked at by sweeps only, by its nature, and that is what a sweep is for: no fault that anybody could mend. */
const byNature: readonly Degraded["code"][] = ["network-mount"];

/** What helps, by what is degraded; the rest mends itself, or says in its message what is wrong. */
function changeFor({ degraded, watchLimit }: WatchingFacts): string {
  if (degraded.some(({ code }) => code === "watch-limit")) {
    const now = watchLimit === null ? "" : ` (now ${watchLimit})`;
    return `raise fs.inotify.max_user_watches${now} by sysctl, or let others watch less`;
  }
  if (degraded.some(({ code }) => code === "no-answer")) return "see why the mount does not answer";
  return "see what keeps the host busy; sweeps find meanwhile what events do not tell";
}

export const watchCoverage = checkKind({
  id: "watch-coverage",
  summary: "Every file that decides is watched, and a change of it is seen at once.",
  why: "A change that is not seen leaves an engine with the verdict of yesterday.",
  consequence: "security",
  asksAbout: "host",
  needs: ["watching"],
  afterStartup: false,
  parameters: z.strictObject({}),
  subjects: () => [subject],
  judge(_, { watching }): Judgement[] {
    if (watching === null || watching.lastSweep === null) {
      return [{ subject, status: "unknown", message: "nothing was looked at yet" }];
    }
    const evidence = evidenceOf(watching);
    const faults = watching.degraded.filter(({ code }) => !byNature.includes(code));
    if (faults.length === 0 && !watching.blind) {
      return [{ subject, status: "pass", message: `${watching.paths} paths are watched`, evidence }];
    }
    const why = [...new Set(faults.map(({ message }) => message))];
    const said = why.length > 0 ? why : ["changes may go unseen for longer than the time between two sweeps"];
    const message = `not every change is seen at once: ${said.join("; ")}`;
    return [{ subject, status: "fail", message, change: changeFor(watching), evidence }];
  },
  examples: [
    { says: "all paths watched by events hold", with: {}, facts: { ...oracle, watching: watchesAll }, fails: [] },
    {
      says: "paths above inotify's limit fail",
      with: {},
      facts: {
        ...oracle,
        watching: {
          ...watchesAll,
          byEvents: 20,
          watchLimit: 20,
          degraded: [{ code: "watch-limit", message: "7 of 27 paths are above the limit of inotify watches" }],
        },
      },
      fails: [subject],
    },
    {
      says: "a home on a network mount is looked at by sweeps, and holds",
      with: {},
      facts: {
        ...oracle,
        watching: { ...watchesAll, degraded: [{ code: "network-mount", message: "6 paths are on a network mount" }] },
      },
      fails: [],
    },
    {
      says: "a watcher that sees nothing for now fails",
      with: {},
      facts: { ...oracle, watching: { ...watchesAll, blind: true, latencyMs: null } },
      fails: [subject],
    },
    {
      says: "before the first look nothing is known",
      with: {},
      facts: { ...oracle, watching: { ...watchesAll, lastSweep: null, latencyMs: null } },
      fails: [],
      unknown: [subject],
    },
  ],
});
