import assert from "node:assert/strict";
import { test } from "node:test";
import { gapsOfQuestions } from "../../agent/probe/unlike.ts";
import { reading } from "../startup/homes.ts";

const gaps = (text: string) =>
  gapsOfQuestions(reading("bash", "ssh-command", { ".bashrc": text })).map(({ message }) => message);

test("a startup file that asks about its parent, other processes or the room left is a gap, with its line", () => {
  assert.match(String(gaps("case $(cat /proc/$PPID/comm) in sshd) ;; *) echo hi;; esac")), /\.bashrc:1 .*parent/);
  assert.match(String(gaps("\npgrep -x sshd >/dev/null || echo hi")), /\.bashrc:2 .*processes/);
  assert.match(String(gaps('[ "$(df --output=avail /tmp | tail -1)" -gt 9 ] || echo full')), /room/);
});

test("what is only printed, what is not reached and what merely has such a name is none", () => {
  assert.deepEqual(gaps("ps aux\ndf -h"), []);
  assert.deepEqual(gaps("return\npgrep x || echo hi"), []);
  assert.deepEqual(gaps("f() { pgrep x; }\nalias p=ps\nPS1='$ '\necho ps"), []);
});
