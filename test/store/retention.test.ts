import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import { cursorText, parseCursor, type Store, type StoredEvent } from "../../agent/store/index.ts";
import {
  all,
  commitSome,
  committed,
  dayMs,
  finding,
  open,
  opened,
  scratch,
  started,
  startMs,
} from "./support/state.ts";

const cap = 64 << 20;

/** A monotonic clock that a test moves. */
function elapsed(): { readonly elapsedMs: () => number; pass(ms: number): void } {
  let atMs = 1000;
  return {
    elapsedMs: () => atMs,
    pass: (ms) => {
      atMs += ms;
    },
  };
}

function keepHouse(store: Store, nowMs: number, queueBytes = cap): readonly StoredEvent[] {
  return committed(store.housekeeping(nowMs, queueBytes));
}

const seqs = (store: Store) => all(store).map(({ seq }) => seq);

test("events stay 30 days, and then go", () => {
  using place = scratch();
  const clock = elapsed();
  using store = open(place.state, { elapsedMs: clock.elapsedMs });
  commitSome(store, 1, 2);
  clock.pass(10 * dayMs);
  commitSome(store, 3, 3, startMs + 10 * dayMs);
  clock.pass(20 * dayMs - 1);
  assert.deepEqual(keepHouse(store, startMs + 30 * dayMs), []);
  assert.deepEqual(seqs(store), [1, 2, 3]);
  clock.pass(dayMs + 1);
  assert.deepEqual(keepHouse(store, startMs + 31 * dayMs), []);
  assert.deepEqual(seqs(store), [3]);
  assert.equal(store.events({ ...store.epoch, seq: 1 }).missed, true);
  assert.equal(store.events({ ...store.epoch, seq: 2 }).missed, false);
  assert.equal(store.size.lost, 0, "everybody had their time");
});

test("what a sink had not taken in 30 days is named, once", () => {
  using place = scratch();
  const clock = elapsed();
  using store = open(place.state, { elapsedMs: clock.elapsedMs });
  commitSome(store, 1, 5);
  assert.equal(store.acknowledge("engine", { ...store.epoch, seq: 2 }), null);
  clock.pass(31 * dayMs);
  const told = keepHouse(store, startMs + 31 * dayMs);
  const { r } = store.epoch;
  assert.deepEqual(
    told.map(({ type, subject, account, data }) => ({ type, subject, account, data })),
    [
      {
        type: "events.lost",
        subject: "host",
        account: null,
        data: { from: `1.${r}-3`, to: `1.${r}-5`, count: 3, why: "older-than-30-days" },
      },
    ],
  );
  assert.deepEqual(seqs(store), [6]);
  assert.deepEqual(keepHouse(store, startMs + 31 * dayMs), []);
  assert.equal(store.size.lost, 3);
  assert.equal(store.queue("engine").waiting, 1);
});

test("whoever makes something turn without end has 100,000 rows of it, and takes none from others", () => {
  using place = scratch();
  using store = open(place.state);
  const turn = (at: number) => ({ kind: "turn", key: `k ${at}`, atMs: startMs + at }) as const;
  const happened = Array.from({ length: 100_007 }, (_, at) => turn(at));
  committed(store.commit({ nowMs: startMs, happened: [{ kind: "save", key: "k /f", atMs: startMs }, ...happened] }));
  keepHouse(store, startMs);
  assert.equal(store.happened("turn", "", 0, 200_000).length, 100_000);
  assert.equal(store.happened("turn", "", 0, 200_000)[0]?.key, "k 7");
  assert.equal(store.happened("save", "", 0).length, 1);
  assert.deepEqual(
    store.happened("turn", "k", 0, 2).map(({ key }) => key),
    ["k 100005", "k 100006"],
  );
});

test("a clock that jumps a year, either way, removes nothing, and age goes on as before", () => {
  for (const jump of [365 * dayMs, -365 * dayMs]) {
    using place = scratch();
    const clock = elapsed();
    using store = open(place.state, { elapsedMs: clock.elapsedMs });
    commitSome(store, 1, 3);
    committed(store.commit({ nowMs: startMs, happened: [{ kind: "turn", key: "k", atMs: startMs }] }));
    for (let hour = 1; hour <= 48; hour++) {
      clock.pass(3_600_000);
      keepHouse(store, startMs + jump + hour * 3_600_000);
    }
    commitSome(store, 4, 4, startMs + jump);
    assert.deepEqual(seqs(store), [1, 2, 3, 4]);
    assert.deepEqual(store.happenings("turn", "k", 0), [startMs]);
    clock.pass(29 * dayMs);
    keepHouse(store, startMs + jump);
    assert.deepEqual(seqs(store), [4]);
    assert.deepEqual(store.happenings("turn", "k", 0), []);
  }
});

test("a clock that jumps between two starts ages what is kept by a day at most", () => {
  using place = scratch();
  const clock = elapsed();
  const first = open(place.state, { elapsedMs: clock.elapsedMs });
  commitSome(first, 1, 2);
  first.close();
  for (const nowMs of [startMs + 365 * dayMs, startMs - 365 * dayMs, startMs + 400 * dayMs]) {
    const store = open(place.state, { nowMs, elapsedMs: elapsed().elapsedMs });
    assert.deepEqual(keepHouse(store, nowMs), []);
    assert.deepEqual(seqs(store), [1, 2]);
    store.close();
  }
});

test("the time that passed before a kill counts", () => {
  using place = scratch();
  let opens = 0;
  const days = (days: number) => {
    const clock = elapsed();
    const store = open(place.state, { elapsedMs: clock.elapsedMs, nowMs: startMs + opens++ });
    clock.pass(days * dayMs);
    return store;
  };
  const first = days(0);
  commitSome(first, 1, 1);
  first.close();
  const second = days(20);
  commitSome(second, 2, 2);
  second.close();
  using third = days(11);
  keepHouse(third, startMs);
  assert.deepEqual(
    all(third).map(({ n }) => n),
    [2],
  );
});

test("runs and happenings stay 30 days, at most 500 runs of an account, and the last of each always", () => {
  using place = scratch();
  const clock = elapsed();
  using store = open(place.state, { elapsedMs: clock.elapsedMs });
  const run = (account: string, at: number) => ({
    account,
    startedAt: new Date(startMs + at).toISOString(),
    seconds: 0.1,
    via: "sweep",
    modes: [],
    pass: at,
    fail: 0,
    unknown: 0,
    program: "0.1.0",
    documents: "sha256:00",
    rules: {},
  });
  const runs = Array.from({ length: 600 }, (_, at) => run("oracle", at));
  committed(store.commit({ nowMs: startMs, runs: [...runs, run("postgres", 1)] }));
  keepHouse(store, startMs);
  assert.equal(store.runs({ most: 1000, account: "oracle" }).runs.length, 500);
  assert.equal(store.lastRun("oracle")?.pass, 599);
  clock.pass(31 * dayMs);
  keepHouse(store, startMs);
  assert.deepEqual(
    store.runs({ most: 1000 }).runs.map(({ account, pass }) => `${account} ${pass}`),
    ["postgres 1", "oracle 599"],
  );
});

test("over the cap the oldest events collapse to the latest of each finding, and one events.lost names the range", () => {
  using place = scratch();
  using store = open(place.state);
  for (let round = 0; round < 100; round++) commitSome(store, 1, 5, startMs + round, 1000);
  assert.equal(store.acknowledge("engine", { ...store.epoch, seq: 10 }), null);
  const findings = store.findings();
  const bytes = store.size.bytes;
  const queueBytes = Math.floor(bytes / 2);
  const before = all(store);
  const told = keepHouse(store, startMs, queueBytes);
  assert.equal(told.length, 1);
  const events = all(store);
  assert.ok(store.size.bytes <= queueBytes, `${store.size.bytes} of ${queueBytes}`);
  assert.equal(
    store.size.bytes,
    events.reduce((sum, { n, r, seq, ...rest }) => sum + sizeOf(rest), 0),
  );
  assert.equal(store.size.events, events.length);
  assert.deepEqual(store.findings(), findings);

  const held = new Set(events.map(cursorText));
  const gone = before.filter((event) => !held.has(cursorText(event)));
  const [lost] = told;
  const { from, to, count, why } = Object.fromEntries(Object.entries(lost?.data ?? {}));
  assert.deepEqual(
    [from, to, count, why],
    [cursorText(gone[0] ?? store.head), cursorText(gone.at(-1) ?? store.head), gone.length, "over-the-cap"],
  );
  assert.equal(store.size.lost, gone.length);
  const last = parseCursor(String(to))?.seq ?? 0;
  const survivors = events.filter(({ seq }) => seq <= last);
  assert.ok(survivors.length <= 5, "of what collapsed only the latest of each finding stays");
  for (const event of gone)
    assert.ok(
      events.some(({ seq, subject }) => subject === event.subject && seq > event.seq),
      "a later state is there",
    );
  assert.equal(store.events({ ...store.epoch, seq: 10 }).missed, true);
  assert.equal(store.events(lost ?? null).missed, false);
  assert.equal(store.queue("engine").waiting, store.size.events, "the queue is counted anew");
  assert.deepEqual(keepHouse(store, startMs, queueBytes), []);
});

function sizeOf({ type, subject, account, data, time }: Omit<StoredEvent, "n" | "r" | "seq">): number {
  return Buffer.byteLength(JSON.stringify({ type, subject, account, data, time }));
}

test("where the cap needs several calls, the last one tells of the whole range, also after a start", () => {
  using place = scratch();
  const first = open(place.state);
  for (let at = 0; at < 20; at++)
    committed(
      first.commit({ nowMs: startMs, events: Array.from({ length: 500 }, (_, of) => opened(finding(at * 500 + of))) }),
    );
  const queueBytes = Math.floor(first.size.bytes / 10);
  const { epoch } = first;
  assert.deepEqual(keepHouse(first, startMs, queueBytes), []);
  assert.ok(first.size.bytes > queueBytes && first.size.events < 10_000);
  first.close();
  using store = open(place.state);
  const told: StoredEvent[] = [];
  for (let calls = 0; store.size.bytes > queueBytes && calls < 10; calls++)
    told.push(...keepHouse(store, startMs, queueBytes));
  assert.equal(told.length, 1);
  const gone = 10_000 - (store.size.events - 1);
  const [lost] = told;
  assert.deepEqual(lost?.data, {
    from: `1.${epoch.r}-1`,
    to: `1.${epoch.r}-${gone}`,
    count: gone,
    why: "over-the-cap",
  });
  assert.equal(store.size.lost, gone);
  assert.deepEqual(keepHouse(store, startMs, queueBytes), []);
});

test("where each event is about another, the oldest go, down to the cap", () => {
  using place = scratch();
  using store = open(place.state);
  commitSome(store, 1, 200, startMs, 1000);
  const queueBytes = Math.floor(store.size.bytes / 4);
  const [lost] = keepHouse(store, startMs, queueBytes);
  assert.ok(store.size.bytes <= queueBytes);
  const numbers = seqs(store);
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, at) => 201 - numbers.length + 1 + at),
  );
  assert.equal(lost?.seq, 201);
});

test("a tiny cap leaves the newest event, and housekeeping comes to an end", () => {
  using place = scratch();
  using store = open(place.state);
  commitSome(store, 1, 10);
  for (let times = 0; times < 5; times++) keepHouse(store, startMs, 1);
  assert.ok(store.size.events >= 1 && store.size.events <= 2, `${store.size.events} events`);
});

test("pages that are read while housekeeping collapses and drops: in order, none twice, holes are told", () => {
  using place = scratch();
  using store = open(place.state);
  for (let round = 0; round < 30; round++) commitSome(store, 1, 20, startMs, 3000);
  const seen: number[] = [];
  let hasMissed = false;
  let queueBytes = store.size.bytes;
  for (let at: Parameters<Store["events"]>[0] = null; ; ) {
    const page = store.events(at);
    for (const { seq } of page.events) seen.push(seq);
    hasMissed ||= page.missed;
    at = page.through;
    if (!page.more) break;
    queueBytes = Math.floor(queueBytes * 0.4);
    keepHouse(store, startMs, queueBytes);
  }
  assert.deepEqual(
    seen,
    [...new Set(seen)].sort((a, b) => a - b),
  );
  const hasHoles = seen.some((seq, index) => index > 0 && seq !== (seen[index - 1] ?? 0) + 1);
  assert.equal(hasHoles, true, "housekeeping was between");
  assert.equal(hasMissed, true);
  assert.equal(seen.at(-1), store.head.seq);
});

test("the file gives its room back, and its log stays bounded", () => {
  using place = scratch();
  using store = open(place.state);
  for (let at = 0; at < 40; at++)
    committed(
      store.commit({ nowMs: startMs, events: Array.from({ length: 250 }, (_, of) => opened(finding(of), 1000)) }),
    );
  const size = () => statSync(`${place.state}/state.db`).size;
  keepHouse(store, startMs, 1 << 20);
  const large = size();
  for (let times = 0; times < 40; times++) keepHouse(store, startMs, 1 << 20);
  assert.ok(size() < large / 3, `${large} became ${size()}`);
  for (let at = 0; at < 20; at++) commitSome(store, 1, 10, startMs, 20_000);
  keepHouse(store, startMs);
  commitSome(store, 1, 1);
  assert.ok(statSync(`${place.state}/state.db-wal`).size <= 8 << 20);
  committed(store.commit({ nowMs: startMs, events: [started()] }));
});
