/** What of the files that match is there, counted as they stream by: three values, however many files. */

/** As little as can be held of a file. Its order is that of age, and of the path where the age is the same. */
export interface Aged {
  readonly agedNs: bigint;
  /** The path in hex with `/` between names. */
  readonly key: string;
}

export function olderFirst(a: Aged, b: Aged): number {
  if (a.agedNs !== b.agedNs) return a.agedNs < b.agedNs ? -1 : 1;
  if (a.key === b.key) return 0;
  return a.key < b.key ? -1 : 1;
}

/** How many, how much, and the oldest of them. */
export class Tally {
  files = 0;
  bytes = 0n;
  oldest: Aged | null = null;

  count(aged: Aged, bytes: bigint): void {
    this.files += 1;
    this.bytes += bytes;
    if (this.oldest === null || olderFirst(aged, this.oldest) < 0) this.oldest = aged;
  }
}
