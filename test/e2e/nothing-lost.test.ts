/** The built agent is killed at any moment, its engine comes and goes, its state is copied back: nothing is lost. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, statSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
import { type Engine, startEngine } from "../support/engine/engine.ts";
import { placeOf } from "../support/engine/ledger.ts";
import {
  assertWhole,
  type Luck,
  linesIn,
  luck,
  missingFrom,
  stateOf,
  streamOf,
  type Way,
  wayTo,
} from "../support/nothing-lost.ts";
import {
  agentFolder,
  assertSameState,
  contents,
  documentsFor,
  type Item,
  nothing,
  type Status,
  settled,
  speaks,
  waits,
} from "../support/nothing-lost-agent.ts";

const kills = process.env.RCWARDEN_TEST_LONG === "1" ? 500 : 50;
/** A life takes 1 to 3 seconds: 500 of them some 12 minutes, on a machine that is busy twice that. */
const longestMs = 40 * 60_000;

/** Ends with the scope: until then startup files change, and the engine is well, away, ill, slow, or cuts. */
function storm(lot: Luck, accounts: readonly TestAccount[], engine: Engine, way: Way): AsyncDisposable {
  const ending = new AbortController();
  const weather: Record<string, () => Promise<void>> = {
    async well() {
      engine.mend();
      await way.open();
    },
    away: () => way.close(),
    async ill() {
      engine.failing = () => ({ status: 500 });
      await way.open();
    },
    async cutting() {
      engine.failing = () => ({ cut: lot.pick(["before", "after"] as const) });
      await way.open();
    },
    async slow() {
      engine.failing = () => ({ slowMs: 300 });
      await way.open();
    },
  };
  const blows = (async () => {
    while (!ending.signal.aborted) {
      if (lot.below(2) === 0) lot.pick(accounts).write(".bashrc", lot.pick(contents));
      else await weather[lot.pick(["well", "well", "well", "away", "ill", "cutting", "slow"])]?.();
      await pause(20 + lot.below(400), undefined, { signal: ending.signal }).catch(() => {});
    }
    await weather.well?.();
  })();
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await blows;
    },
  };
}

function processesOf(uid: number): string[] {
  return readdirSync("/proc").filter(
    (entry) => /^\d+$/.test(entry) && statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid === uid,
  );
}

type Stage = "nothing" | "answers" | "ready";
/**
 * What a life comes to, and within how many milliseconds from there it is killed. Some end before they answer; some while
 * what was just told is on its way to the sinks.
 */
const lives: readonly (readonly [Stage | "tells", number])[] = [
  ["nothing", 2_000],
  ["nothing", 2_000],
  ["answers", 1_000],
  ["ready", 1_000],
  ["tells", 60],
  ["tells", 60],
];

async function oneLife(lot: Luck, start: (waitFor: Stage) => Promise<TestAgent>): Promise<void> {
  const [stage, withinMs] = lot.pick(lives);
  await using agent = await start(stage === "tells" ? "answers" : stage);
  if (stage === "tells") {
    const { asOf } = await stateOf(agent);
    await agent.ask(`/v1/events?after=${asOf}&wait=3s`);
  }
  await pause(lot.below(withinMs));
  const ended = await agent.end("SIGKILL");
  assert.equal(ended, "SIGKILL", `it ended by itself: ${agent.stderr()}`);
}

function count<T>(items: readonly T[], holds: (item: T) => boolean): number {
  return items.filter(holds).length;
}

describe("nothing is lost", { skip: noAccounts }, () => {
  test(`by ${kills} kills, while files change and the engine comes and goes`, { timeout: longestMs }, async (at) => {
    const lot = luck();
    at.diagnostic(`seed ${lot.seed}`);
    await using first = await makeAccount({ home: "empty", files: { ".bashrc": waits } });
    await using second = await makeAccount({ home: "empty", files: { ".bashrc": speaks } });
    await using engine = await startEngine();
    await using way = await wayTo(engine.port);
    using place = agentFolder();
    const folder = place.path;
    const start = (waitFor: Stage) =>
      startAgent({
        accounts: [first.name, second.name],
        folder,
        documents: documentsFor(folder, engine, way.port),
        waitFor,
      });
    {
      await using _ = storm(lot, [first, second], engine, way);
      for (let life = 0; life < kills; life++) {
        at.signal.throwIfAborted();
        await oneLife(lot, start);
      }
    }
    first.write(".bashrc", waits);
    second.write(".bashrc", nothing);
    await using agent = await start("ready");
    await assertSameState(agent, engine, `${folder}/events.jsonl`);
    await assertAllArrived(at, agent, engine, `${folder}/events.jsonl`);
    const { json } = await agent.ask("/v1/findings");
    const items: readonly Item[] = json.items;
    const found = items.filter(({ account }) => [first.name, second.name].includes(account));
    assert.deepEqual(
      found.map(({ account, status, subject }) => `${account} ${status} ${subject}`),
      [`${first.name} fail cp -f {file} {existing}`],
    );
    assert.equal(await agent.end("SIGTERM"), 0, agent.stderr());
    assert.equal(engine.ledger().events.at(-1)?.type, "dev.rcwarden.agent.stopped");
    assert.deepEqual([...processesOf(first.uid), ...processesOf(second.uid)], [], "something of a killed agent runs");
  });

  for (const starts of [1, 3]) {
    const name = `by an older state folder that is copied back after ${starts} more ${starts === 1 ? "start" : "starts"}`;
    test(`${name}: the engine notices`, async () => {
      await using account = await makeAccount({ home: "empty", files: { ".bashrc": speaks } });
      await using engine = await startEngine();
      using place = agentFolder();
      const folder = place.path;
      const documents = documentsFor(folder, engine);
      const start = () => startAgent({ accounts: [account.name], folder, documents });
      const copy = (from: string, to: string) => execFileSync("cp", ["-a", `${folder}/${from}`, `${folder}/${to}`]);
      await live(await start(), null);
      copy("state", "old");
      for (let more = 0; more < starts; more++)
        await live(await start(), () => account.write(".bashrc", more % 2 === 0 ? waits : speaks));
      const highest = engine.ledger().through;
      assert.ok(highest !== null);
      rmSync(`${folder}/state`, { recursive: true });
      copy("old", "state");

      await using agent = await start();
      const begun = await agent.until<Status>(
        "/v1/status",
        ({ store }) => (placeOf(store.head)?.n ?? 0) > highest.n,
        `an epoch above ${highest.n}`,
      );
      assert.match(agent.stderr(), /the engine holds more than this host has: the state was set back/);
      await assertSameState(agent, engine, null);
      const stream = await streamOf(agent);
      assertWhole(stream);
      assert.deepEqual(missingFrom(engine.ledger().events, stream), []);
      const [epoch = ""] = begun.store.head.split("-");
      assert.ok(stream.some(({ id, type }) => id === `${epoch}-1` && type === "dev.rcwarden.agent.started"));
      assert.ok(
        engine.ledger().arrivals.some(({ id, type }) => type.endsWith("state.snapshot") && id.startsWith(epoch)),
        "no snapshot of the new epoch",
      );
      // And it goes on from there.
      account.write(".bashrc", waits + speaks);
      await agent.until<{ items: readonly Item[] }>(
        "/v1/findings",
        ({ items }) => items.some(({ subject }) => subject.startsWith("cp")) && items.length > 1,
        "both findings",
      );
      await assertSameState(agent, engine, null);
      assert.deepEqual(engine.violations, []);
    });
  }
});

/** One life that ends well: what was done in it has arrived. */
async function live(starting: TestAgent, change: (() => void) | null): Promise<void> {
  await using agent = starting;
  const before = (await stateOf(agent)).asOf;
  change?.();
  if (change !== null) await agent.until<Status>("/v1/status", ({ store }) => store.head !== before, "an event");
  await settled(agent);
  assert.equal(await agent.end("SIGTERM"), 0, agent.stderr());
}

async function assertAllArrived(at: TestContext, agent: TestAgent, engine: Engine, path: string): Promise<void> {
  const stream = await streamOf(agent);
  await settled(agent);
  const file = linesIn(path);
  const ledger = engine.ledger();
  const taken = [...ledger.events];
  assertWhole(stream);
  assert.deepEqual(missingFrom(taken, stream), [], "lost on the way to the engine");
  assert.deepEqual(missingFrom(file.events, stream), [], "lost on the way to the file");
  assert.deepEqual(missingFrom(await streamOf(agent), taken), [], "the engine holds what the host forgot");
  assert.deepEqual(engine.violations, []);
  const ordinary = file.events.filter(({ id }) => placeOf(id) !== null);
  const twice = ordinary.length - new Set(ordinary.map(({ id }) => id)).size;
  const epochs = new Set(stream.map(({ id }) => id.split("-")[0]));
  const findings = stream.filter(({ type }) => type.startsWith("dev.rcwarden.finding."));
  at.diagnostic(
    `${stream.length} events of ${epochs.size} epochs, ${findings.length} of findings; the engine took ${taken.length}, ` +
      `${ledger.duplicates} twice, ${ledger.snapshots} snapshots; the file has ${ordinary.length - twice}, ${twice} twice, ` +
      `${file.torn} torn lines; 0 lost`,
  );
  // A test in which nothing happens proves nothing.
  const delivering = count(engine.arrivals, ({ status, events }) => status === 200 && events.length > 0);
  assert.ok(epochs.size > kills / 3, `only ${epochs.size} of ${kills} lives told something`);
  assert.ok(findings.length > kills / 5, `only ${findings.length} findings came and went`);
  assert.ok(delivering > kills / 10, `the engine took only ${delivering} batches`);
}
