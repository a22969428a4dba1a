/**
 * Keeps the file that node_exporter reads, where the Agent document names one: written anew again and again, so that one
 * that grows old tells of an agent that is gone, and once more when the agent stops.
 */
import { putMetricsFile, removeMetricsFile } from "../status/metrics-file.ts";
import type { Log } from "./log.ts";

export interface TextfileWorld {
  /** Who the agent runs as. */
  readonly uid: number;
  readonly log: Log;
  /** Where to, as the documents in force say; null for nowhere. */
  path(): string | null;
  text(): Promise<string>;
  /** What is left there by an agent that was stopped. */
  stoppedText(): Promise<string>;
}

/** Half of what Prometheus' own default of a minute between two looks would need. */
export const writtenEveryMs = 30_000;

export class Textfile {
  readonly #world: TextfileWorld;
  #problem = "";
  /** What was written last, and is to go where the documents name another one. */
  #kept: string | null = null;
  #writing: Promise<void> | null = null;

  constructor(world: TextfileWorld) {
    this.#world = world;
  }

  /** Why the file is not kept: where, expected, found, what to do; "" where it is, or where none is wanted. */
  get problem(): string {
    return this.#problem;
  }

  /** Writes it, unless an earlier write still waits for its file system; resolves when that is over. */
  look(): Promise<void> {
    const path = this.#world.path();
    if (this.#writing !== null) {
      if (path !== null) this.#say(`${path}: expected its file system to answer, found a write that still waits`);
      return this.#writing;
    }
    this.#writing = this.#write(path, () => this.#world.text())
      .catch((error: unknown) => this.#world.log("error", "metrics could not be written", { error: String(error) }))
      .finally(() => {
        this.#writing = null;
      });
    return this.#writing;
  }

  /** Says in the file that the agent was stopped; resolves soon, also where its file system does not answer. */
  async stop(withinMs = 500): Promise<void> {
    const last = async () => {
      await this.#writing;
      if (this.#kept !== null) await this.#write(this.#kept, () => this.#world.stoppedText());
    };
    const { promise, resolve } = Promise.withResolvers<void>();
    const patience = setTimeout(resolve, withinMs);
    await Promise.race([last().catch(() => {}), promise]);
    clearTimeout(patience);
  }

  async #write(path: string | null, text: () => Promise<string>): Promise<void> {
    const { uid } = this.#world;
    if (this.#kept !== null && this.#kept !== path) {
      this.#say(await removeMetricsFile(this.#kept, uid));
      this.#kept = null;
    }
    if (path === null) return this.#say("");
    const problem = await putMetricsFile(path, await text(), uid);
    if (problem === "") this.#kept = path;
    this.#say(problem);
  }

  #say(problem: string): void {
    if (problem !== "" && problem !== this.#problem) this.#world.log("warn", problem);
    this.#problem = problem;
  }
}
