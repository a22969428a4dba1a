import type { DatabaseSync } from "node:sqlite";
import { cursorText, type Epoch } from "../drift/index.ts";
import { body, number, type Row, text } from "./database.ts";
import { salvage } from "./salvage.ts";
import type { LostData } from "./store.ts";

/**
 * Brings back into the new database at `into` what can be read of the one at `path`, makes it agree with itself, and keeps
 * in it what is to be told of the rest. `last` is the newest epoch that is known otherwise. One transaction; returns the
 * number of rows.
 */
export function mend(path: string, into: DatabaseSync, last: Epoch | null): number {
  return inTransaction(into, () => {
    const rows = salvage(path, into);
    into.exec(agree);
    if (into.prepare("SELECT n FROM epochs").get() === undefined) knowEpoch(into, last);
    owe(into, lostIn(into));
    knowEpoch(into, last);
    return rows;
  });
}

/** The database is sound, but older than `last`: what came after is to be told as lost. */
export function knowOlder(connection: DatabaseSync, last: Epoch): void {
  inTransaction(connection, () => {
    const head = number(connection.prepare("SELECT head FROM totals").get(), "head");
    owe(connection, { from: cursorTo(connection, head + 1), to: null, count: null, why: "database-older" });
    knowEpoch(connection, last);
  });
}

/** What the next epoch's first event is to tell: kept until then, so that a kill in between does not hush it up. */
export function owed(connection: DatabaseSync): LostData | null {
  const row = connection.prepare("SELECT body FROM about WHERE id = 2").get();
  return row === undefined ? null : body<LostData>(row);
}

function owe(connection: DatabaseSync, lost: LostData): void {
  connection.prepare("INSERT OR REPLACE INTO about VALUES (2, ?)").run(JSON.stringify(lost));
}

function inTransaction<Value>(connection: DatabaseSync, work: () => Value): Value {
  connection.exec("BEGIN IMMEDIATE");
  try {
    const value = work();
    connection.exec("COMMIT");
    return value;
  } catch (error) {
    if (connection.isTransaction) connection.exec("ROLLBACK");
    throw error;
  }
}

/** The newest epoch, where the database does not know it: which of its events there were is not known. */
function knowEpoch(connection: DatabaseSync, last: Epoch | null): void {
  const newest = connection.prepare("SELECT coalesce(max(n), 0) AS n FROM epochs").get();
  if (last !== null && number(newest, "n") < last.n)
    connection.prepare("INSERT INTO epochs SELECT ?, ?, head, NULL FROM totals").run(last.n, last.r);
  connection.exec(ended);
}

/**
 * Epochs are known from their events and from what sinks took as well, and the totals are counted anew. A place that a sink
 * took was there, though it is gone now: new ones come after it. One that is none is forgotten, and all is offered again.
 */
const agree = `
  INSERT OR IGNORE INTO totals VALUES (1, 0, 0, 0, 0, 0, 0, 0);
  INSERT OR IGNORE INTO epochs SELECT n, min(r), min(place - seq), NULL FROM events GROUP BY n;
  INSERT OR IGNORE INTO epochs SELECT n, min(r), min(place - seq), NULL FROM sinks
    WHERE n IS NOT NULL AND r IS NOT NULL AND place >= seq GROUP BY n;
  UPDATE totals SET
    events = (SELECT count(*) FROM events),
    bytes = (SELECT coalesce(sum(bytes), 0) FROM events),
    head = max(head, (SELECT coalesce(max(place), 0) FROM events), (SELECT coalesce(max(place), 0) FROM sinks),
      (SELECT coalesce(max(base + coalesce(last, 0)), 0) FROM epochs)),
    dropped = max(dropped, (SELECT coalesce(min(place), 1) - 1 FROM events)),
    lived = max(lived, (SELECT coalesce(max(lived), 0) FROM events));
  UPDATE sinks SET n = NULL, r = NULL, seq = NULL, place = 0 WHERE NOT EXISTS (
    SELECT 1 FROM epochs WHERE epochs.n = sinks.n AND epochs.r = sinks.r AND epochs.base + sinks.seq = sinks.place);
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
function cursorTo(connection: DatabaseSync, place: number): string | null {
  const row: Row | undefined = connection
    .prepare("SELECT n, r, base FROM epochs WHERE base < ? ORDER BY n DESC LIMIT 1")
    .get(place);
  if (row === undefined) return null;
  return cursorText({ n: number(row, "n"), r: text(row, "r"), seq: place - number(row, "base") });
}
