import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { cpHangs, seesSessions } from "../../agent/checks/example-facts.ts";
import { sessionsStuck } from "../../agent/checks/sessions-stuck.ts";
import type { SeenSessions } from "../../agent/facts/index.ts";
import { judge, only, statuses } from "../support/judging.ts";

function judged(sessions: SeenSessions, parameters: object = {}) {
  return only(judge(sessionsStuck, { sessions }, parameters), "oracle");
}

const getsOn = { ...cpHangs, isStuck: false, stillSeconds: [] };

describe("sessions-stuck", () => {
  test("tells the story: how many wait, for what, from where, since when, and at which question", () => {
    assert.partialDeepStrictEqual(judged(seesSessions([cpHangs])), {
      status: "fail",
      message:
        "50 commands of oracle's SSH sessions wait for what nobody gives, the oldest for 37 min: 50 times cp -i -f ... ... " +
        "from 10.1.2.3, waits for input on its ssh channel; in the sandbox it waits at: cp: overwrite '...'?",
      evidence: { magnitude: "32 commands or more", waitsFor: "input", waitingSeconds: 2220 },
    });
  });

  test("counts only those that were seen not to move for as long as the rule says", () => {
    const mixed = { ...cpHangs, stillSeconds: [700, 600, 599, 30] };
    assert.match(judged(seesSessions([mixed])).message, /^2 commands /);
    assert.equal(judged(seesSessions([mixed]), { count: 3 }).status, "pass");
    assert.equal(judged(seesSessions([mixed]), { count: 3, minutes: 5 }).status, "fail");
    assert.equal(judged(seesSessions([{ ...getsOn, stillSeconds: [9999] }])).status, "pass");
  });

  test("adds up all that is stuck of one account, and nothing of another", () => {
    const postgres = { ...cpHangs, account: "postgres" };
    const both = {
      ...seesSessions([cpHangs, { ...cpHangs, command: "rm -i ..." }, postgres]),
      accounts: ["oracle", "jo"],
    };
    const judgements = judge(sessionsStuck, { sessions: both });
    assert.match(only(judgements, "oracle").message, /^100 commands .*cp -i -f .*; 50 times rm -i/);
    assert.equal(only(judgements, "jo").status, "pass");
    assert.equal(judgements.length, 2);
  });

  test("says that it does not know where it could not look, also where some were seen", () => {
    const hidden = { ...seesSessions([getsOn]), problem: "processes of others are hidden" };
    assert.deepEqual(statuses(judge(sessionsStuck, { sessions: hidden })), ["oracle: unknown"]);
    assert.match(judged(hidden).message, /processes of others are hidden$/);
    assert.equal(judged({ ...hidden, groups: [cpHangs] }).status, "fail");
    assert.deepEqual(statuses(judge(sessionsStuck, { sessions: null })), ["sessions: unknown"]);
  });

  test("resolves nothing until it watched for as long as the rule asks, and tells nothing new meanwhile", () => {
    const begins = { ...seesSessions([{ ...cpHangs, stillSeconds: [30] }]), watchedSeconds: 30 };
    assert.partialDeepStrictEqual(judged(begins), { status: "unknown", follows: true });
    assert.equal(judged({ ...begins, watchedSeconds: 600 }).status, "pass");
    assert.equal(judged({ ...begins, groups: [{ ...cpHangs, oldestSeconds: 30, stillSeconds: [30] }] }).status, "pass");
    const first = { ...seesSessions([]), problem: "sessions were not looked at yet", watchedSeconds: 0 };
    assert.partialDeepStrictEqual(judged(first), { status: "unknown", follows: true });
  });

  test("refuses what would always hold", () => {
    for (const odd of [{ count: 0 }, { minutes: 0 }, { count: 1.5 }, { minutes: "x" }, { hours: 1 }]) {
      assert.equal(sessionsStuck.parameters.safeParse(odd).success, false, JSON.stringify(odd));
    }
  });

  test("asking for fewer or for shorter never hides a finding", () => {
    const asked = fc.record({ count: fc.integer({ min: 1, max: 60 }), minutes: fc.integer({ min: 1, max: 60 }) });
    const still = fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 60 });
    fc.assert(
      fc.property(asked, asked, still, (one, other, seconds) => {
        const stillSeconds = seconds.sort((a, b) => b - a);
        const sessions = seesSessions([{ ...cpHangs, stillSeconds }]);
        const less = { count: Math.min(one.count, other.count), minutes: Math.min(one.minutes, other.minutes) };
        if (judged(sessions, one).status === "fail") assert.equal(judged(sessions, less).status, "fail");
      }),
    );
  });
});
