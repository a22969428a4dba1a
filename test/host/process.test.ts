import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import {
  commandOf,
  is32Bit,
  isTimerArmed,
  memoryFilesKiB,
  memoryOf,
  parseEpoll,
  parseLocks,
  parseStat,
  parseStatus,
  parseSyscall,
  sharedKiB,
  statOf,
  taskStatus,
} from "../../agent/host/process.ts";

test("a process' name may hold spaces, parentheses and line ends", () => {
  const stat = parseStat(`7 (a) (b\n c) S 1 2 3 34816 5 0 0 0 0 0 11 4 0 0 20 0 1 0 99 0 0`);
  assert.deepEqual(stat, {
    command: "a) (b\n c",
    state: "S",
    parent: 1,
    group: 2,
    session: 3,
    terminal: 34816,
    foreground: 5,
    cpuTicks: 15,
    startedTicks: 99,
  });
  assert.equal(parseStat(""), null);
});

test("a status gives ids, own memory, switches and the id one pid namespace further in", () => {
  const status = parseStatus(
    "Name:\tx\nState:\tS (sleeping)\nPid:\t900\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\nGroups:\t9 10 \nNSpid:\t900\t12\t1\n" +
      "RssAnon:\t     100 kB\nRssShmem:\t       4 kB\nvoluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t1\n",
  );
  assert.deepEqual(status, {
    state: "S",
    uids: [1, 2, 3, 4],
    gids: [5, 6, 7, 8],
    groups: [9, 10],
    innerPid: 12,
    ownKiB: 104,
    switches: "3/1",
  });
});

test("a call is read, running is told, and what is in no call is neither", () => {
  assert.deepEqual(parseSyscall("0 0x0 0x7ff 0x1 0x0 0x0 0x0 0x7ffe 0x7f3\n"), {
    number: 0,
    args: [0n, 2047n, 1n, 0n, 0n, 0n],
  });
  assert.equal(parseSyscall("running\n"), "running");
  assert.equal(parseSyscall("-1 0x7ffe 0x7f3\n"), null);
  assert.equal(parseSyscall(""), null);
});

test("an epoll set's members are read with and without inodes", () => {
  const text =
    "pos:\t0\nflags:\t02\nmnt_id:\t15\ntfd:        0 events:       19 data:  0  pos:0 ino:1f sdev:e\ntfd: 12 events: 1 data: 0\n";
  assert.deepEqual(parseEpoll(text), [
    { fd: 0, events: 0x19, inode: "31" },
    { fd: 12, events: 1, inode: "" },
  ]);
});

test("a timerfd is armed if time is left, or if it cannot be read", () => {
  assert.equal(isTimerArmed("clockid: 1\nticks: 0\nit_value: (0, 500)\nit_interval: (0, 0)\n"), true);
  assert.equal(isTimerArmed("clockid: 1\nticks: 1\nit_value: (0, 0)\nit_interval: (0, 0)\n"), false);
  assert.equal(isTimerArmed(""), true);
});

test("locks are read with device and inode, the waiting ones, too", () => {
  const text =
    "1: FLOCK  ADVISORY  WRITE 812 fd:01:1311 0 EOF\n2: POSIX  ADVISORY  READ 9 00:2a:77 0 4\n2: -> POSIX  ADVISORY  WRITE 10 00:2a:77 0 4\n";
  assert.deepEqual(parseLocks(text), [
    { pid: 812, device: "253:1", inode: "1311" },
    { pid: 9, device: "0:42", inode: "77" },
    { pid: 10, device: "0:42", inode: "77" },
  ]);
});

test("this process is seen as it is", () => {
  assert.equal(statOf(process.pid)?.parent, process.ppid);
  assert.deepEqual(taskStatus(process.pid, process.pid)?.uids.slice(0, 2), [process.getuid?.(), process.geteuid?.()]);
  assert.ok(commandOf(process.pid).includes("node"));
  assert.equal(is32Bit(readFileSync("/proc/self/auxv")), false);
  assert.equal(memoryOf(process.pid, 0n, 8), null);
});

test("a process that is gone is nothing, and no error", () => {
  const never = 2 ** 22 + 1;
  assert.equal(statOf(never), null);
  assert.equal(taskStatus(never, never), null);
  assert.equal(commandOf(never), "");
});

test("of a command line of megabytes only the beginning is read", async () => {
  const long = "A".repeat(100_000);
  const child = spawn("/bin/sh", ["-c", "read -r line", "sh", long, long, long], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  try {
    await once(child, "spawn");
    const command = commandOf(child.pid ?? 0);
    assert.equal(command.length, 1024 + "...".length);
    assert.ok(command.startsWith("/bin/sh -c read -r line sh AAAA"), command.slice(0, 50));
  } finally {
    child.stdin.end();
    await once(child, "close");
  }
});

test("memory in a file that is not mapped is counted", async () => {
  const script =
    "import os; f = os.memfd_create('x'); os.write(f, bytes(8 << 20)); print('ready', flush=True); input()";
  const child = spawn("python3", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    await once(child.stdout, "data");
    assert.equal(memoryFilesKiB(child.pid ?? 0), 8 * 1024);
    assert.ok(sharedKiB() >= 8 * 1024);
  } finally {
    child.stdin.end("\n");
    await once(child, "close");
  }
});
