import { compareCursors, cursorText, type EventDraft, parseCursor } from "../drift/index.ts";
import { collapse, type Held } from "./collapse.ts";
import { body, number, type Row, text } from "./database.ts";
import { livesMs } from "./lived.ts";
import type { Statements } from "./statements.ts";
import type { LostData } from "./store.ts";
import { cursorIn } from "./stream.ts";
import type { Totals } from "./writer.ts";

const dayMs = 86_400_000;
/** Rows of a kind that one call removes at most. */
const slice = 5000;
const runsOfAccount = 500;
const runsInAll = 10_000;
/** Of each kind: whoever makes something turn without end must not fill the disk with it. */
const happeningsOfKind = 100_000;
/** What is freed beyond the cap, as a part of it: so that not every new event loses an old one. */
const room = 1 / 8;

/**
 * Drops events that are 30 days old, once a day's worth of them is there, and those over the cap; within the caller's
 * transaction. Returns what must be told: what the slowest sink had not taken, and what the cap cost. Where the cap needs
 * several calls, the last one tells of all.
 */
export function dropEvents(now: Statements, next: Totals, queueBytes: number): LostData[] {
  const lost = [...tooOld(now, next), ...tooMany(now, next, queueBytes)];
  now.forgetEpochs.run(next.dropped);
  return lost;
}

function tooOld(now: Statements, next: Totals): LostData[] {
  const aged = agedEvents(now, next.lived);
  const slowest = now.slowestSink.get()?.place;
  const untaken = typeof slowest === "number" ? aged.filter(({ place }) => place > slowest) : [];
  const lost = untaken.length === 0 ? [] : [lostOf(now, untaken, "older-than-30-days")];
  drop(now, next, aged);
  next.lost += untaken.length;
  return lost;
}

function tooMany(now: Statements, next: Totals, queueBytes: number): LostData[] {
  const row = now.untold.get();
  const before = row === undefined ? null : body<LostData>(row);
  const excess = next.bytes - queueBytes;
  const over = excess > 0 ? collapse(heldOf(now), excess + Math.ceil(queueBytes * room)) : [];
  const lost = over.length === 0 ? before : merged(before, lostOf(now, over, "over-the-cap"));
  drop(now, next, over);
  next.lost += over.length;
  if (lost === null) return [];
  if (over.length > 0 && next.bytes > queueBytes) {
    now.putUntold.run(JSON.stringify(lost));
    return [];
  }
  now.forgetUntold.run();
  return [lost];
}

/** One range over both: what survived the first call may have gone with the second. */
function merged(first: LostData | null, second: LostData): LostData {
  if (first === null) return second;
  const [from] = ordered([first.from, second.from]);
  const to = ordered([first.to, second.to]).at(-1);
  return { ...second, from: from ?? null, to: to ?? null, count: (first.count ?? 0) + (second.count ?? 0) };
}

function ordered(places: readonly (string | null)[]): string[] {
  const cursors = places.flatMap((place) => parseCursor(place ?? "") ?? []);
  return cursors.sort(compareCursors).map(cursorText);
}

function agedEvents(now: Statements, livedMs: number): Held[] {
  const aged: Held[] = [];
  for (const row of now.held.iterate()) {
    const ageMs = livedMs - number(row, "lived");
    if (aged.length === slice || ageMs < (aged.length === 0 ? livesMs + dayMs : livesMs)) break;
    aged.push(held(row));
  }
  return aged;
}

function* heldOf(now: Statements): Iterable<Held> {
  for (const row of now.held.iterate()) yield held(row);
}

function held(row: Row): Held {
  return { place: number(row, "place"), bytes: number(row, "bytes"), about: text(row, "about") };
}

function drop(now: Statements, next: Totals, events: readonly Held[]): void {
  for (const { place, bytes } of events) {
    now.dropEvent.run(place);
    next.events--;
    next.bytes -= bytes;
    next.dropped = Math.max(next.dropped, place);
  }
}

function lostOf(now: Statements, events: readonly Held[], why: LostData["why"]): LostData {
  return { from: cursorAt(now, events[0]), to: cursorAt(now, events.at(-1)), count: events.length, why };
}

function cursorAt(now: Statements, event: Held | undefined): string | null {
  const row = event === undefined ? undefined : now.eventAt.get(event.place - 1, 0);
  return row === undefined ? null : cursorText(cursorIn(row));
}

export function lostDraft(instance: string, data: LostData): EventDraft {
  return { type: "events.lost", subject: instance, account: null, data: { ...data } };
}

/** Drops runs, happenings and dead letters that are old or too many, some of each at a time. An account's last run stays. */
export function dropRecords(now: Statements, livedMs: number): void {
  const before = livedMs - livesMs;
  now.oldRuns.run(before, slice);
  for (const row of now.crowdedAccounts.all(runsOfAccount)) {
    const account = text(row, "account");
    now.crowdedRuns.run(account, account, runsOfAccount);
  }
  const tooMany = number(now.countRuns.get(), "rows") - runsInAll;
  if (tooMany > 0) now.oldestRuns.run(Math.min(tooMany, slice));
  now.oldHappenings.run(slice, before);
  for (const row of now.crowdedKinds.all(happeningsOfKind)) {
    const excess = number(row, "rows") - happeningsOfKind;
    now.crowdedHappenings.run(text(row, "kind"), Math.min(excess, slice));
  }
  now.oldLetters.run(before);
}
