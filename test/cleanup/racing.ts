/** What the races have in common: one with the sweeper, and one with a removal by paths, which has to be caught. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { makeAccount } from "../support/accounts.ts";
import {
  attack,
  isLong,
  iterations,
  type Layout,
  layPlanned,
  type Scenario,
  seedOf,
  type Tally,
  told,
} from "./attacking.ts";
import type { Tree } from "./looking.ts";

export const seed = seedOf();

/** Files `f0`, `f1`, and so on directly in the root. */
export function planFiles(layout: Layout, tree: Tree, files: number): void {
  for (let at = 0; at < files; at++) layPlanned(tree, `f${at}`, layout);
}

export const between = (tree: Tree, a: string, b: string) => [join(tree.root, a), join(tree.root, b)] as const;

export async function race(t: TestContext, scenario: Scenario, by: "sweeper" | "paths" = "sweeper"): Promise<Tally> {
  await using owner = await makeAccount({ home: "empty" });
  await using who = await makeAccount({ home: "empty" });
  const tally = await attack(scenario, owner, who, { iterations, seed, by });
  t.diagnostic(`${by}, seed ${seed}: ${told(tally)}`);
  assert.ok(tally.iterations >= iterations, `only ${told(tally)}: the run is void`);
  assert.ok(tally.attacks > tally.rounds * 10, `only ${told(tally)}: the run is void`);
  return tally;
}

/** The sweeper's race, and the one that shows that the attack is one. */
export async function bothRace(t: TestContext, scenario: Scenario): Promise<void> {
  const tally = await race(t, scenario);
  assert.deepEqual(tally.wrong, []);
  // Between the two looks there is not always time enough in a short run.
  const noticed = held(tally, "put-back") + (isLong ? 0 : held(tally, "kept"));
  assert.ok(noticed > 0, `nothing was taken that was exchanged, ${told(tally)}: the run is void`);
  const naive = await race(t, scenario, "paths");
  assert.ok(naive.wrong.length > 0, "a removal by paths was not caught: the run is void");
}

export const held = (tally: Tally, word: string) =>
  [...tally.outcomes].reduce((sum, [each, count]) => sum + (each.startsWith(word) ? count : 0), 0);
