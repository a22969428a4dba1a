import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { SessionLooks } from "../../agent/collectors/sessions.ts";
import { procFolder } from "../../agent/host/proc-folder.ts";
import { connect, type FakeProc, type FakeProcess, fakeProc } from "./proc.ts";

/** Numbers of calls are those of this host's processor. */
const calls = {
  x64: { read: 0, wait4: 61, suspend: 130, open: 257, sleep: 230 },
  arm64: { read: 63, wait4: 260, suspend: 133, open: 56, sleep: 115 },
};
const numbers = process.arch === "arm64" ? calls.arm64 : calls.x64;
const call = (number: number, first = "0x0") => `${number} ${first} 0x0 0x0 0x0 0x0 0x0 0x7ff 0x7ff`;
const reads = call(numbers.read);
const waitsForChild = call(numbers.wait4);

function looks(proc: FakeProc, other: { isRoot?: boolean; pause?: () => void } = {}) {
  const clock = { ms: 0 };
  const made = new SessionLooks({
    proc: procFolder(proc.folder),
    isRoot: other.isRoot ?? true,
    monotonicMs: () => clock.ms,
    pause: async (ms) => {
      clock.ms += ms;
      other.pause?.();
    },
    breathe: async () => {},
  });
  return { clock, look: (isWanted: (uid: number) => boolean = () => true) => made.look(isWanted) };
}

/** What one look says of the command of one connection. */
async function told(command: Partial<FakeProcess>, more: (proc: FakeProc) => void = () => {}, isRoot = true) {
  using proc = fakeProc();
  connect(proc, 200, { call: reads, ...command });
  more(proc);
  const { sessions, problem } = await looks(proc, { isRoot }).look();
  assert.equal(sessions.length, 1, JSON.stringify({ sessions, problem }));
  const [session] = sessions;
  assert.ok(session !== undefined);
  const { words, waitsFor, patience, stillSeconds } = session;
  return {
    ...session,
    problem,
    short: `${words.join(" ")}: ${waitsFor}, ${patience}${stillSeconds === null ? ", moves" : ""}`,
  };
}

describe("which processes are SSH sessions", () => {
  const found = async (fill: (proc: FakeProc) => void, isRoot = true) => {
    using proc = fakeProc();
    connect(proc, 200, { call: reads });
    fill(proc);
    const { sessions } = await looks(proc, { isRoot }).look();
    return sessions.map(({ uid, pid }) => `${uid} ${pid}`);
  };

  test("OpenSSH before 9.8 and since, of an account and of root", async () => {
    assert.deepEqual(await found(() => {}), ["501 202"]);
    const since = { name: "sshd-session", program: "/usr/lib/openssh/sshd-session" };
    const both = await found((proc) => {
      proc.put(300, { ...since, parent: 100, uid: 0 });
      proc.put(301, { ...since, parent: 300, uid: 502 });
      proc.put(302, { parent: 301, name: "sh", uid: 502 });
      proc.put(400, { ...since, parent: 100, uid: 0 });
      proc.put(401, { parent: 400, name: "bash", uid: 0 });
    });
    assert.deepEqual(both.sort(), ["0 401", "501 202", "502 302"]);
  });

  test("an sshd whose listener was started anew, or whose program was replaced by another version", async () => {
    assert.deepEqual(
      await found((proc) => {
        proc.remove(100);
        proc.put(200, { parent: 1, name: "sshd", uid: 0, program: "/usr/sbin/sshd (deleted)" });
      }),
      ["501 202"],
    );
  });

  test("not one who calls itself sshd, nor one of a container, nor what root runs otherwise", async () => {
    const forged = await found((proc) => {
      proc.put(500, { parent: 1, name: "sshd", uid: 501, words: ["sshd: root@notty"] });
      proc.put(501, { parent: 500, name: "cp", uid: 501 });
      proc.put(510, { parent: 1, name: "su", uid: 0 });
      proc.put(511, { parent: 510, name: "sshd", uid: 501, program: "/usr/sbin/sshd" });
      proc.put(512, { parent: 511, name: "cp", uid: 501 });
      proc.put(520, { parent: 1, name: "sshd", uid: 0, program: "/usr/sbin/sshd", nested: true });
      proc.put(521, { parent: 520, name: "sshd", uid: 501, program: "/usr/sbin/sshd", nested: true });
      proc.put(522, { parent: 521, name: "cp", uid: 501, nested: true });
      proc.put(530, { parent: 1, name: "sshd", uid: 0, program: "/usr/bin/perl" });
      proc.put(531, { parent: 530, name: "cp", uid: 0 });
    });
    assert.deepEqual(forged, ["501 202"]);
  });

  test("also one whose command calls itself sshd, and every command of one connection", async () => {
    const several = await found((proc) => {
      proc.put(203, { parent: 201, name: "sshd", uid: 501 });
      proc.put(204, { parent: 201, name: "rm", uid: 0 });
    });
    assert.deepEqual(several.sort(), ["501 202", "501 203", "501 204"]);
  });

  test("by root's parent alone, where nobody may look at root's programs", async () => {
    const bare = (proc: FakeProc) => {
      proc.put(100, { parent: 1, name: "sshd", uid: 0, program: null });
      proc.put(200, { parent: 100, name: "sshd", uid: 0, program: null });
      proc.put(201, { parent: 200, name: "sshd", uid: 501, program: null });
      proc.put(500, { parent: 1, name: "sshd", uid: 501, program: null });
      proc.put(501, { parent: 500, name: "cp", uid: 501 });
    };
    assert.deepEqual(await found(bare, false), ["501 202"]);
    assert.deepEqual(await found(bare, true), ["501 202"]);
  });

  test("only of those that are asked about", async () => {
    using proc = fakeProc();
    connect(proc, 200, { call: reads });
    connect(proc, 300, { call: reads }, 502);
    const { sessions } = await looks(proc).look((uid) => uid === 502);
    assert.deepEqual(
      sessions.map(({ uid }) => uid),
      [502],
    );
  });
});

describe("what a command waits for", () => {
  const shell = (proc: FakeProc, child: Partial<FakeProcess> = {}) =>
    proc.put(210, {
      parent: 202,
      name: "rm",
      words: ["rm", "-i", "x"],
      descriptors: { 0: "pipe:[200]" },
      call: reads,
      startedTicks: 900_010,
      ...child,
    });

  test("input on its channel, itself or below its shell", async () => {
    assert.equal((await told({})).short, "cp -i /a/200: input, nobody-gives");
    const below = {
      name: "tcsh",
      words: ["tcsh", "-c", "rm x"],
      call: call(numbers.suspend),
      descriptors: { 16: "pipe:[200]" },
    };
    assert.equal((await told(below, shell)).short, "rm -i x: input, nobody-gives");
    assert.equal((await told({ ...below, call: waitsForChild }, shell)).short, "rm -i x: input, nobody-gives");
  });

  test("the one of a pipeline that reads the channel, else the youngest", async () => {
    const bash = { name: "bash", words: ["bash", "-c", "rm | wc"], call: waitsForChild };
    const piped = await told(bash, (proc) => {
      shell(proc);
      shell({
        ...proc,
        put: (_, process) => proc.put(211, { ...process, name: "wc", words: ["wc"], descriptors: { 0: "pipe:[9]" } }),
      });
    });
    assert.equal(piped.short, "rm -i x: input, nobody-gives");
    const sleeping = await told(bash, (proc) => shell(proc, { call: call(numbers.sleep), words: ["sleep", "9"] }));
    assert.equal(sleeping.short, "sleep 9: time, its-work, moves");
  });

  test("a pipe of its own, its own output, or something beside its input is no channel", async () => {
    assert.match((await told({ descriptors: { 0: "pipe:[999]" } })).short, /: other, its-work/);
    assert.match((await told({ descriptors: { 0: "pipe:[201]" } })).short, /: other, its-work/);
    assert.match((await told({ descriptors: { 0: "socket:[77]" } })).short, /: input, nobody-gives/);
  });

  test("its input alone, or also something that may come by itself", async () => {
    const polls = (count: number) =>
      process.arch === "arm64" ? `73 0x0 0x${count} 0x0` : `7 0x0 0x${count} 0xffffffff`;
    const both = { descriptors: { 0: "pipe:[200]", 4: "anon_inode:inotify" } };
    const memory = (proc: FakeProc) => proc.file("202/mem", "\0\0\0\0\x01\0\0\0\x04\0\0\0\x01\0\0\0");
    const of = async (count: number) =>
      (await told({ ...both, call: `${polls(count)} 0x0 0x0 0x0 0x7ff 0x7ff` }, memory)).short;
    assert.match(await of(1), /: input, nobody-gives$/);
    assert.match(await of(2), /: input, its-work, moves$/);
  });

  test("what lies in memory that never answers is not known, and nobody waits for it", {
    timeout: 30_000,
  }, async () => {
    const poll = process.arch === "arm64" ? "73 0x0 0x1 0x0" : "7 0x0 0x1 0xffffffff";
    using proc = fakeProc();
    connect(proc, 200, { call: `${poll} 0x0 0x0 0x0 0x7ff 0x7ff` });
    // Who opens it waits for somebody who writes, as who reads a file of a FUSE waits for who serves it.
    execFileSync("mkfifo", [join(proc.folder, "202/mem")]);
    const one = looks(proc);
    const { sessions } = await one.look();
    assert.deepEqual(
      sessions.map(({ pid, waitsFor, patience }) => [pid, waitsFor, patience]),
      [[202, "other", "its-work"]],
    );
    assert.equal((await one.look()).sessions.length, 1, "and it is not tried again");
  });

  test("a person's terminal, and what a person's shell started", async () => {
    const terminal = { terminal: 34816, descriptors: { 0: "/dev/pts/0" } };
    assert.equal((await told(terminal)).short, "cp -i /a/200: input, perhaps-a-person");
    const login = { ...terminal, name: "bash", words: ["-bash"], call: waitsForChild };
    const below = (proc: FakeProc) => shell(proc, { terminal: 34816, descriptors: { 0: "/dev/pts/0" } });
    assert.equal((await told(login, below)).short, "rm -i x: input, its-work, moves");
    assert.equal(
      (await told({ ...login, words: ["-csh", "-c", "rm x"] }, below)).short,
      "rm -i x: input, perhaps-a-person",
    );
  });

  test("nothing but the next command or request, where that is its work", async () => {
    for (const words of [
      ["-tcsh"],
      ["bash"],
      ["sh", "-s"],
      ["/usr/lib/openssh/sftp-server"],
      ["rsync", "--server", "-x", "."],
      ["scp", "-t", "/a"],
      ["git-upload-pack", "/x"],
    ]) {
      assert.match((await told({ words })).short, /: input, its-work, moves$/, words.join(" "));
    }
    for (const words of [
      ["bash", "-c", "read x"],
      ["bash", "./ask.sh"],
      ["-csh", "-c", "x"],
      ["rsync", "-a", "x", "y"],
      ["python3"],
    ]) {
      assert.match((await told({ words })).short, /: input, nobody-gives$/, words.join(" "));
    }
  });

  test("a FIFO, a signal to go on; not processor time", async () => {
    assert.match((await told({ call: call(numbers.open) })).short, /: fifo, nobody-gives$/);
    assert.match((await told({ state: "T" })).short, /: stopped, nobody-gives$/);
    assert.match((await told({ state: "R" })).short, /: cpu, its-work, moves$/);
  });

  test("what may not be read is said, and never taken for well", async () => {
    const denied = await told({ call: null });
    assert.match(denied.short, /: unknown, its-work/);
    assert.match(denied.problem, /cannot be read \(\/proc\/PID\/syscall: EISDIR; it takes CAP_SYS_PTRACE\)/);
    const own = await told({ call: null }, (proc) => proc.file("sys/kernel/yama/ptrace_scope", "1\n"), false);
    assert.match(own.problem, /for kernel\.yama\.ptrace_scope is 1; ask as root/);
    assert.equal((await told({ call: null, words: ["sftp-server"] })).problem, "");
  });

  test("who waits in the kernel for a mount is not asked for its command line", async () => {
    assert.equal((await told({ state: "D" })).words.join(" "), "[cp]");
  });

  test("a command line of megabytes is cut", async () => {
    const { words } = await told({ words: ["cp", "x".repeat(100_000)] });
    assert.ok(words.join(" ").length < 1100);
    assert.match(words.join(" "), /^cp x+\.\.\.$/);
  });
});

describe("where it comes from, and since when", () => {
  const table = (rows: readonly (readonly [remote: string, inode: number, state?: string])[]) =>
    `  sl  local_address rem_address\n${rows.map(([remote, inode, state = "01"], at) => `   ${at}: 0100007F:0016 ${remote}:C350 ${state} 0:0 0:0 0 0 0 ${inode} 1 x`).join("\n")}\n`;

  test("the connection's other end by its socket, not what it forwards", async () => {
    const from = async (tcp: string, tcp6 = "") =>
      (
        await told({}, (proc) => {
          proc.file("201/net/tcp", tcp);
          proc.file("201/net/tcp6", tcp6);
        })
      ).from;
    assert.equal(
      await from(
        table([
          ["0302010A", 200],
          ["0102030A", 77],
        ]),
      ),
      "10.1.2.3",
    );
    assert.equal(await from("", table([["0000000000000000FFFF00000302010A", 200]])), "10.1.2.3");
    assert.equal(await from("", table([["B80D0120000000000000000001000000", 200]])), "2001:db8::1");
    assert.equal(await from(table([["0302010A", 200, "0A"]])), null);
    assert.equal(await from("no table at all \xff\n: : :"), null);
  });

  test("age by start, also of one that was started before the clock jumped", async () => {
    assert.equal((await told({ startedTicks: 778_000 })).ageSeconds, 2220);
    assert.equal((await told({ startedTicks: 2_000_000 })).ageSeconds, 0);
  });

  test("what moves while it is looked at is not still, and what does not is so for longer and longer", async () => {
    using proc = fakeProc();
    connect(proc, 200, { call: reads });
    const switches = (count: string) => connect(proc, 200, { call: reads, switches: count });
    let pauses = 0;
    const moving = looks(proc, {
      pause() {
        pauses += 1;
        if (pauses === 1) switches("4");
      },
    });
    assert.equal((await moving.look()).sessions[0]?.stillSeconds, null);
    const still = async () => (await moving.look()).sessions[0]?.stillSeconds;
    moving.clock.ms += 30_000;
    assert.equal(await still(), 30);
    moving.clock.ms += 30_000;
    assert.equal(await still(), 60);
    switches("5");
    assert.equal(await still(), null);
    moving.clock.ms += 30_000;
    assert.equal(await still(), 30);
    connect(proc, 200, { call: reads, switches: "5", startedTicks: 990_000 });
    assert.equal(await still(), 0.25, "another process with the same number");
  });
});

describe("a host that is not as it should be", () => {
  test("hidden processes are a problem, not a host without sessions", async () => {
    using proc = fakeProc();
    proc.remove(1);
    proc.file("self/mountinfo", "22 1 0:21 / /proc rw,nosuid - proc proc rw,hidepid=invisible\n");
    const { sessions, problem } = await looks(proc).look();
    assert.deepEqual(sessions, []);
    assert.equal(problem, "processes of others are hidden (/proc is mounted with hidepid=invisible)");
    const none = new SessionLooks({
      proc: procFolder("/nowhere"),
      isRoot: true,
      monotonicMs: () => 0,
      pause: async () => {},
      breathe: async () => {},
    });
    assert.equal((await none.look(() => true)).problem, "/proc cannot be listed");
  });

  test("a kernel without lists of children is a problem", async () => {
    using proc = fakeProc();
    connect(proc, 200, { call: reads });
    const bare = procFolder(proc.folder);
    const without = { ...bare, children: () => ({ kind: "gone" }) as const };
    const made = new SessionLooks({
      proc: without,
      isRoot: true,
      monotonicMs: () => 0,
      pause: async () => {},
      breathe: async () => {},
    });
    assert.match((await made.look(() => true)).problem, /CONFIG_PROC_CHILDREN/);
  });

  test("processes that end between any two lines are no error", async () => {
    const files = ["stat", "status", "cmdline", "exe", "fd", "task", "ns", "net"];
    for (const missing of files)
      for (const pid of [100, 200, 201, 202]) {
        using proc = fakeProc();
        connect(proc, 200, { call: reads });
        rmSync(`${proc.folder}/${pid}/${missing}`, { recursive: true, force: true });
        await assert.doesNotReject(looks(proc).look(), `${pid} ${missing}`);
      }
  });

  test("files that hold anything but what they should are no error", async () => {
    const odd = ["", "\0\0", "-1", "999999999999999999999", ")))(((", "a b c", "\xff\xfe".repeat(500)];
    for (const text of odd)
      for (const file of [
        "stat",
        "status",
        "cmdline",
        "task/202/status",
        "task/202/syscall",
        "task/202/children",
        "fdinfo/0",
      ]) {
        using proc = fakeProc();
        connect(proc, 200, { call: reads });
        proc.file(`202/${file}`, text);
        await assert.doesNotReject(looks(proc).look(), `${file} ${JSON.stringify(text)}`);
      }
  });

  test("a process that is its own child, and one with a thousand children, are looked at in bounded work", async () => {
    using proc = fakeProc();
    connect(proc, 200, { name: "bash", words: ["bash", "-c", "x"], call: waitsForChild });
    proc.put(203, { parent: 202, name: "bash", call: waitsForChild, startedTicks: 800_000 });
    const list = Array.from({ length: 1000 }, (_, at) => `${at < 500 ? 202 : 203} `).join("");
    for (const pid of [202, 203]) proc.file(`${pid}/task/${pid}/children`, list);
    proc.file("202/stat", "202 (bash) S 202 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 900000 0 0");
    let read = 0;
    const counted = procFolder(proc.folder);
    const made = new SessionLooks({
      proc: {
        ...counted,
        tasks: (pid) => {
          read += 1;
          return counted.tasks(pid);
        },
      },
      isRoot: true,
      monotonicMs: () => 0,
      pause: async () => {},
      breathe: async () => {},
    });
    await made.look(() => true);
    assert.ok(read < 200, `${read} processes were looked at`);
  });

  test("another process with the number of a session that ended is found within some looks", async () => {
    using proc = fakeProc();
    proc.put(100, { parent: 1, name: "sshd", uid: 0, program: "/usr/sbin/sshd" });
    for (const pid of [200, 201]) proc.put(pid, { parent: 1, name: "cron", uid: 0 });
    const again = looks(proc);
    assert.deepEqual((await again.look()).sessions, []);
    connect(proc, 200, { call: reads });
    let seen = 0;
    for (let at = 0; at < 25; at++) seen = Math.max(seen, (await again.look()).sessions.length);
    assert.equal(seen, 1);
  });

  test("what is known to be no sshd is not read again: a host of thousands costs little", async () => {
    using proc = fakeProc();
    connect(proc, 200, { call: reads });
    for (let pid = 1000; pid < 1300; pid++) proc.put(pid, { parent: 1, name: "oracle", uid: 501 });
    let stats = 0;
    const counted = procFolder(proc.folder);
    const made = new SessionLooks({
      proc: {
        ...counted,
        stat: (pid) => {
          stats += 1;
          return counted.stat(pid);
        },
      },
      isRoot: true,
      monotonicMs: () => 0,
      pause: async () => {},
      breathe: async () => {},
    });
    await made.look(() => true);
    assert.ok(stats > 300);
    stats = 0;
    await made.look(() => true);
    assert.ok(stats < 20, `${stats}`);
  });
});
