import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModeFacts } from "../../agent/facts/index.ts";
import { inForce } from "../../agent/runs/in-force.ts";
import { measureAll, requestsFor } from "../../agent/runs/measure-all.ts";
import type { MeasureRequest } from "../../agent/runs/world.ts";
import { account, documents, goodFacts, oracle, postgres, root, unattended } from "../cli/support/world.ts";

const accounts = [root, oracle, postgres, account("backup", 340)];
const policies = [inForce(unattended, documents, accounts, new Map())];

test("without --mode, the modes by which the policy's engines come in, with what they send", () => {
  const requests = requestsFor(oracle, { accounts, policies, modes: undefined, withinMs: 5000, how: "running" });
  assert.deepEqual(
    requests.map(({ mode }) => mode),
    ["ssh-command"],
  );
  assert.deepEqual(
    requests[0]?.sends.map(({ command }) => command),
    ["rm -f {file}", "rm -rf {folder}", "cp -f {file} {existing}", "mv -f {file} {existing}"],
  );
  assert.equal(requests[0]?.withinMs, 5000);
  assert.equal(requests[0]?.how, "running");
});

test("with --mode, exactly those, each once", () => {
  const requests = requestsFor(oracle, {
    accounts,
    policies,
    modes: ["cron", "ssh-command-pty", "cron"],
    withinMs: 5000,
    how: "reading",
  });
  assert.deepEqual(
    requests.map(({ mode }) => mode),
    ["ssh-command-pty", "cron"],
  );
  assert.deepEqual([...new Set(requests.map(({ how }) => how))], ["reading"]);
});

test("an account that no policy is for is not measured", () => {
  const other = [inForce({ ...unattended, accounts: { names: ["oracle"] } }, documents, accounts, new Map())];
  assert.deepEqual(
    requestsFor(postgres, { accounts, policies: other, modes: undefined, withinMs: 5000, how: "running" }),
    [],
  );
});

test("two accounts at once, the modes of one after each other, and the answer in the plan's order", async () => {
  const waiting: { request: MeasureRequest; end(facts: ModeFacts): void }[] = [];
  const begun: string[] = [];
  const all = measureAll(
    { accounts, policies, modes: ["ssh-command", "cron"], withinMs: 5000, how: "running" },
    (request) => new Promise((resolve) => waiting.push({ request, end: resolve })),
    ({ account, mode }) => begun.push(`${account.name} ${mode}`),
  );
  let most = 0;
  for (let ended = 0; ended < 8; ended++) {
    most = Math.max(most, waiting.length);
    assert.equal(new Set(waiting.map(({ request }) => request.account.name)).size, waiting.length);
    // The one that began last ends first.
    const last = waiting.pop();
    last?.end(goodFacts(last.request.account, last.request.mode, []));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const measured = await all;
  assert.equal(most, 2);
  assert.equal(begun.length, 8);
  assert.deepEqual(
    measured.map(({ account, modes }) => [account.name, ...modes.map(({ mode }) => mode)]),
    accounts.map(({ name }) => [name, "ssh-command", "cron"]),
  );
});
