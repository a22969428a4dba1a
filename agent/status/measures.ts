/**
 * What metrics count while it happens: everything else they say is read from the state when somebody asks. The daemon
 * counts; metrics.ts shows it. All begins at zero with the process, as Prometheus expects of counters.
 */
import Counter from "prom-client/lib/counter.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";

/** How a run ended; `unsteady`: files changed again and again meanwhile. */
export const runEnds = ["measured", "unsteady", "timed-out", "failed"] as const;
export type RunEnded = (typeof runEnds)[number];

export interface Removed {
  readonly files: number;
  readonly bytes: number;
}

/** Seconds: a run of one account takes a tenth of one, or as long as it may where startup waits. */
const runSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const detectionSeconds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300];

export class Measures {
  /** Of these alone, so that nobody else's metrics get in. */
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #runs = new Counter({
    name: "rcwarden_runs_total",
    help: "Runs of accounts, by how they ended.",
    labelNames: ["ended"],
    registers: this.#registers,
  });
  readonly #duration = new Histogram({
    name: "rcwarden_run_duration_seconds",
    help: "How long one account's run took that was measured, all its modes together.",
    buckets: runSeconds,
    registers: this.#registers,
  });
  readonly #detection = new Histogram({
    name: "rcwarden_detection_seconds",
    help: "From a change that was seen to the moment in which what came of it was kept, events and all.",
    buckets: detectionSeconds,
    registers: this.#registers,
  });
  readonly #timeouts = new Counter({
    name: "rcwarden_probe_timeouts_total",
    help: "Modes of accounts that could not be measured in the time that they had.",
    registers: this.#registers,
  });
  readonly #removed = new Map<string, Removed>();

  constructor() {
    // A rate needs a beginning: a series that is not there until the first failure hides that one.
    for (const ended of runEnds) this.#runs.inc({ ended }, 0);
  }

  runEnded(ended: RunEnded): void {
    this.#runs.inc({ ended });
  }

  /** What a run found was kept. `timeouts`: modes that ran out of time. */
  measured({ seconds, timeouts }: { readonly seconds: number; readonly timeouts: number }): void {
    this.#duration.observe(seconds);
    this.#timeouts.inc(timeouts);
  }

  detected(seconds: number): void {
    this.#detection.observe(seconds);
  }

  removedFiles(retention: string, { files, bytes }: Removed): void {
    const before = this.removed(retention);
    this.#removed.set(retention, { files: before.files + files, bytes: before.bytes + bytes });
  }

  /** What went by this Retention since the process began. */
  removed(retention: string): Removed {
    return this.#removed.get(retention) ?? { files: 0, bytes: 0 };
  }
}
