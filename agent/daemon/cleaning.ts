/** One Retention as the agent tends it: what was found and done last, and what it waits for. */
import type { BacklogHistory } from "../cleanup/backlog.ts";
import type { KeptPlan, Performed } from "../cleanup/index.ts";
import type { Removal, Retention } from "../documents/index.ts";
import type { BacklogFacts } from "../facts/index.ts";
import type { CleanupRow } from "../status/agent-view.ts";
import type { Waiting } from "./cleanup-due.ts";
import type { CleanupBecause, PlanTold, Refused } from "./cleanup-told.ts";

/** A kept plan that somebody wants to have applied. */
export interface Order {
  readonly plan: Pick<KeptPlan, "hash" | "holds">;
  /** Called once. */
  done(end: OrderEnd): void;
}

export interface OrderEnd {
  /** Why it was not applied; "" where it was. */
  readonly problem: string;
  /** Of this order; null where nothing of the plan could go any more. */
  readonly run: CleanupRow["run"];
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
  /** What the Grant says to what runs; null where that applies nothing. */
  applyingBy: Removal | null = null;
  /** As `releasedMs` was when it began. */
  #beganReleasedMs: number | null = null;
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

  get isApplying(): boolean {
    return this.applyingBy !== null;
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
    this.#beganReleasedMs = this.releasedMs;
    // What comes from now on may not be seen by this run; one that applies nothing, or one plan, answers no release.
    if (because !== "look" && because !== "by-hand") this.releasedMs = null;
    this.calledOff = new AbortController();
    return this.calledOff;
  }

  /** `performed`: null where it came to nothing. */
  end(because: CleanupBecause, performed: Performed | null, nowMs: number): void {
    this.calledOff = null;
    this.applyingBy = null;
    this.#endedMs = nowMs;
    const isPlanned = performed?.kind === "planned";
    const isDone = isPlanned && (performed.applied?.unfinished ?? "") === "";
    this.#failures = isDone ? 0 : this.#failures + 1;
    if (isPlanned) this.seenMs = nowMs;
    const removed = isPlanned ? (performed.applied?.outcomes.get("removed")?.files ?? 0) : 0;
    this.#isFruitless = because === "pressure" ? isDone && removed === 0 : this.#isFruitless && removed === 0;
    if (isDone) {
      const isLimited = isPlanned && removed > 0 && performed.decision.stays.has("over-limit");
      // On a schedule the next plan holds them; else nothing would come back to them.
      const { after, plan } = this.retention;
      if (isLimited && after === "release" && plan.everyMs === null) this.releasedMs ??= nowMs;
      return;
    }
    this.releasedMs ??= this.#beganReleasedMs;
    // What failed is due still; when, its failures say.
    if (because === "schedule") this.#scheduledMs = null;
    if (because === "look") this.isNew = true;
  }
}
