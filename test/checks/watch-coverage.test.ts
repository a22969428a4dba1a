import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { watchesAll } from "../../agent/checks/example-facts.ts";
import { watchCoverage } from "../../agent/checks/watch-coverage.ts";
import type { WatchingFacts } from "../../agent/facts/index.ts";
import { judge, only } from "../support/judging.ts";

function judged(other: Partial<WatchingFacts>) {
  return only(judge(watchCoverage, { watching: { ...watchesAll, ...other } }), "watching");
}

describe("watch-coverage", () => {
  test("holds where every path is watched by events", () => {
    assert.partialDeepStrictEqual(judged({}), { status: "pass", message: "27 paths are watched" });
  });

  test("says every reason once, with the numbers and the limit, and which knob to turn", () => {
    const message = "7 of 27 paths are above the limit";
    const limit = { code: "watch-limit", message } as const;
    const found = judged({
      degraded: [limit, limit, { code: "overflow", message: "events were lost" }],
      watchLimit: 20,
    });
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      message: `not every change is seen at once: ${message}; events were lost`,
      change: "raise fs.inotify.max_user_watches (now 20) by sysctl, or let others watch less",
      evidence: { state: "overflow, watch-limit", paths: 27, byEvents: 27, watches: 36, watchLimit: 20, blind: false },
    });
  });

  test("fails where it is blind, also without a reason", () => {
    assert.partialDeepStrictEqual(judged({ blind: true }), {
      status: "fail",
      message: "not every change is seen at once: changes may go unseen for longer than the time between two sweeps",
    });
  });

  test("is unknown before the first look, whatever else is said", () => {
    for (const watching of [null, { ...watchesAll, lastSweep: null, blind: true }]) {
      assert.equal(only(judge(watchCoverage, { watching })).status, "unknown");
    }
  });
});
