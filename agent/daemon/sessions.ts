/** The agent's looks at the SSH sessions of those whom it watches: seldom, cheap, and each as far from the last as it was dear. */
import { sessionGroups } from "../collectors/session-groups.ts";
import type { SeenSession, SessionsLook } from "../collectors/sessions.ts";
import { redacted } from "../drift/index.ts";
import { type HungCommand, rfc3339, type SeenSessions } from "../facts/index.ts";
import { later } from "./timers.ts";

/** What the looks are made by; collectors/sessions.ts has the real one. */
export interface LooksAtSessions {
  look(isWanted: (uid: number) => boolean): Promise<SessionsLook>;
}

export interface SessionsAbout {
  readonly looks: LooksAtSessions;
  /** Whose sessions; two names of one uid are told by the first. */
  accounts(): readonly { readonly name: string; readonly uid: number }[];
  /** Why nobody may be looked at, one clause; "" where they may. */
  barred(): string;
  /** What waits for ever in the sandbox, of all of them. */
  hung(): readonly HungCommand[];
  nowMs(): number;
  monotonicMs(): number;
  /** There was a look. */
  looked(facts: SeenSessions): void;
}

const everyMs = 30_000;
const longestMs = 300_000;
/** Of a core, for all looks: dear ones come less often, but never further apart than the longest. */
const share = 0.001;

interface Seen {
  readonly sessions: readonly SeenSession[];
  readonly problem: string;
  readonly names: ReadonlyMap<number, string>;
  readonly atMs: number;
  readonly atMonotonic: number;
}

export class Sessions {
  readonly #about: SessionsAbout;
  readonly #signal: AbortSignal;
  #firstMonotonic: number | null = null;
  #seen: Seen | null = null;
  #facts: SeenSessions | null = null;

  constructor(about: SessionsAbout, signal: AbortSignal) {
    this.#about = about;
    this.#signal = signal;
  }

  /** Looks at once, then again and again. Resolves after the first look. */
  async start(): Promise<void> {
    const workMs = await this.look();
    later(Math.min(longestMs, Math.max(everyMs, workMs / share)), this.#signal, () => void this.start());
  }

  /** Milliseconds of work that it took. */
  async look(): Promise<number> {
    const { looks, accounts, nowMs, monotonicMs } = this.#about;
    const names = new Map(
      accounts()
        .map(({ name, uid }) => [uid, name] as const)
        .reverse(),
    );
    const barred = this.#about.barred();
    const look = barred === "" ? await looks.look((uid) => names.has(uid)).catch(failed) : nothingSeen(barred);
    const { sessions, problem, workMs } = look;
    if (this.#signal.aborted) return workMs;
    this.#firstMonotonic ??= monotonicMs();
    this.#seen = { sessions, problem, names, atMs: nowMs(), atMonotonic: monotonicMs() };
    this.#facts = null;
    this.#about.looked(this.facts());
    return workMs;
  }

  /** Somebody was measured: what waits in the sandbox may be something else. */
  measured(): void {
    this.#facts = null;
  }

  facts(): SeenSessions {
    if (this.#seen === null) return this.#notYet();
    const { sessions, problem, names, atMs, atMonotonic } = this.#seen;
    this.#facts ??= {
      at: rfc3339(atMs),
      groups: sessionGroups({ sessions, names, hung: this.#about.hung(), nowMs: atMs }).map(redactedGroup),
      problem,
      accounts: [...new Set(names.values())],
      watchedSeconds: (atMonotonic - (this.#firstMonotonic ?? atMonotonic)) / 1000,
    };
    const sinceMs = this.#about.monotonicMs() - atMonotonic;
    if (sinceMs <= 2 * longestMs) return this.#facts;
    return { ...this.#facts, problem: `nobody looked at them for ${Math.floor(sinceMs / 60_000)} min` };
  }

  #notYet(): SeenSessions {
    const accounts = [...new Set(this.#about.accounts().map(({ name }) => name))];
    const at = rfc3339(this.#about.nowMs());
    return { at, groups: [], problem: "sessions were not looked at yet", accounts, watchedSeconds: 0 };
  }
}

function redactedGroup<G extends SeenSessions["groups"][number]>(group: G): G {
  return { ...group, command: redacted(group.command), prompt: group.prompt === null ? null : redacted(group.prompt) };
}

/** A fault of the look itself is a gap like any other. */
function failed(error: unknown): SessionsLook {
  return nothingSeen(`the look failed: ${error instanceof Error ? error.message : String(error)}`);
}

function nothingSeen(problem: string): SessionsLook {
  return { sessions: [], problem, workMs: 0 };
}
