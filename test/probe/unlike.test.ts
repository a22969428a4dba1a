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
