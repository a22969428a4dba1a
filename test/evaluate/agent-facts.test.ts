/** Rules about what only a running agent knows: judged once for the host, or by what was accepted of an account. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seesSessions, staging, watchesAll } from "../../agent/checks/example-facts.ts";
import { checkKinds } from "../../agent/checks/index.ts";
import { baselineChanges, baselineItems, evaluate, type Measured, type Question } from "../../agent/evaluate/index.ts";
import type { AgentFacts, ModeFacts } from "../../agent/facts/index.ts";
import { account, at, gap, modeFacts, ready } from "../support/facts.ts";
import { inForce, rule } from "../support/policies.ts";

const rules = [rule("watch-coverage"), rule("log-backlog", "medium"), rule("reviewed", "medium")];
const self = inForce([...rules, rule("exceptions", "low")], [], { policy: "rcwarden-self" });
const agent: AgentFacts = {
  watching: watchesAll,
  exceptions: [{ name: "greeting", state: "expired", until: "2026-11-22", reason: "CHG1" }],
  backlog: [staging({ nothingReclaimedHours: 30 })],
  sessions: seesSessions([]),
};
const cp = { name: "cp", value: "cp -i", effective: true, where: at(14) };

function ask(measured: readonly Measured[], other: Partial<Question> = {}) {
  return evaluate({ policies: [self], measured, checks: checkKinds, ...other });
}

function told(verdicts: ReturnType<typeof ask>): string[] {
  return verdicts.map((each) => `${each.rule} ${each.account} ${each.mode} ${each.subject}: ${each.status}`);
}

/** An account of which `before` was accepted, as it is `now`. */
function since(before: Partial<ModeFacts>, now: Partial<ModeFacts>): Measured {
  const accepted = baselineItems({ modes: [modeFacts(before)] });
  const baseline = { account: "oracle", acceptedAt: "2026-11-01T08:00:00.000Z", reason: "CHG1", items: accepted };
  const measured = { account, modes: [modeFacts(now)] };
  return { ...measured, reviewed: { baseline, changes: baselineChanges(baseline, baselineItems(measured)) } };
}

function reviewed(measured: Measured) {
  const [found, ...more] = ask([measured], { agent }).filter((each) => each.rule === "reviewed");
  assert.deepEqual(more, []);
  return found;
}

describe("what is about the host", () => {
  test("is judged once, whoever was measured and whomever the policy is for, with - for account and mode", () => {
    const expected = [
      "watch-coverage - - watching: pass",
      "log-backlog - - engine-staging: fail",
      "exceptions - - greeting: fail",
    ];
    const about = (all: string[]) => all.filter((each) => !each.startsWith("reviewed"));
    assert.deepEqual(told(ask([], { agent })), expected);
    const two = ["oracle", "adm"].map((name) => ({ account: { ...account, name }, modes: [modeFacts()] }));
    assert.deepEqual(about(told(ask(two, { agent }))), expected);
    assert.deepEqual(about(told(ask(two, { agent, policies: [{ ...self, accounts: ["nobody"] }, self] }))), expected);
  });

  test("has a fingerprint of its own, that stays", () => {
    const [found] = ask([], { agent });
    assert.equal(found?.fingerprint, "717bc533bca287a9");
  });

  test("is undecided by hand, and says who would know", () => {
    const verdicts = ask([]);
    assert.deepEqual(told(verdicts), [
      "watch-coverage - - watching: unknown",
      "log-backlog - - clean-up: unknown",
      "exceptions - - exceptions: unknown",
    ]);
    for (const { message, finding } of verdicts) {
      assert.equal(message, "only a running agent knows it");
      assert.equal(finding, true);
    }
  });

  test("is nothing where there is no Retention", () => {
    assert.deepEqual(told(ask([], { agent: { ...agent, backlog: [] } })), [
      "watch-coverage - - watching: pass",
      "exceptions - - greeting: fail",
    ]);
  });

  test("is undecided before the first look", () => {
    assert.equal(ask([], { agent: { ...agent, watching: null } })[0]?.status, "unknown");
  });
});

describe("what was accepted of an account", () => {
  test("is judged once an account, and undecided by hand", () => {
    const modes = [modeFacts(), modeFacts({ mode: "ssh-login" })];
    assert.deepEqual(
      told(ask([{ account, modes }])).filter((each) => each.startsWith("reviewed")),
      ["reviewed oracle - baseline: unknown"],
    );
  });

  test("holds where nothing differs, or nothing was accepted; whatever gaps there are then", () => {
    assert.equal(reviewed(since({ aliases: [cp] }, { aliases: [cp] }))?.status, "pass");
    const gaps = [gap("timed-out", ["aliases", "startupFiles"])];
    const none = { account, modes: [modeFacts({ gaps })], reviewed: { baseline: null, changes: [] } };
    assert.equal(reviewed(none)?.status, "pass");
  });

  test("fails where something differs, at its line", () => {
    assert.partialDeepStrictEqual(reviewed(since({}, { aliases: [cp] })), {
      status: "fail",
      message: "1 thing is not as accepted: alias cp in ssh-command added (/home/oracle/.cshrc:14)",
      where: { file: "/home/oracle/.cshrc", line: 14 },
    });
  });

  test("is undecided where something may hide in a gap, and fails where a difference was seen even so", () => {
    const gaps = [gap("timed-out", ["aliases"])];
    assert.equal(reviewed(since({ aliases: [cp] }, { gaps }))?.status, "unknown");
    assert.equal(reviewed(since({}, { gaps }))?.status, "unknown");
    assert.equal(reviewed(since({ aliases: [cp] }, { startup: { ...ready, ended: "hang" } }))?.status, "unknown");
    const other = [{ path: "/home/oracle/.cshrc", state: "read", digest: "sha256:99", through: [] }] as const;
    assert.equal(reviewed(since({ aliases: [cp] }, { gaps, startupFiles: other }))?.status, "fail");
  });

  test("holds under a gap that was there when it was accepted, unless what was had then is missing", () => {
    const gaps = [gap("probe-limited", ["variables"])];
    const variables = [{ name: "A", value: "1", exported: true, where: null }];
    assert.equal(reviewed(since({ gaps, variables }, { gaps, variables }))?.status, "pass");
    assert.equal(reviewed(since({ gaps, variables }, { gaps }))?.status, "unknown");
  });
});
