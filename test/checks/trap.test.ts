import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { trap } from "../../agent/checks/trap.ts";
import type { TrapFact } from "../../agent/facts/index.ts";
import { at } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

const quiet = { writes: [], changesStatus: false } as const;

function trapped(other: Partial<TrapFact>) {
  const fact: TrapFact = { signal: "EXIT", action: "date >>~/log", where: at(5), effect: quiet, ...other };
  return only(judge(trap, { traps: [fact] }));
}

describe("trap", () => {
  test("passes where no trap is set", () => {
    assert.equal(only(judge(trap, { traps: [] })).status, "pass");
  });

  test("fails an EXIT trap that replaces the status", () => {
    assert.partialDeepStrictEqual(
      trapped({ effect: { writes: [], changesStatus: true }, line: "trap 'exit 0' EXIT" }),
      {
        subject: "EXIT",
        status: "fail",
        consequence: "silent-success",
        message: "the EXIT trap replaces the exit status of the command",
        where: at(5),
        line: "trap 'exit 0' EXIT",
      },
    );
  });

  test("fails an EXIT trap that writes", () => {
    assert.partialDeepStrictEqual(trapped({ effect: { writes: ["stdout", "stderr"], changesStatus: false } }), {
      status: "fail",
      consequence: "corrupted-stream",
      message: "the EXIT trap writes to stdout and stderr after the command",
    });
  });

  test("says both where a trap does both", () => {
    const found = trapped({ effect: { writes: ["stdout"], changesStatus: true } });
    assert.match(found.message, /replaces the exit status.*, and writes to stdout/);
  });

  test("is unknown where the effect could not be seen", () => {
    assert.equal(trapped({ effect: null }).status, "unknown");
  });

  test("near-miss: an EXIT trap that only cleans up is no failure", () => {
    assert.equal(trapped({ action: "rm -f $T" }).status, "pass");
  });

  test("is unknown where it ends the shell and was seen only after a success", () => {
    for (const action of ["exit 0", "rm -f $T; exit", "kill -9 $$", "{ exit 0; }", "(exec true)"]) {
      assert.equal(trapped({ action }).status, "unknown", action);
    }
  });

  test("near-miss: it passes where it keeps the status of a failure, too, or only names such a word", () => {
    assert.equal(trapped({ action: "s=$?; rm -f $T; exit $s", effect: { ...quiet, sawFailure: true } }).status, "pass");
    assert.equal(trapped({ action: "on_exit; rm -f exit_code" }).status, "pass");
  });

  test("near-miss: a trap for another signal is no failure", () => {
    assert.equal(trapped({ signal: "USR1", effect: { writes: ["stdout"], changesStatus: true } }).status, "pass");
  });

  test("knows the trap of the shell's end by its other names", () => {
    for (const signal of ["0", "exit", "SIGEXIT"]) {
      assert.equal(trapped({ signal, effect: { writes: [], changesStatus: true } }).status, "fail");
    }
  });
});
