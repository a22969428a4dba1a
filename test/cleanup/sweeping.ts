/** What the tests of removal share: the real child, and a journal in memory that holds everything that was said to it. */

import { decide as decided, type Moment, type RootIdentity } from "../../agent/cleanup/decide.ts";
import type { ToLookAt } from "../../agent/cleanup/look.ts";
import type { FileOutcome } from "../../agent/cleanup/outcome.ts";
import type { Candidate, Release, Seen } from "../../agent/cleanup/plan.ts";
import { type Sweeping, type Swept, sweepBelow } from "../../agent/cleanup/sweep.ts";
import type { Retention } from "../../agent/documents/index.ts";
import type { Account } from "../../agent/facts/index.ts";
import { builtSweeper } from "./looking.ts";

/** What was intended as one group; `outcomes` is null where it was never settled. */
export interface Group {
  readonly intent: number;
  readonly files: readonly Candidate[];
  readonly outcomes: readonly FileOutcome[] | null;
}

export interface Ran {
  readonly swept: Swept;
  readonly seen: readonly Seen[];
  readonly groups: readonly Group[];
}

export interface Sweep {
  readonly toLookAt: Partial<ToLookAt> & { readonly root: string };
  readonly account: Pick<Account, "name" | "uid" | "gid" | "home">;
  /** What goes of all that was seen. */
  decide(seen: readonly Seen[], root: RootIdentity): readonly Candidate[];
  /** After each group whose intent was written; false is what a journal says that takes no more. */
  intended?(files: readonly Candidate[]): boolean;
  readonly more?: Partial<Sweeping>;
}

let intents = 0;

/** One sweep by the child as it is shipped. */
export async function sweep({ toLookAt, account, decide, intended, more }: Sweep): Promise<Ran> {
  const script = await builtSweeper();
  const seen: Seen[] = [];
  const groups: { intent: number; files: readonly Candidate[]; outcomes: readonly FileOutcome[] | null }[] = [];
  const swept = await sweepBelow(
    { depth: 1, match: ["*"], ...toLookAt },
    { ...account, groups: [account.gid], shell: "/bin/sh" },
    {
      script,
      deadlineMs: 120_000,
      prepare: true,
      take: (batch) => void seen.push(...batch),
      apply: {
        decide: (root) => decide(seen, root),
        intend: (files) => {
          if (intended?.(files) === false) return null;
          intents += 1;
          groups.push({ intent: intents, files, outcomes: null });
          return intents;
        },
        settle: (intent, outcomes) => {
          const group = groups.find((one) => one.intent === intent && one.outcomes === null);
          if (group === undefined) throw new Error(`intent ${intent} was settled that was not open`);
          group.outcomes = outcomes;
        },
        limits: { filesPerSecond: 1_000_000, readBytesPerSecond: 2 ** 40 },
      },
      ...more,
    },
  );
  return { swept, seen, groups };
}

/** As `decide`: every file that nothing guards, the content as it is. */
export function everyFree(seen: readonly Seen[]): readonly Candidate[] {
  return seen
    .filter(({ guard }) => guard === null)
    .map(({ path, identity }) => ({ path, identity, content: { kind: "as-seen" } }));
}

/** As `decide`: what a Retention says, with these releases, at this moment. */
export function byRetention(retention: Retention, releases: readonly Release[], moment: Moment): Sweep["decide"] {
  return (seen, root) => decided(retention, seen, releases, moment, root).remove;
}

/** By outcome, paths below the root as latin1 text, sorted. */
export function outcomesOf({ groups }: Ran): Readonly<Record<string, readonly string[]>> {
  const by: Record<string, string[]> = {};
  for (const { files, outcomes } of groups) {
    for (const [at, { path }] of files.entries()) {
      const word = outcomes?.find((one) => one.at === at)?.outcome ?? "not settled";
      const text = path.map((name) => Buffer.from(name, "hex").toString("latin1")).join("/");
      by[word] = [...(by[word] ?? []), text].sort();
    }
  }
  return by;
}
