import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { makeAccount } from "../support/accounts.ts";
import { dist, rcwarden } from "../support/rcwarden.ts";

const hostile = `
touch ~/rcw-marker /tmp/rcw-marker-$$ /var/tmp/rcw-marker-$$ /dev/shm/rcw-marker-$$ /rcw-marker /etc/rcw-marker /run/rcw-marker 2>/dev/null
echo planted >>~/.profile
mkdir -p ~/rcw-folder; chmod 777 ~ 2>/dev/null
keyctl add user rcw-marker secret @u >/dev/null 2>&1; keyctl clear @u >/dev/null 2>&1
echo 42 >/proc/sys/vm/swappiness 2>/dev/null; sysctl -w vm.swappiness=42 >/dev/null 2>&1
mkdir /sys/fs/cgroup/pids/rcw-marker /sys/fs/cgroup/unified/rcw-marker 2>/dev/null
mount -t tmpfs none /mnt 2>/dev/null; mount --bind / /mnt 2>/dev/null
mknod /tmp/rcw-disk b $(stat -c '0x%t 0x%T' /dev/vda /dev/sda /dev/nvme0n1 2>/dev/null | head -1) 2>/dev/null; [ -b /tmp/rcw-disk ] && { : <>/tmp/rcw-disk; } 2>/dev/null && echo A-DISK-WAS-OPENED
hostname rcw-marker 2>/dev/null
kill -9 -1 2>/dev/null; kill -9 1 2>/dev/null
chmod 000 /dev/null 2>/dev/null; rm -f /dev/null /dev/zero 2>/dev/null
setsid sh -c 'sleep 300' >/dev/null 2>&1 &
`;

/** Names, kinds, sizes, times, owners and modes below a folder; nothing is followed. */
function tree(folder: string, depth: number): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    try {
      const { ino, size, mtimeMs, mode, uid } = lstatSync(path);
      const row = `${path} ${ino} ${entry.isDirectory() ? "" : size} ${entry.isDirectory() ? "" : mtimeMs} ${mode} ${uid}`;
      return entry.isDirectory() && depth > 0 ? [row, ...tree(path, depth - 1)] : [row];
    } catch {
      return [];
    }
  });
}

/** Of this user alone, for others come and go; of root, who always has some, what its own keyring holds. */
function keysOf(uid: number): string | undefined {
  const [file, row] =
    uid === 0 ? ["/proc/keys", /_uid\.0: .*$/m] : ["/proc/key-users", new RegExp(`^ *${uid}:.*$`, "m")];
  return readFileSync(file, "utf8").match(row)?.[0];
}

/** What a probe must leave as it is. Places where the test machine itself writes all the time are looked at by marker. */
function snapshot(home: string): Record<string, unknown> {
  const read = (path: string) => readFileSync(path, "utf8");
  const cgroups = execFileSync("find", ["/sys/fs/cgroup", "-maxdepth", "4", "-type", "d"], { encoding: "utf8" });
  const markers = ["/tmp", "/var/tmp", "/dev/shm", "/", "/etc", "/run", "/mnt", "/media", "/srv", "/opt", "/boot"];
  return {
    home: tree(home, 4),
    markers: markers.flatMap((folder) =>
      readdirSync(folder).filter((name) => /^\.?rcw-(marker|disk|folder)|^\.rcwarden/.test(name)),
    ),
    mounts: read("/proc/self/mountinfo"),
    sysctls: ["vm/swappiness", "kernel/pid_max", "kernel/hostname", "kernel/threads-max"].map((name) =>
      read(`/proc/sys/${name}`),
    ),
    cgroups,
    devices: ["null", "zero", "full", "random", "tty"].map((name) => `${name} ${lstatSync(`/dev/${name}`).mode}`),
    keys: keysOf(lstatSync(home).uid),
  };
}

test("hostile startup files of a user leave the host as it was", async () => {
  await using account = await makeAccount({ shell: "/bin/bash", files: { ".bashrc": hostile } });
  const before = snapshot(account.home);
  const end = await rcwarden([
    "check",
    "--account",
    account.name,
    "--mode",
    "ssh-command",
    "--mode",
    "ssh-command-pty",
    "--json",
  ]);
  assert.ok(end.status === 1 || end.status === 3, end.stderr);
  assert.deepEqual(snapshot(account.home), before);
});

for (const propagation of ["--make-rprivate", "--make-rshared"]) {
  test(`root's own hostile startup files leave the host as it was, under mount ${propagation} /`, async () => {
    // Another name for uid 0, with a home of its own: nobody's real files are touched, should this fail.
    const home = mkdtempSync(`${tmpdir()}/rcw-root-`);
    const name = `rcw${process.pid}root${propagation === "--make-rshared" ? "s" : "p"}`;
    execFileSync("useradd", ["-o", "-u", "0", "-g", "0", "-M", "-d", home, "-s", "/bin/bash", name]);
    try {
      execFileSync("sh", ["-c", `cat >${home}/.bashrc`], { input: hostile });
      const before = snapshot(home);
      // A mount namespace of the test's own, with the propagation that a systemd host has.
      const script = `mount ${propagation} / && cat /proc/self/mountinfo | sed 's/^[0-9]* [0-9]* //' >"$2" && "$1" check --account ${name} --json >"$4"; s=$?; cat /proc/self/mountinfo | sed 's/^[0-9]* [0-9]* //' >"$3"; exit $s`;
      const files = ["before", "after", "report"].map((file) => `${home}.${file}`);
      const ran = spawn(
        "unshare",
        ["-m", "--propagation", "unchanged", "sh", "-c", script, "sh", `${dist}/rcwarden`, ...files],
        {
          stdio: "ignore",
        },
      );
      const [status] = await once(ran, "close");
      const [first, last, report] = files.map((file) => readFileSync(file, "utf8"));
      for (const file of files) rmSync(file);
      assert.ok(status === 1 || status === 3, `${status} ${report}`);
      assert.doesNotMatch(String(report), /A-DISK-WAS-OPENED/);
      assert.equal(last, first);
      assert.deepEqual(snapshot(home), before);
    } finally {
      execFileSync("userdel", ["-f", name], { stdio: "ignore" });
      rmSync(home, { recursive: true, force: true });
    }
  });
}

interface Running {
  readonly parent: number;
  readonly uid: number;
  readonly command: string;
  readonly isZombie: boolean;
}

function running(pid: number): Running | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const number = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return { parent: number("PPid"), uid: number("Uid"), command, isZombie: /^State:\tZ/m.test(status) };
  } catch {
    return null;
  }
}

/** Processes of the account, and launchers that no living program owns: other tests run theirs at the same time. */
function leftovers(uid: number): string[] {
  const isLauncher = (process: Running | null) => process?.command.startsWith(`${dist}/enter`) ?? false;
  const isOwned = (process: Running): boolean => {
    const parent = running(process.parent);
    if (parent === null || process.parent <= 1) return false;
    return isLauncher(parent) ? isOwned(parent) : parent.command.includes("node");
  };
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      const process = running(Number(pid));
      if (process === null || process.isZombie) return [];
      const isOurs = process.uid === uid || (isLauncher(process) && !isOwned(process));
      return isOurs ? [`${pid} ${process.command}`] : [];
    });
}

test("killed at random moments of 50 probes, it leaves no process, mount or folder", async () => {
  await using account = await makeAccount({
    shell: "/bin/bash",
    files: { ".bashrc": "sleep 300 & setsid -f sleep 301\n" },
  });
  const before = snapshot(account.home);
  for (let round = 0; round < 50; round++) {
    const child = spawn(`${dist}/rcwarden`, ["check", "--account", account.name], { stdio: "ignore" });
    // The moment is what is being drawn: anywhere from before the first sandbox to the midst of a run.
    await pause(60 + Math.random() * 240);
    child.kill("SIGKILL");
    await once(child, "close");
    const until = performance.now() + 5000;
    while (leftovers(account.uid).length > 0 && performance.now() < until) await pause(5);
    assert.deepEqual(leftovers(account.uid), [], `round ${round}`);
  }
  assert.deepEqual(snapshot(account.home), before);
});
