import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { collapse, type Held } from "../../agent/store/collapse.ts";

const held = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h")), {
    minLength: 1,
  })
  .map((events) => events.map(([bytes, about], at): Held => ({ place: at + 1, bytes, about })));

test("frees what is asked for wherever more than the newest event is there, and never that one", () => {
  fc.assert(
    fc.property(held, fc.integer({ min: 1, max: 2000 }), (events, bytes) => {
      const dropped = collapse(events, bytes);
      const freed = dropped.reduce((sum, event) => sum + event.bytes, 0);
      const most = events.slice(0, -1).reduce((sum, event) => sum + event.bytes, 0);
      assert.ok(freed >= Math.min(bytes, most));
      assert.ok(!dropped.some(({ place }) => place === events.length));
      assert.deepEqual(
        dropped,
        [...dropped].sort((a, b) => a.place - b.place),
      );
    }),
  );
});

test("while latest states suffice, each that goes has a later one that stays", () => {
  fc.assert(
    fc.property(held, fc.integer({ min: 1, max: 2000 }), (events, bytes) => {
      const spare = events.filter(({ about, place }) =>
        events.some((later) => later.about === about && later.place > place),
      );
      fc.pre(spare.reduce((sum, event) => sum + event.bytes, 0) >= bytes);
      const dropped = collapse(events, bytes);
      for (const event of dropped) {
        const latest = events.findLast(({ about }) => about === event.about);
        assert.ok(latest !== undefined && !dropped.includes(latest));
      }
    }),
  );
});

test("looks at no more events than are needed", () => {
  function* endless(): Iterable<Held> {
    for (let place = 1; ; place++) yield { place, bytes: 10, about: "same" };
  }
  assert.deepEqual(
    collapse(endless(), 25).map(({ place }) => place),
    [1, 2, 3],
  );
});
