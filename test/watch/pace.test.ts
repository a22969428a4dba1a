import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { bursts } from "../../agent/host/watch-bursts.ts";
import { pace } from "../../agent/host/watch-pace.ts";

/** Timeouts go by hand, turns of the loop are real. */
function timers() {
  mock.timers.enable({ apis: ["setTimeout"] });
  return {
    async tick(ms: number): Promise<void> {
      mock.timers.tick(ms);
      await turn();
    },
    [Symbol.dispose]: () => mock.timers.reset(),
  };
}

test("the first touch counts at once, and all of one turn are one flush", async () => {
  using time = timers();
  const flushed: string[][] = [];
  const paced = pace<string>((due) => flushed.push([...due]));
  for (const name of ["a", "b", "a"]) paced.touch(name);
  assert.deepEqual(flushed, []);
  await time.tick(0);
  assert.deepEqual(flushed, [["a", "b"]]);
  paced.end();
});

test("what keeps being touched is flushed less and less often, at least once a second, and once after the last touch", async () => {
  using time = timers();
  let ms = 0;
  const flushed: number[] = [];
  const paced = pace<string>(() => flushed.push(ms));
  for (; ms < 4_000; ms++) {
    paced.touch("a");
    await time.tick(1);
  }
  for (; ms < 8_000; ms++) await time.tick(1);
  assert.deepEqual(
    flushed.map((at) => Math.round(at / 10) * 10),
    [0, 50, 150, 350, 750, 1550, 2550, 3550, 4550],
  );
});

test("after a pause it counts at once again", async () => {
  using time = timers();
  let flushes = 0;
  const paced = pace<string>(() => flushes++);
  paced.touch("a");
  await time.tick(0);
  await time.tick(51);
  paced.touch("a");
  await time.tick(0);
  assert.equal(flushes, 2);
  paced.end();
});

test("after its end nothing is flushed", async () => {
  using time = timers();
  let flushes = 0;
  const paced = pace<string>(() => flushes++);
  paced.touch("a");
  paced.end();
  await time.tick(5_000);
  assert.equal(flushes, 0);
});

test("tells a burst from an overflow: by events in a second, and by those that waited at once", async () => {
  const told: (string | number)[] = [];
  const counted = bursts(16_384, { burst: () => told.push("burst"), overflow: (waited) => told.push(waited) });
  for (let at = 0; at < 999; at++) counted.arrived();
  await turn();
  assert.deepEqual(told, []);
  counted.arrived();
  assert.deepEqual(told, ["burst"]);
  for (let at = 0; at < 8_192; at++) counted.arrived();
  await turn();
  assert.deepEqual(told, ["burst", 8_193]);
});
