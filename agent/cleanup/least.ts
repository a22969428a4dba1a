/**
 * The `most` least of all items that were offered, however many there were: a heap with its greatest on top, so that an
 * item that is no longer among them costs one comparison.
 */
export class Least<T> {
  readonly #heap: T[] = [];
  readonly #most: number;
  readonly #compare: (a: T, b: T) => number;

  /** `compare` is below 0 where `a` is less; no two items are equal. */
  constructor(most: number, compare: (a: T, b: T) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  offer(item: T): void {
    if (this.#heap.length < this.#most) {
      this.#heap.push(item);
      this.#rise(this.#heap.length - 1);
      return;
    }
    const [greatest] = this.#heap;
    if (greatest === undefined || this.#compare(item, greatest) > 0) return;
    this.#heap[0] = item;
    this.#sink();
  }

  /** Of those kept; undefined where there is none. */
  greatest(): T | undefined {
    return this.#heap[0];
  }

  /** Those kept, the least first. */
  sorted(): readonly T[] {
    return this.#heap.toSorted(this.#compare);
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfGreater(at, parent)) return;
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const greater = this.#isGreater(right, left) ? right : left;
      if (!this.#swapIfGreater(greater, at)) return;
      at = greater;
    }
  }

  #isGreater(at: number, than: number): boolean {
    const [item, other] = [this.#heap[at], this.#heap[than]];
    return item !== undefined && other !== undefined && this.#compare(item, other) > 0;
  }

  #swapIfGreater(at: number, than: number): boolean {
    const [item, other] = [this.#heap[at], this.#heap[than]];
    if (item === undefined || other === undefined || this.#compare(item, other) <= 0) return false;
    this.#heap[at] = other;
    this.#heap[than] = item;
    return true;
  }
}
