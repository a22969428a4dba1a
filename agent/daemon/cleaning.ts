/** One Retention as the agent tends it: what was found and done last, and what it waits for. */
import type { BacklogHistory } from "../cleanup/backlog.ts";
import type { KeptPlan, Performed } from "../cleanup/index.ts";
import type { Retention } from "../documents/index.ts";
import type { BacklogFacts } from "../facts/index.ts";
import type { CleanupRow } from "../status/agent-view.ts";
import type { Waiting } from "./cleanup-due.ts";
import type { CleanupBecause, PlanTold, Refused } from "./cleanup-told.ts";

/** A kept plan that somebody wants to have applied. */
export interface Order {
  readonly plan: Pick<KeptPlan, "hash" | "holds">;
  /** Called once: "" where it was applied, else why not. */
  done(problem: string): void;
}

export class Cleaning {
  retention: Retention;
  readonly orders: Order[] = [];
  releasedMs: number | null = null;
  isUnderPressure = false;
  isNew = true;
  plan: PlanTold | null = null;
  /** Of a plan that could not be kept in the state folder: keys of its candidates. */
  keptHere: { readonly hash: string; readonly keys: ReadonlySet<string>; readonly expiresAtMs: number } | null = null;
  run: CleanupRow["run"] = null;
  backlog: BacklogFacts | null = null;
  /** Of earlier looks; null before it was read. */
  history: BacklogHistory | null = null;
  /** The last look that saw everything. */
  seenMs: number | null = null;
  refused: Refused | null = null;
  /** Why nothing goes though all was seen; "" where something could. */
  withheld = "";
  /** While it runs: calls it off. */
  calledOff: AbortController | null = null;
  isApplying = false;
  #startedMs: number | null = null;
  #scheduledMs: number | null = null;
  #endedMs: number | null = null;
  #failures = 0;
  #isFruitless = false;

  constructor(retention: Retention) {
    this.retention = retention;
  }

  get isRunning(): boolean {
    return this.calledOff !== null;
  }

  get waiting(): Waiting {
    return {
      plan: this.retention.plan,
      orders: this.orders.length,
      releasedMs: this.releasedMs,
      isUnderPressure: this.isUnderPressure,
      isNew: this.isNew,
      startedMs: this.#startedMs,
      scheduledMs: this.#scheduledMs,
      endedMs: this.#endedMs,
      tookMs: (this.#endedMs ?? 0) - (this.#startedMs ?? 0),
      failures: this.#failures,
      isFruitless: this.#isFruitless,
    };
  }

  begin(because: CleanupBecause, nowMs: number): AbortController {
    this.#startedMs = nowMs;
    if (because === "schedule") this.#scheduledMs = nowMs;
    this.isNew = false;
    // What comes from now on may not be seen by this run; one that applies nothing, or one plan, answers no release.
    if (because !== "look" && because !== "by-hand") this.releasedMs = null;
    this.calledOff = new AbortController();
    return this.calledOff;
  }

  /** `performed`: null where it came to nothing. */
  end(because: CleanupBecause, performed: Performed | null, nowMs: number): void {
    this.calledOff = null;
    this.isApplying = false;
    this.#endedMs = nowMs;
    const isPlanned = performed?.kind === "planned";
    const isDone = isPlanned && (performed.applied?.unfinished ?? "") === "";
    this.#failures = isDone ? 0 : this.#failures + 1;
    if (isPlanned) this.seenMs = nowMs;
    const removed = isPlanned ? (performed.applied?.outcomes.get("removed")?.files ?? 0) : 0;
    this.#isFruitless = because === "pressure" ? removed === 0 : this.#isFruitless && removed === 0;
    if (because === "release" && !isDone) this.releasedMs ??= nowMs;
  }
}
