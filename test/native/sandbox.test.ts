// What happens in the sandbox stays there, whoever the account is, and nothing outlives the agent.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Ended, netstrings, ready, run, type Spec, start } from "./drive.ts";
import {
  type Account,
  as,
  type Build,
  groundOf,
  makeAccount,
  rootAccount,
  type Sandbox,
  shellSpec,
  skip,
} from "./ground.ts";

const sandboxes: readonly Sandbox[] = ["whole-root", "own-account"];
const stateOf = (path: string): unknown => {
  const { ino, uid, gid, mode, size, mtimeMs, ctimeMs } = statSync(path);
  return { ino, uid, gid, mode, size, mtimeMs, ctimeMs, text: readFileSync(path, "utf8") };
};
const words = (ended: Ended): string[] => ended.lines.map((line) => line.join(" "));
const told = (ended: Ended): string =>
  `${ended.stdout}\n${ended.stderr}\n${ended.complaint}\n${words(ended).join("\n")}`;

// What a sandbox mounts, should it ever show on the host; others may mount what they like meanwhile.
const ours = (): string[] =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => / - (overlay|proc|mqueue|devpts) | rcwarden /.test(line));

// The launcher where a tmpfs lies over a folder, in a mount namespace of its own.
const over = (
  build: Build,
  sandbox: Sandbox,
  account: Account,
  folder: string,
): { enter: string; before: string[] } => {
  const drop = `setpriv --reuid=${account.uid} --regid=${account.gid} --clear-groups`;
  const script = `mount -t tmpfs rcw-test '${folder}' && exec ${sandbox === "own-account" ? drop : ""} "$0"`;
  return {
    enter: build.enter,
    before: ["/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "unshare", "-m", "sh", "-c", script],
  };
};

describe("the sandbox", { skip }, () => {
  let account: Account;
  let root: Account;
  before(() => {
    account = makeAccount();
    root = rootAccount("root-home");
  });
  after(() => {
    account.remove();
    root.remove();
  });

  for (const sandbox of sandboxes)
    test(`what the account writes in ${sandbox} succeeds and is gone`, async () => {
      for (const build of groundOf().builds) {
        const mark = `rcw-mark-${process.pid}-${build.name}`;
        writeFileSync(join(account.home, "there"), "before\n");
        execFileSync("chown", [`${account.name}:${account.gid}`, join(account.home, "there")]);
        const places = [account.home, "/tmp", "/var/tmp", "/dev/shm"];
        const command = [
          ...places.map((place) => `echo x >${place}/${mark} && cat ${place}/${mark}`),
          "echo after >~/there; mkdir -p ~/a/b/c && touch ~/a/b/c/d && ls ~/a/b/c; rm ~/there; ls ~",
        ].join("\n");
        const ended = await run(as(build, sandbox, account), shellSpec(sandbox, account, command));
        assert.equal(ended.complaint, "");
        assert.equal(ended.stdout, "x\nx\nx\nx\nd\na\n".replace("a\n", `a\n${mark}\n`), told(ended));
        assert.equal(ended.stderr, "", told(ended));
        for (const place of places) assert.ok(!existsSync(join(place, mark)), place);
        assert.equal(readFileSync(join(account.home, "there"), "utf8"), "before\n");
        assert.deepEqual(readdirSync(account.home), ["there"]);
      }
    });

  test("what root writes is gone too", async () => {
    for (const build of groundOf().builds) {
      const mark = `rcw-mark-${process.pid}-${build.name}`;
      const places = ["/etc", "/usr/bin", "/var/lib", "/opt", "/root", "/run", "/", root.home];
      const ended = await run(
        { enter: build.enter },
        shellSpec("whole-root", root, places.map((place) => `echo x >${place}/${mark} && echo ok`).join("\n")),
      );
      assert.equal(ended.stdout, "ok\n".repeat(places.length), told(ended));
      assert.equal(ended.complaint, "");
      for (const place of places) assert.ok(!existsSync(join(place, mark)), place);
    }
  });

  test("root's own hostile startup file does nothing outside", async () => {
    const { calls, folder } = groundOf();
    const watched = [
      "/proc/sys/vm/swappiness",
      "/proc/sys/kernel/pid_max",
      "/proc/sys/kernel/core_pattern",
      "/proc/sys/vm/overcommit_memory",
    ];
    const host = (): unknown => ({
      sysctls: watched.map((path) => readFileSync(path, "utf8")),
      mounts: ours(),
      null: statSync("/dev/null").mode,
      queue: readFileSync("/sys/block/vda/queue/nr_requests", { encoding: "utf8", flag: "r" }),
      keyring: execFileSync("cat", ["/proc/keys"], { encoding: "utf8" }).includes("_ses"),
    });
    const keep = join(folder, "keep");
    writeFileSync(keep, "kept");
    const bystander = spawn("sleep", ["1000"], { stdio: "ignore" });
    const before = host();
    const command = [
      ...watched.map((path) => `echo 61 >${path} && echo WROTE ${path}`),
      "echo 61 >/sys/block/vda/queue/nr_requests && echo WROTE sysfs",
      "mkdir /sys/fs/cgroup/rcw && echo WROTE cgroup",
      "test -e /proc/sysrq-trigger && : >/proc/sysrq-trigger && echo WROTE sysrq",
      "mknod /tmp/disk b 254 0 && echo WROTE node; dd if=/tmp/disk of=/dev/null count=1 2>/dev/null && echo READ disk",
      "mknod /dev/disk b 254 0 && echo WROTE dev node",
      "ls /dev/vda /dev/mem /dev/kmsg 2>/dev/null && echo SAW",
      "mount -t tmpfs x /mnt && echo MOUNTED; umount /proc && echo UNMOUNTED",
      "mount -o remount,rw,bind /proc/sys && echo REMOUNTED",
      "unshare -Urm mount -o remount,rw,bind /proc/sys && echo REMOUNTED; unshare -Urm umount /proc/sys && echo UNMOUNTED",
      "unshare -Urpfm mount -t proc proc /proc && echo PROC",
      "unshare -Urnm mount -t sysfs sysfs /sys && echo SYS",
      `${calls} keyring; ${calls} capabilities`,
      "chmod 600 /dev/null; chown 1 /dev/zero; rm -f /dev/full",
      `rm -rf ${folder}; echo gone >/etc/passwd; rm -rf /home/* /etc/ssh`,
      "hostname rcw-changed && echo NAMED",
      "kill -9 1; kill -9 -1; echo still here",
    ].join("\n");
    for (const build of groundOf().builds) {
      const ended = await run({ enter: build.enter }, shellSpec("whole-root", root, command));
      assert.equal(ended.stdout, "keyctl Function not implemented\nPermission denied\nstill here\n", told(ended));
      assert.equal(ended.complaint, "");
      assert.deepEqual(words(ended).slice(-2), ["exit 0 0", "gone"]);
      assert.ok(
        words(ended).includes("note keyring 2") || words(ended).some((line) => /^note keyring \d+$/.test(line)),
      );
    }
    assert.deepEqual(host(), before);
    assert.equal(readFileSync(keep, "utf8"), "kept");
    assert.ok(existsSync(account.home));
    assert.equal(bystander.exitCode, null);
    bystander.kill("SIGKILL");
  });

  for (const sandbox of sandboxes)
    test(`under a shared / the mounts of ${sandbox} stay in it`, async () => {
      const table = join(account.home, "..", `${account.name}-table`);
      for (const build of groundOf().builds) {
        writeFileSync(table, "");
        chmodSync(table, 0o666);
        const drop =
          sandbox === "own-account" ? `setpriv --reuid=${account.uid} --regid=${account.gid} --clear-groups ` : "";
        const shared = `mount --make-rshared / && cat /proc/self/mountinfo >${table}; exec ${drop}"$0"`;
        const tables: string[] = [];
        const keep = (pid: number | undefined): void => {
          tables.push(readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
        };
        const ended = await run(
          {
            enter: build.enter,
            before: ["/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "unshare", "-m", "sh", "-c", shared],
            atGate: (_, launcher) => keep(launcher.child.pid),
            atEnd: (_, launcher) => keep(launcher.child.pid),
          },
          shellSpec(sandbox, account, "echo in"),
        );
        assert.equal(ended.stdout, "in\n", told(ended));
        const before = readFileSync(table, "utf8");
        assert.match(before, / \/ .* shared:/);
        assert.deepEqual(tables, [before, before]);
      }
      rmSync(table);
    });

  for (const sandbox of sandboxes)
    test(`files are placed in ${sandbox} before the shell starts`, async () => {
      for (const build of groundOf().builds) {
        writeFileSync(join(account.home, ".bashrc"), "echo outside\n");
        symlinkSync("/etc/passwd", join(account.home, ".profile"));
        const folder = `/tmp/rcw-placed-${process.pid}`;
        const place = (type: string, mode: string, path: string, content = ""): Spec[number] => [
          "place",
          Buffer.from(`${type} ${mode} ${path}\0${content}`),
        ];
        const more = [
          place("D", "711", folder),
          place("d", "700", `${folder}/mine`),
          place("f", "640", `${folder}/mine/file`, "content\0with zero\n"),
          place("P", "622", `${folder}/answers`),
          place("l", "777", `${folder}/link`, "/etc/hostname"),
          place("f", "644", `${account.home}/.bashrc`, "echo placed\n"),
          place("f", "600", `${account.home}/.profile`, "echo profile\n"),
        ];
        const command = [
          `cd ${folder}; stat -c '%n %F %a %u' . mine mine/file answers link; tr '\\0' 0 <mine/file; readlink link`,
          "cat ~/.bashrc ~/.profile; stat -c '%F' ~/.profile",
          `echo x >${folder}/new && echo WROTE`,
        ].join("\n");
        const ended = await run(as(build, sandbox, account), shellSpec(sandbox, account, command, more));
        const roots = sandbox === "whole-root" ? 0 : account.uid;
        const expected = [
          `. directory 711 ${roots}`,
          `mine directory 700 ${account.uid}`,
          `mine/file regular file 640 ${account.uid}`,
          `answers fifo 622 ${roots}`,
          `link symbolic link 777 ${account.uid}`,
          "content0with zero",
          "/etc/hostname",
          "echo placed",
          "echo profile",
          "regular file",
          ...(sandbox === "whole-root" ? [] : ["WROTE"]),
        ];
        assert.deepEqual(ended.stdout.trimEnd().split("\n"), expected, told(ended));
        assert.equal(ended.complaint, "");
        assert.equal(readFileSync(join(account.home, ".bashrc"), "utf8"), "echo outside\n");
        assert.equal(readlinkSync(join(account.home, ".profile")), "/etc/passwd");
        assert.ok(!existsSync(folder));
        rmSync(join(account.home, ".bashrc"));
        rmSync(join(account.home, ".profile"));
      }
    });

  for (const sandbox of sandboxes)
    test(`what a file holds is replaced in ${sandbox}, and not whose it is or who may read it`, async () => {
      const at = (name: string) => join(account.home, name);
      const stand = (name: string, uid: number, gid: number, mode: number) => {
        writeFileSync(at(name), "outside, and longer than what comes\n");
        chmodSync(at(name), mode);
        chownSync(at(name), uid, gid);
      };
      for (const build of groundOf().builds) {
        stand("mine", account.uid, account.gid, 0o600);
        stand("barred", account.uid, account.gid, 0o400);
        stand("theirs", 0, account.gid, 0o640);
        symlinkSync("/etc/passwd", at("link"));
        const names = ["mine", "barred", "theirs", "link", "fresh"];
        const more = names.map((name): Spec[number] => ["place", Buffer.from(`r 644 ${at(name)}\0new ${name}\n`)]);
        const command = `cd; cat ${names.join(" ")}; stat -c '%n %F %a %u' ${names.join(" ")}`;
        const before = names.slice(0, 3).map((name) => stateOf(at(name)));
        const ended = await run(as(build, sandbox, account), shellSpec(sandbox, account, command, more));
        const theirs = sandbox === "whole-root" ? "640 0" : `644 ${account.uid}`;
        const expected = [
          ...names.map((name) => `new ${name}`),
          `mine regular file 600 ${account.uid}`,
          `barred regular file 400 ${account.uid}`,
          `theirs regular file ${theirs}`,
          `link regular file 644 ${account.uid}`,
          `fresh regular file 644 ${account.uid}`,
        ];
        assert.deepEqual(ended.stdout.trimEnd().split("\n"), expected, told(ended));
        assert.equal(ended.complaint, "");
        assert.deepEqual(
          names.slice(0, 3).map((name) => stateOf(at(name))),
          before,
        );
        assert.equal(readlinkSync(at("link")), "/etc/passwd");
        assert.ok(!existsSync(at("fresh")));
        for (const name of names) rmSync(at(name), { force: true });
      }
    });

  test("nothing but what an overlay takes is replaced", async () => {
    for (const path of ["/proc/self/oom_score_adj", "/sys/kernel/profiling"]) {
      const spec = shellSpec("whole-root", account, ":", [["place", Buffer.from(`r 644 ${path}\x000\n`)]]);
      const ended = await run({ enter: groundOf().plain.enter }, spec);
      assert.match(words(ended).at(-1) ?? "", new RegExp(`^fail place .* ${path}$`), told(ended));
    }
  });

  for (const sandbox of sandboxes)
    test(`sockets and FIFOs of the host are out of reach in ${sandbox}`, async () => {
      // below a mount point no overlay can lie for an ordinary account: there each is covered by itself
      const busy = `/srv/${account.name}`;
      mkdirSync(join(busy, "mounted"), { recursive: true });
      const places = [account.home, busy];
      const servers = places.map((place) =>
        createServer((socket) => socket.end("reached")).listen(join(place, "socket")),
      );
      try {
        await Promise.all(servers.map((server) => once(server, "listening")));
        for (const place of places) {
          chmodSync(join(place, "socket"), 0o777);
          execFileSync("mkfifo", ["-m", "666", join(place, "fifo")]);
        }
        const connect = `perl -MSocket -e 'socket($s, AF_UNIX, SOCK_STREAM, 0); connect($s, sockaddr_un($ARGV[0])) ? print "REACHED" : print "$!\\n"'`;
        const write = `perl -MFcntl -e 'print sysopen($f, $ARGV[0], O_WRONLY | O_NONBLOCK) ? "OPEN\\n" : "no\\n"'`;
        const command = places.map((place) => `${connect} ${place}/socket; ${write} ${place}/fifo`).join("\n");
        const readers = places.map((place) => openSync(join(place, "fifo"), constants.O_RDONLY | constants.O_NONBLOCK));
        const ended = await run(
          over(groundOf().plain, sandbox, account, join(busy, "mounted")),
          shellSpec(sandbox, account, command),
        );
        for (const reader of readers) closeSync(reader);
        assert.equal(ended.stdout, "Connection refused\nno\nConnection refused\nno\n", told(ended));
      } finally {
        for (const server of servers) server.close();
        rmSync(busy, { recursive: true });
        rmSync(join(account.home, "fifo"), { force: true });
      }
    });

  test("a file that cannot be placed is a failure with its reason", async () => {
    const cases: [string, string][] = [
      ["f 600 /no/such/file\0", "No such file or directory /no/such/file"],
      ["d 700 /etc\0", "File exists /etc"],
      ["f 600 /etc\0", "Is a directory /etc"],
      ["f 600 /etc/..\0", "bad-name /etc/.."],
    ];
    for (const [value, reason] of cases) {
      const spec = shellSpec("whole-root", account, ":", [["place", Buffer.from(value)]]);
      const ended = await run({ enter: groundOf().plain.enter }, spec);
      assert.equal(words(ended).at(-1), `fail place ${reason}`);
      assert.equal(ended.status, 125);
    }
  });

  test("all writes together have one ceiling", async () => {
    for (const sandbox of sandboxes) {
      const command =
        "dd if=/dev/zero of=$HOME/a bs=1M count=3 status=none; dd if=/dev/zero of=/tmp/b bs=1M count=3 status=none";
      const spec = shellSpec(sandbox, account, command, [["size", String(4 << 20)]]);
      const ended = await run(as(groundOf().plain, sandbox, account), spec);
      assert.match(ended.stderr, /^dd: error writing '\/tmp\/b': No space left on device\n$/);
    }
  });

  test("a mount of a tmpfs below /tmp makes own-account say that /tmp is an empty one", async () => {
    const below = join(groundOf().folder, `mounted-${process.pid}`);
    mkdirSync(below);
    try {
      const spec = shellSpec("own-account", account, "ls -A /tmp; echo x >/tmp/x && stat -c %a /tmp");
      const ended = await run(over(groundOf().plain, "own-account", account, below), spec);
      assert.ok(words(ended).includes("warn tmp-replaced /tmp"), told(ended));
      assert.equal(ended.stdout, "1777\n");
      const whole = await run(
        over(groundOf().plain, "whole-root", account, below),
        shellSpec("whole-root", account, `echo x >${below}/x; ls ${below}`),
      );
      assert.equal(whole.stdout, "x\n", told(whole));
      assert.deepEqual(readdirSync(below), []);
    } finally {
      rmdirSync(below);
    }
  });

  describe("a mount that never answers", { skip: existsSync("/dev/fuse") ? false : "needs /dev/fuse" }, () => {
    let dead = "";
    before(() => {
      dead = join(groundOf().folder, "no answer");
      mkdirSync(dead);
    });
    after(() => rmdirSync(dead));
    const prefix = (...words: string[]): string[] => [groundOf().deadMount, dead, ...words];

    test("stops no probe that does not need it, and is shown read-only", async () => {
      for (const build of groundOf().builds) {
        const command = `grep -c ' fuse ' /proc/mounts; grep ' fuse ' /proc/mounts | grep -c ' ro,'`;
        const ended = await run({ enter: build.enter, before: prefix() }, shellSpec("whole-root", account, command));
        assert.equal(ended.stdout, "1\n1\n", told(ended));
        assert.ok(words(ended).includes(`mount ${dead}`), told(ended));
        assert.equal(ended.complaint, "");
      }
    });

    test("stops no probe of an ordinary account", async () => {
      const drop = ["/usr/bin/setpriv", `--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
      const ended = await run(
        { enter: groundOf().plain.enter, before: prefix(...drop) },
        shellSpec("own-account", account, "echo in"),
      );
      assert.equal(ended.stdout, "in\n", told(ended));
    });

    test("is not there where it is to be left", async () => {
      const spec = shellSpec("whole-root", account, "grep -c ' fuse ' /proc/mounts; ls -A $DEAD", [
        ["leave", dead],
        ["env", `DEAD=${dead.replace(" ", "?")}`],
      ]);
      const ended = await run({ enter: groundOf().plain.enter, before: prefix() }, spec);
      assert.equal(ended.stdout, "0\n", told(ended));
      assert.ok(!words(ended).some((line) => line.startsWith("mount ")));
    });

    test("is named before it is touched when the home is on it, and left out the home fails", async () => {
      for (const home of [dead, `${dead}/x`]) {
        const there: Account = { ...account, home };
        const launcher = start(
          { enter: groundOf().plain.enter, before: prefix() },
          netstrings(shellSpec("whole-root", there, ":")),
        );
        assert.deepEqual(await launcher.until("mount", "fail"), ["mount", dead]);
        launcher.child.kill("SIGKILL");
        await launcher.over;
        const left = await run(
          { enter: groundOf().plain.enter, before: prefix() },
          shellSpec("whole-root", there, ":", [["leave", dead]]),
        );
        assert.equal(words(left).at(-1), `fail home on-a-mount-left-out ${home}`);
        assert.equal(left.status, 125);
      }
    });

    test("does not stop pid 1 when something on it is to be executed", async () => {
      const command = `(exec "${dead}/program") & echo on`;
      const ended = await run(
        { enter: groundOf().plain.enter, before: prefix() },
        shellSpec("whole-root", account, command),
      );
      assert.match(ended.stdout, /^on\n/);
      assert.ok(words(ended).includes("exit 0 0"), told(ended));
    });
  });

  for (const sandbox of sandboxes)
    test(`${sandbox} is as safe on a kernel before 5.2`, async () => {
      const { builds, obstacle } = groundOf();
      const drop = ["/usr/bin/setpriv", `--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
      const mark = `rcw-mark-${process.pid}`;
      const command = [
        `for place in ~ /tmp /var/tmp /dev/shm; do echo x >$place/${mark} && echo ok; done`,
        "touch /etc/x 2>/dev/null && echo WROTE; echo 61 2>/dev/null >/proc/sys/vm/swappiness && echo WROTE",
        // every mount that is not covered by the sandbox's own is an overlay or read-only
        "grep -v -E '^(overlay|proc|dev|devpts|mqueue) | /dev' /proc/mounts | grep -v -E ' ro(,| )'",
        "grep ' /sys' /proc/mounts | grep -v ' ro,'; (cd /proc/$$/fd && echo open *)",
      ].join("\n");
      for (const build of builds) {
        const before = [obstacle, "old-kernel", ...(sandbox === "own-account" ? drop : [])];
        const ended = await run({ enter: build.enter, before }, shellSpec(sandbox, account, command));
        assert.equal(ended.stdout, "ok\nok\nok\nok\nopen 0 1 2\n", told(ended));
        assert.equal(ended.complaint, "");
        for (const place of [account.home, "/tmp", "/var/tmp", "/dev/shm"]) assert.ok(!existsSync(join(place, mark)));
      }
    });

  // Who still has this account's uid or runs this launcher.
  const remaining = (enter: string, uid: number): string[] =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          const status = readFileSync(`/proc/${pid}/status`, "utf8");
          if (/^State:\tZ/m.test(status)) return false; // dead, and only its parent is late to ask
          if (status.includes(`\nUid:\t${uid}\t`)) return true;
          return readlinkSync(`/proc/${pid}/exe`) === enter;
        } catch {
          return false;
        }
      });

  for (const sandbox of sandboxes)
    test(`nothing of ${sandbox} outlives an agent that is killed at any moment`, async () => {
      const { enter } = groundOf().plain;
      const spec = shellSpec(sandbox, account, "sleep 1000 & (setsid sleep 1000 &) ; : | :").filter(
        ([key]) => key !== "parent",
      );
      const mounts = ours();
      for (let round = 0; round < 20; round++) {
        const agent = spawn(process.execPath, [join(import.meta.dirname, "agent.ts"), enter, JSON.stringify(spec)], {
          stdio: "ignore",
          ...(sandbox === "own-account" ? { uid: account.uid, gid: account.gid } : {}),
        });
        const ended = new Promise((done) => agent.on("close", done));
        const started = Date.now();
        // at first its own start takes a while: from then on a moment by chance
        while (remaining(enter, account.uid).filter((pid) => pid !== String(agent.pid)).length === 0) {
          assert.ok(Date.now() - started < 30_000, "the agent never started a launcher");
          await new Promise((done) => setImmediate(done));
        }
        await new Promise((done) => setTimeout(done, Math.random() * 40));
        agent.kill("SIGKILL");
        await ended;
        const killed = Date.now();
        for (let left = remaining(enter, account.uid); left.length > 0; left = remaining(enter, account.uid)) {
          assert.ok(Date.now() - killed < 20_000, `round ${round}: ${left.join()} outlived the agent`);
          await new Promise((done) => setImmediate(done));
        }
      }
      assert.deepEqual(ours(), mounts);
    });

  test("nothing outlives a launcher that is killed", async () => {
    for (const build of groundOf().builds) {
      const launcher = start({ enter: build.enter }, netstrings(shellSpec("whole-root", account, "sleep 1000")));
      const { init } = await ready(launcher);
      launcher.child.kill("SIGKILL");
      await launcher.over;
      const killed = Date.now();
      while (existsSync(`/proc/${init}`) && !/^State:\tZ/m.test(statusOf(init)))
        assert.ok(Date.now() - killed < 20_000, "pid 1 of the sandbox outlived it");
    }
  });

  function statusOf(pid: number): string {
    try {
      return readFileSync(`/proc/${pid}/status`, "utf8");
    } catch {
      return "State:\tZ";
    }
  }
});
