import assert from "node:assert/strict";
import { test } from "node:test";
import { type RunEnd, RunQueue } from "../../agent/daemon/queue.ts";
import type { Via } from "../../agent/drift/index.ts";

/** A clock that the test turns, and runs that the test ends. */
function world(wish: { atOnce?: number; quietMs?: () => number } = {}) {
  let now = 0;
  const timers: { at: number; signal: AbortSignal; then: () => void }[] = [];
  const runs: { account: string; via: Via; end: (how: RunEnd) => Promise<void> }[] = [];
  const stop = new AbortController();
  const queue = new RunQueue(
    {
      monotonicMs: () => now,
      later: (ms, signal, then) => timers.push({ at: now + ms, signal, then }),
      run(account, via) {
        const { promise, resolve } = Promise.withResolvers<RunEnd>();
        const end = async (how: RunEnd) => {
          resolve(how);
          await new Promise((done) => setImmediate(done));
        };
        runs.push({ account, via, end });
        return promise;
      },
      atOnce: () => wish.atOnce ?? 2,
      quietMs: wish.quietMs ?? (() => 0),
    },
    stop.signal,
  );
  return {
    queue,
    runs,
    stop,
    /** Lets time pass, and every timer that comes up. */
    pass(ms: number) {
      const until = now + ms;
      for (;;) {
        const due = timers.filter(({ at, signal }) => at <= until && !signal.aborted).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.splice(timers.indexOf(due), 1);
        now = Math.max(now, due.at);
        due.then();
      }
      now = until;
    },
  };
}

async function ended(run: { end(how: RunEnd): Promise<void> } | undefined, how: RunEnd = "measured") {
  assert.ok(run, "expected a run that waits for its end");
  await run.end(how);
}

test("one run an account, however often it is wanted; what came meanwhile makes one more", async () => {
  const { queue, runs, pass } = world();
  for (let at = 0; at < 100; at++) queue.want("oracle", "watch");
  assert.equal(runs.length, 1);
  for (let at = 0; at < 100; at++) queue.want("oracle", "watch");
  assert.equal(runs.length, 1);
  await ended(runs[0]);
  pass(60_000);
  assert.equal(runs.length, 2);
  await ended(runs[1]);
  pass(3_600_000);
  assert.equal(runs.length, 2);
});

test("no more accounts at once than allowed, and each comes to its turn", async () => {
  const { queue, runs } = world({ atOnce: 2 });
  for (const name of ["a", "b", "c", "d"]) queue.want(name, "start");
  assert.deepEqual(
    runs.map(({ account }) => account),
    ["a", "b"],
  );
  await ended(runs[0]);
  assert.deepEqual(
    runs.map(({ account }) => account),
    ["a", "b", "c"],
  );
  await ended(runs[1]);
  await ended(runs[2]);
  await ended(runs[3]);
  await queue.settled();
});

test("an account that changes without pause is measured a quarter of the time at most", async () => {
  const { queue, runs, pass } = world();
  let busyMs = 0;
  for (let ms = 0; ms < 60_000; ms += 100) {
    queue.want("oracle", "watch");
    const run = runs.at(-1);
    if (queue.place("oracle").state === "running" && run !== undefined) {
      pass(1_000);
      busyMs += 1_000;
      ms += 1_000;
      await run.end("measured");
      queue.want("oracle", "watch");
    }
    pass(100);
  }
  assert.ok(busyMs <= 16_000, `busy for ${busyMs} of 60,000 ms`);
  assert.ok(busyMs >= 12_000, `but no less than it may: ${busyMs}`);
});

test("after a quiet while a change is looked at without waiting", async () => {
  const { queue, runs, pass } = world();
  queue.want("oracle", "start");
  pass(2_000);
  await ended(runs[0]);
  pass(6_000);
  queue.want("oracle", "watch");
  assert.equal(runs.length, 2);
});

test("who runs out of time three times in a row is left alone for a quarter of an hour, and it shows", async () => {
  const { queue, runs, pass } = world();
  queue.want("oracle", "watch");
  for (let at = 0; at < 3; at++) {
    await ended(runs[at], "timed-out");
    if (at < 2) pass(31_000);
  }
  assert.equal(queue.place("oracle").state, "suspended");
  assert.equal(queue.place("oracle").timeOuts, 3);
  queue.want("oracle", "watch");
  pass(14 * 60_000);
  assert.equal(runs.length, 3);
  pass(60_001);
  assert.equal(runs.length, 4);
});

test("an account that would not hold still is looked at again, after a rest", async () => {
  const { queue, runs, pass } = world();
  queue.want("oracle", "watch");
  pass(1_000);
  await ended(runs[0], "unsteady");
  assert.equal(queue.place("oracle").pending, true);
  pass(2_900);
  assert.equal(runs.length, 1);
  pass(200);
  assert.equal(runs.length, 2);
});

test("somebody who asks by name gets a run of one that is left alone", async () => {
  const { queue, runs, pass } = world();
  queue.want("oracle", "watch");
  for (let at = 0; at < 3; at++) {
    await ended(runs[at], "timed-out");
    if (at < 2) pass(31_000);
  }
  queue.want("oracle", "request");
  assert.equal(runs.length, 4);
});

test("in quiet hours nothing runs, what is wanted waits, and then it runs", async () => {
  let quiet = true;
  const { queue, runs, pass } = world({ quietMs: () => (quiet ? 60_000 : 0) });
  queue.want("oracle", "watch");
  assert.equal(queue.place("oracle").state, "quiet");
  assert.equal(queue.place("oracle").pending, true);
  pass(59_000);
  assert.equal(runs.length, 0);
  quiet = false;
  pass(2_000);
  assert.equal(runs.length, 1);
});

test("settled waits for what may run now, and not for what may not", async () => {
  const { queue, runs, pass } = world();
  queue.want("oracle", "start");
  let isSettled = false;
  const settled = queue.settled().then(() => {
    isSettled = true;
  });
  await new Promise((done) => setImmediate(done));
  assert.equal(isSettled, false);
  await ended(runs[0], "timed-out");
  await settled;
  pass(1);
});

test("nothing begins after the end was said", async () => {
  const { queue, runs, stop } = world({ atOnce: 1 });
  queue.want("a", "start");
  queue.want("b", "start");
  stop.abort();
  const drained = queue.drained();
  await ended(runs[0]);
  await drained;
  assert.equal(runs.length, 1);
});

test("who waits longest comes first: two that always want to keep nobody out", async () => {
  const { queue, runs, pass } = world({ atOnce: 1 });
  queue.want("first", "watch");
  for (const name of ["second", "third"]) queue.want(name, "watch");
  for (let at = 0; at < 4; at++) {
    pass(10);
    queue.want("first", "request");
    queue.want("second", "request");
    await ended(runs[at]);
  }
  assert.deepEqual(
    runs.slice(0, 3).map(({ account }) => account),
    ["first", "second", "third"],
  );
});

test("accounts that take long leave a place to others", async () => {
  const { queue, runs, pass } = world();
  for (const name of ["slow", "slower"]) queue.want(name, "watch");
  pass(60_000);
  for (const run of runs.slice(0, 2)) await ended(run);
  pass(600_000);
  for (const name of ["slow", "slower", "quick"]) queue.want(name, "watch");
  assert.deepEqual(
    runs.slice(2).map(({ account }) => account),
    ["slow", "quick"],
  );
  await ended(runs[2]);
  assert.deepEqual(
    runs.slice(4).map(({ account }) => account),
    ["slower"],
  );
});

test("an account that asks for itself rests as after a change of its files", async () => {
  const { queue, runs, pass } = world();
  queue.want("oracle", "watch");
  pass(1_000);
  await ended(runs[0]);
  queue.want("oracle", "request", true);
  pass(2_999);
  assert.equal(runs.length, 1);
  pass(1);
  assert.equal(runs.length, 2);
  queue.want("oracle", "request", true);
  pass(1_000);
  await ended(runs[1]);
  assert.equal(runs.length, 2, "also where it asked while it was measured");
  pass(3_000);
  assert.equal(runs.length, 3);
});

test("who is asked for while a run fails gets another one at once", async () => {
  const { queue, runs } = world();
  queue.want("oracle", "watch");
  queue.want("oracle", "request");
  await ended(runs[0], "failed");
  assert.equal(runs.length, 2);
  assert.equal(runs[1]?.via, "request");
});
