import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyClock } from "../../agent/daemon/steady-clock.ts";

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 10, 23, 12);

/** A clock that is looked at every minute; `jump` sets the host's, `live` lets both go on. */
function looked() {
  const clock = new SteadyClock(startMs, 0);
  const at = { now: startMs, monotonic: 0 };
  return {
    jump(minutes: number) {
      at.now += minutes * minuteMs;
      return clock.look(at.now, at.monotonic);
    },
    live(minutes: number) {
      let last = clock.look(at.now, at.monotonic);
      for (let minute = 0; minute < minutes; minute++) {
        at.now += minuteMs;
        at.monotonic += minuteMs;
        last = clock.look(at.now, at.monotonic);
      }
      return last;
    },
  };
}

test("a clock that goes on is trusted, whatever it drifts by in an hour", () => {
  const clock = looked();
  assert.equal(clock.live(300), "trusted");
  for (let hour = 0; hour < 10; hour++) {
    assert.equal(clock.jump(4), "trusted");
    assert.equal(clock.live(61), "trusted");
  }
});

for (const minutes of [6, -6, 100_000, -100_000]) {
  test(`a jump by ${minutes} minutes is not trusted before it stood for an hour`, () => {
    const clock = looked();
    assert.equal(clock.live(10), "trusted");
    assert.equal(clock.jump(minutes), "not-trusted");
    assert.equal(clock.live(59), "not-trusted");
    assert.equal(clock.live(1), "trusted");
  });
}

test("a clock that was set back to what it was is trusted at once", () => {
  const clock = looked();
  clock.live(10);
  assert.equal(clock.jump(1_000), "not-trusted");
  assert.equal(clock.live(5), "not-trusted");
  assert.equal(clock.jump(-1_000), "trusted");
});

test("one that jumps again and again has its hour from the last jump on", () => {
  const clock = looked();
  for (let jump = 0; jump < 5; jump++) {
    assert.equal(clock.jump(30), "not-trusted");
    assert.equal(clock.live(40), "not-trusted");
  }
  assert.equal(clock.live(20), "trusted");
});

test("several small jumps within an hour are one large one", () => {
  const clock = looked();
  assert.equal(clock.jump(4), "trusted");
  clock.live(1);
  assert.equal(clock.jump(4), "not-trusted");
});
