import assert from "node:assert/strict";
import {
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { all, commitSome, committed, finding, type OpenedStore, open, scratch, startMs } from "./support/state.ts";

const database = "state.db";
const pageBytes = 4096;

interface Kept {
  readonly hostId: string;
  readonly epoch: { readonly n: number; readonly r: string };
}

/** A state with 60 findings and events (or as many), 5 of which the engine took, closed properly. */
function made(folder: string, events = 60): Kept {
  const store = open(folder);
  commitSome(store, 1, events);
  assert.equal(store.acknowledge("engine", { ...store.epoch, seq: 5 }), null);
  const { hostId, epoch } = store;
  store.close();
  return { hostId, epoch };
}

/** What must hold of each state that was mended, whatever was broken. */
function assertMended(store: OpenedStore, folder: string, kept: Kept): { data: Record<string, unknown> } {
  assert.equal(store.hostId, kept.hostId, "it stays the same host");
  assert.equal(store.epoch.n, kept.epoch.n + 1);
  const events = all(store);
  const told = events.at(-1);
  assert.ok(told?.type === "events.lost", `found ${told?.type}`);
  assert.deepEqual({ n: told.n, r: told.r, seq: told.seq }, { ...store.epoch, seq: 1 });
  for (const event of events.slice(0, -1)) assert.deepEqual({ n: event.n, r: event.r }, kept.epoch);
  const page = store.events({ ...kept.epoch, seq: 60 });
  assert.equal(page.missed, true, "a reader of the damaged state takes a snapshot");
  assert.equal(store.notices.length, 1);
  assert.match(store.notices[0] ?? "", /state\.db: expected .*, found that .*events\.lost says what is missing$/);
  commitSome(store, 0xffff, 0xffff);
  assert.deepEqual(store.findings().at(-1), finding(0xffff));
  assert.ok(store.notices[0]?.startsWith(folder));
  return { data: Object.fromEntries(Object.entries(told.data)) };
}

function aside(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.startsWith(`${database}.`));
}

test("a scribbled header: the rest is brought back", () => {
  using place = scratch();
  const kept = made(place.state);
  scribble(place.state, 0, 100);
  using store = open(place.state);
  const told = assertMended(store, place.state, kept);
  assert.equal(store.findings().length, 61);
  assert.equal(all(store).length, 62);
  assert.deepEqual(store.cursor("engine"), { ...kept.epoch, seq: 5 });
  assert.deepEqual(told.data, { from: `1.${kept.epoch.r}-61`, to: null, count: null, why: "database-damaged" });
  assert.deepEqual(aside(place.state), ["state.db.corrupt-20261123T020000Z"]);
});

test("a scribbled first page, with the schema: the rest is brought back", () => {
  using place = scratch();
  const kept = made(place.state);
  scribble(place.state, 0, pageBytes);
  using store = open(place.state);
  assertMended(store, place.state, kept);
  assert.equal(store.findings().length, 61);
});

test("a version that cannot be meant is damage, not a newer program", () => {
  using place = scratch();
  const kept = made(place.state);
  scribble(place.state, 60, 4);
  using store = open(place.state);
  assertMended(store, place.state, kept);
  assert.equal(store.findings().length, 61);
});

test("a page of events that is gone: its neighbours stay, and events.lost names the hole", () => {
  using place = scratch();
  const kept = made(place.state);
  const { page, seqs } = leafOfEvents(place.state);
  scribble(place.state, page * pageBytes, pageBytes);
  using store = open(place.state);
  const told = assertMended(store, place.state, kept);
  const held = new Set(all(store).flatMap(({ n, seq }) => (n === kept.epoch.n ? [seq] : [])));
  const missing = Array.from({ length: 60 }, (_, at) => at + 1).filter((seq) => !held.has(seq));
  assert.ok(missing.length > 0 && missing.length < 20, `missing ${missing.join()}`);
  assert.ok(seqs.every((seq) => missing.includes(seq)));
  const [from, to] = [missing[0], missing.at(-1)].map((seq) => `1.${kept.epoch.r}-${seq}`);
  assert.deepEqual(told.data, { from, to, count: missing.length, why: "database-damaged" });
  assert.equal(store.size.lost, missing.length);
  assert.equal(store.findings().length, 61);
});

/** A page in the middle of the events, and the numbers of two events that lie whole in it. */
function leafOfEvents(folder: string): { page: number; seqs: number[] } {
  const bytes = readFileSync(`${folder}/${database}`);
  for (let page = 10; page < bytes.length / pageBytes; page++) {
    const text = bytes.subarray(page * pageBytes, (page + 1) * pageBytes);
    const found = [...text.toString("latin1").matchAll(/"type":"finding.opened","subject":"([0-9a-f]{16})"/g)];
    const seqs = found.map(([, fingerprint = ""]) => Number.parseInt(fingerprint, 16));
    if (text[0] === 13 && seqs.length >= 2 && (seqs[0] ?? 0) > 10) return { page, seqs };
  }
  throw new Error("no such page");
}

test("a body that is no JSON any more, in a sound structure, is found and left out", () => {
  using place = scratch();
  const kept = made(place.state);
  const path = `${place.state}/${database}`;
  const bytes = readFileSync(path);
  const at = bytes.indexOf('{"type":"finding.opened","subject":"0000000000000007"');
  bytes.fill(0x7f, at, at + 9);
  writeFileSync(path, bytes);
  using store = open(place.state);
  const told = assertMended(store, place.state, kept);
  const hole = `1.${kept.epoch.r}-7`;
  assert.deepEqual(told.data, { from: hole, to: hole, count: 1, why: "database-damaged" });
});

test("a file that is cut short: what is left is brought back", () => {
  for (const part of [0.9, 0.5, 0.3]) {
    using place = scratch();
    const kept = made(place.state, 400);
    const path = `${place.state}/${database}`;
    truncateSync(path, Math.floor(readFileSync(path).length * part));
    using store = open(place.state);
    assertMended(store, place.state, kept);
    const back = store.findings().length;
    assert.ok(back > 400 * (part - 0.3) && back < 400, `of ${part} of the file ${back} findings came back`);
  }
});

test("a file of no bytes, of a few, and none at all: the same host goes on above its last epoch", () => {
  for (const bytes of [0, 10, null]) {
    using place = scratch();
    const kept = made(place.state);
    if (bytes === null) rmSync(`${place.state}/${database}`);
    else truncateSync(`${place.state}/${database}`, bytes);
    using store = open(place.state);
    const told = assertMended(store, place.state, kept);
    assert.deepEqual(told.data, { from: `1.${kept.epoch.r}-1`, to: null, count: null, why: "database-damaged" });
    assert.deepEqual(store.previous, { ...kept.epoch, seq: 0 });
  }
});

test("with the file beside it gone as well, a new host begins, and says so", () => {
  using place = scratch();
  const kept = made(place.state);
  truncateSync(`${place.state}/${database}`, 10);
  rmSync(`${place.state}/epoch`);
  using store = open(place.state);
  assert.notEqual(store.hostId, kept.hostId);
  assert.equal(store.epoch.n, 1);
  assert.equal(store.notices.length, 1);
});

test("the file beside the database may be garbage or gone: the database is enough", () => {
  for (const text of [null, "", "{", '{"n":-1}', "\u0000\u0001"]) {
    using place = scratch();
    const kept = made(place.state);
    if (text === null) rmSync(`${place.state}/epoch`);
    else writeFileSync(`${place.state}/epoch`, text);
    using store = open(place.state);
    assert.deepEqual([store.hostId, store.epoch.n, store.notices], [kept.hostId, 2, []]);
  }
});

test("a log that is garbage, or in which somebody scribbled, is not forgotten in silence", () => {
  const ways: Record<string, (log: Buffer) => Buffer> = {
    "its header": (log) => log.fill(0x55, 0, 32),
    "a frame in the middle": (log) => log.fill(0x55, 32 + 20 * 4120 + 100, 32 + 20 * 4120 + 200),
    "all frames from the middle on": (log) => log.fill(0x55, 32 + 20 * 4120),
    "the whole log": (log) => log.fill(0x55),
  };
  for (const [what, damage] of Object.entries(ways)) {
    using place = scratch();
    const kept = killed(place, damage);
    using store = open(place.state);
    const told = assertMended(store, place.state, kept);
    assert.match(store.notices[0] ?? "", /found that .* its log/, what);
    assert.deepEqual({ n: store.previous?.n, r: store.previous?.r }, kept.epoch, what);
    assert.equal(told.data.to, null, what);
  }
});

test("a log whose last transaction is torn by a power cut is as good as without it", () => {
  for (const bytes of [1, 100, 4000, 4119]) {
    using place = scratch();
    const kept = killed(place, (log) => log.subarray(0, log.length - bytes));
    using store = open(place.state);
    assert.deepEqual([store.hostId, store.epoch.n, store.notices], [kept.hostId, kept.epoch.n + 1, []]);
    assert.deepEqual(
      all(store).map(({ seq }) => seq),
      Array.from({ length: 59 }, (_, at) => at + 1),
    );
    assert.equal(store.findings().length, 59);
  }
});

/** A state as a kill leaves it: 60 events in the log, on which `damage` is done. */
function killed(place: { path: string; state: string }, damage: (log: Buffer) => Buffer): Kept {
  open(place.state).close();
  const store = open(place.state);
  commitSome(store, 1, 60);
  const { hostId, epoch } = store;
  const copy = `${place.path}/copy`;
  cpSync(place.state, copy, { recursive: true });
  store.close();
  rmSync(place.state, { recursive: true });
  cpSync(copy, place.state, { recursive: true });
  const log = `${place.state}/state.db-wal`;
  writeFileSync(log, damage(readFileSync(log)));
  return { hostId, epoch };
}

test("a database without its log, or an older copy of it alone, is noticed as older", () => {
  using place = scratch();
  const first = open(place.state);
  commitSome(first, 1, 3);
  const { epoch } = first;
  first.close();
  const copy = readFileSync(`${place.state}/${database}`);
  const second = open(place.state);
  commitSome(second, 4, 6);
  const { n } = second.epoch;
  second.close();
  writeFileSync(`${place.state}/${database}`, copy);
  using store = open(place.state);
  assert.equal(store.epoch.n, n + 1);
  assert.equal(store.previous?.n, n);
  assert.match(store.notices[0] ?? "", /expected epoch 2, found 1, an older state/);
  const told = all(store).at(-1);
  assert.deepEqual(told?.data, { from: `1.${epoch.r}-4`, to: null, count: null, why: "database-older" });
  assert.equal(store.events({ ...epoch, seq: 3 }).missed, true);
});

test("a kill while a damaged database is replaced: the next start brings it to its end, and tells", () => {
  for (const moment of ["before it is moved", "between the moves", "after both"]) {
    using place = scratch();
    const kept = made(place.state);
    const { page } = leafOfEvents(place.state);
    scribble(place.state, page * pageBytes, pageBytes);
    cpSync(place.state, `${place.path}/damaged`, { recursive: true });
    mendedNotBegun(place.state);
    const from = `${place.state}/${database}`;
    if (moment !== "after both") renameSync(from, `${from}.mending`);
    if (moment === "before it is moved") copyFileSync(`${place.path}/damaged/${database}`, from);
    using store = open(place.state);
    const told = all(store).at(-1);
    assert.deepEqual([told?.type, store.epoch.n, store.hostId], ["events.lost", kept.epoch.n + 1, kept.hostId], moment);
    assert.equal(store.findings().length, 60, moment);
    store.close();
    assert.ok(!readdirSync(place.state).includes(`${database}.mending`));
  }
});

/** A state that was mended, as it is before its epoch begins. */
function mendedNotBegun(folder: string): void {
  const before = readFileSync(`${folder}/epoch`);
  const store = open(folder);
  const [event] = all(store).slice(-1);
  store.close();
  assert.equal(event?.type, "events.lost");
  const database = new DatabaseSync(`${folder}/state.db`);
  database.prepare("INSERT INTO about VALUES (2, ?)").run(JSON.stringify(event.data));
  database.exec(
    "DELETE FROM epochs WHERE n = 2; DELETE FROM events WHERE n = 2; UPDATE totals SET head = 60, dropped = 0",
  );
  database.close();
  writeFileSync(`${folder}/epoch`, before);
}

test("rows that this program would not have written are not brought back", () => {
  using place = scratch();
  const kept = made(place.state);
  const path = `${place.state}/${database}`;
  const meddled = new DatabaseSync(path);
  meddled.exec("UPDATE findings SET body = '{}' WHERE id = 1");
  meddled.exec("UPDATE events SET r = 'nothexat' WHERE place = 2");
  meddled.exec("UPDATE events SET body = '[1]' WHERE place = 3");
  meddled.exec("INSERT INTO happenings VALUES (1, 'noise', 'k', 1, 1)");
  meddled.close();
  scribble(place.state, 0, 16);
  using store = open(place.state);
  assertMended(store, place.state, kept);
  assert.equal(store.findings().length, 60);
  assert.ok(!all(store).some(({ n, seq }) => n === 1 && (seq === 2 || seq === 3)));
});

test("what a sink took of a stream that is gone keeps nothing new from it, and nothing is offered to it for ever", () => {
  const losses = [
    "DELETE FROM events",
    "DELETE FROM events; DELETE FROM epochs",
    "DELETE FROM events; UPDATE epochs SET r = '00000000'",
    "DELETE FROM events; UPDATE sinks SET place = 7",
  ];
  for (const loss of losses) {
    using place = scratch();
    const kept = made(place.state);
    {
      using store = open(place.state);
      assert.equal(store.acknowledge("engine", { ...kept.epoch, seq: 60 }), null);
    }
    const meddled = new DatabaseSync(`${place.state}/${database}`);
    meddled.exec(`${loss}; DELETE FROM totals`);
    meddled.close();
    using store = open(place.state);
    assert.equal(store.notices.length, 1, loss);
    commitSome(store, 200, 203);
    const { events, through } = store.events(store.cursor("engine"));
    assert.ok(events.length >= 4, loss);
    assert.equal(store.queue("engine").waiting, events.length, loss);
    assert.equal(store.acknowledge("engine", through), null);
    assert.deepEqual(store.cursor("engine"), store.head, loss);
    assert.deepEqual(store.events(store.cursor("engine")).events, [], loss);
    assert.equal(store.queue("engine").waiting, 0, loss);
  }
});

test("scribbles at random places: it opens, goes on, and what it holds makes sense", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const random = randomFrom(seed);
  for (let round = 0; round < 25; round++) {
    using place = scratch();
    const kept = made(place.state);
    const size = readFileSync(`${place.state}/${database}`).length;
    for (let times = 1 + Math.floor(random() * 3); times > 0; times--)
      scribble(place.state, Math.floor(random() * size), 1 + Math.floor(random() * 2000), random);
    using store = open(place.state);
    assert.ok(store.epoch.n >= 2, `round ${round}`);
    assert.equal(store.hostId, kept.hostId, `round ${round}`);
    all(store);
    store.snapshot();
    store.queue("engine");
    committed(store.housekeeping(startMs, 64 << 20));
    commitSome(store, 200, 201);
    assert.equal(store.findings().filter(({ finding: { fingerprint } }) => fingerprint.endsWith("c8")).length, 1);
  }
});

/** Writes other bytes over what is there; where the file ends, it stops. */
function scribble(folder: string, at: number, bytes: number, random = randomFrom(7)): void {
  const path = `${folder}/${database}`;
  const content = readFileSync(path);
  for (let of = at; of < Math.min(at + bytes, content.length); of++) content[of] = Math.floor(random() * 256);
  writeFileSync(path, content);
}

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
