import assert from "node:assert/strict";
import { test } from "node:test";
import { countingReleases, takeReleases } from "../../agent/cleanup/index.ts";
import type { EngineSinkDocument } from "../../agent/documents/host-kinds.ts";
import { cursorText, type Released, type Store, type StoredRelease, stateDigest } from "../../agent/store/index.ts";
import { retentionOf } from "../cleanup/support.ts";
import { type Engine, type EngineOptions, startEngine } from "../support/engine/engine.ts";
import type { ArrivedEvent } from "../support/engine/ledger.ts";
import { finding, open, scratch, startMs, tell, tellSome } from "./state.ts";
import { Clock, delivered, type Ran, type RunOptions, run, sinkOf, spawnSender, until } from "./support.ts";

const hourMs = 3_600_000;

/** A store with so many findings, an engine, and a sink between them. */
async function between(
  count: number,
  options: RunOptions & { readonly engine?: EngineOptions; readonly sink?: Partial<EngineSinkDocument> } = {},
): Promise<AsyncDisposable & { readonly store: Store; readonly engine: Engine; readonly start: () => Ran }> {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(scratch());
  const store = stack.use(open(folder.state));
  tellSome(store, 1, count);
  const engine = stack.use(await startEngine(options.engine));
  return {
    store,
    engine,
    start: () => stack.use(run(store, sinkOf(engine, options.sink), options)),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Each request as a word or the numbers of its events. */
function requests(engine: Engine): string[] {
  return engine.arrivals.map(({ events, status }) => `${status} ${events.map(word).join(" ")}`);
}

function word({ id, type }: ArrivedEvent): string {
  if (type.endsWith("snapshot")) return "snapshot";
  return type.endsWith("heartbeat") ? "heartbeat" : (id.split("-")[1] ?? id);
}

test("at first contact the engine gets the state, then the history in order, and ends in the host's state", async () => {
  await using at = await between(5);
  const ran = at.start();
  await delivered(ran);
  assert.deepEqual(requests(at.engine), ["200 snapshot", "200 1 2 3 4 5"]);
  assert.equal(at.engine.ledger().digest, stateDigest(at.store.findings()));
  assert.deepEqual(at.engine.violations, []);
  assert.equal(ran.sink.state().problem, null);
  assert.equal(ran.sink.state().sentBy, "tester");
});

test("what leaves is masked as the Grant says, and kept byte for byte", async () => {
  await using at = await between(3);
  await delivered(at.start());
  const left = at.engine.arrivals.map(({ body }) => body).join("\n");
  assert.ok(!left.includes("alias cp"), "the guilty line left the host with share: names");
  assert.ok(!left.includes("waits at a prompt"), "a message left the host with share: names");
  const kept = at.store.sent().map(({ body }) => Buffer.from(body).toString());
  assert.deepEqual(
    kept,
    at.engine.arrivals.map(({ body }) => body),
  );
});

test("a wider Grant lets more leave", async () => {
  await using at = await between(1, { share: "lines" });
  await delivered(at.start());
  assert.ok(at.engine.arrivals.every(({ body }) => body.includes("alias cp")));
});

test("with a broken Grant nothing leaves; when it is mended everything does", async () => {
  await using at = await between(2, { share: null });
  const ran = at.start();
  await until(() => ran.sink.state().problem !== null);
  assert.equal(ran.sink.state().problem?.code, "not-granted");
  assert.equal(ran.sink.state().state, "waiting");
  assert.equal(at.engine.arrivals.length, 0);
  ran.share = "names";
  ran.sink.wake();
  await delivered(ran);
  assert.equal(at.engine.ledger().events.length, 2);
});

test("after an hour away and 10,000 queued events: snapshot first, then the queue in order, at most 1 MiB a batch", async () => {
  await using at = await between(1);
  const ran = at.start();
  await delivered(ran);
  at.engine.failing = () => ({ status: 503 });
  ran.clock.held = true;
  const states = Array.from({ length: 10_000 }, (_, index) => finding(index + 2));
  tell(at.store, states);
  await until(() => ran.sink.state().state === "waiting");
  assert.equal(ran.sink.state().waiting, 10_000);
  const failed = at.engine.arrivals.length;
  at.engine.failing = () => null;
  ran.clock.advance(hourMs);
  ran.clock.held = false;
  await delivered(ran);

  const after = at.engine.arrivals.slice(failed);
  const isPart = after.map(({ events }) => events.some(({ type }) => type.endsWith("snapshot")));
  const parts = isPart.indexOf(false);
  assert.ok(parts > 1, "10,000 findings do not fit one part of 1 MiB");
  assert.ok(!isPart.slice(parts).includes(true), "the snapshot comes first, and once");
  for (const { body, events } of after) {
    assert.ok(Buffer.byteLength(body) <= 1_048_576, `a batch of ${Buffer.byteLength(body)} bytes`);
    assert.ok(events.length <= 1000, `a batch of ${events.length} events`);
  }
  const order = after.slice(parts).flatMap(({ events }) => events.map(({ id }) => Number(id.split("-")[1])));
  assert.deepEqual(
    order,
    Array.from({ length: 10_000 }, (_, index) => index + 2),
  );
  assert.deepEqual(at.engine.violations, []);
  assert.equal(at.engine.ledger().digest, stateDigest(at.store.findings()));
  assert.equal(at.engine.ledger().events.length, 10_001);
});

test("an engine that was away for a moment gets no snapshot", async () => {
  await using at = await between(1);
  const ran = at.start();
  await delivered(ran);
  at.engine.failNext({ status: 502 });
  tellSome(at.store, 2, 3);
  await delivered(ran);
  assert.deepEqual(requests(at.engine), ["200 snapshot", "200 1", "502 2 3", "200 2 3"]);
});

test("a poisoned event is halved out, put aside as a dead letter, and nothing else is lost", async () => {
  await using at = await between(9);
  at.engine.failing = (events) => (events.some(({ id }) => id.endsWith("-6")) ? { status: 422, body: "no" } : null);
  const ran = at.start();
  await delivered(ran);
  assert.deepEqual(
    at.store.deadLetters("engine").map(({ id }) => id),
    [cursorText({ ...at.store.epoch, seq: 6 })],
  );
  assert.match(at.store.deadLetters("engine")[0]?.why ?? "", /found status 422 \("no"\)/);
  assert.deepEqual(
    at.engine.ledger().events.map(({ id }) => Number(id.split("-")[1])),
    [1, 2, 3, 4, 5, 7, 8, 9],
  );
  assert.equal(ran.sink.state().deadLetters, 1);
  assert.equal(at.engine.ledger().digest, stateDigest(at.store.findings()), "the snapshot held what was refused");
  assert.deepEqual(at.engine.violations, []);
  assert.ok(
    ran.clock.pauses.every((ms) => ms >= 1000),
    "never more than one attempt a second while something is refused",
  );
});

test("where even a heartbeat is refused no event is at fault: the queue stays, and status says so", async () => {
  await using at = await between(3);
  at.engine.failing = () => ({ status: 400, body: "No required SSL certificate was sent" });
  const ran = at.start();
  await until(() => ran.clock.pauses.some((ms) => ms >= 180_000));
  assert.equal(at.store.deadLetters("engine").length, 0);
  assert.equal(ran.sink.state().waiting, 3);
  assert.match(ran.sink.state().problem?.message ?? "", /No required SSL certificate/);
  at.engine.failing = () => null;
  await delivered(ran);
  assert.equal(at.engine.ledger().events.length, 3);
});

test("a batch that is too large for the engine is halved, and so is a snapshot", async () => {
  await using at = await between(400, { engine: { mostBytes: 150_000 } });
  const ran = at.start();
  await delivered(ran);
  assert.equal(at.engine.ledger().digest, stateDigest(at.store.findings()));
  assert.equal(at.engine.ledger().events.length, 400);
  assert.equal(at.store.deadLetters("engine").length, 0);
  assert.deepEqual(at.engine.violations, []);
});

for (const { failure, code } of [
  { failure: { status: 404 }, code: "configuration" },
  { failure: { status: 409 }, code: "configuration" },
  { failure: { status: 401 }, code: "unauthorized" },
  { failure: { status: 403 }, code: "unauthorized" },
  { failure: { status: 302, headers: { location: "https://elsewhere.example/" } }, code: "redirect" },
]) {
  test(`status ${failure.status} is a fault of the configuration: the queue stays, it is tried again after minutes`, async () => {
    await using at = await between(2);
    const clock = new Clock();
    clock.held = true;
    at.engine.failing = () => failure;
    await using ran = run(at.store, sinkOf(at.engine), { clock });
    await until(() => ran.sink.state().state === "stopped");
    const state = ran.sink.state();
    assert.equal(state.problem?.code, code);
    assert.equal(state.waiting, 2);
    assert.equal(state.nextTry, new Date(startMs + 180_000).toISOString());
    assert.equal(at.engine.arrivals.length, 1, "no second try, no redirect followed");
    at.engine.failing = () => null;
    clock.held = false;
    clock.advance(180_000);
    await delivered(ran);
    assert.equal(at.engine.ledger().events.length, 2);
  });
}

test("Retry-After is kept, in seconds and as a date, up to an hour", async () => {
  await using at = await between(1);
  const clock = new Clock();
  at.engine.failNext(
    { status: 503, headers: { "retry-after": "120" } },
    { status: 429, headers: { "retry-after": new Date(startMs + 120_000 + 600_000).toUTCString() } },
    { status: 503, headers: { "retry-after": "999999" } },
    { status: 503, headers: { "retry-after": "soon" } },
  );
  await using ran = run(at.store, sinkOf(at.engine), { clock });
  await delivered(ran);
  assert.deepEqual(clock.pauses, [120_000, 600_000, hourMs, 1000]);
});

test("failures wait longer and longer, up to five minutes, by chance", async () => {
  await using at = await between(1);
  const clock = new Clock();
  at.engine.failNext(...Array.from({ length: 11 }, () => ({ status: 500 })));
  await using ran = run(at.store, sinkOf(at.engine), { clock, chance: () => 0.5 });
  await delivered(ran);
  const bounds = [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300];
  assert.deepEqual(
    clock.pauses,
    bounds.map((bound) => (1 + (bound - 1) / 2) * 1000),
  );
});

test("a cut connection, a slow answer, an answer without end: offered again, taken once", async () => {
  await using at = await between(4, { sink: { timeoutMs: 1_000 } });
  at.engine.failNext({ cut: "before" }, { cut: "after" }, { slowMs: 60_000 }, { bytes: 2_000_000 });
  const codes: string[] = [];
  const ran = at.start();
  await until(() => {
    const code = ran.sink.state().problem?.code;
    if (code !== undefined && code !== codes.at(-1)) codes.push(code);
    return ran.sink.state().waiting === 0;
  });
  await delivered(ran);
  assert.deepEqual(new Set(codes), new Set(["cut-off", "timed-out", "answer-too-large"]));
  assert.equal(at.engine.ledger().events.length, 4);
  assert.equal(at.engine.ledger().digest, stateDigest(at.store.findings()));
});

test("half an answer is none: the batch is offered again", async () => {
  await using at = await between(1);
  const ran = at.start();
  await delivered(ran);
  at.engine.failNext({ cut: "after" });
  tellSome(at.store, 2, 4);
  await delivered(ran);
  assert.deepEqual(requests(at.engine).slice(2), ["cut 2 3 4", "200 2 3 4"]);
  assert.equal(at.engine.ledger().duplicates, 3);
});

test("an engine that holds more than the host: a new epoch above it, the state, and everything again", async () => {
  await using at = await between(3);
  const before = at.store.epoch;
  at.engine.failNext({ answer: { have: "57.0badcafe-9" } });
  const ran = at.start();
  await until(() => at.store.epoch.n > before.n);
  await delivered(ran);
  assert.equal(at.store.epoch.n, 58);
  assert.deepEqual(requests(at.engine), ["200 snapshot", "200 snapshot", "200 1 2 3 1"]);
  const told = at.engine.ledger().events.at(-1);
  assert.equal(told?.type, "dev.rcwarden.agent.started");
  assert.deepEqual(told?.data.previous, { ...before, seq: 3 });
  assert.equal(at.engine.arrivals[1]?.events[0]?.data.asOf, cursorText(at.store.head));
});

test("an engine that holds more after it was told everything: everything comes again", async () => {
  await using at = await between(3);
  const ran = at.start();
  await delivered(ran);
  at.engine.failNext({ answer: { have: "57.0badcafe-9" } });
  tellSome(at.store, 4, 4);
  await until(() => at.store.epoch.n === 58);
  await delivered(ran);
  assert.deepEqual(requests(at.engine).slice(2), ["200 4", "200 snapshot", "200 1 2 3 4 1"]);
  assert.equal(at.engine.ledger().duplicates, 4);
});

test("an equal epoch number with another R, or a place above the head, is an older state as well", async () => {
  for (const have of ["1.0badcafe-1", "above"]) {
    await using at = await between(2);
    at.engine.failNext({ answer: { have: have === "above" ? cursorText({ ...at.store.epoch, seq: 3 }) : have } });
    const ran = at.start();
    await until(() => at.store.epoch.n > 1);
    await delivered(ran);
    assert.equal(at.store.epoch.n, 2);
  }
});

test("an engine that always lies about what it holds gets one new epoch an hour, and all events", async () => {
  await using at = await between(3);
  at.engine.failing = () => ({ answer: { have: `${at.store.epoch.n + 5}.0badcafe-9` } });
  const ran = at.start();
  await delivered(ran);
  assert.equal(at.store.epoch.n, 7);
  assert.equal(at.engine.ledger().events.length, 4);
  at.engine.failing = () => ({ answer: { have: "999999999.0badcafe-9" } });
  ran.clock.nowMs += 2 * hourMs;
  tellSome(at.store, 4, 4);
  await delivered(ran);
  assert.equal(at.store.epoch.n, 7, "a number that no host comes to is not followed");
});

test("an engine that asks for a snapshot gets one, at most one a minute", async () => {
  await using at = await between(1);
  const ran = at.start();
  await delivered(ran);
  at.engine.failing = () => ({ answer: { want: "snapshot" } });
  tellSome(at.store, 2, 2);
  await delivered(ran);
  assert.equal(requests(at.engine).filter((request) => request.includes("snapshot")).length, 1);
  const before = at.engine.arrivals.length;
  ran.clock.advance(60_000);
  await at.engine.until(() => at.engine.arrivals.length > before);
  assert.deepEqual(requests(at.engine).slice(before), ["200 snapshot"]);
});

test("an answer that is not understood is no failure", async () => {
  await using at = await between(1);
  at.engine.failNext({ answer: { have: 7 } }, { answer: { releases: "all" } });
  const ran = at.start();
  await delivered(ran);
  assert.ok(ran.logged.some((message) => message.includes('not understood: "have"')));
  assert.ok(ran.logged.some((message) => message.includes('not understood: "releases"')));
});

test("releases come out of an answer each for itself; what is wrong with the others stands in the sink's state", async () => {
  const release = { retention: "staging", path: "a.arc", size: 7, sha256: "ab".repeat(32) };
  const taken: string[] = [];
  await using at = await between(1, {
    released(sink, asked) {
      taken.push(sink, ...asked.map(({ path }) => path.join("/")));
      return { kind: "released", answers: asked.map(() => ({ answer: "accepted", message: "" })) };
    },
  });
  const deep = JSON.parse(`${"[".repeat(2000)}${"]".repeat(2000)}`);
  at.engine.failNext({
    answer: {
      releases: [
        release,
        { ...release, path: "/etc/passwd" },
        7,
        null,
        deep,
        { ...release, size: deep },
        { ...release, path: "b.arc" },
      ],
    },
  });
  const ran = at.start();
  await delivered(ran);
  assert.deepEqual(taken, ["engine", hex("a.arc"), hex("b.arc")]);
  const { note, state } = ran.sink.state();
  assert.equal(state, "idle", "the batch was taken all the same");
  assert.equal(
    note,
    'a release in the engine\'s answer was not understood: releases[1].path: expected a path below the root, with no / before it, found "/etc/passwd", and 4 more',
  );
  assert.ok(ran.logged.includes(note));
});

test("releases that do not count, or cannot be kept, are reported until the engine's next ones count", async () => {
  const release = { retention: "staging", path: "a.arc", size: 7, sha256: "ab".repeat(32) };
  const answers: Released[] = [
    {
      kind: "released",
      answers: [{ answer: "not-allowed", message: "expected the sink that the Grant names, found engine" }],
    },
    { kind: "refused", message: "/state: expected to write the state, found no room; make room there" },
    { kind: "released", answers: [{ answer: "accepted", message: "" }] },
  ];
  const notes: (string | undefined)[] = [];
  await using at = await between(1, {
    released: () => answers.shift() ?? { kind: "refused", message: "asked too often" },
  });
  const ran = at.start();
  await delivered(ran);
  for (let round = 1; round <= 3; round++) {
    at.engine.failNext({ answer: { releases: [release] } });
    tellSome(at.store, round * 10, round * 10);
    const before = answers.length;
    await until(() => answers.length < before);
    await delivered(ran);
    notes.push(ran.sink.state().note);
  }
  assert.match(notes[0] ?? "", /does not count: not-allowed: expected the sink that the Grant names, found engine$/);
  assert.match(notes[1] ?? "", /could not be kept: .*no room; make room there$/);
  assert.equal(notes[2], undefined);
});

test("of two engines that release the same file only the word of the one that the Grant names is kept; the other's is reported", async () => {
  const retention = retentionOf({ name: "staging", after: "release", releasedBy: ["engine"] });
  const removal = {
    kind: "granted",
    account: "oracle",
    below: "/u01",
    apply: "by-hand",
    releasesFrom: "engine",
  } as const;
  const allowed = { retention, removal };
  for (const name of ["another", "engine"]) {
    const kept: StoredRelease[] = [];
    await using at = await between(1, {
      sink: { name },
      released(sink, asked) {
        const nothing = { release: () => null, releaseCounts: () => [], mark: () => null };
        const taken = takeReleases({ kind: "engine", name: sink }, asked, () => allowed, nothing, startMs);
        kept.push(...taken.change.releases);
        return { kind: "released", answers: taken.answers };
      },
    });
    at.engine.releases = [{ retention: "staging", path: "a.arc", size: 7, sha256: "ab".repeat(32) }];
    const ran = at.start();
    await delivered(ran);
    const counting = countingReleases(kept, allowed, startMs).map(({ path }) => path);
    const { note } = ran.sink.state();
    if (name === "engine") {
      assert.deepEqual(counting[0], [hex("a.arc")]);
      assert.equal(note, undefined);
    } else {
      assert.deepEqual(kept, []);
      assert.match(
        note ?? "",
        /does not count: not-allowed: expected a release by the sink that the Grant names \(engine\), found one by another$/,
      );
    }
  }
});

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}

test("a heartbeat each minute while nothing waits; one that tells of another state brings a snapshot", async () => {
  await using at = await between(2);
  const ran = at.start();
  await delivered(ran);
  const heartbeats = at.engine.ledger().heartbeats;
  ran.clock.advance(60_000);
  await at.engine.until(() => at.engine.ledger().heartbeats === heartbeats + 1);
  assert.equal(at.engine.ledger().mismatches, 0);
  await until(() => ran.sink.state().state === "idle");
  at.engine.ledger().state.clear();
  ran.clock.advance(60_000);
  await at.engine.until(() => at.engine.ledger().mismatches === 1);
  await until(() => ran.sink.state().state === "idle");
  ran.clock.advance(60_000);
  await at.engine.until(() => at.engine.ledger().digest === stateDigest(at.store.findings()));
});

test("a clock that jumps a year, back or ahead, silences no heartbeat and delays no try", async () => {
  const yearMs = 365 * 24 * hourMs;
  for (const jumpMs of [-yearMs, yearMs]) {
    await using at = await between(1);
    const ran = at.start();
    await delivered(ran);
    ran.clock.jumpedMs = jumpMs;
    const heartbeats = at.engine.ledger().heartbeats;
    ran.clock.advance(60_000);
    await at.engine.until(() => at.engine.ledger().heartbeats === heartbeats + 1);
    at.engine.failNext({ status: 503 });
    tellSome(at.store, 2, 2);
    await delivered(ran);
    assert.deepEqual(ran.clock.pauses, [1000]);
    assert.equal(at.engine.ledger().digest, stateDigest(at.store.findings()));
  }
});

test("what happens just before the end is still sent, and what was sent once is not sent again after a restart", async () => {
  await using at = await between(2);
  const ran = at.start();
  await delivered(ran);
  tellSome(at.store, 3, 3);
  await ran.sink.stop();
  assert.equal(at.engine.ledger().events.length, 3);
  await using again = run(at.store, sinkOf(at.engine));
  tellSome(at.store, 4, 4);
  await delivered(again);
  assert.equal(at.engine.ledger().events.length, 4);
  assert.equal(at.engine.ledger().duplicates, 0);
});

test("an engine that is away does not delay the end", async () => {
  await using at = await between(2);
  at.engine.failing = () => ({ slowMs: 60_000 });
  const ran = at.start();
  await at.engine.until(() => at.engine.arrivals.length === 1);
  const began = performance.now();
  await ran.sink.stop();
  assert.ok(performance.now() - began < 5_000);
});

test("a sender that dies is started again, and nothing is lost", async () => {
  const senders: { kill(): void }[] = [];
  await using at = await between(2, {
    spawnSender: () => {
      const sender = spawnSender();
      senders.push(sender);
      return sender;
    },
  });
  at.engine.failNext({ slowMs: 60_000 });
  const ran = at.start();
  await at.engine.until(() => at.engine.arrivals.length === 1);
  senders[0]?.kill();
  await delivered(ran);
  assert.equal(senders.length, 2);
  assert.equal(at.engine.ledger().events.length, 2);
});

test("a sender that cannot be started is a problem that status names", async () => {
  await using at = await between(1, {
    spawnSender: () => {
      throw new Error("no process for it");
    },
  });
  const ran = at.start();
  await until(() => ran.sink.state().problem !== null);
  assert.equal(ran.sink.state().problem?.code, "sender-ended");
  assert.match(ran.sink.state().problem?.message ?? "", /no process for it/);
});

test("a store without room for the place: what was taken is not sent again, and it goes on when there is room", async () => {
  await using at = await between(3);
  let isFull = true;
  const full = () => ({ kind: "refused" as const, code: "full" as const, message: "no room" });
  const store = new Proxy(at.store, {
    get(real, key) {
      if (key === "acknowledge" && isFull) return full;
      const value = Reflect.get(real, key, real);
      return typeof value === "function" ? value.bind(real) : value;
    },
  });
  await using ran = run(store, sinkOf(at.engine));
  await until(() => ran.clock.pauses.length > 3);
  assert.equal(ran.sink.state().problem?.code, "store-full");
  assert.equal(ran.sink.state().waiting, 3);
  isFull = false;
  await delivered(ran);
  assert.equal(ran.sink.state().problem, null);
  assert.deepEqual(requests(at.engine), ["200 snapshot", "200 1 2 3"]);
});

test("resolved findings go from the engine's state, too", async () => {
  await using at = await between(3);
  const ran = at.start();
  await delivered(ran);
  tell(at.store, [finding(2)], "finding.resolved");
  await delivered(ran);
  assert.equal(at.engine.ledger().state.size, 2);
  assert.equal(at.engine.ledger().digest, stateDigest(at.store.findings()));
});
