/**
 * What a look says of a Retention's backlog: how much waits and why, how fast it grows, when the file system is full, and
 * for how long nothing was reclaimed. Pure: the times come in. Earlier looks are remembered on a time of their own, which
 * only goes on: a clock that jumps changes no growth and no duration.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import type { Retention } from "../documents/index.ts";
import type { BacklogFacts } from "../facts/index.ts";
import { agedOf, type Decision, type Sum } from "./decide.ts";

export interface BacklogLook {
  readonly retention: Retention;
  readonly decision: Decision;
  /** What of `decision.remove` was removed since, by this very run; nothing where nothing was applied. */
  readonly removed: Sum;
  /** Epoch milliseconds of the look, the same as decided. */
  readonly atMs: number;
  /** By a clock of this process that never jumps. */
  readonly steadyMs: number;
  /** Bytes of the file system, for who may not be root. */
  readonly free: number;
  readonly total: number;
  readonly history: BacklogHistory;
  /** Epoch milliseconds of the last time that anything of this Retention was removed; null where nothing ever was. */
  readonly lastReclaimedMs: number | null;
}

/** What is remembered of earlier looks; `noHistory` before the first. */
export interface BacklogHistory {
  /** Digest over whose files below which root are meant: where that changes, what was remembered is about others. */
  readonly of: string;
  /** When the last look was: by the wall clock, and by the steady one where that was of this process. */
  readonly wallMs: number;
  readonly steadyMs: number | null;
  /** Oldest first, at most `mostLooks`. */
  readonly looks: readonly PastLook[];
  /** Since when something waits and nothing was reclaimed, lived through; null while nothing waits. */
  readonly idleSinceMs: number | null;
  readonly lastReclaimedMs: number | null;
}

interface PastLook {
  /** Milliseconds lived through since the first look. */
  readonly atMs: number;
  readonly bytes: number;
}

const mostLooks = 200;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Growth is asked for over each of these; the third is what is told where none of them fills the file system. */
const windowsMs = [hourMs, 6 * hourMs, dayMs, 7 * dayMs] as const;
const [, , told, most] = windowsMs;
const leastSpanMs = 15 * minuteMs;
/** A growth that was seen for an hour is believed to last for the next four, and says nothing of next week. */
const believedSpans = 4;
const mostReasons = 5;

export const noHistory: BacklogHistory = {
  of: "",
  wallMs: 0,
  steadyMs: null,
  looks: [],
  idleSinceMs: null,
  lastReclaimedMs: null,
};

/** The backlog after this look, and what to remember for the next one. */
export function backlogOf(look: BacklogLook): { readonly backlog: BacklogFacts; readonly history: BacklogHistory } {
  const { retention, decision, removed, atMs, free, total } = look;
  const { matched, remove } = decision;
  const waiting = waitingOf(look);
  const bytes = Number(matched.bytes - removed.bytes);
  const history = remembered(look, { bytes, isWaiting: waiting.files > 0 });
  const { bytesPerMs, fullInMs } = growthOf(history.looks, free);
  const oldestNs = removed.files >= remove.length ? matched.oldestStayingNs : matched.oldestNs;
  const nowMs = history.looks.at(-1)?.atMs ?? 0;
  const backlog: BacklogFacts = {
    retention: retention.name,
    account: retention.account,
    root: retention.root,
    at: new Date(atMs).toISOString(),
    files: matched.files - removed.files,
    bytes,
    oldestSeconds: secondsSince(oldestNs, atMs),
    waiting,
    growthBytesPerHour: bytesPerMs === null ? null : Math.round(bytesPerMs * hourMs),
    freeBytes: free,
    totalBytes: total,
    fullInSeconds: fullInMs === null ? null : Math.floor(fullInMs / 1000),
    nothingReclaimedHours: history.idleSinceMs === null ? 0 : hundredths((nowMs - history.idleSinceMs) / hourMs),
    stays: reasonsOf(matched.waits.stays),
  };
  return { backlog, history };
}

function waitingOf({ retention, decision, removed, atMs }: BacklogLook): BacklogFacts["waiting"] {
  const { remove, matched } = decision;
  const { waits } = matched;
  const mayGo = remove.length - removed.files;
  const [oldest] = remove;
  // Which of them went is not known here: as long as one is left it may be the oldest.
  const oldestToGo = mayGo > 0 && oldest !== undefined ? agedOf(oldest.identity) : null;
  const age = secondsSince(earlier(waits.oldestNs, oldestToGo), atMs);
  const asked = Math.floor((retention.keep.youngerThanMs ?? 0) / 1000);
  return {
    files: waits.files + mayGo,
    bytes: Number(waits.bytes + decision.removed.bytes - removed.bytes),
    oldestSeconds: age === null ? null : age - asked,
    mayGo,
  };
}

function reasonsOf(stays: ReadonlyMap<string, Sum>): BacklogFacts["stays"] {
  return [...stays]
    .map(([code, { files, bytes }]) => ({ code, files, bytes: Number(bytes) }))
    .sort((a, b) => b.bytes - a.bytes || b.files - a.files || (a.code < b.code ? -1 : 1))
    .slice(0, mostReasons);
}

function remembered(look: BacklogLook, now: { readonly bytes: number; readonly isWaiting: boolean }): BacklogHistory {
  const { retention, removed, atMs, steadyMs, lastReclaimedMs } = look;
  const of = meant(retention);
  const before = look.history.of === of ? look.history : noHistory;
  const livedMs = (before.looks.at(-1)?.atMs ?? 0) + sinceLast(before, atMs, steadyMs);
  const isReclaimed = removed.files > 0 || lastReclaimedMs !== before.lastReclaimedMs;
  const idleSinceMs = isReclaimed || before.idleSinceMs === null ? livedMs : before.idleSinceMs;
  return {
    of,
    wallMs: atMs,
    steadyMs,
    looks: thinned([...before.looks, { atMs: livedMs, bytes: now.bytes }]),
    idleSinceMs: now.isWaiting ? idleSinceMs : null,
    lastReclaimedMs,
  };
}

/** After a restart the wall clock has to do, and counts for a day at most. */
function sinceLast({ looks, wallMs, steadyMs: before }: BacklogHistory, atMs: number, steadyMs: number): number {
  if (looks.length === 0) return 0;
  if (before !== null) return steadyMs - before;
  return Math.min(dayMs, Math.max(0, atMs - wallMs));
}

/** The first and the last stay; of the others those that would leave the smallest hole for their age go. */
function thinned(looks: readonly PastLook[]): readonly PastLook[] {
  const nowMs = looks.at(-1)?.atMs ?? 0;
  const kept = looks.filter(({ atMs }) => nowMs - atMs <= most);
  while (kept.length > mostLooks) kept.splice(leastMissed(kept, nowMs), 1);
  return kept;
}

function leastMissed(looks: readonly PastLook[], nowMs: number): number {
  let [least, at] = [Number.POSITIVE_INFINITY, 1];
  for (let index = 1; index < looks.length - 1; index += 1) {
    const [before, own, after] = [looks[index - 1], looks[index], looks[index + 1]];
    if (before === undefined || own === undefined || after === undefined) continue;
    const hole = (after.atMs - before.atMs) / (nowMs - own.atMs + minuteMs);
    if (hole < least) [least, at] = [hole, index];
  }
  return at;
}

interface Growth {
  readonly bytesPerMs: number | null;
  readonly fullInMs: number | null;
}

/** The growth that fills the file system first, of those that are believed; else that of a day. */
function growthOf(looks: readonly PastLook[], free: number): Growth {
  const seen = windowsMs.flatMap((windowMs) => growthOver(looks, windowMs));
  const filling = seen
    .map(({ bytesPerMs, spanMs }) => ({ bytesPerMs, spanMs, fullInMs: bytesPerMs > 0 ? free / bytesPerMs : null }))
    .filter((each): each is typeof each & { fullInMs: number } => each.fullInMs !== null)
    .filter(({ fullInMs, spanMs }) => fullInMs <= believedSpans * spanMs)
    .sort((a, b) => a.fullInMs - b.fullInMs);
  const [first] = filling;
  if (first !== undefined) return first;
  const usual = seen.findLast(({ windowMs }) => windowMs <= told);
  return { bytesPerMs: usual?.bytesPerMs ?? null, fullInMs: null };
}

/** Least squares over what was seen in this time; nothing where that is too little to tell. */
function growthOver(looks: readonly PastLook[], windowMs: number) {
  const nowMs = looks.at(-1)?.atMs ?? 0;
  const within = looks.filter(({ atMs }) => nowMs - atMs <= windowMs);
  const spanMs = nowMs - (within[0]?.atMs ?? nowMs);
  if (spanMs < leastSpanMs) return [];
  const mean = (of: (look: PastLook) => number) => within.reduce((sum, look) => sum + of(look), 0) / within.length;
  const [middleMs, middle] = [mean(({ atMs }) => atMs), mean(({ bytes }) => bytes)];
  const together = mean(({ atMs, bytes }) => (atMs - middleMs) * (bytes - middle));
  const spread = mean(({ atMs }) => (atMs - middleMs) ** 2);
  return [{ windowMs, spanMs, bytesPerMs: together / spread }];
}

/** A file of the future, by a clock that is wrong, is of this moment. */
function secondsSince(ns: bigint | null, atMs: number): number | null {
  return ns === null ? null : Math.max(0, Math.floor((atMs - Number(ns / 1_000_000n)) / 1000));
}

function earlier(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

function hundredths(value: number): number {
  return Math.floor(value * 100) / 100;
}

function meant({ account, root, depth, match }: Retention): string {
  return createHash("sha256")
    .update(JSON.stringify([account, root, depth, match]))
    .digest("hex")
    .slice(0, 16);
}

const stored = z.strictObject({
  of: z.string(),
  wallMs: z.number(),
  looks: z.array(z.tuple([z.number().min(0), z.number().min(0)])).max(mostLooks),
  idleSinceMs: z.number().nullable(),
  lastReclaimedMs: z.number().nullable(),
});

/** On one line, a few kilobytes: for the store, so that a restart forgets nothing. */
export function historyText({ of, wallMs, looks, idleSinceMs, lastReclaimedMs }: BacklogHistory): string {
  const text: z.input<typeof stored> = {
    of,
    wallMs,
    looks: looks.map(({ atMs, bytes }) => [Math.round(atMs), bytes]),
    idleSinceMs: idleSinceMs === null ? null : Math.round(idleSinceMs),
    lastReclaimedMs,
  };
  return JSON.stringify(text);
}

/** What was kept; nothing where there is no such text, or it says what no history can. */
export function historyOf(text: string | null): BacklogHistory {
  const read = stored.safeParse(parsed(text ?? ""));
  if (!read.success) return noHistory;
  const looks = read.data.looks.map(([atMs, bytes]) => ({ atMs, bytes }));
  const isAscending = looks.every(({ atMs }, index) => atMs >= (looks[index - 1]?.atMs ?? 0));
  const isPast = (read.data.idleSinceMs ?? 0) <= (looks.at(-1)?.atMs ?? 0);
  return isAscending && isPast ? { ...read.data, looks, steadyMs: null } : noHistory;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
