import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startupOutput } from "../../agent/checks/startup-output.ts";
import type { Output } from "../../agent/facts/index.ts";
import { at } from "../support/facts.ts";
import { judge, only, statuses } from "../support/judging.ts";

function greeting(other: Partial<Output> = {}): Output {
  return { stream: "stdout", bytes: 6, head: "hello\n", where: at(2), guard: '"if ($?prompt)"', ...other };
}

describe("startup-output", () => {
  test("passes silence", () => {
    assert.deepEqual(statuses(judge(startupOutput, { output: [] })), ["stdout: pass"]);
  });

  test("fails a greeting on stdout, with its line and the guard to move it behind", () => {
    assert.partialDeepStrictEqual(only(judge(startupOutput, { output: [greeting({ line: "echo hello" })] })), {
      subject: "stdout",
      status: "fail",
      message: "startup writes 6 bytes to stdout: hello",
      where: at(2),
      line: "echo hello",
      change: 'move line 2 below "if ($?prompt)", or send what it writes to /dev/null',
      evidence: { stream: "stdout", bytes: 6, head: "hello\n" },
    });
  });

  test("fails a lone newline: one byte is enough to stop scp -O", () => {
    const found = only(judge(startupOutput, { output: [greeting({ bytes: 1, head: "\n" })] }));
    assert.partialDeepStrictEqual(found, { status: "fail", message: "startup writes 1 byte to stdout" });
  });

  test("sums what one stream got, and points to the first line that is known", () => {
    const found = only(
      judge(startupOutput, { output: [greeting({ where: null }), greeting({ where: at(9), bytes: 4 })] }),
    );
    assert.partialDeepStrictEqual(found, { where: at(9), evidence: { bytes: 10 } });
  });

  test("near-miss: nothing is written by an output of no bytes", () => {
    assert.deepEqual(statuses(judge(startupOutput, { output: [greeting({ bytes: 0, head: "" })] })), ["stdout: pass"]);
  });

  test("near-miss: stderr is not asked about by default, and can be", () => {
    const output = [greeting({ stream: "stderr" })];
    assert.deepEqual(statuses(judge(startupOutput, { output })), ["stdout: pass"]);
    const both = judge(startupOutput, { output }, { streams: ["stdout", "stderr"] });
    assert.deepEqual(statuses(both), ["stdout: pass", "stderr: fail"]);
  });

  test("takes both streams as one on a terminal", () => {
    const output = [greeting({ stream: "stderr" })];
    assert.deepEqual(statuses(judge(startupOutput, { output, mode: "ssh-command-pty" })), ["stdout: fail"]);
  });

  test("takes at least one stream", () => {
    assert.equal(startupOutput.parameters.safeParse({ streams: [] }).success, false);
  });
});
