/** The agent's own use of memory and processor, against its limits: what is over is said with value and limit. */
import { ownUse } from "../host/resources.ts";

export interface Use {
  readonly rssBytes: number;
  readonly memoryLimitBytes: number;
  readonly cpuPercent: number;
  readonly over: readonly string[];
}

/** Percent of one core, over a minute: what the agent itself may use. Probes are processes of their own. */
const mostCpuPercent = 50;

export class OwnLimits {
  #looks: { atMs: number; cpuMs: number }[] = [];
  #use: Use;
  #memoryLimitBytes: number;

  constructor(memoryLimitBytes: number, monotonicMs: number) {
    this.#memoryLimitBytes = memoryLimitBytes;
    this.#use = this.#measured(monotonicMs);
  }

  set memoryLimitBytes(bytes: number) {
    this.#memoryLimitBytes = bytes;
  }

  get use(): Use {
    return this.#use;
  }

  /** Looks again; true where something went over its limit or came back below it. */
  look(monotonicMs: number): boolean {
    const before = this.#use.over.length;
    this.#use = this.#measured(monotonicMs);
    return before !== this.#use.over.length;
  }

  #measured(nowMs: number): Use {
    const { rssBytes, cpuMs } = ownUse();
    this.#looks = [...this.#looks.filter(({ atMs }) => nowMs - atMs <= 60_000), { atMs: nowMs, cpuMs }];
    const first = this.#looks[0] ?? { atMs: nowMs, cpuMs };
    const spanMs = nowMs - first.atMs;
    const cpuPercent = spanMs < 1000 ? 0 : (100 * (cpuMs - first.cpuMs)) / spanMs;
    const over: string[] = [];
    if (rssBytes > this.#memoryLimitBytes)
      over.push(`memory: expected at most ${inMiB(this.#memoryLimitBytes)}, found ${inMiB(rssBytes)}`);
    if (cpuPercent > mostCpuPercent)
      over.push(
        `processor: expected at most ${mostCpuPercent} % of a core over a minute, found ${Math.round(cpuPercent)} %`,
      );
    return { rssBytes, memoryLimitBytes: this.#memoryLimitBytes, cpuPercent: Math.round(cpuPercent * 10) / 10, over };
  }
}

function inMiB(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MiB`;
}
