import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cpHangs, seesSessions, staging } from "../../agent/checks/example-facts.ts";
import { logBacklog } from "../../agent/checks/log-backlog.ts";
import { sessionsStuck } from "../../agent/checks/sessions-stuck.ts";
import { type Because, type FindingState, withdraw } from "../../agent/drift/index.ts";
import type { Verdict } from "../../agent/evaluate/index.ts";
import { at } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";
import { after, cp, findingData, ground, kept, now, pass, unknown, verdict } from "./support.ts";

const opened = after([], [verdict()]).put;
const [first = assert.fail("nothing was opened")] = opened;
const iso = "2026-11-23T09:14:07.000Z";
const later = { nowMs: now + 60_000 };
const waived = { exception: "greeting", reason: "CHG1", until: "2027-01-31" };

/** The states after one more run, each once. */
function states(prior: readonly FindingState[], verdicts: readonly Verdict[], other: Parameters<typeof after>[2] = {}) {
  const { put, remove } = after(prior, verdicts, other);
  const changed = new Set([...put.map(({ finding }) => finding.fingerprint), ...remove]);
  return [...prior.filter(({ finding }) => !changed.has(finding.fingerprint)), ...put];
}

describe("what opens", () => {
  test("a rule that fails opens a finding, with the line, times, and who may have changed the file", () => {
    const hint = { file: at(14).file, ownerUid: 501, modified: iso, sessions: ["jdoe"] };
    const told = after([], [verdict()], { hint: (file) => (file === hint.file ? hint : null) });
    assert.deepEqual(told.put, opened);
    assert.partialDeepStrictEqual(first.finding, {
      status: "fail",
      subject: cp,
      line: "alias cp 'cp -i'",
      openedAt: iso,
      since: iso,
    });
    assert.deepEqual(told.turned, [first.finding.fingerprint]);
    assert.deepEqual(told.remove, []);
    assert.deepEqual(told.events, [
      {
        type: "finding.opened",
        subject: first.finding.fingerprint,
        account: "oracle",
        data: {
          finding: first.finding,
          because: "host",
          via: "watch",
          digest: { old: null, new: first.digest },
          first: false,
          detectedAt: iso,
          hint,
        },
      },
    ]);
  });

  test("what could not be decided opens one, too, with its gaps; what holds opens none", () => {
    const told = after([], [unknown(), pass({ subject: "rm" })]);
    assert.deepEqual(
      told.put.map(({ finding }) => [finding.status, finding.gaps]),
      [["unknown", [{ code: "timed-out", message: "time was over", change: "" }]]],
    );
  });

  test("what only follows from another finding opens none", () => {
    assert.deepEqual(after([], [unknown({ finding: false })]), { put: [], remove: [], events: [], turned: [] });
  });

  test("an account's first run says that it is the first; the host's own findings are nobody's", () => {
    const [event] = after([], [verdict({ account: "-", mode: "-" })], { last: null, account: "-" }).events;
    assert.equal(event?.account, null);
    assert.partialDeepStrictEqual(findingData(event), { first: true, because: "host" });
  });
});

describe("what changes", () => {
  test("nothing is told while nothing is new", () => {
    assert.deepEqual(after(opened, [verdict()], later), { put: [], remove: [], events: [], turned: [] });
  });

  test("another line is a change, and no turn: it stays open since then", () => {
    const told = after(opened, [verdict({ where: at(15) })], later);
    assert.deepEqual(told.turned, []);
    const [state] = told.put;
    assert.partialDeepStrictEqual(state?.finding, { where: { line: 15 }, openedAt: iso, since: iso });
    assert.notEqual(state?.digest, first.digest);
    const data = findingData(told.events[0]);
    assert.deepEqual(
      [told.events[0]?.type, data.digest],
      ["finding.changed", { old: first.digest, new: state?.digest }],
    );
  });

  for (const other of [
    { severity: "low" },
    { consequence: "silent-success" },
    { message: "exit 0, and nothing done" },
    { line: "alias cp 'cp -ip'" },
    { change: "delete line 14" },
    { evidence: { sent: cp, outcome: "not-done" } },
    { where: { ...at(14), through: ["/etc/csh.cshrc"] } },
  ] satisfies Partial<Verdict>[]) {
    test(`${Object.keys(other).join()} is part of what a finding says`, () => {
      assert.equal(after(opened, [verdict(other)]).events.length, 1);
    });
  }

  test("times, process ids, durations and scratch files of the run are not", () => {
    const seen = (pid: number, day: string, seconds: number) =>
      verdict({
        message: `waits for ever at: ${day} 09:${pid % 60}:01 pid ${pid}, log /tmp/tmp.${pid}aXb: go on?`,
        evidence: { seconds, bytes: pid, prompt: `[${pid}] ${day}? `, stderr: `sh: ${pid} Killed, 0x${pid}af` },
      });
    const prior = after([], [seen(4711, "Mon Nov 23", 0.14)]).put;
    assert.deepEqual(after(prior, [seen(812_345, "Tue Dec 1", 0.31)]).events, []);
  });

  test("how much waits, since when and how fast it grows is not, until it is twice as bad", () => {
    const seen = (files: number, hours: number, code = "not-released") => {
      const stays = [
        { code: "held-open", files: files + 1, bytes: files * 3e7 },
        { code, files, bytes: files * 2e7 },
      ];
      const waiting = { files: 2 * files + 1, bytes: files * 5e7, oldestSeconds: files, mayGo: files };
      const growth = { growthBytesPerHour: files * 1e9, freeBytes: files, fullInSeconds: hours * 3600 };
      const look = {
        files,
        bytes: files * 9e7,
        at: `2026-11-23T0${hours}:00:00.000Z`,
        nothingReclaimedHours: 20 + hours,
      };
      const found = only(judge(logBacklog, { backlog: [staging({ ...look, waiting, ...growth, stays })] }));
      return verdict({ ...found, where: null, line: null });
    };
    const prior = after([], [seen(500, 8)]).put;
    assert.deepEqual(after(prior, [seen(411, 9)]).events, []);
    assert.equal(after(prior, [seen(500, 7)]).events.length, 1, "full sooner");
    assert.equal(after(prior, [seen(1001, 8)]).events.length, 1, "twice as many");
    assert.equal(after(prior, [seen(412, 9, "changed")]).events.length, 1, "another reason is news");
  });

  test("how many sessions are stuck and since when is not, until it is twice as bad, or another command joins", () => {
    const seen = (count: number, minutes: number, ...more: readonly string[]) => {
      const stillSeconds = Array.from({ length: count }, () => minutes * 60);
      const group = { ...cpHangs, count, oldestSeconds: minutes * 60, stillSeconds, from: [`10.1.2.${minutes}`] };
      const sessions = seesSessions([group, ...more.map((command) => ({ ...group, command }))]);
      return verdict({ ...only(judge(sessionsStuck, { sessions })), where: null, line: null });
    };
    const prior = after([], [seen(40, 20)]).put;
    assert.deepEqual(after(prior, [seen(63, 90)]).events, []);
    assert.equal(after(prior, [seen(64, 20)]).events.length, 1, "twice as many");
    assert.equal(after(prior, [seen(20, 20, "rm -i ...")]).events.length, 1, "another command is news");
  });

  test("the order in which a check names its evidence is not", () => {
    const evidence = Object.fromEntries(Object.entries(verdict().evidence).reverse());
    assert.deepEqual(after(opened, [verdict({ evidence })]).events, []);
  });

  test("a program's name with another number is another value", () => {
    const reaches = (path: string) => verdict({ evidence: { reaches: path } });
    assert.equal(after(after([], [reaches("/u01/19/bin/x")]).put, [reaches("/u01/21/bin/x")]).events.length, 1);
  });
});

describe("what resolves", () => {
  test("a pass of that very key resolves, and says how it stood", () => {
    const told = after(opened, [pass()], later);
    assert.deepEqual(
      [told.put, told.remove, told.turned],
      [[], [first.finding.fingerprint], [first.finding.fingerprint]],
    );
    const data = findingData(told.events[0]);
    assert.equal(told.events[0]?.type, "finding.resolved");
    assert.deepEqual([data.how, data.digest, data.finding], ["pass", { old: first.digest, new: null }, first.finding]);
  });

  test("a pass of another key does not", () => {
    for (const other of [{ subject: "rm" }, { mode: "ssh-login" }, { rule: "other" }, { policy: "own" }] as const) {
      assert.equal(findingData(after(opened, [pass(other)]).events[0]).how, "withdrawn");
      assert.deepEqual(after(opened, [verdict(), pass(other)]).events, []);
    }
  });

  test("what no rule asks any more is withdrawn", () => {
    const told = after(opened, [], { inputs: { ...ground, rules: {} } });
    assert.partialDeepStrictEqual(findingData(told.events[0]), { how: "withdrawn", because: "documents" });
    assert.deepEqual(told.remove, [first.finding.fingerprint]);
  });

  test("all of an account is withdrawn at once", () => {
    const prior = after([], [verdict(), unknown({ subject: "rm" })]).put;
    const told = withdraw(prior, { nowMs: now, via: "sweep", because: "host" });
    assert.equal(told.remove.length, 2);
    for (const event of told.events) {
      assert.equal(event.type, "finding.resolved");
      assert.partialDeepStrictEqual(findingData(event), {
        how: "withdrawn",
        because: "host",
        via: "sweep",
        first: false,
      });
    }
  });
});

describe("a gap", () => {
  for (const finding of [true, false]) {
    test(`turns what failed unknown, and it stands where it stood (${finding ? "its own" : "only follows"})`, () => {
      const told = after(opened, [unknown({ finding })], later);
      assert.deepEqual([told.remove, told.turned.length], [[], 1]);
      assert.partialDeepStrictEqual(told.put[0]?.finding, {
        status: "unknown",
        was: "fail",
        consequence: "hang",
        where: at(14),
        line: "alias cp 'cp -i'",
        change: "put line 14 behind a guard for people, or delete it",
        message: "time was over; before, it failed: waits for ever at: cp: overwrite 'existing.1'?",
        gaps: [{ code: "timed-out" }],
        openedAt: iso,
        since: "2026-11-23T09:15:07.000Z",
      });
    });
  }

  test("says nothing new while it lasts, and keeps what failed when another gap takes its place", () => {
    const once = states(opened, [unknown()]);
    assert.deepEqual(after(once, [unknown()], later).events, []);
    const other = states(once, [unknown({ message: "the sandbox is forbidden", gaps: [] })]);
    assert.partialDeepStrictEqual(other[0]?.finding, {
      was: "fail",
      message: "the sandbox is forbidden; before, it failed: waits for ever at: cp: overwrite 'existing.1'?",
      line: "alias cp 'cp -i'",
    });
  });

  test("ends in the failure that was there, with the same digest, or in a pass", () => {
    const once = states(opened, [unknown()]);
    const again = states(once, [verdict()]);
    assert.deepEqual([again[0]?.digest, again[0]?.finding.was], [first.digest, undefined]);
    assert.deepEqual(states(once, [pass()]), []);
  });

  test("of what never failed was nothing", () => {
    assert.equal(states(after([], [unknown()]).put, [unknown({ message: "another" })])[0]?.finding.was, undefined);
  });
});

describe("because", () => {
  const program = { inputs: { ...ground, program: "0.2.0" } };
  const rules = {
    inputs: { ...ground, rules: { ...ground.rules, [Object.keys(ground.rules)[0] ?? ""]: "sha256:02" } },
  };
  const cases: readonly (readonly [string, Because, readonly Verdict[], Parameters<typeof after>[2]])[] = [
    ["the host where nothing else changed", "host", [verdict({ line: "x" })], {}],
    ["the documents where the rule or what is sent did", "documents", [verdict({ severity: "low" })], rules],
    [
      "the documents where the rule is new",
      "documents",
      [verdict({ severity: "low" })],
      { last: { ...ground, rules: {} } },
    ],
    [
      "the program where it is another, whatever else changed",
      "program",
      [verdict({ line: "x" })],
      { ...rules, ...program },
    ],
    ["an exception that begins", "exception", [verdict({ waived })], rules],
    ["the documents where the rule is gone", "documents", [], { inputs: { ...ground, rules: {} } }],
  ];
  for (const [says, because, verdicts, other] of cases) {
    test(`is ${says}`, () => assert.equal(findingData(after(opened, verdicts, other).events[0]).because, because));
  }

  test("names who may have changed the file only where the host did", () => {
    const hint = () => ({ file: "x", ownerUid: 0, modified: iso, sessions: [] });
    const hints = (other: object) =>
      findingData(after(opened, [verdict({ line: "x" })], { hint, ...other }).events[0]).hint;
    assert.notEqual(hints({}), null);
    assert.equal(hints(program), null);
  });
});

describe("an exception", () => {
  test("begins, changes and ends as a change of the finding, with the same digest", () => {
    const begun = states(opened, [verdict({ waived })]);
    assert.deepEqual([begun[0]?.finding.waived, begun[0]?.digest], [waived, first.digest]);
    assert.deepEqual(after(begun, [verdict({ waived })]).events, []);
    const longer = after(begun, [verdict({ waived: { ...waived, until: "2027-02-28" } })]);
    assert.equal(findingData(longer.events[0]).because, "exception");
    const ended = after(begun, [verdict()]);
    assert.equal(findingData(ended.events[0]).because, "exception");
    assert.equal("waived" in (ended.put[0]?.finding ?? {}), false);
    assert.deepEqual(ended.turned, []);
  });

  test("stands from the start where it was there before, and while a gap lasts", () => {
    const [state] = after([], [verdict({ waived })]).put;
    assert.deepEqual(state?.finding.waived, waived);
    assert.deepEqual(states(opened, [unknown({ waived, finding: false })])[0]?.finding.waived, waived);
  });
});

describe("flapping", () => {
  const turns = (count: number) => () => Array.from({ length: count }, (_, at) => now - at * 1000);

  test("begins with the seventh turn of an hour, on the finding and in its event", () => {
    for (const [before, flaps] of [
      [5, undefined],
      [6, true],
    ] as const) {
      const told = after(opened, [unknown()], { turns: turns(before) });
      assert.equal(told.put[0]?.finding.flapping, flaps);
      assert.equal(findingData(told.events[0]).finding.flapping, flaps);
      assert.equal(findingData(after(opened, [pass()], { turns: turns(before) }).events[0]).finding.flapping, flaps);
    }
  });

  test("counts the last hour only", () => {
    const old = () => Array.from({ length: 20 }, () => now - 3_600_000);
    assert.equal(after([], [verdict()], { turns: old }).put[0]?.finding.flapping, undefined);
  });

  test("ends as a change, with the same digest, when the hour is over", () => {
    const flapping = after([], [verdict()], { turns: turns(9) }).put;
    assert.deepEqual(after(flapping, [verdict()], { turns: turns(9) }).events, []);
    const told = after(flapping, [verdict()], { turns: () => [] });
    assert.equal(told.put[0]?.finding.flapping, undefined);
    const { digest } = findingData(told.events[0]);
    assert.equal(digest.old, digest.new);
  });
});

describe("what is kept", () => {
  test("holds no secret, wherever it stood", () => {
    const text = "PGPASSWORD=hunter2 psql";
    const told = after(
      [],
      [
        verdict({ line: text, message: text, change: text, evidence: { prompt: text } }),
        unknown({ subject: "rm", message: text, gaps: [{ code: "unreadable", message: text, change: text, of: [] }] }),
        verdict({ subject: "mv", waived: { ...waived, reason: text } }),
      ],
    );
    assert.doesNotMatch(JSON.stringify(told), /hunter2/);
    assert.match(JSON.stringify(told), /PGPASSWORD=\[masked\]/);
    const other = verdict({ line: "PGPASSWORD=another psql" });
    const prior = after([], [verdict({ line: "PGPASSWORD=hunter2 psql" })]).put;
    assert.deepEqual(after(prior, [other]).events, [], "and no digest of one");
  });

  test("is bounded, and whole characters, whatever a host says", () => {
    const huge = "\u{1f600}x".repeat(100_000);
    const lone = "\ud800 alone";
    const told = after(
      [],
      [
        verdict({
          message: huge,
          line: huge,
          change: huge,
          where: { ...at(1, huge), through: Array.from({ length: 1000 }, () => huge) },
          evidence: Object.fromEntries(
            Array.from({ length: 500 }, (_, at) => [`k${at}`, at === 0 ? Number.NaN : huge]),
          ),
          gaps: [],
        }),
        unknown({
          subject: lone,
          message: lone,
          gaps: Array.from({ length: 500 }, () => ({
            code: "unreadable" as const,
            message: huge,
            change: huge,
            of: [],
          })),
        }),
      ],
    );
    const [big, odd] = told.put.map(({ finding }) => finding);
    assert.ok(big !== undefined && big.message.length <= 2000 && (big.line?.length ?? 0) <= 200);
    assert.equal(big.evidence.k0, null);
    assert.ok(JSON.stringify(told).length < 1_500_000);
    assert.ok(odd?.message.isWellFormed() && big.message.isWellFormed());
    assert.deepEqual(JSON.parse(JSON.stringify(told.put)), told.put, "and it survives being written down");
  });

  test("keeps both stories of a gap within bounds", () => {
    const long = "x".repeat(5000);
    const state = states(after([], [verdict({ message: long })]).put, [unknown({ message: long })])[0];
    assert.ok((state?.finding.message.length ?? 9999) <= 2000);
    assert.match(state?.finding.message ?? "", /; before, it failed: x/);
  });
});

test("a kept finding is what a report would say, and what only an agent knows", () => {
  const { evidence, ...rest } = kept();
  assert.deepEqual(Object.keys(rest).sort(), [
    "account",
    "change",
    "check",
    "consequence",
    "fingerprint",
    "line",
    "message",
    "mode",
    "openedAt",
    "policy",
    "rule",
    "severity",
    "since",
    "status",
    "subject",
    "where",
  ]);
  assert.deepEqual(evidence, verdict().evidence);
});
