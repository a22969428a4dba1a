import assert from "node:assert/strict";
import { test } from "node:test";
import { Leftovers } from "../../agent/daemon/leftovers.ts";

const mib = 1 << 20;

function held(beganMib: number) {
  const memory = { mib: beganMib, given: 0 };
  const leftovers = new Leftovers(() => memory.mib * mib);
  const giveBack = () => {
    memory.given += 1;
    memory.mib = beganMib;
  };
  return { memory, leftovers, look: (ms: number, isIdle = true) => leftovers.look(ms, isIdle, giveBack) };
}

test("what runs left is given back once, when nothing has run for some seconds", () => {
  const { memory, leftovers, look } = held(60);
  look(0);
  leftovers.note(1_000);
  look(5_999);
  leftovers.note(6_000);
  look(10_999);
  look(11_000, false);
  assert.equal(memory.given, 0);
  look(11_000);
  assert.equal(memory.given, 1);
  look(60_000);
  assert.equal(memory.given, 1);
});

test("what a run left is not worth it as long as it is little, and is not forgotten", () => {
  const { memory, leftovers, look } = held(60);
  leftovers.note(0);
  look(5_000);
  assert.equal(memory.given, 1);
  for (const [at, mib] of [
    [1, 61],
    [2, 63.9],
    [3, 63.9],
  ] as const) {
    memory.mib = mib;
    leftovers.note(at * 60_000);
    look(at * 60_000 + 5_000);
  }
  assert.equal(memory.given, 1);
  memory.mib = 64;
  leftovers.note(300_000);
  look(305_000);
  assert.equal(memory.given, 2);
});

test("nothing is given back while no run was", () => {
  const { memory, look } = held(60);
  memory.mib = 200;
  look(3_600_000);
  assert.equal(memory.given, 0);
});
