import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { EpollTarget } from "../../agent/host/process.ts";
import {
  type Inside,
  judge,
  type Look,
  type Opened,
  type ProcessLook,
  readersIn,
  type TaskLook,
  waitOf,
} from "../../agent/host/waiting.ts";

const kinds: Readonly<Record<string, Opened>> = { "pipe:[1]": "stdin", "pipe:[2]": "pipe", "socket:[3]": "other" };
const links: Readonly<Record<number, string>> = {
  0: "pipe:[1]",
  4: "pipe:[2]",
  5: "socket:[3]",
  6: "anon_inode:[eventpoll]",
};

function inside(change: Partial<Inside> = {}): Inside {
  return {
    arch: "x64",
    link: (fd) => links[fd] ?? "",
    memory: () => null,
    epoll: () => [],
    kind: (link) => (link === "anon_inode:[eventpoll]" ? "epoll" : (kinds[link] ?? "other")),
    ...change,
  };
}

function wait(number: number, args: readonly (number | bigint)[], change: Partial<Inside> = {}) {
  const six = [...args, 0, 0, 0, 0, 0, 0].slice(0, 6).map(BigInt);
  const { call, closed, bounded } = waitOf({ number, args: six }, inside(change));
  return { call, closed, bounded };
}

function pollfd(fd: number, events: number): Buffer {
  const entry = Buffer.alloc(8);
  entry.writeInt32LE(fd, 0);
  entry.writeUInt16LE(events, 4);
  return entry;
}

suite("a wait is closed only if nothing but another task of the session ends it", () => {
  const closed = { closed: true, bounded: false };
  const open = { closed: false, bounded: false };
  const bounded = { closed: false, bounded: true };

  test("reading stdin or a pipe is closed, reading a socket or what is unknown is open", () => {
    assert.deepEqual(wait(0, [0]), { call: "read", ...closed });
    assert.deepEqual(wait(0, [4]), { call: "read", ...closed });
    assert.deepEqual(wait(0, [5]), { call: "read", ...open });
    assert.deepEqual(wait(0, [99]), { call: "read", ...open });
  });

  test("waiting for a child or a signal is closed, unless it has a time", () => {
    assert.deepEqual(wait(61, [-1n, 0]), { call: "wait4", ...closed });
    assert.deepEqual(wait(34, []), { call: "pause", ...closed });
    assert.deepEqual(wait(128, [1, 0, 0]), { call: "rt_sigtimedwait", ...closed });
    assert.deepEqual(wait(128, [1, 0, 0x7ffen]), { call: "rt_sigtimedwait", ...bounded });
  });

  test("a futex is closed without a time, with the private and clock flags, too", () => {
    assert.deepEqual(wait(202, [1, 0]), { call: "futex", ...closed });
    assert.deepEqual(wait(202, [1, 0x189]), { call: "futex", ...closed });
    assert.deepEqual(wait(202, [1, 0x80, 0, 0x7ffen]), { call: "futex", ...bounded });
    assert.equal(wait(202, [1, 6]).closed, false);
  });

  test("poll is closed if it only reads and every descriptor is closed", () => {
    const reads = (...entries: Buffer[]) => ({ memory: () => Buffer.concat(entries) });
    assert.deepEqual(wait(7, [1, 2, -1n], reads(pollfd(0, 1), pollfd(4, 1))), { call: "poll", ...closed });
    assert.deepEqual(wait(7, [1, 2, -1n], reads(pollfd(0, 1), pollfd(5, 1))), { call: "poll", ...open });
    assert.deepEqual(wait(7, [1, 2, -1n], reads(pollfd(0, 1), pollfd(4, 4))), { call: "poll", ...open });
    assert.deepEqual(wait(7, [1, 1, 500], reads(pollfd(0, 1))), { call: "poll", ...bounded });
    assert.deepEqual(wait(7, [1, 1, -1n]), { call: "poll", ...open });
    assert.deepEqual(wait(7, [1, 0, -1n], reads()), { call: "poll", ...open });
  });

  test("poll's time is a 32-bit number, whatever stands above it", () => {
    const memory = () => pollfd(0, 1);
    assert.equal(wait(7, [1, 1, 0xffffffffn], { memory }).closed, true);
    assert.equal(wait(7, [1, 1, 0xdead_0000_01f4n], { memory }).bounded, true);
  });

  test("select is closed if it waits for reading alone", () => {
    const memory = (address: bigint) => Buffer.from(address === 1n ? "1100000000000000" : "1000000000000000", "hex");
    assert.deepEqual(wait(23, [5, 1], { memory }), { call: "select", ...closed });
    assert.deepEqual(wait(23, [5, 1, 2], { memory }), { call: "select", ...open });
    assert.deepEqual(wait(23, [5, 1, 0, 0, 3], { memory }), { call: "select", ...bounded });
    assert.deepEqual(wait(23, [5, 1]), { call: "select", ...open });
  });

  test("epoll is closed through nested sets, and open where a number was given to another file", () => {
    const target = (fd: number, events = 1, inode = ""): EpollTarget => ({ fd, events, inode });
    const sets = (map: Readonly<Record<number, readonly EpollTarget[]>>) => ({ epoll: (fd: number) => map[fd] ?? [] });
    assert.deepEqual(wait(232, [9, 0, 0, -1n], sets({ 9: [target(0)] })), { call: "epoll_wait", ...closed });
    assert.deepEqual(wait(232, [9, 0, 0, 50], sets({ 9: [target(0)] })), { call: "epoll_wait", ...bounded });
    assert.equal(wait(232, [9, 0, 0, -1n], sets({ 9: [target(0), target(6)], 6: [target(4)] })).closed, true);
    assert.equal(wait(232, [9, 0, 0, -1n], sets({ 9: [target(0), target(6)], 6: [target(5)] })).closed, false);
    assert.equal(wait(232, [9, 0, 0, -1n], sets({ 6: [target(6)], 9: [target(0), target(6)] })).closed, false);
    assert.equal(wait(232, [9, 0, 0, -1n], sets({ 9: [target(0, 1, "77")] })).closed, false);
    assert.equal(wait(232, [9, 0, 0, -1n], sets({ 9: [target(0, 5)] })).closed, false);
  });

  test("sleeping is bounded, and whatever is not known is open", () => {
    assert.deepEqual(wait(230, [0, 0, 1]), { call: "clock_nanosleep", ...bounded });
    assert.deepEqual(wait(257, [0, 1]), { call: "openat", ...open });
    assert.deepEqual(wait(4242, []), { call: "unknown", ...open });
    assert.equal(waitOf("running", inside()).call, "running");
    assert.equal(waitOf(null, inside()).closed, false);
  });

  test("the numbers are those of the architecture", () => {
    assert.deepEqual(wait(63, [0], { arch: "arm64" }), { call: "read", ...closed });
    assert.deepEqual(wait(0, [0], { arch: "arm64" }), { call: "unknown", ...open });
    assert.deepEqual(wait(0, [0], { arch: "riscv64" }), { call: "unknown", ...open });
  });
});

suite("two looks", () => {
  const reading = waitOf({ number: 0, args: [0n, 0n, 0n, 0n, 0n, 0n] }, inside());
  const task = (change: Partial<TaskLook> = {}): TaskLook => ({
    pid: 10,
    task: 10,
    state: "S",
    switches: "5/1",
    line: "0 0x0",
    wait: reading,
    ...change,
  });
  const process = (change: Partial<ProcessLook> = {}): ProcessLook => ({
    pid: 10,
    innerPid: 2,
    parent: 9,
    name: "cat",
    state: "S",
    group: 10,
    foreground: -1,
    terminal: 0,
    cpuTicks: 0,
    startedTicks: 0,
    ownKiB: 100,
    foreign: false,
    tasks: [task()],
    ...change,
  });
  const look = (...processes: ProcessLook[]): Look => ({ processes, torn: false });
  const judged = (before: Look | null, now: Look) => judge(before, now, false).kind;

  test("that are the same and closed are still, and name who reads", () => {
    const judgement = judge(look(process()), look(process()), false);
    assert.equal(judgement.kind, "still");
    assert.deepEqual(judgement.kind === "still" && judgement.readers.map(({ pid }) => pid), [10]);
  });

  test("of which one task ran in between are not still", () => {
    assert.equal(judged(look(process()), look(process({ tasks: [task({ switches: "6/1" })] }))), "moving");
    assert.equal(judged(look(process()), look(process({ tasks: [task({ line: "0 0x4" })] }))), "moving");
    assert.equal(judged(look(process()), look(process(), process({ pid: 11 }))), "moving");
    assert.equal(judged(null, look(process())), "moving");
  });

  test("of a session that runs, is torn, empty, 32-bit or cannot be read are not still", () => {
    const unlike = [
      look(process({ tasks: [task({ state: "R" })] })),
      look(process({ tasks: [task({ state: "D" })] })),
      look(process({ tasks: [task({ wait: null })] })),
      look(process({ foreign: true })),
      look(),
      { processes: [process()], torn: true },
    ];
    for (const one of unlike) assert.equal(judged(one, one), "moving");
  });

  test("do not mind the stopped and the dead, and say that somebody is stopped", () => {
    const dead = process({ pid: 11, state: "Z", tasks: [task({ pid: 11, task: 11, state: "Z", wait: null })] });
    const stopped = process({ pid: 12, state: "T", tasks: [task({ pid: 12, task: 12, state: "T", wait: null })] });
    const judgement = judge(look(process(), dead, stopped), look(process(), dead, stopped), false);
    assert.deepEqual([judgement.kind, judgement.kind === "still" && judgement.stopped], ["still", true]);
  });

  test("count a reader of a terminal only in its foreground", () => {
    const onTerminal = { ...reading, on: [{ fd: 0, link: "/dev/pts/0", kind: "terminal" as const }] };
    const tasks = [task({ wait: onTerminal })];
    assert.equal(readersIn(look(process({ tasks, foreground: 10 })), true).length, 1);
    assert.equal(readersIn(look(process({ tasks, foreground: 77 })), true).length, 0);
    assert.equal(readersIn(look(process({ foreground: 10 })), true).length, 0);
  });
});
