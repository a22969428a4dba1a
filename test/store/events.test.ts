import assert from "node:assert/strict";
import { test } from "node:test";
import { stateDigest } from "../../agent/drift/index.ts";
import type { StoredEvent } from "../../agent/store/index.ts";
import { all, commitSome, committed, finding, open, opened, scratch, started, startMs } from "./support/state.ts";

const seqs = (events: readonly StoredEvent[]) => events.map(({ n, seq }) => `${n}-${seq}`);

test("an event comes back as it was told, with its place and the time of its commit", () => {
  using place = scratch();
  using store = open(place.state);
  const hostile = "\u0000\u001b[31m\u202e\ud800 '\" \\ \u2028";
  const draft = { ...opened(finding(1, { subject: hostile, account: hostile })), subject: hostile };
  const [told] = committed(store.commit({ nowMs: startMs, events: [draft] }));
  assert.deepEqual(told, { ...draft, ...store.epoch, seq: 1, time: "2026-11-23T02:00:00.000Z" });
  assert.deepEqual(store.events(null).events, [told]);
});

test("numbers count from 1 without holes in each epoch, in the order of commits", () => {
  using place = scratch();
  const first = open(place.state);
  commitSome(first, 1, 3, startMs + 5000);
  committed(first.newEpoch(startMs));
  commitSome(first, 4, 5, startMs - 5000);
  first.close();
  using second = open(place.state);
  commitSome(second, 6, 6, startMs);
  assert.deepEqual(seqs(all(second)), ["1-1", "1-2", "1-3", "2-1", "2-2", "3-1"]);
});

test("a page holds at most 1,000 events", () => {
  using place = scratch();
  using store = open(place.state);
  const drafts = Array.from({ length: 2500 }, (_, at) => ({ ...started(), data: { at } }));
  committed(store.commit({ nowMs: startMs, events: drafts }));
  const first = store.events(null);
  assert.deepEqual([first.events.length, first.through.seq, first.more, first.missed], [1000, 1000, true, false]);
  const second = store.events(first.through);
  const third = store.events(second.through);
  assert.deepEqual([third.events.length, third.through.seq, third.more], [500, 2500, false]);
  assert.deepEqual(store.events(third.through), { events: [], through: store.head, missed: false, more: false });
});

test("a page holds at most 1 MiB, but one event of any size", () => {
  using place = scratch();
  using store = open(place.state);
  commitSome(store, 1, 3, startMs, 400_000);
  commitSome(store, 4, 4, startMs, 3_000_000);
  commitSome(store, 5, 5);
  assert.deepEqual(seqs(store.events(null).events), ["1-1", "1-2"]);
  assert.deepEqual(seqs(store.events({ ...store.epoch, seq: 2 }).events), ["1-3"]);
  const large = store.events({ ...store.epoch, seq: 3 });
  assert.deepEqual([seqs(large.events), large.more], [["1-4"], true]);
  assert.deepEqual(seqs(store.events({ ...store.epoch, seq: 4 }).events), ["1-5"]);
});

test("an account gets its own events and those that explain holes; through says what was looked at", () => {
  using place = scratch();
  using store = open(place.state);
  const of = (account: string | null) => ({ ...opened(finding(1)), account });
  const lost = { ...started(), type: "events.lost" } as const;
  const events = [started(), of("oracle"), of("postgres"), of(null), lost, of("oracle"), of("postgres")];
  committed(store.commit({ nowMs: startMs, events }));
  const page = store.events(null, "oracle");
  assert.deepEqual(seqs(page.events), ["1-1", "1-2", "1-5", "1-6"]);
  assert.deepEqual([page.through.seq, page.more], [7, false]);
  assert.deepEqual(seqs(store.events(page.through, "oracle").events), []);
});

test("a filter that leaves little looks at 10,000 events a page, and comes to all", () => {
  using place = scratch();
  using store = open(place.state);
  const others = Array.from(
    { length: 12_000 },
    () => ({ ...started(), type: "account.changed", account: "b" }) as const,
  );
  committed(store.commit({ nowMs: startMs, events: [...others, { ...opened(finding(1)), account: "a" }] }));
  const page = store.events(null, "a");
  assert.deepEqual([page.events.length, page.through.seq, page.more], [0, 10_000, true]);
  assert.deepEqual(seqs(all(store, null, "a")), ["1-12001"]);
});

test("a place that is not ours is missed, and all that is held is offered", () => {
  using place = scratch();
  const first = open(place.state);
  commitSome(first, 1, 3);
  const { epoch } = first;
  first.close();
  using store = open(place.state);
  commitSome(store, 4, 4);
  const known = [{ ...epoch, seq: 0 }, { ...epoch, seq: 3 }, { ...store.epoch, seq: 0 }, store.head];
  for (const after of known) assert.equal(store.events(after).missed, false, JSON.stringify(after));
  const unknown = [
    { ...epoch, seq: 4 },
    { ...epoch, r: "00000000", seq: 1 },
    { n: 9, r: "00000000", seq: 1 },
    { ...store.epoch, seq: 2 },
  ];
  for (const after of unknown) {
    const page = store.events(after);
    assert.deepEqual([page.missed, page.events.length, page.more], [true, 4, false], JSON.stringify(after));
    assert.deepEqual(page.through, store.head);
  }
});

test("who waits for an event is told when it is committed, and not before", async () => {
  using place = scratch();
  using store = open(place.state);
  commitSome(store, 1, 1);
  await store.eventAfter({ ...store.epoch, seq: 0 }, AbortSignal.timeout(60_000));
  await store.eventAfter({ n: 5, r: "00000000", seq: 0 }, AbortSignal.timeout(60_000));
  let isTold = false;
  const told = store.eventAfter(store.head, new AbortController().signal).then(() => {
    isTold = true;
  });
  committed(store.commit({ nowMs: startMs, put: [finding(2)] }));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isTold, false);
  commitSome(store, 3, 3);
  await told;
});

test("who waits is let go by the signal, and by the end of the store", async () => {
  using place = scratch();
  const store = open(place.state);
  const ended = new AbortController();
  const byTheSignal = store.eventAfter(store.head, ended.signal);
  const byTheEnd = store.eventAfter(store.head, new AbortController().signal);
  await store.eventAfter(store.head, AbortSignal.abort());
  ended.abort();
  await byTheSignal;
  store.close();
  await byTheEnd;
});

test("a snapshot holds all findings as of the last event, with the digest that the engine compares", () => {
  using place = scratch();
  using store = open(place.state);
  commitSome(store, 1, 3);
  committed(store.commit({ nowMs: startMs, put: [finding(9, { account: "postgres" })] }));
  const { asOf, findings, digest } = store.snapshot();
  assert.deepEqual(asOf, store.head);
  assert.deepEqual(findings, [finding(1), finding(2), finding(3), finding(9, { account: "postgres" })]);
  assert.equal(digest, stateDigest(findings));
  assert.deepEqual(store.snapshot("postgres").findings, [finding(9, { account: "postgres" })]);
});

test("an engine cannot use up the numbers of epochs", () => {
  using place = scratch();
  using store = open(place.state);
  const answer = store.newEpoch(startMs, 999_999_998);
  assert.ok(answer.kind === "refused");
  assert.match(answer.message, /expected to hold an epoch of at most 1000001, found 999999998/);
  assert.equal(store.epoch.n, 1);
});
