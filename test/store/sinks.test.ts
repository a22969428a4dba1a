import assert from "node:assert/strict";
import { test } from "node:test";
import { cursorText } from "../../agent/store/index.ts";
import { commitSome, open, scratch, startMs } from "./support/state.ts";

test("a sink's place goes forward only, and is kept over a restart", () => {
  using place = scratch();
  const first = open(place.state);
  commitSome(first, 1, 5);
  assert.equal(first.cursor("engine"), null);
  assert.equal(first.acknowledge("engine", { ...first.epoch, seq: 3 }), null);
  assert.equal(first.acknowledge("engine", { ...first.epoch, seq: 2 }), null);
  assert.deepEqual(first.cursor("engine"), { ...first.epoch, seq: 3 });
  const { epoch } = first;
  first.close();
  using store = open(place.state);
  assert.deepEqual(store.cursor("engine"), { ...epoch, seq: 3 });
  assert.equal(store.cursor("file"), null);
  assert.deepEqual(
    store.events(store.cursor("engine")).events.map(({ seq }) => seq),
    [4, 5],
  );
});

test("what waits is counted along, in events and in bytes", () => {
  using place = scratch();
  const store = open(place.state);
  const { epoch } = store;
  const events = commitSome(store, 1, 10);
  const bytes = store.size.bytes;
  assert.ok(bytes > 10 * 500 && bytes < 10 * 2000, `${bytes} bytes`);
  assert.deepEqual(store.queue("engine"), { waiting: 10, bytes, deadLetters: 0, oldest: events[0]?.time });
  store.acknowledge("engine", { ...store.epoch, seq: 4 });
  commitSome(store, 11, 12, startMs + 1000);
  const counted = store.queue("engine");
  store.close();
  using again = open(place.state);
  assert.deepEqual(again.queue("engine"), counted);
  assert.equal(counted.waiting, 8);
  again.acknowledge("engine", { ...epoch, seq: 12 });
  assert.deepEqual(again.queue("engine"), { waiting: 0, bytes: 0, deadLetters: 0, oldest: null });
});

test("a place that we never had is not acknowledged", () => {
  using place = scratch();
  using store = open(place.state);
  commitSome(store, 1, 2);
  for (const through of [
    { ...store.epoch, seq: 3 },
    { n: 1, r: "00000000", seq: 1 },
    { n: 7, r: "00000000", seq: 1 },
  ]) {
    const problem = store.acknowledge("engine", through);
    assert.equal(problem?.code, "failed");
    assert.ok(problem.message.includes(`found ${cursorText(through)}`), problem.message);
  }
  assert.equal(store.cursor("engine"), null);
});

test("a sink that is set back is offered everything again", () => {
  using place = scratch();
  using store = open(place.state);
  commitSome(store, 1, 3);
  store.acknowledge("engine", store.head);
  assert.equal(store.rewind("engine"), null);
  assert.equal(store.cursor("engine"), null);
  assert.equal(store.queue("engine").waiting, 3);
  store.acknowledge("engine", { ...store.epoch, seq: 1 });
  assert.equal(store.queue("engine").waiting, 2);
});

test("a dead letter is listed once, with why", () => {
  using place = scratch();
  using store = open(place.state);
  const [event] = commitSome(store, 1, 1);
  assert.ok(event !== undefined);
  assert.equal(store.deadLetter("engine", event, "422: no such field", startMs), null);
  assert.equal(store.deadLetter("engine", event, "422: no such field", startMs), null);
  const letter = { id: cursorText(event), sink: "engine", at: "2026-11-23T02:00:00.000Z", why: "422: no such field" };
  assert.deepEqual(store.deadLetters("engine"), [letter]);
  assert.deepEqual(store.deadLetters("file"), []);
  assert.equal(store.queue("engine").deadLetters, 1);
});

test("what left is kept byte for byte, newest last, at most 8 MiB of it", () => {
  using place = scratch();
  using store = open(place.state);
  const bytes = Uint8Array.from([0, 255, 13, 10, 128]);
  store.keepSent("engine", bytes, startMs);
  assert.deepEqual(
    store.sent().map(({ body }) => [...body]),
    [[...bytes]],
  );
  for (let at = 1; at <= 12; at++) store.keepSent("file", new Uint8Array(1 << 20).fill(at), startMs + at);
  const sent = store.sent();
  assert.deepEqual(
    sent.map(({ body }) => body[0]),
    [5, 6, 7, 8, 9, 10, 11, 12],
  );
  assert.deepEqual([sent[0]?.sink, sent[0]?.at], ["file", "2026-11-23T02:00:00.005Z"]);
});
