/** How fast files go and content is read: what is ahead of its time waits. */
import type { Pace } from "./asked.ts";
import type { Calls } from "./calls.ts";

/** What is ahead by less goes on: a pause for each file would take longer than the limit asks for. */
const patienceMs = 20;
const longestPauseMs = 500;

export class Paced {
  readonly #pace: Pace;
  readonly #calls: Calls;
  readonly #alive: () => void;
  #dueMs = Number.NEGATIVE_INFINITY;

  constructor(pace: Pace, calls: Calls, alive: () => void) {
    this.#pace = pace;
    this.#calls = calls;
    this.#alive = alive;
  }

  files(count: number): void {
    this.#spend((1_000 * count) / this.#pace.filesPerSecond);
  }

  read(bytes: number): void {
    this.#spend((1_000 * bytes) / this.#pace.readBytesPerSecond);
  }

  #spend(ms: number): void {
    let nowMs = this.#calls.nowMs();
    this.#dueMs = Math.max(this.#dueMs, nowMs) + ms;
    if (this.#dueMs - nowMs < patienceMs) return;
    for (; nowMs < this.#dueMs; nowMs = this.#calls.nowMs()) {
      this.#calls.pause(Math.min(longestPauseMs, this.#dueMs - nowMs));
      this.#alive();
    }
  }
}
