/** Pictures of the agent's state, made once as long as nothing changes, and what of the last day only memory knows. */
import type { SessionsFacts } from "../facts/index.ts";
import type { CleanupRow, Day, Picture } from "../status/index.ts";
import type { Agent } from "./agent.ts";
import { dayMs, pictureOf, type Seeing } from "./picture.ts";
import { everybody } from "./watched-account.ts";

/** What no commit tells (a sweep, a session that ends) may be so old. */
const freshMs = 2_000;
/** Changes of the number of stuck sessions. */
const mostChanges = 1_000;
const mostPeople = 200;

export class Pictures {
  readonly #agent: Agent;
  readonly #cleanup: () => readonly CleanupRow[];
  readonly #made = new Map<string, { readonly atMs: number; readonly picture: Picture }>();
  #stuck: { at: string; count: number }[] = [];
  #people: Day["logins"] = null;

  constructor(agent: Agent, cleanup: () => readonly CleanupRow[]) {
    this.#agent = agent;
    this.#cleanup = cleanup;
  }

  /** The same value as long as nothing changed. */
  of(seeing: Seeing): Picture {
    const { world } = this.#agent;
    const key = `${seeing.share} ${seeing.account ?? ""}`;
    const known = this.#made.get(key);
    const nowMs = world.nowMs();
    if (known !== undefined && nowMs >= known.atMs && nowMs - known.atMs < freshMs) return known.picture;
    const picture = pictureOf(this.#pictured(nowMs), seeing);
    this.#made.set(key, { atMs: nowMs, picture });
    return picture;
  }

  /** What is known is another one now. */
  changed(): void {
    this.#made.clear();
  }

  /** After a look at the sessions. */
  looked({ groups, problem }: SessionsFacts): void {
    this.changed();
    // Who could not be looked at may be stuck or not.
    if (problem !== "" && groups.length === 0) return;
    const count = groups.reduce((sum, group) => sum + (group.isStuck ? group.count : 0), 0);
    // The first look is told, too: before it nothing is known.
    if (this.#stuck.at(-1)?.count === count) return;
    const nowMs = this.#agent.world.nowMs();
    this.#stuck.push({ at: iso(nowMs), count });
    // The last one before the day says how it began.
    const first = this.#stuck.findLastIndex(({ at }) => at <= iso(nowMs - dayMs));
    this.#stuck = this.#stuck.slice(Math.max(0, first)).slice(-mostChanges);
  }

  /** Looks who had a terminal in the last day. */
  lookAtPeople(): void {
    const { world } = this.#agent;
    const found = world.people(world.nowMs() - dayMs);
    this.#people =
      found?.slice(-mostPeople).map(({ user, from, to }) => ({
        user,
        from: iso(from * 1000),
        to: to === null ? null : iso(to * 1000),
      })) ?? null;
  }

  #pictured(nowMs: number) {
    const agent = this.#agent;
    return {
      store: agent.world.store,
      nowMs,
      fullMs: agent.fullMs,
      watched: agent.accounts.all,
      accounts: everybody(agent),
      sessions: agent.sessions(),
      cleanup: this.#cleanup(),
      degraded: agent.watch.state().degraded,
      stuck: this.#stuck,
      people: this.#people,
    };
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
