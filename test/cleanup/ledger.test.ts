import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Least } from "../../agent/cleanup/least.ts";
import { type Entry, Ledger } from "../../agent/cleanup/ledger.ts";

function entryOf(at: number): Entry<"may-go" | "newest"> {
  const name = Buffer.from(`${"n".repeat(at % 250)}${at}`).toString("hex");
  return {
    path: at % 3 === 0 ? ["00ff", name] : [name],
    word: at % 2 === 0 ? "may-go" : "newest",
    message: at % 5 === 0 ? "a process has it open" : "",
    size: at % 7 === 0 ? 2n ** 63n : BigInt(at),
    agedNs: BigInt(at - 500) * 10n ** 15n + BigInt(at),
  };
}

test("gives back every entry in its order, over many pages", () => {
  const ledger = new Ledger<"may-go" | "newest">();
  const all = Array.from({ length: 20_000 }, (_, at) => entryOf(at));
  for (const entry of all) ledger.add(entry);
  assert.deepEqual([...ledger.entries()], all);
  assert.deepEqual([...new Ledger<string>().entries()], []);
});

test("a path longer than a page has one of its own", () => {
  const ledger = new Ledger<"may-go" | "newest">();
  const long = { ...entryOf(1), path: Array.from({ length: 5000 }, () => "61".repeat(255)) };
  const all = [entryOf(1), long, entryOf(2)];
  for (const entry of all) ledger.add(entry);
  assert.deepEqual([...ledger.entries()], all);
});

test("the least of all that were offered are those that sorting gives", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer(), { maxLength: 200 }), fc.integer({ min: 0, max: 50 }), (all, most) => {
      const compare = (a: number, b: number) => a - b;
      const least = new Least(most, compare);
      for (const each of all) least.offer(each);
      const expected = all.toSorted(compare).slice(0, most);
      assert.deepEqual(least.sorted(), expected);
      assert.equal(least.greatest(), expected.at(-1));
    }),
  );
});
