import assert from "node:assert/strict";
import { test } from "node:test";
import { type Grant, noGrant, type Policy } from "../../agent/documents/index.ts";
import { whom } from "../../agent/runs/whom.ts";
import { account, oracle, partsOf, postgres, root, unattended, type World } from "../cli/support/world.ts";

const jdoe = account("jdoe", 1000);
const accounts = [root, oracle, postgres, jdoe];

function policyFor(whose: Policy["accounts"], name = "mine"): Policy {
  return { ...unattended, name, accounts: whose, origin: { ...unattended.origin, shipped: false, file: "mine.yaml" } };
}

async function names(named: readonly string[], policies: readonly Policy[], world: Partial<World> = {}, parts = {}) {
  const found = await whom(named, policies, { ...partsOf({ accounts, ...world }), ...parts }, null);
  return found.kind === "accounts" ? found.accounts.map(({ name }) => name) : found.problems;
}

test("--account decides, each once, in that order", async () => {
  assert.deepEqual(await names(["postgres", "oracle", "postgres"], [unattended], { automated: ["jdoe"] }), [
    "postgres",
    "oracle",
  ]);
});

test("without --account, whom the policies name, then what looks automated if one is for all", async () => {
  assert.deepEqual(await names([], [policyFor({ names: ["oracle"] })], { automated: ["jdoe"] }), ["oracle"]);
  assert.deepEqual(await names([], [policyFor({ names: ["oracle"] }), unattended], { automated: ["jdoe", "oracle"] }), [
    "oracle",
    "jdoe",
  ]);
});

test("nobody named and nobody found: the caller's own, root too, and it is said", async () => {
  const found = await whom([], [unattended], partsOf({ accounts }), null);
  assert.equal(found.kind, "accounts");
  assert.deepEqual(found.kind === "accounts" && found.notes, [
    "no account of this host looks automated: this is root, your own",
  ]);
});

test("an account that a policy names and the host lacks is missing, not passed over", async () => {
  const found = await whom([], [policyFor({ names: ["oracle", "gone"] })], partsOf({ accounts }), null);
  assert.deepEqual(found.kind === "accounts" && found.missing.map(({ account, code }) => [account, code]), [
    ["gone", "no-account"],
  ]);
});

test("an account that no policy is for is refused, for a rule that was not judged must not look as if it held", async () => {
  const problems = await names(["postgres"], [policyFor({ names: ["oracle"] })]);
  assert.deepEqual(problems, [
    "postgres: expected a policy that is for this account, found none (mine is for oracle); use --policy",
  ]);
});

function grantFor(accounts: Grant["measure"]["accounts"]): Grant {
  const origin = { file: "/etc/rcwarden/grant.yaml", digest: "sha256:0", shipped: false, given: true };
  return {
    kind: "Grant",
    name: "db07",
    description: "",
    ...noGrant,
    measure: { ...noGrant.measure, accounts },
    origin,
  };
}

async function underGrant(
  named: readonly string[],
  policies: readonly Policy[],
  grant: Grant,
  world: Partial<World> = {},
) {
  const found = await whom(named, policies, partsOf({ accounts, ...world }), grant);
  if (found.kind === "refused") return found.problems;
  return [found.accounts.map(({ name }) => name), found.missing.map(({ account, code }) => `${account} ${code}`)];
}

test("a Grant narrows: whom it does not name is not measured, whoever means him", async () => {
  const oracleOnly = grantFor(["oracle"]);
  assert.deepEqual(await underGrant(["postgres", "oracle"], [unattended], oracleOnly), [
    ["oracle"],
    ["postgres not-granted"],
  ]);
  assert.deepEqual(await underGrant([], [policyFor({ names: ["jdoe", "oracle"] })], oracleOnly), [
    ["oracle"],
    ["jdoe not-granted"],
  ]);
  assert.deepEqual(await underGrant([], [unattended], oracleOnly, { callerUid: 1000 }), [[], ["jdoe not-granted"]]);
});

test("all means those whom the Grant names, whether they look automated or not", async () => {
  const world = { automated: ["postgres"] };
  assert.deepEqual(await underGrant([], [unattended], grantFor(["jdoe", "oracle"]), world), [["jdoe", "oracle"], []]);
  assert.deepEqual(await underGrant([], [unattended], grantFor(["oracel"]), world), [[], ["oracel no-account"]]);
  assert.deepEqual(await underGrant([], [unattended], grantFor("all"), world), [["postgres"], []]);
});

test("a Grant never widens: whom no policy for all means is not measured because it names him", async () => {
  const some = grantFor(["oracle", "postgres"]);
  assert.deepEqual(await underGrant([], [policyFor({ names: ["oracle"] })], some), [["oracle"], []]);
});

test("a group is who has it, as the primary one, too", async () => {
  const dba = { group: async () => ({ kind: "group", name: "dba", gid: 105, members: ["oracle"] }) as const };
  const mine = [policyFor({ group: "dba" })];
  assert.deepEqual(await names([], mine, {}, dba), ["oracle"]);
  assert.deepEqual(await names(["postgres"], mine, {}, dba), ["postgres"]);
  assert.match(String(await names(["jdoe"], mine, {}, dba)), /found none \(mine is for group dba\)/);
});

test("a group that the host lacks is a fault of the document", async () => {
  assert.deepEqual(await names([], [policyFor({ group: "dbas" })]), [
    'mine.yaml: accounts: expected a group of this host, found "dbas"',
  ]);
});

test("without root, one's own account and no other", async () => {
  assert.deepEqual(await names([], [unattended], { callerUid: 1000, automated: ["oracle"] }), ["jdoe"]);
  assert.deepEqual(await names(["jdoe"], [unattended], { callerUid: 1000 }), ["jdoe"]);
  assert.match(
    String(await names(["oracle"], [unattended], { callerUid: 1000 })),
    /run: sudo rcwarden check --account oracle$/,
  );
});
