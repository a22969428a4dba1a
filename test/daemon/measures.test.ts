/** What the agent counts for /metrics while it happens. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModeFacts } from "../../agent/facts/index.ts";
import type { MeasureRequest } from "../../agent/runs/world.ts";
import type { Measures } from "../../agent/status/measures.ts";
import { rootIdentity, textPath } from "../cleanup/support.ts";
import { goodFacts, oracle, postgres } from "../cli/support/world.ts";
import { useBuiltAddon } from "../support/addon.ts";
import { automatic, cleanerTest } from "./cleaner-world.ts";
import { type TestWorld, testWorld } from "./world.ts";

useBuiltAddon();

/** Series that are not 0; of histograms sum and count alone. */
async function counted({ registry }: Measures): Promise<Readonly<Record<string, number>>> {
  const lines = (await registry.metrics()).split("\n").filter((line) => /^\w/.test(line) && !line.includes("_bucket"));
  const values = lines.map((line): [string, number] => {
    const at = line.lastIndexOf(" ");
    return [line.slice("rcwarden_".length, at), Number(line.slice(at))];
  });
  return Object.fromEntries(values.filter(([, value]) => value !== 0));
}

function timedOut({ account: of, mode }: MeasureRequest): ModeFacts {
  const gap = { code: "timed-out", message: "time was over", change: "", of: ["tried", "startup"] } as const;
  return { ...goodFacts(of, mode, []), startup: null, tried: [], gaps: [gap] };
}

/** Each measurement of a mode takes so long. */
function taking(world: TestWorld, ms: number): void {
  const { measure } = world;
  world.measure = async (request) => {
    world.clock.monotonic += ms;
    world.clock.now += ms;
    return measure(request);
  };
}

async function measuresOf(wish: Parameters<typeof testWorld>[0]) {
  const world = testWorld(wish);
  await world.agent.start();
  await world.agent.firstFullRun;
  return { world, measures: world.agent.world.measures };
}

test("each run by its end and its time, and each change from its sight to what was kept", async () => {
  const { world, measures } = await measuresOf({ accounts: [oracle, postgres] });
  await using _ = world;
  // No change was seen, so nothing was detected.
  assert.deepEqual(await counted(measures), { 'runs_total{ended="measured"}': 2, run_duration_seconds_count: 2 });
  world.clock.monotonic += 60_000;
  taking(world, 1_000);
  const before = world.measured.length;
  world.changed(["/home/oracle/.bashrc"], "watch");
  await world.agent.queue.settled();
  const took = world.measured.length - before;
  assert.ok(took > 0);
  assert.deepEqual(await counted(measures), {
    'runs_total{ended="measured"}': 3,
    run_duration_seconds_count: 3,
    run_duration_seconds_sum: took,
    detection_seconds_count: 1,
    detection_seconds_sum: took,
  });
});

test("a change that is seen while a run looks at an earlier one counts from its own sight on", async () => {
  const { world, measures } = await measuresOf({ accounts: [oracle] });
  await using _ = world;
  world.clock.monotonic += 60_000;
  const { measure } = world;
  let seen = false;
  world.measure = async (request) => {
    world.clock.monotonic += 500;
    if (!seen) world.changed(["/home/oracle/.bashrc"], "watch");
    seen = true;
    return measure(request);
  };
  world.changed(["/home/oracle/.bashrc"], "watch");
  await world.agent.queue.settled();
  world.clock.monotonic += 60_000;
  world.agent.want("oracle");
  await world.agent.queue.settled();
  const { detection_seconds_count, detection_seconds_sum = 0 } = await counted(measures);
  assert.equal(detection_seconds_count, 2);
  assert.ok(detection_seconds_sum >= 60, `${detection_seconds_sum}`);
  // Nothing was seen before this one.
  world.clock.monotonic += 60_000;
  world.agent.want("oracle");
  await world.agent.queue.settled();
  assert.equal((await counted(measures)).detection_seconds_count, 2);
});

test("modes that ran out of time, and no detection where the store did not take what was found", async () => {
  const { world, measures } = await measuresOf({ accounts: [oracle] });
  await using _ = world;
  world.clock.monotonic += 60_000;
  const before = world.measured.length;
  world.measure = async (request) => timedOut(request);
  const commit = world.store.commit.bind(world.store);
  Object.assign(world.store, { commit: () => ({ kind: "refused", code: "full", message: "no room" }) });
  world.changed(["/home/oracle/.bashrc"], "watch");
  await world.agent.queue.settled();
  Object.assign(world.store, { commit });
  const { probe_timeouts_total, detection_seconds_count, ...rest } = await counted(measures);
  assert.equal(probe_timeouts_total, world.measured.length - before);
  assert.equal(rest['runs_total{ended="timed-out"}'], 1);
  assert.equal(detection_seconds_count, undefined);
});

test("files that clean-up removed, by their Retention, and none that stayed", async () => {
  const retention = automatic();
  await using agent = cleanerTest({ retentions: [retention] });
  agent.put(retention, "a.arc", "b.arc", "stays.arc");
  agent.child = (applying, root) => {
    for (const file of applying.decide(rootIdentity)) {
      const intent = applying.intend([file]);
      assert.ok(intent !== null);
      const stays = textPath(file.path) === "stays.arc";
      if (!stays) agent.disk.get(root)?.delete(textPath(file.path));
      const outcome = stays
        ? ({ outcome: "kept", code: "changed" } as const)
        : ({ outcome: "removed", code: null } as const);
      applying.settle(intent, [{ at: 0, ...outcome, detail: "", sha256: null }]);
    }
    return { kind: "looked", message: "", root: rootIdentity, unseen: "", applied: true };
  };
  agent.cleaner.start();
  await agent.settled();
  assert.deepEqual(agent.lies(retention), ["stays.arc"]);
  // Each file has 1 KiB.
  assert.deepEqual(agent.measures.removed(retention.name), { files: 2, bytes: 2_048 });
  assert.deepEqual(agent.measures.removed("another"), { files: 0, bytes: 0 });
});
