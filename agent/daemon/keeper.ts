/** Brings what was found into the store; what it does not take now is tried again until it does. */
import type { Change, Committed, Store, StoreFailure } from "../store/index.ts";
import type { Log } from "./log.ts";

interface Problem {
  /** `store-full`, `store-read-only`, `store-failed` */
  readonly code: string;
  readonly message: string;
}

export class Keeper {
  readonly #store: Store;
  readonly #log: Log;
  readonly #told: () => void;
  readonly #unsaved = new Map<string, () => Change>();
  #problem: Problem | null = null;

  /** `told` is called after each commit that brought events. */
  constructor(store: Store, log: Log, told: () => void) {
    this.#store = store;
    this.#log = log;
    this.#told = told;
  }

  get problem(): Problem | null {
    return this.#problem;
  }

  /** Whether what was found last for this key is not in the store yet. */
  isUnsaved(key: string): boolean {
    return this.#unsaved.has(key);
  }

  /**
   * `make` says what changes, from what the store holds at that moment: it is asked again when it is tried again. What was
   * wanted for the same key before and is not kept yet is left out: the newer one holds it.
   */
  keep(key: string, make: () => Change): void {
    const change = make();
    const answer = this.#store.commit(change);
    if (answer.kind === "committed") {
      this.#unsaved.delete(key);
      if (holdsSomething(change)) this.took();
      if (answer.events.length > 0) this.#told();
      return;
    }
    this.#unsaved.set(key, make);
    this.failed(answer);
  }

  /** Keeps it now or not at all: for whoever is answered with what came of it. */
  keepNow(change: Change): Committed {
    const answer = this.#store.commit(change);
    if (answer.kind === "refused") this.failed(answer);
    else {
      if (holdsSomething(change)) this.took();
      if (answer.events.length > 0) this.#told();
    }
    return answer;
  }

  /** The store refused something that tries itself again. */
  failed({ code, message }: Pick<StoreFailure, "code" | "message">): void {
    if (this.#problem?.code !== `store-${code}`) this.#log("error", message, { code: `store-${code}` });
    this.#problem = { code: `store-${code}`, message };
  }

  /** Tries again what was not taken, oldest first. */
  retry(): void {
    for (const [key, make] of [...this.#unsaved]) {
      this.keep(key, make);
      if (this.#unsaved.has(key)) return;
    }
  }

  /** The store wrote something: where nothing waits any more, all is well again. */
  took(): void {
    if (this.#problem === null || this.#unsaved.size > 0) return;
    this.#problem = null;
    this.#log("info", "the store takes events again");
  }
}

/** A change of nothing is taken by a store that is full, too. */
function holdsSomething(change: Change): boolean {
  return Object.values(change).some((part) => Array.isArray(part) && part.length > 0);
}
