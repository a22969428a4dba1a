import assert from "node:assert/strict";
import { test } from "node:test";
import { watchList } from "../../agent/daemon/watch-list.ts";
import { type Grant, noGrant, policiesInForce } from "../../agent/documents/index.ts";
import type { AccountState } from "../../agent/store/index.ts";
import { oracle, postgres } from "../cli/support/world.ts";
import { documents, testWorld } from "./world.ts";

const kept: AccountState[] = [oracle, postgres].map(({ name, uid, shell, home }) => ({
  name,
  uid,
  shell,
  home,
  watchedSince: "2026-11-23T12:00:00.000Z",
  unavailableSince: null,
}));

const forGroup = documents({
  "group.yaml":
    "apiVersion: rcwarden/v1\nkind: Policy\nmetadata: { name: dba }\nspec:\n" +
    "  accounts: { group: dba }\n  engines: [exec-channel]\n  rules: [{ id: out, check: startup-output, severity: high }]\n",
});

test("an account that the call names is watched on when the name service does not name it, and so are the others", async () => {
  await using world = testWorld({ accounts: [oracle] });
  const wish = { named: ["oracle", "postgres"], policies: [], grant: null, kept };
  const list = await watchList(wish, world.agent.world.names);
  assert.deepEqual(
    list.meant.map(({ name, account, because }) => [name, account?.uid ?? null, because]),
    [
      ["oracle", oracle.uid, "--account"],
      ["postgres", null, "--account"],
    ],
  );
  assert.equal(list.problems.length, 1);
});

test("where nobody new can be found, whoever the Grant does not name any more is not watched on either", async () => {
  await using world = testWorld({ accounts: [oracle, postgres] });
  assert.ok(forGroup.kind === "documents");
  const policies = policiesInForce(forGroup.set);
  const [{ origin } = assert.fail()] = policies;
  const measure = { ...noGrant.measure, accounts: ["oracle"] };
  const grant: Grant = { ...noGrant, kind: "Grant", name: "db07", description: "", measure, origin };
  const list = await watchList({ named: [], policies, grant, kept }, world.agent.world.names);
  assert.deepEqual(
    list.meant.map(({ name }) => name),
    ["oracle"],
  );
  assert.deepEqual(list.notGranted, ["postgres"]);
  assert.match(list.problems[0] ?? "", /expected a group of this host/);
});

test("an account that a look at the account database did not find is looked for again by itself", async () => {
  await using world = testWorld({ accounts: [oracle] });
  await world.agent.start();
  await world.agent.firstFullRun;
  world.names.set("oracle", { kind: "unavailable", why: "getent: no answer" });
  world.changed(["/etc/passwd"], "watch");
  const until = async (state: string) => {
    while (world.agent.view().account("oracle")?.account.state !== state) await new Promise(setImmediate);
  };
  await until("unavailable");
  world.names.set("oracle", { kind: "account", account: oracle });
  // Nothing changes in the files of the account database: LDAP answers again, and nobody says so.
  world.clock.monotonic += 60_000;
  await world.agent.queue.settled();
  assert.equal(world.agent.view().account("oracle")?.account.state, "measured");
  assert.equal(world.told().at(-1), "account.changed oracle available");
});
