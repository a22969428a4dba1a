import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { cpWaits, ready, tried } from "../../agent/checks/example-facts.ts";
import { hungCommands, hungInFindings } from "../../agent/collectors/hung-commands.ts";
import { inCommon, sessionGroups } from "../../agent/collectors/session-groups.ts";
import type { SeenSession } from "../../agent/collectors/sessions.ts";
import type { HungCommand } from "../../agent/facts/index.ts";
import { modeFacts } from "../support/facts.ts";

const nowMs = Date.UTC(2026, 10, 23, 9, 55);
const names = new Map([
  [501, "oracle"],
  [105, "postgres"],
]);
const cp: HungCommand = {
  account: "oracle",
  sent: "cp -f {file} {existing}",
  runs: "cp -i -f file.1 /tmp/s/existing.1",
  prompt: "cp: overwrite 'existing.1'? ",
  where: { file: "/home/oracle/.cshrc", line: 14 },
};

function session(other: Partial<SeenSession> = {}): SeenSession {
  return {
    uid: 501,
    pid: 4711,
    from: "10.1.2.3",
    ageSeconds: 60,
    stillSeconds: 30,
    words: ["cp", "-i", "-f", "a", "b"],
    waitsFor: "input",
    says: "input on its ssh channel",
    patience: "nobody-gives",
    ...other,
  };
}

const groups = (sessions: readonly SeenSession[], hung: readonly HungCommand[] = []) =>
  sessionGroups({ sessions, names, hung, nowMs });

describe("groups of sessions", () => {
  test("one for what is the same, with words in common, addresses, ages and processes, the oldest first", () => {
    const found = groups([
      session({ pid: 9, ageSeconds: 10, words: ["cp", "-i", "-f", "a", "b"], stillSeconds: 5 }),
      session({ pid: 8, ageSeconds: 30.5, words: ["cp", "-i", "-f", "c", "b"], from: "10.1.2.4" }),
      session({ pid: 7, ageSeconds: 20, from: null }),
    ]);
    assert.deepEqual(found, [
      {
        account: "oracle",
        command: "cp -i -f ... b",
        waitsFor: "input",
        says: "input on its ssh channel",
        isStuck: true,
        from: ["10.1.2.3", "10.1.2.4"],
        count: 3,
        oldestSeconds: 30,
        startedAt: ["2026-11-23T09:54:29.500Z", "2026-11-23T09:54:40.000Z", "2026-11-23T09:54:50.000Z"],
        pids: [8, 7, 9],
        prompt: null,
        stillSeconds: [30, 30, 5],
      },
    ]);
  });

  test("another account, program, option or wait is another group; what is stuck comes first", () => {
    const found = groups([
      session({
        words: ["sleep", "9"],
        waitsFor: "time",
        says: "time to pass",
        patience: "its-work",
        stillSeconds: null,
        ageSeconds: 900,
      }),
      session({}),
      session({ uid: 105 }),
      session({ words: ["cp", "-r", "a", "b"] }),
      session({ words: ["/bin/cp", "-i", "-f", "a", "b"], waitsFor: "fifo", says: "the other end of the FIFO /x" }),
      session({ uid: 4999 }),
    ]);
    assert.equal(found.length, 6);
    assert.deepEqual(
      found.map(({ isStuck }) => isStuck),
      [true, true, true, true, true, false],
    );
    assert.ok(found.some(({ account }) => account === "4999"));
  });

  test("what moves, and what a person may answer, is not stuck; unless it waits in the sandbox as well", () => {
    const person = session({ patience: "perhaps-a-person", says: "input at its terminal" });
    assert.deepEqual(
      groups([session({ stillSeconds: null })]).map(({ isStuck }) => isStuck),
      [false],
    );
    assert.deepEqual(
      groups([person]).map(({ isStuck }) => isStuck),
      [false],
    );
    assert.deepEqual(
      groups([person], [cp]).map(({ isStuck }) => isStuck),
      [true],
    );
    assert.deepEqual(
      groups([{ ...person, stillSeconds: null }], [cp]).map(({ isStuck }) => isStuck),
      [false],
    );
  });

  test("the question of the same program, without scratch names, of the account's own and best of the same options", () => {
    const plain = { ...cp, runs: "cp -i file.1 existing.1", prompt: "cp: replace 'existing.1'? " };
    const of = (hung: readonly HungCommand[], other: Partial<SeenSession> = {}) =>
      groups([session(other)], hung)[0]?.prompt;
    assert.equal(of([plain, cp]), "cp: overwrite '...'?");
    assert.equal(of([plain]), "cp: replace '...'?");
    assert.equal(of([plain, cp], { words: ["/bin/cp", "-i", "x", "y"] }), "cp: replace '...'?");
    assert.equal(of([{ ...cp, account: "postgres" }]), null);
    assert.equal(of([cp], { words: ["rm", "-i", "x"] }), null);
    assert.equal(of([{ ...cp, prompt: "" }]), "");
    assert.equal(of([cp], { waitsFor: "fifo", says: "the other end of the FIFO /x" }), null);
  });

  test("thousands of different commands become a bounded list that counts each", () => {
    const sessions = Array.from({ length: 3000 }, (_, at) =>
      session({ pid: at + 1, words: ["cp", `-${at}`, "x".repeat(900)] }),
    );
    const found = groups(sessions);
    assert.ok(found.length <= 201, `${found.length}`);
    assert.equal(
      found.reduce((sum, { count }) => sum + count, 0),
      3000,
    );
    assert.ok(JSON.stringify(found).length < 500_000);
    for (const { startedAt, pids, command } of found)
      assert.ok(startedAt.length <= 200 && pids.length <= 1000 && command.length <= 300);
  });

  test("so do thousands that wait for what has long names, each another", () => {
    const says = (at: number) => `the other end of the FIFO /tmp/${at}${"x".repeat(4000)}`;
    const sessions = Array.from({ length: 3000 }, (_, at) =>
      session({ pid: at + 1, waitsFor: "fifo", says: says(at) }),
    );
    const found = groups(sessions);
    assert.ok(found.length <= 201, `${found.length}`);
    assert.equal(
      found.reduce((sum, { count }) => sum + count, 0),
      3000,
    );
    assert.ok(JSON.stringify(found).length < 500_000);
    assert.ok(found.some((group) => group.count > 1 && group.says === "one thing or another"));
  });

  test("what waits in the sandbox is taken apart once, not for each of thousands", () => {
    let taken = 0;
    const hung = {
      ...cp,
      get runs() {
        taken += 1;
        return cp.runs;
      },
    };
    groups(
      Array.from({ length: 3000 }, (_, at) => session({ pid: at + 1 })),
      [hung],
    );
    assert.ok(taken > 0 && taken < 10, `${taken}`);
  });

  test("every session is counted once, whatever its words are", () => {
    const words = fc.array(fc.string({ unit: "binary", maxLength: 12 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(words, { maxLength: 30 }), (all) => {
        const found = groups(all.map((each, at) => session({ words: each, pid: at + 1 })));
        assert.deepEqual(
          found.flatMap(({ pids }) => pids).sort((a, b) => a - b),
          all.map((_, at) => at + 1),
        );
        assert.equal(
          found.reduce((sum, { count }) => sum + count, 0),
          all.length,
        );
      }),
    );
  });
});

describe("words in common", () => {
  for (const [commands, common] of [
    [["a b c"], "a b c"],
    [["a b c", "a x c"], "a ... c"],
    [["a b", "a c"], "a ..."],
    [["a b c d", "a d"], "a ... d"],
    [["a", "a b c"], "a ..."],
    [["x", "a b"], "..."],
    [["a a", "a a a"], "a a ..."],
  ] as const) {
    test(`${commands.join(" | ")} -> ${common}`, () => {
      assert.equal(inCommon(commands.map((command) => command.split(" "))), common);
    });
  }
});

describe("what waits in the sandbox", () => {
  test("commands that wait for input, and a startup that does, each once over all modes", () => {
    const waits = modeFacts({
      tried: [tried("rm -f {file}"), cpWaits, tried("mv {file} {new}", { outcome: "hang", waiting: null })],
    });
    const waiting = { for: "input", command: "tcsh -c x", says: "waits for input" } as const;
    const asks = modeFacts({ startup: { ...ready, ended: "hang", prompt: "Which? ", waiting, where: cpWaits.where } });
    assert.deepEqual(
      hungCommands("oracle", [waits, waits, asks]).map(({ sent, runs, prompt }) => [sent, runs, prompt]),
      [
        ["cp -f {file} {existing}", "cp -i -f file.1 existing.1", "cp: overwrite 'existing.1'? "],
        ["", "tcsh -c x", "Which? "],
      ],
    );
    assert.deepEqual(hungCommands("oracle", [waits])[0]?.where, { file: "/home/oracle/.cshrc", line: 14 });
  });

  test("the same of findings, also of those in which the question is masked", () => {
    const finding = {
      account: "oracle",
      status: "fail",
      consequence: "hang",
      where: { file: "/home/oracle/.cshrc", line: 14, column: 1 },
      evidence: { sent: cp.sent, waitsFor: "input", waiting: cp.runs, prompt: cp.prompt },
    };
    assert.deepEqual(hungInFindings([finding]), [cp]);
    const masked = { ...finding, evidence: { sent: cp.sent, waitsFor: "input" } };
    assert.deepEqual(hungInFindings([masked]), [{ ...cp, runs: cp.sent, prompt: "" }]);
    const others = [
      { ...finding, status: "unknown" },
      { ...finding, consequence: "silent-success" },
      { ...finding, evidence: { ...finding.evidence, waitsFor: "lock" } },
      { ...finding, evidence: { waitsFor: "input" } },
    ];
    assert.deepEqual(hungInFindings(others), []);
  });
});
