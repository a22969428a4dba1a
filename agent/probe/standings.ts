import type { Account, Replacement, Standing } from "../facts/index.ts";
import { hostMounts, mayNotAnswer, mountOf } from "../host/mounts.ts";
import { type Sending, sendReader } from "./reader-child.ts";
import { standingAnswer } from "./reading-answer.ts";

const mostStanding = 131_072;

export interface Stood {
  /** By path, of those that were answered. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** Why some are missing; null where none is. */
  readonly why: string | null;
}

/** How each path stands on the file system, as the account sees it: by the reader child. Never rejects. */
export async function standingsAs(
  account: Account,
  wanted: readonly string[],
  replaced: readonly Replacement[] = [],
  more: Omit<Sending, "account"> = {},
): Promise<Stood> {
  const paths = [...new Set(wanted)];
  const standings = new Map<string, Standing>();
  if (paths.length === 0) return { standings, why: null };
  const contents = replaced.map(({ real, content }) => [real, Buffer.from(content).toString("base64")]);
  const why = await sendReader(
    { ...more, account },
    {
      request: { kind: "standings", paths, replaced: Object.fromEntries(contents) },
      mostBytes: mostStanding * paths.length,
      threads: 1,
      holds: () => [`uid ${account.uid}`, ...silentMounts(paths)],
      take(line) {
        const answer = standingAnswer(line);
        if (typeof answer === "string") return answer;
        const [at, standing] = answer;
        // They come in order, so that none is answered twice and each under its own name.
        if (at !== standings.size || standing.path !== paths[at]) return "the reader's answer is about another path";
        standings.set(standing.path, standing);
        return standings.size === paths.length ? "enough" : "more";
      },
    },
  );
  return { standings, why };
}

function silentMounts(paths: readonly string[]): string[] {
  const mounts = hostMounts();
  const silent = paths.flatMap((path) => mountOf(path, mounts) ?? []).filter(mayNotAnswer);
  return [...new Set(silent.map(({ id }) => `mount ${id}`))];
}
