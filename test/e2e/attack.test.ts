// What an account can do to a check by root that looks at it, tried for real: it may spoil its own answer and nothing else.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { makeAccount } from "../support/accounts.ts";
import { check, dist, rcwarden } from "../support/rcwarden.ts";

const native = join(import.meta.dirname, "../native");

/** Looks for everything of its own uid that a check started, and does to it what one of the account's processes can. */
const meddler = `
import os, sys, time
own = os.readlink('/proc/self/ns/pid')
def meddle(pid):
    root = '/proc/%s' % pid
    inside = os.readlink(root + '/ns/pid') != own
    if not inside and 'max-old-space' not in open(root + '/cmdline').read(): return
    if sys.argv[1] == 'stop': os.kill(int(pid), 19)
    elif sys.argv[1] == 'kill': os.kill(int(pid), 9)
    elif inside:
        os.write(os.open(root + '/fd/0', os.O_WRONLY | os.O_NONBLOCK), b'y\\n' * 100)
        for name in os.listdir(root + '/root/tmp'):
            below = '%s/root/tmp/%s/c' % (root, name)
            for thing in os.listdir(below):
                os.rename(below + '/' + thing, below + '/old')
                os.symlink('/etc/shadow', below + '/' + thing)
            os.mkfifo(below + '/mark')
print('ready', flush=True)
while True:
    for pid in os.listdir('/proc'):
        try:
            if pid.isdigit() and int(pid) != os.getpid() and os.stat('/proc/' + pid).st_uid == os.getuid(): meddle(pid)
        except (OSError, ValueError): pass
`;

describe("under attack", () => {
  let folder = "";
  let deadMount = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "rcw-attack-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    deadMount = join(folder, "dead-mount");
    execFileSync("cc", ["-O1", "-w", join(native, "dead-mount.c"), "-o", deadMount]);
  });

  test("a home on a file server that does not answer makes the answer unknown, in time", async () => {
    await using account = await makeAccount({ home: "empty" });
    // Its server's end must not be among the first descriptors, which it closes.
    const words = ["sh", "-c", 'exec "$@" 3</dev/null', "sh", deadMount, account.home];
    const began = performance.now();
    const end = await rcwarden(["check", "--account", account.name, "--mode", "ssh-command", "--json"], words);
    assert.equal(end.status, 3, end.stderr);
    const report = JSON.parse(end.stdout);
    assert.equal(report.summary.pass, 0);
    assert.match(JSON.stringify(report), /on-a-mount-left-out/);
    assert.ok(performance.now() - began < 30_000);
  });

  test("background jobs with megabytes of arguments cost neither memory nor the report", async () => {
    await using account = await makeAccount({
      home: "empty",
      files: {
        ".bashrc": `A=$(head -c 100000 /dev/zero | tr '\\0' A)
for i in {1..40}; do sh -c 'sleep 300 & wait' $A $A $A $A $A $A $A $A $A $A $A $A $A $A $A & done`,
      },
    });
    const { status, stdout, peakRssKiB } = await check(account.name, "ssh-command", ["--within", "5s"]);
    assert.ok(status === 1 || status === 3);
    assert.ok(stdout.length < 4 << 20, `${stdout.length} bytes of report`);
    assert.ok(peakRssKiB < 400 * 1024, `${peakRssKiB} KiB`);
  });

  test("memory that no process has mapped is a ceiling like any other", async () => {
    const fill = "import os; f = os.memfd_create('x'); b = bytes(1 << 20)\nwhile os.write(f, b): pass";
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": `python3 -c "${fill}"` } });
    const { report, status } = await check(account.name);
    assert.equal(status, 3);
    assert.match(JSON.stringify(report), /took more memory than a probe may/);
  });

  test("descriptors, libraries and folders of who calls reach no child", async () => {
    await using account = await makeAccount({ home: "empty" });
    const evil = join(folder, "evil.so");
    execFileSync("cc", ["-shared", "-x", "c", "-o", evil, "-"], {
      input:
        '#include <unistd.h>\n__attribute__((constructor)) static void loaded(void) { if (write(2, "LOADED", 6)) {} }',
    });
    const settings = `openssl_conf = a\nnodejs_conf = a\n[a]\nproviders = b\n[b]\nc = d\n[d]\nmodule = ${evil}\nactivate = 1\n`;
    execFileSync("sh", ["-c", `cat >${folder}/openssl.cnf`], { input: settings });
    symlinkSync(`${dist}/rcwarden`, join(folder, "rcwarden"));
    execFileSync("sh", [
      "-c",
      `printf '#!/bin/sh\\necho FOUND-BY-PATH >&2\\n' >${folder}/readlink; chmod 755 ${folder}/readlink`,
    ]);
    const script = `mkdir ${folder}/gone; cd ${folder}/gone; rmdir ${folder}/gone; umask 777; ulimit -c unlimited
exec bash -c 'exec 200</etc/shadow "$0" check --account ${account.name} --mode ssh-command' ${folder}/rcwarden <&-`;
    const child = spawn("sh", ["-c", script], {
      env: {
        PATH: `${folder}:/usr/bin:/bin`,
        OPENSSL_CONF: `${folder}/openssl.cnf`,
        NODE_OPTIONS: `--require ${folder}/absent.js`,
        HOME: account.home,
        SUDO_UID: "x",
        LC_ALL: "tr_TR.UTF-8",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (some: Buffer) => {
        said += some.toString();
      });
    }
    const [status] = await once(child, "close");
    assert.equal(status, 0, said);
    assert.doesNotMatch(said, /LOADED|FOUND-BY-PATH/);
  });

  for (const mode of ["stop", "kill", "swap"]) {
    test(`a process of the account that can ${mode} spoils its own answer, in time, and leaves nothing`, async () => {
      await using account = await makeAccount({ home: "empty", files: { ".bashrc": "sleep 0.2\n" } });
      const identity = ["--reuid", String(account.uid), "--regid", String(account.gid), "--clear-groups", "--"];
      const child = spawn("setpriv", [...identity, "/usr/bin/python3", "-c", meddler, mode], {
        stdio: ["ignore", "pipe", "ignore"],
      });
      try {
        await once(child.stdout, "data");
        const { status, report } = await check(account.name, "ssh-command", ["--within", "4s"]);
        assert.ok(status === 0 || status === 1 || status === 3, `${status}`);
        assert.equal(report.accounts.length, 1);
        assert.doesNotMatch(JSON.stringify(report), /root:[*!$]/);
        const left = execFileSync("sh", ["-c", `ps -o pid= -u ${account.uid} | grep -v -w ${child.pid} || true`]);
        assert.equal(left.toString().trim(), "");
      } finally {
        child.kill("SIGKILL");
        await once(child, "close");
      }
    });
  }
});
