/** Whatever an engine does in between: in the end it holds every event, and its state is the host's. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { cursorText, type Store, stateDigest } from "../../agent/store/index.ts";
import { type Engine, type Failure, startEngine } from "../support/engine/engine.ts";
import { finding, open, scratch, tell } from "./state.ts";
import { Clock, delivered, type Ran, run, sinkOf, until } from "./support.ts";

const seed = Number(process.env.RCWARDEN_TEST_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.RCWARDEN_TEST_RUNS ?? 15);

/** What a batch with this finding in it is answered, every time. */
const poison = 3;

const failure: fc.Arbitrary<Failure> = fc.oneof(
  fc.constantFrom(400, 422, 413, 401, 404, 429, 500, 503, 301).map((status) => ({ status })),
  fc.constantFrom("before" as const, "after" as const).map((cut) => ({ cut })),
  fc.constant({ slowMs: 700 }),
  fc.constant({ bytes: 1_500_000 }),
  fc
    .constantFrom({ want: "snapshot" }, { have: "3.0badcafe-1" }, { have: null }, "no object")
    .map((answer) => ({ answer })),
);

type Step =
  /** Findings that change, while this befalls the next requests. */
  | { readonly kind: "tell"; readonly numbers: readonly number[]; readonly failures: readonly Failure[] }
  | { readonly kind: "resolve"; readonly number: number }
  | { readonly kind: "settle" }
  | { readonly kind: "restart" }
  | { readonly kind: "away"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("tell" as const),
    numbers: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }),
    failures: fc.array(failure, { maxLength: 4 }),
  }),
  fc.record({ kind: fc.constant("resolve" as const), number: fc.integer({ min: 1, max: 30 }) }),
  fc.constant({ kind: "settle" as const }),
  fc.constant({ kind: "restart" as const }),
  fc.record({ kind: fc.constant("away" as const), ms: fc.integer({ min: 1000, max: 7_200_000 }) }),
);

let engine: Engine;
before(async () => {
  engine = await startEngine();
});
after(() => engine[Symbol.asyncDispose]());

test(`any schedule of failures ends in the host's state, every event arrived (seed ${seed})`, async () => {
  let duplicates = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), fc.boolean(), async (steps, isPoisoned) => {
      duplicates += await schedule(steps, isPoisoned);
    }),
    { seed, numRuns: runs, endOnFailure: true },
  );
  console.log(`seed ${seed}: ${runs} schedules, ${duplicates} duplicates, none lost`);
});

async function schedule(steps: readonly Step[], isPoisoned: boolean): Promise<number> {
  using folder = scratch();
  using store = open(folder.state);
  const clock = new Clock();
  const told: string[] = [];
  const poisoned = new Set<string>();
  engine.failing = (events) => (events.some(({ id }) => poisoned.has(id)) ? { status: 422 } : null);
  const begin = () => run(store, sinkOf(engine, { timeoutMs: 300 }), { clock });
  let ran = begin();
  const change = (number: number, isGone: boolean) => {
    tell(store, [finding(number, told.length)], isGone ? "finding.resolved" : "finding.changed");
    const id = cursorText(store.head);
    told.push(id);
    if (isPoisoned && number === poison) poisoned.add(id);
  };
  try {
    await delivered(ran);
    for (const one of steps) {
      if (one.kind === "tell") {
        engine.failNext(...one.failures);
        for (const number of one.numbers) change(number, false);
      } else if (one.kind === "resolve") change(one.number, true);
      else if (one.kind === "away") clock.nowMs += one.ms;
      else if (one.kind === "settle") await delivered(ran);
      else {
        await ran.sink.stop();
        ran = begin();
      }
    }
    await delivered(ran);
    const ledger = engine.ledger(ran.source);
    const held = new Set([...ledger.events.map(({ id }) => id), ...store.deadLetters("engine").map(({ id }) => id)]);
    assert.deepEqual(
      told.filter((id) => !held.has(id)),
      [],
      "events that never arrived",
    );
    await endsInTheState(ran, store);
    assert.deepEqual(engine.violations, []);
    return ledger.duplicates;
  } finally {
    await ran.sink.stop();
    engine.mend();
  }
}

/** What was put aside as a dead letter is missing in the engine's state: heartbeats tell, and a snapshot mends it. */
async function endsInTheState({ sink, clock, source }: Ran, store: Store): Promise<void> {
  engine.mend();
  const isSame = () => engine.ledger(source).digest === stateDigest(store.findings());
  for (let minutes = 0; minutes < 5 && !isSame(); minutes++) {
    const before = engine.arrivals.length;
    clock.advance(60_000);
    await engine.until(() => engine.arrivals.length > before);
    await until(() => sink.state().state === "idle");
  }
  assert.equal(engine.ledger(source).digest, stateDigest(store.findings()));
}
