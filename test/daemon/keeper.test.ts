import assert from "node:assert/strict";
import { test } from "node:test";
import { oracle } from "../cli/support/world.ts";
import { type TestWorld, testWorld } from "./world.ts";

const full = { kind: "refused", code: "full", message: "no room" } as const;

/** Until the scope ends, the store takes nothing. */
function filled({ store }: TestWorld): Disposable {
  const commit = store.commit;
  store.commit = () => full;
  return {
    [Symbol.dispose]() {
      store.commit = commit;
    },
  };
}

test("an account that was away only while the store had no room was not away for whoever reads", async () => {
  await using world = testWorld({ accounts: [oracle] });
  await world.agent.start();
  await world.agent.firstFullRun;
  const before = world.told();
  const found = async (answer: Parameters<TestWorld["names"]["set"]>[1]) => {
    world.names.set("oracle", answer);
    const watched = world.agent.accounts.get("oracle");
    if (watched !== undefined) await world.agent.accounts.lookUp(watched);
  };
  {
    using _ = filled(world);
    await found({ kind: "unavailable", why: "getent: no answer" });
    assert.equal(world.agent.keeper.problem?.code, "store-full");
    await found({ kind: "account", account: oracle });
  }
  world.agent.keeper.retry();
  assert.deepEqual(world.told(), before);
  assert.equal(world.store.accounts()[0]?.unavailableSince, null);
});

test("a store that had no room is well again when it wrote something, and not before", async () => {
  await using world = testWorld({ accounts: [oracle] });
  const { keeper } = world.agent;
  const code = () => keeper.problem?.code ?? null;
  keeper.failed(full);
  keeper.keep("nothing", () => ({ nowMs: 0, accounts: [], events: [] }));
  assert.equal(code(), "store-full", "a change of nothing shows nothing");
  keeper.took();
  assert.equal(code(), null);
  {
    using _ = filled(world);
    keeper.keep("account", () => ({ nowMs: 0, removeAccounts: ["nobody"] }));
  }
  keeper.took();
  assert.equal(code(), "store-full", "something waits still");
  keeper.retry();
  assert.equal(code(), null);
});
