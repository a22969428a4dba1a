/** The stream over the socket: pages, waiting, snapshots; by callers of every kind. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CloudEvent } from "cloudevents";
import { parseCursor } from "../../agent/drift/index.ts";
import { type Answer, agentBehind, ask, askAs, type Behind, uids } from "./world.ts";

const safety = { timeout: 60_000 };
const asRoot = { ...safety, skip: process.getuid?.() === 0 ? false : "needs root, to call as others" };

interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function pageOf({ status, body }: Pick<Answer, "status" | "body">) {
  assert.equal(status, 200, JSON.stringify(body));
  assert.ok(typeof body === "object" && body !== null && "items" in body && "next" in body && "through" in body);
  assert.ok(Array.isArray(body.items));
  assert.ok(typeof body.through === "string" && typeof body.next === "string");
  assert.equal(body.next, body.through);
  const items: readonly Event[] = body.items;
  return { items, through: body.through };
}

const through = (behind: Behind) => ask(behind.socket, "/v1/events").then((answer) => pageOf(answer).through);

test("each event is a CloudEvent, oldest first, and reading takes nothing away", safety, async (t) => {
  const behind = await agentBehind(t);
  behind.tell("oracle");
  const first = pageOf(await ask(behind.socket, "/v1/events"));
  const seqs = first.items.map(({ id }) => parseCursor(id)?.seq ?? 0);
  assert.deepEqual(
    seqs,
    seqs.toSorted((a, b) => a - b),
  );
  assert.ok(seqs.length >= 3);
  for (const item of first.items) new CloudEvent({ ...item }).validate();
  assert.deepEqual(pageOf(await ask(behind.socket, "/v1/events")), first);
  assert.deepEqual(pageOf(await ask(behind.socket, `/v1/events?after=${first.through}`)).items, []);
});

test("who waits is answered as soon as something happens", safety, async (t) => {
  const behind = await agentBehind(t);
  const waiting = ask(behind.socket, `/v1/events?after=${await through(behind)}&wait=60s`);
  await asked(behind);
  behind.tell("postgres");
  const { items } = pageOf(await waiting);
  assert.deepEqual(
    items.map(({ type }) => type),
    ["dev.rcwarden.finding.opened"],
  );
});

test("waiting ends with an empty page when its time is over", safety, async (t) => {
  const behind = await agentBehind(t);
  const place = await through(behind);
  const page = pageOf(await ask(behind.socket, `/v1/events?after=${place}&wait=50ms`));
  assert.deepEqual(page, { items: [], through: place });
});

test("waiting ends at once when the agent ends", safety, async (t) => {
  const behind = await agentBehind(t);
  const waiting = ask(behind.socket, `/v1/events?after=${await through(behind)}&wait=60s`);
  await asked(behind);
  behind.close();
  assert.deepEqual(pageOf(await waiting).items, []);
});

test("closing the endpoint ends what waits, and takes the socket away", safety, async (t) => {
  const behind = await agentBehind(t);
  const waiting = ask(behind.socket, `/v1/events?after=${await through(behind)}&wait=60s`);
  await asked(behind);
  await behind.stop();
  assert.deepEqual(pageOf(await waiting).items, []);
  await assert.rejects(ask(behind.socket, "/healthz"), /ENOENT/);
});

test("a client that leaves waits no longer", safety, async (t) => {
  const behind = await agentBehind(t);
  const ended = Promise.withResolvers<void>();
  const { eventAfter } = behind.store;
  behind.store.eventAfter = async (after, signal) => {
    await eventAfter.call(behind.store, after, signal);
    assert.ok(signal.aborted);
    ended.resolve();
  };
  const leaving = new AbortController();
  const waiting = ask(behind.socket, `/v1/events?after=${await through(behind)}&wait=60s`, { signal: leaving.signal });
  await asked(behind);
  leaving.abort();
  await assert.rejects(waiting);
  await ended.promise;
});

test("an account gets its own, and is not woken for others'", asRoot, async (t) => {
  const behind = await agentBehind(t);
  const oracle = { uid: uids.oracle };
  const all = pageOf(await askAs(oracle, behind.socket, "/v1/events"));
  assert.equal(all.items.length, 1);
  assert.equal(all.through, await through(behind), "through is the last place looked at, also of what was not its own");
  const waiting = askAs(oracle, behind.socket, `/v1/events?after=${all.through}&wait=60s`);
  await asked(behind);
  behind.tell("postgres");
  behind.tell("oracle", { fingerprint: "c".repeat(16) });
  const { items, through: last } = pageOf(await waiting);
  assert.equal(items.length, 1);
  assert.match(JSON.stringify(items), /cccccccccccccccc/);
  assert.equal(last, await through(behind));
});

test("after a place that is no longer held a snapshot comes first, of one's own rows", asRoot, async (t) => {
  const behind = await agentBehind(t);
  const after = "999999.00000000-1";
  const whole = pageOf(await ask(behind.socket, `/v1/events?after=${after}`));
  const [snapshot, ...others] = whole.items;
  assert.equal(snapshot?.type, "dev.rcwarden.state.snapshot");
  assert.match(JSON.stringify(snapshot.data), /"postgres"/);
  assert.ok(others.every(({ type }) => type !== "dev.rcwarden.state.snapshot"));
  const own = pageOf(await askAs({ uid: uids.oracle }, behind.socket, `/v1/events?after=${after}`));
  assert.equal(own.items[0]?.type, "dev.rcwarden.state.snapshot");
  assert.doesNotMatch(JSON.stringify(own), /postgres|SECRET-LINE/);
});

/** Resolves when the endpoint waits for an event: the store was asked, and the loop came round. */
function asked({ store }: Behind): Promise<void> {
  const { eventAfter } = store;
  return new Promise((resolve) => {
    store.eventAfter = (after, signal) => {
      store.eventAfter = eventAfter;
      const waiting = eventAfter.call(store, after, signal);
      resolve();
      return waiting;
    };
  });
}

test("whoever waited gets no more than the Grant lets out when there is something", asRoot, async (t) => {
  const behind = await agentBehind(t);
  const oracle = { uid: uids.oracle };
  const wait = async () => askAs(oracle, behind.socket, `/v1/events?after=${await through(behind)}&wait=60s`);
  const narrowed = wait();
  await asked(behind);
  behind.live.share = { local: "names", share: "names" };
  behind.tell("oracle", { fingerprint: "c".repeat(16) });
  const { items } = pageOf(await narrowed);
  assert.match(JSON.stringify(items), /cccccccccccccccc/);
  assert.doesNotMatch(JSON.stringify(items), /SECRET/);
  const broken = wait();
  await asked(behind);
  behind.live.share = null;
  behind.tell("oracle", { fingerprint: "d".repeat(16) });
  assert.equal((await broken).status, 503);
});
