/**
 * Days of a host, drawn by lot, with a clock that the test turns: edits that are told and edits that are not, probes that
 * see nothing, a name service that falls silent, restarts, a clock that jumps. At the end of each day the agent must hold
 * what a fresh look at the host gives, and whoever followed the stream by the rules must hold the same.
 */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { tried } from "../../agent/checks/example-facts.ts";
import type { FindingData } from "../../agent/drift/index.ts";
import type { ModeFacts } from "../../agent/facts/index.ts";
import type { MeasureRequest } from "../../agent/runs/world.ts";
import type { Store } from "../../agent/store/index.ts";
import { goodFacts, oracle, postgres } from "../cli/support/world.ts";
import { type TestWorld, testWorld } from "./world.ts";

const accounts = [oracle, postgres];
/** What the account's startup files do: nothing bad, `cp -f` waits, `rm -f` says 0 and does nothing. */
type Habit = "good" | "hang" | "lies";

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("edit" as const),
      who: fc.nat(1),
      to: fc.constantFrom<Habit>("good", "hang", "lies"),
      told: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("blur" as const), who: fc.nat(1), blurred: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("silence" as const), who: fc.nat(1), silent: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("jump" as const), days: fc.constantFrom(-365, 365) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("sweep" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Host {
  readonly habits: Habit[] = ["good", "good"];
  readonly blurred = [false, false];
  readonly silent = [false, false];
  readonly untold = [false, false];

  measure({ account, mode, sends }: MeasureRequest): ModeFacts {
    const at = accounts.findIndex(({ name }) => name === account.name);
    const facts = goodFacts(
      account,
      mode,
      sends.map(({ command }) => command),
    );
    if (this.blurred[at]) {
      const gap = { code: "no-frames", message: "nothing came back", change: "", of: ["tried"] } as const;
      return { ...facts, tried: [], gaps: [gap] };
    }
    const habit = this.habits[at];
    const outcome = (command: string) => {
      if (habit === "hang" && command.startsWith("cp")) return { outcome: "hang", prompt: "cp: overwrite?" } as const;
      if (habit === "lies" && command.startsWith("rm")) return { outcome: "not-done", missing: "it stays" } as const;
      return {};
    };
    return { ...facts, tried: sends.map(({ command }) => tried(command, outcome(command))) };
  }
}

async function settle(world: TestWorld): Promise<void> {
  await world.agent.queue.settled();
}

async function live(world: TestWorld, host: Host, steps: readonly Step[], again: () => Promise<TestWorld>) {
  let now = world;
  for (const each of steps) {
    now.clock.monotonic += 60_000;
    now.clock.now += 60_000;
    if (each.do === "edit") {
      host.habits[each.who] = each.to;
      if (each.told) now.changed([`${accounts[each.who]?.home}/.bashrc`], "watch");
      else host.untold[each.who] = true;
    }
    if (each.do === "blur") {
      host.blurred[each.who] = each.blurred;
      now.changed([`${accounts[each.who]?.home}/.bashrc`], "watch");
    }
    if (each.do === "silence") {
      host.silent[each.who] = each.silent;
      const account = accounts[each.who];
      if (account === undefined) continue;
      now.names.set(
        account.name,
        each.silent ? { kind: "unavailable", why: "no answer" } : { kind: "account", account },
      );
      now.changed([`${account.home}/.bashrc`], "watch");
    }
    if (each.do === "jump") now.clock.now += each.days * 86_400_000;
    if (each.do === "sweep") {
      const paths = accounts.filter((_, at) => host.untold[at]).map(({ home }) => `${home}/.bashrc`);
      host.untold.fill(false);
      if (paths.length > 0) now.changed(paths, "sweep");
    }
    await settle(now);
    if (each.do === "restart") now = await again();
    assert.deepEqual(followed(now.store), kept(now.store), "the stream and the state disagree");
  }
  return now;
}

/** Who follows the stream by the rules: what is opened or changed is put, what is resolved goes. */
function followed(store: Store): string[] {
  const findings = new Map<string, string>();
  let after = null as Parameters<Store["events"]>[0];
  for (;;) {
    const page = store.events(after);
    for (const { type, subject, data } of page.events) {
      if (!type.startsWith("finding.")) continue;
      const { finding } = data as FindingData;
      if (type === "finding.resolved") findings.delete(subject);
      else findings.set(subject, `${finding.account} ${finding.status} ${finding.subject}`);
    }
    if (!page.more) return [...findings.values()].sort();
    after = page.through;
  }
}

function kept(store: Store): string[] {
  return store
    .findings()
    .map(({ finding }) => `${finding.account} ${finding.status} ${finding.subject}`)
    .sort();
}

test("at the end of any day the agent holds what a fresh look gives, and so does who followed the stream", async () => {
  const seed = randomInt(2 ** 31);
  const numRuns = process.env.RCWARDEN_TEST_LONG === "1" ? 1_000 : 60;
  const days = fc.array(step, { minLength: 5, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(days, async (steps) => {
      const host = new Host();
      const folder = mkdtempSync(join(tmpdir(), "rcw-day-"));
      let world: TestWorld | null = null;
      const begin = async (clock?: TestWorld["clock"]) => {
        const begun = testWorld({ accounts, folder });
        if (clock !== undefined) Object.assign(begun.clock, clock);
        begun.measure = async (request) => host.measure(request);
        for (const [at, account] of accounts.entries())
          if (host.silent[at]) begun.names.set(account.name, { kind: "unavailable", why: "no answer" });
        await begun.agent.start();
        await begun.agent.firstFullRun;
        return begun;
      };
      try {
        world = await begin();
        world = await live(world, host, steps, async () => {
          const clock = { ...world?.clock } as TestWorld["clock"];
          await world?.[Symbol.asyncDispose]();
          host.untold.fill(false);
          world = await begin(clock);
          return world;
        });
        host.blurred.fill(false);
        for (const account of accounts) world.names.set(account.name, { kind: "account", account });
        world.clock.monotonic += 3_600_000;
        world.agent.want(null);
        await settle(world);
        const expected = accounts.flatMap(({ name }, at) => {
          if (host.habits[at] === "hang") return [`${name} fail cp -f {file} {existing}`];
          if (host.habits[at] === "lies") return [`${name} fail rm -f {file}`, `${name} fail rm -rf {folder}`];
          return [];
        });
        assert.deepEqual(kept(world.store), expected.sort());
        assert.deepEqual(followed(world.store), expected.sort());
      } finally {
        await world?.[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      }
    }),
    { seed, numRuns },
  );
});
