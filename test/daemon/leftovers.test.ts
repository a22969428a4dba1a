import assert from "node:assert/strict";
import { test } from "node:test";
import { Leftovers } from "../../agent/daemon/leftovers.ts";

test("what runs left is due once, when nothing has run for some seconds", () => {
  const leftovers = new Leftovers();
  assert.equal(leftovers.areDue(0, true), false);
  leftovers.note(1_000);
  assert.equal(leftovers.areDue(5_999, true), false);
  leftovers.note(6_000);
  assert.equal(leftovers.areDue(10_999, true), false);
  assert.equal(leftovers.areDue(11_000, false), false);
  assert.equal(leftovers.areDue(11_000, true), true);
  assert.equal(leftovers.areDue(60_000, true), false);
});
