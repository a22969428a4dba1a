import type { DatabaseSync } from "node:sqlite";
import { cursorText, type Epoch } from "../drift/index.ts";
import { number, type Row, text } from "./database.ts";
import { salvage } from "./salvage.ts";
import type { LostData } from "./store.ts";

/** What came of salvage: rows that were brought back, and what to tell of those that were not. */
export interface Mended {
  readonly rows: number;
  readonly lost: LostData;
}

/**
 * Brings back into the new database at `into` what can be read of the one at `path`, and makes it agree with itself. `last`
 * is the newest epoch that is known otherwise. One transaction.
 */
export function mend(path: string | null, into: DatabaseSync, last: Epoch | null): Mended {
  into.exec("BEGIN IMMEDIATE");
  try {
    const rows = path === null ? 0 : salvage(path, into);
    into.exec(agree);
    if (into.prepare("SELECT n FROM epochs").get() === undefined) knowEpoch(into, last);
    const lost = lostIn(into);
    knowEpoch(into, last);
    into.exec("COMMIT");
    return { rows, lost };
  } catch (error) {
    if (into.isTransaction) into.exec("ROLLBACK");
    throw error;
  }
}

/** The newest epoch, where the database does not know it: which of its events there were is not known. */
export function knowEpoch(connection: DatabaseSync, last: Epoch | null): void {
  const newest = connection.prepare("SELECT coalesce(max(n), 0) AS n FROM epochs").get();
  if (last !== null && number(newest, "n") < last.n)
    connection.prepare("INSERT INTO epochs SELECT ?, ?, head, NULL FROM totals").run(last.n, last.r);
  connection.exec(ended);
}

/** Epochs are known from their events as well, and the totals are counted anew. */
const agree = `
  INSERT OR IGNORE INTO totals VALUES (1, 0, 0, 0, 0, 0, 0, 0, 0);
  INSERT OR IGNORE INTO epochs SELECT n, min(r), min(place - seq), NULL FROM events GROUP BY n;
  UPDATE totals SET
    events = (SELECT count(*) FROM events),
    bytes = (SELECT coalesce(sum(bytes), 0) FROM events),
    head = max(head, (SELECT coalesce(max(place), 0) FROM events), (SELECT coalesce(max(base + coalesce(last, 0)), 0) FROM epochs)),
    dropped = max(dropped, (SELECT coalesce(min(place), 1) - 1 FROM events)),
    lived = max(lived, (SELECT coalesce(max(lived), 0) FROM events));
`;

/** An epoch ended where the next one begins. */
const ended = `
  UPDATE epochs SET last = (SELECT min(later.base) FROM epochs AS later WHERE later.n > epochs.n) - base
    WHERE last IS NULL AND n < (SELECT max(n) FROM epochs);
`;

/** The places that are known to be missing; what was committed after the last place that is known is not. */
function lostIn(connection: DatabaseSync): LostData {
  const totals = connection.prepare("SELECT dropped, head, events FROM totals").get();
  const head = number(totals, "head");
  let next = number(totals, "dropped") + 1;
  let first: number | null = null;
  let last: number | null = null;
  let count = 0;
  const miss = (from: number, to: number) => {
    first ??= from;
    last = to;
    count += to - from + 1;
  };
  for (const row of connection.prepare("SELECT place FROM events WHERE place >= ? ORDER BY place").iterate(next)) {
    const place = number(row, "place");
    if (place > next) miss(next, place - 1);
    next = place + 1;
  }
  if (head >= next) miss(next, head);
  return {
    from: cursorTo(connection, first ?? head + 1),
    to: last === null ? null : cursorTo(connection, last),
    count: count === 0 ? null : count,
    why: "database-damaged",
  };
}

/** The place as text; null where the epoch is not known. */
export function cursorTo(connection: DatabaseSync, place: number): string | null {
  const row: Row | undefined = connection
    .prepare("SELECT n, r, base FROM epochs WHERE base < ? ORDER BY n DESC LIMIT 1")
    .get(place);
  if (row === undefined) return null;
  return cursorText({ n: number(row, "n"), r: text(row, "r"), seq: place - number(row, "base") });
}
