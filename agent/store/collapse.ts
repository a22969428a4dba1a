/** An event as collapsing sees it, oldest first. */
export interface Held {
  readonly place: number;
  readonly bytes: number;
  /** Type's first word and subject: what it is the latest state of. */
  readonly about: string;
}

/** How many events one call looks at, so that it holds nobody up; the rest is for the next one. */
const mostAtOnce = 4000;

/**
 * Which events go so that `bytes` are freed: of the oldest ones, all but the latest of each finding; and where that is not
 * enough because each is about another, the oldest of these as well (the snapshot tells their state). Oldest first; the
 * newest event always stays.
 */
export function collapse(held: Iterable<Held>, bytes: number): Held[] {
  const latest = new Map<string, Held>();
  const dropped: Held[] = [];
  let freed = 0;
  let looked = 0;
  for (const event of held) {
    if (freed >= bytes || looked === mostAtOnce) break;
    looked++;
    const older = latest.get(event.about);
    latest.delete(event.about);
    latest.set(event.about, event);
    if (older === undefined) continue;
    dropped.push(older);
    freed += older.bytes;
  }
  const isWhole = looked < mostAtOnce || dropped.length === 0;
  for (const left of isWhole ? [...latest.values()].slice(0, -1) : []) {
    if (freed >= bytes) break;
    dropped.push(left);
    freed += left.bytes;
  }
  return dropped.sort((a, b) => a.place - b.place);
}
