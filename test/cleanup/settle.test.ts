import assert from "node:assert/strict";
import { test } from "node:test";
import type { Journal } from "../../agent/cleanup/journal.ts";
import type { FileOutcome } from "../../agent/cleanup/outcome.ts";
import type { Recovered } from "../../agent/cleanup/recover.ts";
import { type Settling, settleBelow } from "../../agent/cleanup/settle.ts";
import type { Account } from "../../agent/facts/index.ts";
import { intended, opened, place } from "./journal-support.ts";

const oracle: Account = { name: "oracle", uid: 501, gid: 501, groups: [501], home: "/home/oracle", shell: "/bin/sh" };
const root = "/u01/staging/engine";

/** As a killed process leaves it: intents, and no outcomes. */
function left(folder: string, ...groups: readonly Parameters<typeof intended>[]): Journal {
  {
    using journal = opened(folder);
    for (const group of groups) assert.equal(journal.intend(intended(...group)).kind, "written");
    assert.equal(journal.sync().kind, "written");
  }
  return opened(folder);
}

function settling(other: Partial<Settling>): Settling {
  return { account: async () => oracle, recover: async () => assert.fail("nobody was to look"), ...other };
}

function recovered(outcomes: readonly (readonly [number, readonly FileOutcome[]])[]): Recovered {
  return { kind: "recovered", outcomes: new Map(outcomes), strangers: [], strangersInAll: 0 };
}

const putBack = (at: number): FileOutcome => ({ at, outcome: "put-back", code: "not-begun", detail: "", sha256: null });
const gone = (at: number): FileOutcome => ({ at, outcome: "gone-unconfirmed", code: "gone", detail: "", sha256: null });

test("where nothing was left open nobody looks", async () => {
  using here = place();
  using journal = opened(here.folder);
  assert.deepEqual(await settleBelow(root, journal, settling({})), []);
});

test("what was left open below this root is settled by what was found; another root's stays open", async () => {
  using here = place();
  using journal = left(here.folder, [["a", "b"]], [["c"], { root: "/u01/other" }]);
  const [first, other] = journal.open();
  const asked: number[] = [];
  const problems = await settleBelow(
    root,
    journal,
    settling({
      async recover(where, account, open) {
        assert.deepEqual([where, account], [root, oracle]);
        asked.push(...open.map(({ intent }) => intent));
        return recovered([[first?.intent ?? 0, [putBack(0), gone(1)]]]);
      },
    }),
  );
  assert.deepEqual([problems, asked], [[], [first?.intent]]);
  assert.deepEqual(
    journal.open().map(({ intent }) => intent),
    [other?.intent],
  );
  const [entry] = [...journal.entries({})];
  assert.deepEqual(
    entry?.files.map(({ outcome }) => outcome),
    ["put-back", "gone-unconfirmed"],
  );
});

test("what cannot be looked at stays open, and says why nothing else may go there", async () => {
  using here = place();
  using journal = left(here.folder, [["a", "b"]]);
  const hinder = (other: Partial<Settling>) => settleBelow(root, journal, settling(other));
  const refused = await hinder({ recover: async () => ({ kind: "timed-out", message: "no answer within 2 min" }) });
  assert.deepEqual(refused, [
    `${root}: expected to compare what an earlier run began with what is there, found no answer within 2 min`,
  ]);
  assert.deepEqual(await hinder({ account: async () => "oracle: getent: no answer" }), ["oracle: getent: no answer"]);
  const [half] = await hinder({ recover: async (_, __, open) => recovered([[open[0]?.intent ?? 0, [putBack(0)]]]) });
  assert.match(half ?? "", /of the files of intent \d+ not all could be looked at/);
  assert.equal(journal.state().openIntents, 1);
});

test("of an account that is no more nobody can look: its files are told as gone, never as removed", async () => {
  using here = place();
  using journal = left(here.folder, [["a"]]);
  assert.deepEqual(await settleBelow(root, journal, settling({ account: async () => null })), []);
  const [entry] = [...journal.entries({})];
  assert.deepEqual(
    entry?.files.map(({ outcome, detail }) => [outcome, detail]),
    [["gone-unconfirmed", "its account is not there any more"]],
  );
  assert.equal(journal.state().openIntents, 0);
});
