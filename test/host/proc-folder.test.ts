import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { procFolder, valueOr } from "../../agent/host/proc-folder.ts";
import { syscallName } from "../../agent/host/syscalls.ts";

const proc = procFolder();

describe("the real /proc", () => {
  test("says of a cat that it reads the pipe that it was given, with its words, program, parent and descriptors", async () => {
    const cat = spawn("/bin/sh", ["-c", 'exec cat "$0"', "-"], { stdio: ["pipe", "pipe", "ignore"] });
    try {
      const pid = cat.pid ?? -1;
      const calls = () => /^(\d+) 0x0 /.exec(valueOr(proc.call(pid, pid), ""))?.[1];
      const deadline = performance.now() + 20_000;
      while (syscallName(Number(calls() ?? -1), process.arch) !== "read" || proc.words(pid)[0] !== "cat") {
        assert.ok(performance.now() < deadline, `cat reads: ${JSON.stringify(proc.call(pid, pid))}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.deepEqual(proc.words(pid), ["cat", "-"]);
      assert.match(valueOr(proc.program(pid), ""), /\/(cat|busybox)$/);
      assert.equal(valueOr(proc.stat(pid), null)?.parent, process.pid);
      assert.ok(valueOr(proc.children(process.pid), [0]).includes(pid));
      assert.ok(valueOr(proc.pids(), [0]).includes(pid));
      assert.equal(proc.task(pid, pid)?.state, "S");
      const links = new Map(valueOr(proc.links(pid), []));
      assert.match(links.get(0) ?? "", /^socket:/);
      assert.equal(links.get(2), "/dev/null");
      assert.equal(proc.openedFor(pid, 0), "both");
      assert.equal(proc.is32Bit(pid), false);
      assert.deepEqual(proc.owner(pid), { uids: Array(4).fill(process.getuid?.()), isNested: false });
      const age = ((proc.nowTicks() ?? 0) - (valueOr(proc.stat(pid), null)?.startedTicks ?? 0)) / 100;
      assert.ok(age >= 0 && age < 30, `${age} s`);
    } finally {
      cat.kill("SIGKILL");
      await once(cat, "exit");
    }
  });

  test("a process that is gone is gone, whatever is asked", () => {
    const pid = 2 ** 22 + 1;
    assert.deepEqual(
      [proc.stat(pid), proc.call(pid, pid), proc.links(pid), proc.owner(pid), proc.task(pid, pid)],
      [{ kind: "gone" }, { kind: "gone" }, { kind: "gone" }, null, null],
    );
    assert.deepEqual(
      [valueOr(proc.program(pid), ""), proc.words(pid), proc.tasks(pid), valueOr(proc.children(pid), [])],
      ["", [], [], []],
    );
    assert.equal(proc.remotes(pid).size, 0);
  });
});
