import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { backgroundProcess } from "../../agent/checks/background-process.ts";
import { at } from "../support/facts.ts";
import { judge, only } from "../support/judging.ts";

const agent = { command: "/usr/bin/ssh-agent -c", holds: [], where: at(4) };
const job = { command: "sleep 300", holds: ["stdout", "stderr"], where: at(6) } as const;

describe("background-process", () => {
  test("says what stays, and the line that starts it", () => {
    assert.partialDeepStrictEqual(only(judge(backgroundProcess, { leftRunning: [agent] })), {
      status: "fail",
      consequence: "leak",
      message: "startup leaves /usr/bin/ssh-agent -c running behind every command",
      where: at(4),
    });
  });

  test("says that the session hangs where a stream is held", () => {
    assert.partialDeepStrictEqual(only(judge(backgroundProcess, { leftRunning: [agent, job] })), {
      status: "fail",
      consequence: "hang",
      message:
        "startup leaves /usr/bin/ssh-agent -c running behind every command, and 1 more; sleep 300 keeps stdout and stderr open",
    });
  });

  test("may be asked only of those that hold a stream", () => {
    const asked = { forbid: "holding-streams" };
    assert.equal(only(judge(backgroundProcess, { leftRunning: [agent] }, asked)).status, "pass");
    assert.equal(only(judge(backgroundProcess, { leftRunning: [agent, job] }, asked)).status, "fail");
  });

  test("near-miss: a program whose name only begins like an allowed one fails", () => {
    const other = { ...agent, command: "ssh-agent-x" };
    assert.equal(only(judge(backgroundProcess, { leftRunning: [agent] }, { allowed: ["ssh-agent"] })).status, "pass");
    assert.equal(only(judge(backgroundProcess, { leftRunning: [other] }, { allowed: ["ssh-agent"] })).status, "fail");
  });

  test("a process that tells no name fails, too", () => {
    assert.equal(only(judge(backgroundProcess, { leftRunning: [{ command: "", holds: [] }] })).status, "fail");
  });

  test("refuses to allow everything", () => {
    for (const allowed of [["*"], ["**"], ["?*"], [""]])
      assert.equal(backgroundProcess.parameters.safeParse({ allowed }).success, false);
  });
});
