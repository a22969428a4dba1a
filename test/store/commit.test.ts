import assert from "node:assert/strict";
import { test } from "node:test";
import type { AccountState, RunRecord } from "../../agent/store/index.ts";
import {
  all,
  commitSome,
  committed,
  dayMs,
  finding,
  open,
  opened,
  scratch,
  started,
  startMs,
} from "./support/state.ts";

const oracle: AccountState = {
  name: "oracle",
  uid: 501,
  shell: "/bin/tcsh",
  home: "/home/oracle",
  watchedSince: "2026-11-23T02:00:00.000Z",
  unavailableSince: null,
};

function run(account: string, at: number): RunRecord {
  const modes = [{ mode: "ssh-command", ended: "ready", gaps: [] }];
  const rules = { "unattended-ssh/clean-stream": "sha256:00" };
  const startedAt = new Date(startMs + at * 1000).toISOString();
  return {
    account,
    startedAt,
    seconds: 0.2,
    via: "watch",
    modes,
    pass: 12,
    fail: 1,
    unknown: 0,
    program: "0.1.0",
    documents: "sha256:11",
    rules,
  };
}

test("all parts of a change are kept, also over a restart", () => {
  using place = scratch();
  const first = open(place.state);
  const baseline = { account: "oracle", acceptedAt: "2026-11-23T02:00:00.000Z", reason: "CHG1", items: [] };
  committed(
    first.commit({
      nowMs: startMs,
      put: [finding(1), finding(2)],
      events: [opened(finding(1)), opened(finding(2))],
      runs: [run("oracle", 1), run("oracle", 2), run("postgres", 3)],
      accounts: [oracle, { ...oracle, name: "postgres" }],
      happened: [
        { kind: "save", key: "oracle /home/oracle/.cshrc", atMs: startMs + 5 },
        { kind: "save", key: "oracle /home/oracle/.cshrc", atMs: startMs },
        { kind: "login", key: "oracle", atMs: startMs },
      ],
      baselines: [baseline],
    }),
  );
  first.close();
  using store = open(place.state);
  assert.deepEqual(store.findings(), [finding(1), finding(2)]);
  assert.deepEqual(store.findings("postgres"), []);
  assert.equal(all(store).length, 2);
  assert.deepEqual(store.runs({ most: 2 }).runs, [run("postgres", 3), run("oracle", 2)]);
  assert.deepEqual(store.runs({ most: 9, account: "oracle" }), {
    runs: [run("oracle", 2), run("oracle", 1)],
    next: null,
  });
  assert.deepEqual(store.lastRun("oracle"), run("oracle", 2));
  assert.equal(store.lastRun("nobody"), null);
  assert.deepEqual(store.accounts(), [oracle, { ...oracle, name: "postgres" }]);
  assert.deepEqual(store.happenings("save", "oracle /home/oracle/.cshrc", startMs), [startMs, startMs + 5]);
  assert.deepEqual(store.happenings("save", "oracle /home/oracle/.cshrc", startMs + 1), [startMs + 5]);
  assert.deepEqual(store.happenings("turn", "oracle", 0), []);
  assert.deepEqual(store.baseline("oracle"), baseline);
  assert.equal(store.baseline("postgres"), null);
});

test("what is put replaces what was, and what is removed is gone", () => {
  using place = scratch();
  using store = open(place.state);
  committed(store.commit({ nowMs: startMs, put: [finding(1), finding(2)], accounts: [oracle] }));
  const undecided = finding(1, { status: "unknown", was: "fail" });
  const moved = { ...oracle, home: "/u01/oracle" };
  committed(store.commit({ nowMs: startMs, put: [undecided], remove: ["0000000000000002"], accounts: [moved] }));
  assert.deepEqual(store.findings(), [undecided]);
  assert.deepEqual(store.accounts(), [moved]);
  committed(store.commit({ nowMs: startMs, removeAccounts: ["oracle"] }));
  assert.deepEqual(store.accounts(), []);
});

test("a change that breaks off in the middle leaves nothing behind", () => {
  using place = scratch();
  using store = open(place.state);
  commitSome(store, 1, 1);
  const before = [store.head, store.size, store.findings(), all(store)];
  const broken = { ...started(), data: { toJSON: () => assert.fail("no text") } };
  const change = { nowMs: startMs, put: [finding(2)], runs: [run("oracle", 1)], events: [opened(finding(2)), broken] };
  assert.throws(() => store.commit(change), /no text/);
  assert.deepEqual([store.head, store.size, store.findings(), all(store)], before);
  assert.equal(store.lastRun("oracle"), null);
  const [next] = commitSome(store, 3, 3);
  assert.equal(next?.seq, 2);
});

test("an empty change is none", () => {
  using place = scratch();
  using store = open(place.state);
  assert.deepEqual(committed(store.commit({ nowMs: startMs, put: [], events: [] })), []);
});

test("10,000 events are committed and read without holes, in bounded memory", () => {
  using place = scratch();
  using store = open(place.state);
  for (let at = 0; at < 100; at++) {
    const drafts = Array.from({ length: 100 }, (_, of) => opened(finding(at * 100 + of)));
    committed(store.commit({ nowMs: startMs + at, put: [finding(at)], events: drafts }));
  }
  const numbers = all(store).map(({ seq }) => seq);
  assert.deepEqual(
    numbers,
    Array.from({ length: 10_000 }, (_, at) => at + 1),
  );
  assert.equal(store.size.events, 10_000);
});

test("the clock may jump a year either way between commits: order and places stay", () => {
  using place = scratch();
  using store = open(place.state);
  for (const [at, nowMs] of [startMs, startMs + 365 * dayMs, startMs - 365 * dayMs, startMs].entries()) {
    commitSome(store, at, at, nowMs);
    committed(store.housekeeping(nowMs, 64 << 20));
  }
  assert.deepEqual(
    all(store).map(({ seq, time }) => `${seq} ${time.slice(0, 4)}`),
    ["1 2026", "2 2027", "3 2025", "4 2026"],
  );
});

test("what happened is found by its key and by what begins with it and a space, over a restart", () => {
  using place = scratch();
  const first = open(place.state);
  assert.equal(first.livedUntilMs, null);
  const happened = [
    { kind: "state", key: "oracle pass fail", atMs: startMs + 9 },
    { kind: "state", key: "oracle2 pass fail", atMs: startMs + 8 },
    { kind: "state", key: "oracle", atMs: startMs + 7 },
    { kind: "save", key: "oracle /home/oracle/.cshrc", atMs: startMs },
    { kind: "state", key: "\u{10fffe} pass fail", atMs: startMs },
  ] as const;
  committed(first.commit({ nowMs: startMs + 20, happened }));
  first.close();
  using store = open(place.state, { nowMs: startMs + 60_000 });
  const keys = (key: string, sinceMs = 0) => store.happened("state", key, sinceMs).map((each) => each.key);
  assert.deepEqual(keys("oracle"), ["oracle", "oracle pass fail"]);
  assert.deepEqual(keys("oracle", startMs + 8), ["oracle pass fail"]);
  assert.deepEqual(keys(""), ["\u{10fffe} pass fail", "oracle", "oracle2 pass fail", "oracle pass fail"]);
  assert.deepEqual(keys("ora"), []);
  assert.equal(store.livedUntilMs, startMs + 20);
});

test("until when a start lived is known to a minute, also where it was killed", () => {
  using place = scratch();
  const first = open(place.state);
  committed(first.housekeeping(startMs + 60_000, 1 << 30));
  first.close();
  using store = open(place.state, { nowMs: startMs + 600_000 });
  assert.equal(store.livedUntilMs, startMs + 60_000);
});

test("runs are told by when they began, events by the finding that they are about", () => {
  using place = scratch();
  using store = open(place.state);
  committed(
    store.commit({
      nowMs: startMs,
      runs: [run("oracle", 2), run("postgres", 3), run("oracle", 1)],
      events: [opened(finding(1)), opened(finding(2)), { ...opened(finding(1)), type: "finding.changed" }],
    }),
  );
  assert.deepEqual(
    store.runTimes("oracle"),
    [run("", 2), run("", 1)].map(({ startedAt }) => Date.parse(startedAt)),
  );
  assert.deepEqual(store.runTimes("nobody"), []);
  const types = (most: number) => store.eventsAbout(finding(1).finding.fingerprint, most).map(({ type }) => type);
  assert.deepEqual(types(9), ["finding.changed", "finding.opened"]);
  assert.deepEqual(types(1), ["finding.changed"]);
});
