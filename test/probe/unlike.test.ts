import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { gapsOfQuestions, gapsOfSshRc } from "../../agent/probe/unlike.ts";
import { inHome } from "../shells/real.ts";
import { reading } from "../startup/homes.ts";
import { account } from "../support/facts.ts";

const gaps = (text: string) =>
  gapsOfQuestions(reading("bash", "ssh-command", { ".bashrc": text })).map(({ message }) => message);

test("a startup file that asks about its parent, other processes or the room left is a gap, with its line", () => {
  assert.match(String(gaps("case $(cat /proc/$PPID/comm) in sshd) ;; *) echo hi;; esac")), /\.bashrc:1 .*parent/);
  assert.match(String(gaps("\npgrep -x sshd >/dev/null || echo hi")), /\.bashrc:2 .*processes/);
  assert.match(String(gaps("export DISPLAY=$(who am i | awk '{print $6}'):0")), /logged in/);
  assert.match(String(gaps('[ "$(df --output=avail /tmp | tail -1)" -gt 9 ] || echo full')), /room/);
});

test("a test that only the sandbox answers so is a gap, whichever way it is written", () => {
  for (const text of [
    "[ $PPID -gt 1 ] || echo one",
    "test $PPID -gt 1 && echo x",
    "[[ $PPID != 1 ]]",
    "(( PPID > 1 )) && a",
  ])
    assert.match(String(gaps(text)), /\.bashrc:1 .*parent/, text);
  assert.match(String(gaps("[ -e /dev/kvm ] && echo kvm")), /\.bashrc:1 .*device/);
  assert.match(String(gaps("grep -q 'NoNewPrivs:.1' /proc/self/status && echo x")), /\.bashrc:1 .*confined/);
});

test("a test that the sandbox answers as a session does is none", () => {
  for (const text of [
    "[ -e /dev/null ] && a=1",
    "[ -t 0 ] 2>/dev/null",
    "[ -w /dev/tty ] || true",
    "test -d /dev/shm",
    "[ -c /dev/pts/0 ]",
  ])
    assert.deepEqual(gaps(text), [], text);
});

test("what is only printed, what is not reached and what merely has such a name is none", () => {
  assert.deepEqual(gaps("ps aux\ndf -h"), []);
  assert.deepEqual(gaps("return\npgrep x || echo hi"), []);
  assert.deepEqual(gaps("f() { pgrep x; }\nalias p=ps\nPS1='$ '\necho ps"), []);
});

test("what sshd itself runs before the command is a gap of the modes that it opens", () =>
  inHome({}, async (home) => {
    const none = await gapsOfSshRc({ ...account, home }, "ssh-command");
    assert.ok(!none.some(({ message }) => message.includes(home)));
    mkdirSync(`${home}/.ssh`);
    writeFileSync(`${home}/.ssh/rc`, "echo hello\n");
    const [gap] = await gapsOfSshRc({ ...account, home }, "ssh-command");
    assert.deepEqual([gap?.code, gap?.message.includes(`${home}/.ssh/rc`)], ["probe-limited", true]);
    assert.deepEqual(await gapsOfSshRc({ ...account, home }, "cron"), []);
  }));
