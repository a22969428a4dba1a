/** What was rendered stands for a while: longer where it was dear, and never beyond what happened. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { forget, keptText } from "../../agent/status/kept.ts";
import { agentBehind } from "./world.ts";

const safety = { timeout: 60_000 };

/** A text of so many characters that takes so many milliseconds, and how often it was made. */
function made(characters: number, ms: number) {
  const text = { times: 0, render: () => "" };
  text.render = () => {
    text.times += 1;
    const until = performance.now() + ms;
    while (performance.now() < until);
    return "x".repeat(characters);
  };
  return text;
}

test("what is long and dear is not made again for each who asks", safety, async (t) => {
  const { view, tell } = await agentBehind(t);
  const long = made(3_000_000, 100);
  for (let asked = 0; asked < 10; asked++) assert.equal(keptText(view, "key", long.render).length, 3_000_000);
  await pause(200);
  keptText(view, "key", long.render);
  assert.equal(long.times, 1, "a tenth of all time at most");
  tell("oracle");
  keptText(view, "key", long.render);
  assert.equal(long.times, 2, "something happened");
  forget(view);
  keptText(view, "key", long.render);
  assert.equal(long.times, 3, "something was asked for");
});

test("not more is kept than there is room for", safety, async (t) => {
  const { view } = await agentBehind(t);
  const huge = made(9_000_000, 0);
  keptText(view, "key", huge.render);
  keptText(view, "key", huge.render);
  assert.equal(huge.times, 2);
});
