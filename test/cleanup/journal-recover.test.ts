import assert from "node:assert/strict";
import { test } from "node:test";
import { givenUp, reconciled } from "../../agent/cleanup/journal-recover.ts";
import type { FileOutcome, OpenIntent } from "../../agent/cleanup/outcome.ts";
import { intend, intended, kept, opened, place, removed, written } from "./journal-support.ts";

const openIntent = (intent: number, names: readonly string[]): OpenIntent => ({ ...intended(names), intent });
const lost = (at: number): FileOutcome => ({ at, outcome: "gone-unconfirmed", code: "gone", detail: "", sha256: null });

test("an intent is settled where each of its files was found, or found to be gone; another one stays open", () => {
  const [whole, half, twice, none] = [1, 2, 3, 4].map((intent) => openIntent(intent, ["a", "b"]));
  assert.ok(whole && half && twice && none);
  const found = new Map([
    [1, [kept(0), lost(1)]],
    [2, [kept(1)]],
    [3, [kept(0), kept(0)]],
    [5, [kept(0)]],
  ]);
  assert.deepEqual(reconciled([whole, half, twice, none], found), {
    settlements: [{ intent: 1, outcomes: [kept(0), lost(1)] }],
    undecided: [half, twice, none],
  });
});

test("that a file is missing never becomes that it was removed, whoever says so", () => {
  const { settlements } = reconciled([openIntent(1, ["a"])], new Map([[1, [removed(0)]]]));
  assert.deepEqual(settlements, [{ intent: 1, outcomes: [lost(0)] }]);
});

test("what is given up says of each file that nobody knows, and can be written", () => {
  using here = place();
  using journal = opened(here.folder);
  intend(journal, intended(["a", "b"]));
  for (const open of journal.open()) {
    const { intent, outcomes } = givenUp(open, "gone", "its root is not there any more");
    written(journal.settle(intent, outcomes));
  }
  const [entry] = journal.entries({});
  assert.deepEqual(
    entry?.files.map(({ outcome, code, detail }) => [outcome, code, detail]),
    [0, 1].map(() => ["gone-unconfirmed", "gone", "its root is not there any more"]),
  );
});
