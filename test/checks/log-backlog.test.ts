import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { staging } from "../../agent/checks/example-facts.ts";
import { logBacklog } from "../../agent/checks/log-backlog.ts";
import { durationWords } from "../../agent/checks/wording.ts";
import type { StayCode } from "../../agent/cleanup/index.ts";
import { sizeWords } from "../../agent/facts/amounts.ts";
import type { BacklogFacts, RetentionFacts } from "../../agent/facts/index.ts";
import { judge, only, statuses } from "../support/judging.ts";

const GiB = 2 ** 30;

function judged(other: Partial<BacklogFacts>, parameters: object = {}, about: Partial<RetentionFacts> = {}) {
  return only(judge(logBacklog, { backlog: [{ ...staging(other), ...about }] }, parameters), "engine-staging");
}

function waiting(other: Partial<BacklogFacts["waiting"]>): Partial<BacklogFacts> {
  return { waiting: { files: 412, bytes: 38 * GiB, oldestSeconds: 3600, mayGo: 0, ...other } };
}

const idle = { nothingReclaimedHours: 26 };

describe("log-backlog", () => {
  test("tells the story: what waits for whom, and when the file system is full", () => {
    const found = judged({ growthBytesPerHour: 4 * GiB, freeBytes: 36 * GiB, fullInSeconds: 9 * 3600 });
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      message:
        "412 files (38.0 GiB) below /u01/staging/engine wait for the engine's release; at today's rate the file system is full in 9 h",
      change: "see why the engine does not release them: what it did not release stays",
      evidence: {
        root: "/u01/staging/engine",
        account: "oracle",
        waitingFiles: 412,
        waitingBytes: 38 * GiB,
        growthBytesPerHour: 4 * GiB,
        fullInSeconds: 32_400,
        stays: "not-released: 412 files (38.0 GiB)",
        magnitude: "waits: 256 files (32.0 GiB) or more; full: in 8 h or more",
      },
    });
  });

  test("says every reason with its number, and every limit that is passed", () => {
    const stays = [
      { code: "held-open", files: 1, bytes: 40 * GiB },
      { code: "not-released", files: 2, bytes: GiB },
      { code: "word-of-tomorrow", files: 3, bytes: 0 },
    ];
    const found = judged({ ...idle, stays, ...waiting({ files: 1206, mayGo: 1200, oldestSeconds: 9 * 86_400 }) });
    assert.equal(
      found.message,
      "1,206 files (38.0 GiB) below /u01/staging/engine wait: 1 held open by a process, 2 for the engine's release, " +
        "3 word-of-tomorrow, 1,200 for the next plan; nothing was reclaimed for 26 h; the oldest waits for 9 d",
    );
    const [held] = stays;
    assert.match(
      judged({ ...idle, ...waiting({ files: 1 }), stays: held === undefined ? [] : [held] }).message,
      /^1 file \(38\.0 GiB\) below \/u01\/staging\/engine waits: held open by a process; /,
    );
    assert.match(
      judged({ ...idle, ...waiting({ mayGo: 412 }), stays: [] }, {}, { applied: "by-hand" }).message,
      / wait for somebody to apply the plan; /,
    );
    const byHand = judged({ ...idle, stays, ...waiting({ files: 1206, mayGo: 1200 }) }, {}, { applied: "by-hand" });
    assert.match(byHand.message, /, 1,200 for somebody to apply the plan; /);
    assert.equal(byHand.change, "look at rcwarden cleanup plan, and apply it");
  });

  test("has words and advice of its own for every reason for which a file can wait", () => {
    const canWait: Readonly<Record<StayCode, boolean>> = {
      "not-released": true,
      "released-other-content": true,
      "archived-log": true,
      "held-open": true,
      "open-unknown": true,
      changed: true,
      "another-owner": true,
      "several-links": true,
      "over-limit": true,
      "would-empty": true,
      "clock-not-trusted": true,
      "too-young": false,
      newest: false,
      database: false,
      mount: false,
      "name-refused": false,
      "not-a-regular-file": false,
      "not-matched": false,
    };
    const codes = Object.entries(canWait).flatMap(([code, can]) => (can ? [code] : []));
    const advice = codes.map((code) => {
      const { message, change } = judged({ ...idle, stays: [{ code, files: 412, bytes: 38 * GiB }] });
      assert.doesNotMatch(message, new RegExp(`: ${code};`));
      return change;
    });
    assert.equal(new Set(advice).size, 11);
    assert.ok(
      advice.every(
        (each) =>
          each !== undefined && each !== judged({ ...idle, stays: [{ code: "tomorrow", files: 1, bytes: 1 }] }).change,
      ),
    );
  });

  test("without a Grant that lets anything go: nothing may be removed, and what the host's owner can do", () => {
    const stays = [{ code: "not-released", files: 2, bytes: GiB }];
    const plan = { ...idle, stays, ...waiting({ files: 5, bytes: 3 * GiB, mayGo: 3 }) };
    assert.partialDeepStrictEqual(judged(plan, {}, { applied: "plan-only" }), {
      status: "fail",
      message:
        "5 files (3.0 GiB) below /u01/staging/engine wait: 2 for the engine's release, 3 for a Grant that lets them go; " +
        "nothing was reclaimed for 26 h; nothing may be removed here, for no Grant lets it go",
      change:
        "the host's owner may grant it (remove: account oracle, below /u01/staging/engine), or remove what is needed no more; rcwarden cleanup plan lists what would go",
    });
  });

  test("says how bad it is in steps of two", () => {
    const said = (other: Partial<BacklogFacts>) => judged(other).evidence?.magnitude;
    const none = { ...waiting({ files: 0, bytes: 0, oldestSeconds: null }), stays: [] };
    assert.equal(said({ ...none, fullInSeconds: 3599 }), "full: in 32 min or more");
    assert.equal(said({ ...none, fullInSeconds: 59 }), "full: in 0 min or more");
    assert.equal(said({ ...none, fullInSeconds: 3600 }), "full: in 1 h or more");
    assert.equal(said({ ...none, nothingReclaimedHours: 24 * 7 }), "nothing reclaimed: 4 d or more");
    assert.equal(said(waiting({ files: 1, bytes: 0 })), "waits: 1 file (0 B) or more");
  });

  test("each limit counts from where the rule says, and not before", () => {
    const rows: readonly (readonly [object, Partial<BacklogFacts>, boolean])[] = [
      [{ fullHours: 9 }, { fullInSeconds: 9 * 3600 }, true],
      [{ fullHours: 9 }, { fullInSeconds: 9 * 3600 + 1 }, false],
      [{ idleHours: 26 }, idle, true],
      [{ idleHours: 27 }, idle, false],
      [{ waitingDays: 1 }, waiting({ oldestSeconds: 86_401 }), true],
      [{ waitingDays: 1 }, waiting({ oldestSeconds: 86_400 }), false],
      [{ waitingFiles: 411 }, {}, true],
      [{ waitingFiles: 412 }, {}, false],
      [{ waitingPercent: 37 }, { totalBytes: 100 * GiB }, true],
      [{ waitingPercent: 38 }, { totalBytes: 100 * GiB }, false],
      [{ waitingPercent: 1 }, { totalBytes: 0 }, false],
      [{ waitingGiB: 37 }, {}, true],
      [{ waitingGiB: 38 }, {}, false],
    ];
    for (const [parameters, backlog, fails] of rows) {
      assert.equal(judged(backlog, parameters).status, fails ? "fail" : "pass", JSON.stringify([parameters, backlog]));
    }
  });

  test("what waits for less than a day, or is kept as it should be, holds", () => {
    assert.partialDeepStrictEqual(judged({ nothingReclaimedHours: 23.9 }), {
      status: "pass",
      message: "412 files (38.0 GiB) below /u01/staging/engine wait for the engine's release",
    });
    const kept = { ...waiting({ files: 0, bytes: 0, oldestSeconds: null }), stays: [], nothingReclaimedHours: 0 };
    assert.partialDeepStrictEqual(judged({ ...kept, oldestSeconds: 90 * 86_400 }), {
      status: "pass",
      message: "422 files (39.0 GiB) below /u01/staging/engine stay as they should",
    });
    assert.equal(judged({ ...kept, files: 0, freeBytes: 0 }).message, "nothing matches below /u01/staging/engine");
    assert.equal(judged({ ...kept, files: 0, freeBytes: 0 }).status, "pass", "a disk that others filled");
  });

  test("a full file system is said as such, also where nothing grows any more", () => {
    assert.match(judged({ freeBytes: 0, growthBytesPerHour: 0 }).message, /; the file system is full$/);
    assert.match(judged({ freeBytes: 0, fullInSeconds: 0 }).message, /release; the file system is full$/);
    const kept = { ...waiting({ files: 0, bytes: 0, oldestSeconds: null }), stays: [] };
    assert.partialDeepStrictEqual(judged({ ...kept, fullInSeconds: 60 }), {
      status: "fail",
      message:
        "422 files (39.0 GiB) below /u01/staging/engine stay as they should; at today's rate the file system is full in 1 min",
      change: "let the Retention keep less, or give the file system more room",
    });
  });

  test("is unknown before the first look, after one that failed, and where looks do not come any more", () => {
    const unknown = (about: Partial<RetentionFacts>) => {
      const { status, message } = judged(idle, {}, about);
      assert.equal(status, "unknown");
      return message;
    };
    assert.equal(unknown({ backlog: null }), "below /u01/staging/engine nothing was looked at yet");
    const problem = "the file system does not answer";
    assert.equal(unknown({ problem }), `what lies below /u01/staging/engine is not known: ${problem}`);
    assert.equal(unknown({ problem, backlog: null }), `what lies below /u01/staging/engine is not known: ${problem}`);
    assert.equal(
      unknown({ sinceSeconds: 5401 }),
      "what lies below /u01/staging/engine was seen 90 min ago and not since, though a look is due every 15 min",
    );
    assert.equal(judged(idle, {}, { sinceSeconds: 5400 }).status, "fail");
  });

  test("judges each Retention by its name, none where there is none, and says where no agent was asked", () => {
    const traces = { ...staging(idle), retention: "traces" };
    assert.deepEqual(statuses(judge(logBacklog, { backlog: [staging({}), traces] })), [
      "engine-staging: pass",
      "traces: fail",
    ]);
    assert.deepEqual(judge(logBacklog, { backlog: [] }), []);
    assert.deepEqual(statuses(judge(logBacklog, { backlog: null })), ["clean-up: unknown"]);
  });

  test("takes only numbers that somebody may mean", () => {
    for (const odd of [
      { fullHours: 0 },
      { idleHours: 721 },
      { waitingPercent: 100 },
      { waitingGiB: 0.5 },
      { files: 1 },
    ])
      assert.equal(logBacklog.parameters.safeParse(odd).success, false, JSON.stringify(odd));
  });

  test("more that waits never makes a failure hold", () => {
    const anyBacklog = fc.record({
      files: fc.integer({ min: 1, max: 300_000 }),
      bytes: fc.integer({ min: 0, max: 5000 * GiB }),
      oldestSeconds: fc.integer({ min: 0, max: 20 * 86_400 }),
      idleHours: fc.integer({ min: 0, max: 50 }),
    });
    const isFailing = ({ idleHours, ...wait }: { idleHours: number } & Partial<BacklogFacts["waiting"]>) =>
      judged({ ...waiting(wait), nothingReclaimedHours: idleHours }).status === "fail";
    fc.assert(
      fc.property(anyBacklog, anyBacklog, (one, more) => {
        const both = {
          files: one.files + more.files,
          bytes: one.bytes + more.bytes,
          oldestSeconds: one.oldestSeconds + more.oldestSeconds,
          idleHours: one.idleHours + more.idleHours,
        };
        assert.ok(!isFailing(one) || isFailing(both));
      }),
    );
  });
});

test("sizes and durations as people say them, rounded down", () => {
  const sizes = [0, 1023, 1024, 1.99 * 2 ** 20, 38 * GiB, 1024 ** 4 * 1234.56];
  assert.deepEqual(sizes.map(sizeWords), ["0 B", "1,023 B", "1.0 KiB", "1.9 MiB", "38.0 GiB", "1,234.5 TiB"]);
  const durations = [0, 59.9, 60, 7199, 7200, 172_799, 172_800];
  assert.deepEqual(durations.map(durationWords), ["0 s", "59 s", "1 min", "119 min", "2 h", "47 h", "2 d"]);
});
