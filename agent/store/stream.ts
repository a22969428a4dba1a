import type { Cursor, Epoch, EventDraft } from "../drift/index.ts";
import { body, number, type Row, text } from "./database.ts";
import type { Statements } from "./statements.ts";
import type { Page, StoredEvent } from "./store.ts";
import type { Totals } from "./writer.ts";

/** An epoch and the place before its first event: an event's place is `base + seq`. */
export interface Stretch extends Epoch {
  readonly base: number;
}

const pageEvents = 1000;
const pageBytes = 1 << 20;
/** Events that are looked at for one page, where a filter leaves few. */
const pageLooks = 10_000;

/** The audience of what each account sees, because it explains holes. */
const everybody = "";
const forEverybody: readonly string[] = ["agent.started", "agent.stopped", "events.lost"];

/** What tells of files, each of others: a later one is no later state of an earlier one. */
const eachOfItsOwn: readonly string[] = ["cleanup.completed", "release.answered"];

/** Writes the events after the last one, within the caller's transaction. */
export function append(
  now: Statements,
  next: Totals,
  { n, r, base }: Stretch,
  drafts: readonly EventDraft[],
  nowMs: number,
): StoredEvent[] {
  const time = new Date(nowMs).toISOString();
  next.wall = nowMs;
  return drafts.map((draft) => {
    const { type, subject, account, data } = draft;
    const kept = JSON.stringify({ type, subject, account, data, time });
    const bytes = Buffer.byteLength(kept);
    const place = ++next.head;
    next.events++;
    next.bytes += bytes;
    const audience = forEverybody.includes(type) ? everybody : account;
    const about = eachOfItsOwn.includes(type) ? `${type} ${place}` : `${type.slice(0, type.indexOf("."))} ${subject}`;
    now.putEvent.run(place, n, r, place - base, next.lived, bytes, audience, about, kept);
    return { n, r, seq: place - base, type, subject, account, data, time };
  });
}

/** Where a cursor stands; null where it is of no epoch of ours, or beyond what we have. */
export function placeOf(now: Statements, { head }: Readonly<Totals>, { n, r, seq }: Cursor): number | null {
  const row = now.epoch.get(n);
  if (row === undefined || text(row, "r") !== r) return null;
  const base = number(row, "base");
  const last = row.last === null ? head - base : number(row, "last");
  return seq > last ? null : base + seq;
}

export function pageAfter(
  now: Statements,
  totals: Readonly<Totals>,
  head: Cursor,
  after: Cursor | null,
  account?: string,
): Page {
  const known = after === null ? 0 : placeOf(now, totals, after);
  const from = known ?? 0;
  const missed = known === null || (after !== null && known < totals.dropped);
  const end = account === undefined ? undefined : now.eventAt.get(from, pageLooks - 1);
  const upTo = end === undefined ? totals.head : number(end, "place");
  const rows = account === undefined ? now.events.iterate(from, upTo) : now.eventsFor.iterate(from, upTo, account);
  const { events, isCut } = filled(rows);
  const last = events.at(-1);
  const through = isCut && last !== undefined ? cursorOf(last) : end === undefined ? head : cursorIn(end);
  return { events, through, missed, more: isCut || upTo < totals.head };
}

function filled(rows: Iterable<Row>): { events: StoredEvent[]; isCut: boolean } {
  const events: StoredEvent[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += number(row, "bytes");
    if (events.length > 0 && (events.length === pageEvents || bytes > pageBytes)) return { events, isCut: true };
    events.push(eventIn(row));
  }
  return { events, isCut: false };
}

export function eventIn(row: Row): StoredEvent {
  return { ...body<Omit<StoredEvent, keyof Cursor>>(row), ...cursorIn(row) };
}

export function cursorIn(row: Row): Cursor {
  return { n: number(row, "n"), r: text(row, "r"), seq: number(row, "seq") };
}

function cursorOf({ n, r, seq }: Cursor): Cursor {
  return { n, r, seq };
}
