import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startupFinishes } from "../../agent/checks/startup-finishes.ts";
import type { Startup } from "../../agent/facts/index.ts";
import { at, ready } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

function startup(other: Partial<Startup>) {
  return judge(startupFinishes, { startup: { ...ready, ...other } });
}

describe("startup-finishes", () => {
  test("passes where commands run and both streams are theirs", () => {
    assert.deepEqual(statuses(startup({})), ["startup: pass", "stdout: pass", "stderr: pass"]);
  });

  test("judges the same three subjects whatever happens, so that fingerprints stay", () => {
    for (const ended of ["ready", "hang", "exited", "exec", "stopped", "timed-out"] as const) {
      assert.deepEqual(
        startup({ ended }).map(({ subject }) => subject),
        ["startup", "stdout", "stderr"],
      );
    }
  });

  test("fails a question of startup, with its prompt and line", () => {
    const found = only(startup({ ended: "hang", prompt: "ORACLE_SID? ", where: at(9), line: "set x = $<" }), "startup");
    assert.partialDeepStrictEqual(found, {
      status: "fail",
      consequence: "hang",
      message: "startup waits for ever at: ORACLE_SID?",
      where: at(9),
      line: "set x = $<",
      evidence: { ended: "hang", prompt: "ORACLE_SID? " },
    });
    assert.match(found.change ?? "", /line 9/);
  });

  test("says who took the shell's place where that one waits", () => {
    const waiting = { for: "input", command: "bash", says: "waits for input" } as const;
    const found = only(
      startup({ ended: "hang", prompt: "", waiting, became: "/usr/bin/bash", where: at(1) }),
      "startup",
    );
    assert.equal(found.status, "fail");
    assert.match(
      found.message,
      /^\/usr\/bin\/bash takes the shell's place, and the command never runs: waits for ever/,
    );
    assert.match(found.change ?? "", /the exec/);
  });

  test("says what startup waits for where it is no question", () => {
    const waiting = { for: "fifo", command: "cat", says: "waits to open the FIFO /home/a/pipe" } as const;
    const found = only(startup({ ended: "hang", prompt: "", waiting }), "startup");
    assert.equal(found.message, "startup never ends: cat waits to open the FIFO /home/a/pipe");
  });

  test("calls an exit with status 0 a silent success, and any other a failed command", () => {
    const zero = only(startup({ ended: "exited", exit: { status: 0, signal: null } }), "startup");
    assert.partialDeepStrictEqual(zero, { status: "fail", consequence: "silent-success" });
    const other = only(startup({ ended: "exited", exit: { status: 3, signal: null } }), "startup");
    assert.partialDeepStrictEqual(other, { status: "fail", consequence: "failed-command" });
    const killed = only(startup({ ended: "exited", exit: { status: null, signal: "SIGKILL" } }), "startup");
    assert.partialDeepStrictEqual(killed, { consequence: "failed-command" });
    assert.match(killed.message, /ended by SIGKILL$/);
  });

  test("names the program that took the shell's place, and whether it waits", () => {
    const waiting = { for: "input", command: "zsh", says: "waits for input" } as const;
    const waits = only(startup({ ended: "exec", became: "zsh", prompt: "", waiting }), "startup");
    assert.partialDeepStrictEqual(waits, {
      status: "fail",
      consequence: "hang",
      message: "zsh takes the shell's place, and the command never runs: waits for ever for input and says nothing",
    });
    const ends = only(startup({ ended: "exec", became: "true", exit: { status: 0, signal: null } }), "startup");
    assert.partialDeepStrictEqual(ends, { consequence: "silent-success", evidence: { became: "true", exit: 0 } });
  });

  test("calls a shell that stopped itself a hang", () => {
    assert.partialDeepStrictEqual(only(startup({ ended: "stopped" }), "startup"), {
      status: "fail",
      consequence: "hang",
    });
  });

  test("is unknown where time ran out, and says what it waits for", () => {
    const waiting = { for: "time", command: "sleep 600", says: "sleeps" } as const;
    const found = startup({ ended: "timed-out", seconds: 10, waiting });
    assert.deepEqual(statuses(found), ["startup: unknown", "stdout: unknown", "stderr: unknown"]);
    assert.equal(only(found, "startup").message, "startup did not finish within 10 s: sleep 600 sleeps");
  });

  test("lets the streams follow a startup that never finished: unknown, and no finding of their own", () => {
    const found = startup({ ended: "hang", prompt: "? " });
    assert.deepEqual(
      found.map(({ subject, status, follows = false }) => [subject, status, follows]),
      [
        ["startup", "fail", false],
        ["stdout", "unknown", true],
        ["stderr", "unknown", true],
      ],
    );
  });

  test("fails the stream that startup redirects, and only that", () => {
    const found = startup({ lost: ["stdout"], where: at(4), line: "exec > log" });
    assert.deepEqual(statuses(found), ["startup: pass", "stdout: fail", "stderr: pass"]);
    assert.partialDeepStrictEqual(only(found, "stdout"), {
      consequence: "silent-success",
      where: at(4),
      line: "exec > log",
    });
  });

  test("fails the streams that a background job keeps, with its name", () => {
    const found = startup({ held: [{ command: "sleep 300", holds: ["stderr"], where: at(6) }] });
    assert.deepEqual(statuses(found), ["startup: pass", "stdout: pass", "stderr: fail"]);
    assert.partialDeepStrictEqual(only(found, "stderr"), {
      consequence: "hang",
      message: "sleep 300, left in the background by startup, keeps stderr open: the session never ends",
      where: at(6),
    });
  });

  test("near-miss: a background job that let go of the streams is no failure", () => {
    assert.ok(startup({ held: [{ command: "sleep 300", holds: [] }] }).every(({ status }) => status === "pass"));
  });

  test("is unknown where nothing is known of startup", () => {
    const found = judge(startupFinishes, { startup: null });
    assert.deepEqual(statuses(found), ["startup: unknown", "stdout: unknown", "stderr: unknown"]);
  });
});
