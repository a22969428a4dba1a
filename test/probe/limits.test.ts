import assert from "node:assert/strict";
import { test } from "node:test";
import { gapsOfLimits } from "../../agent/probe/limits.ts";
import type { Limited } from "../../agent/probe/witness.ts";
import { personalityOf } from "../../agent/shells/index.ts";
import { read } from "../../agent/startup/index.ts";

const bash = personalityOf({ path: "/bin/bash", resolved: "/usr/bin/bash" });
assert.ok(bash !== null);
const shell = bash;

function gapsFor(bashrc: string, ...limited: Limited[]) {
  const reading = read(
    shell,
    "ssh-command",
    { home: "/home/a", uid: 1000 },
    {},
    {
      look: (path) => (path === "/home/a/.bashrc" ? { state: "text", text: bashrc, digest: "" } : { state: "absent" }),
      list: () => [],
      ask: () => true,
      target: () => null,
      identity: () => "",
    },
  );
  return gapsOfLimits(limited, reading, "GUARD").map(({ message, change }) => [message, change]);
}

const sockets = ["IPv6 socket", "IPv4 socket", "inet:192.0.2.53:53", "inet:192.0.2.54:53"].map(
  (detail): Limited => ({ what: "network", detail }),
);

test("one gap a kind, with the line that can only be meant, and what to do", () => {
  assert.deepEqual(gapsFor("umask 022\nmotd=$(/usr/bin/curl -s http://x/motd)\n", ...sockets), [
    [
      "/home/a/.bashrc:2 wants the network (IPv6 socket, IPv4 socket, inet:192.0.2.53:53, 1 more), which the sandbox has not",
      "put line 2 behind a guard for people (GUARD), or delete it: then engines never come to it",
    ],
  ]);
});

test("two lines that could be meant are no line", () => {
  const [[message] = []] = gapsFor("curl -s http://x/\nwget -q http://x/\n", ...sockets.slice(0, 1));
  assert.equal(message, "a startup file wants the network (IPv6 socket), which the sandbox has not");
});

test("a word that only contains a program's name is not it, nor is a line that engines do not come to", () => {
  const text = 'export SUDO_HINT="pseudo sudoers"\n[ -n "$PS1" ] && sudo -v\n';
  const [[message] = []] = gapsFor(text, { what: "set-id", detail: "/usr/bin/sudo" });
  assert.equal(message, "a startup file runs /usr/bin/sudo, which needs rights that the sandbox takes away");
});

test("each kind of wish has a gap of its own", () => {
  const gaps = gapsFor(
    "sudo -v\nflock /tmp/l true\n",
    { what: "set-id", detail: "/usr/bin/sudo" },
    { what: "lock", detail: "/tmp/l" },
  );
  assert.deepEqual(
    gaps.map(([message]) => message?.split(" ")[0]),
    ["/home/a/.bashrc:1", "/home/a/.bashrc:2"],
  );
});

test("a line that only looks whether a program is there is not the line that starts it", () => {
  const [[message] = []] = gapsFor(
    "if [ -x /usr/bin/curl ]; then\n  motd=$(curl -s http://x/)\nfi\n",
    ...sockets.slice(0, 1),
  );
  assert.match(message ?? "", /^\/home\/a\/\.bashrc:2 wants the network/);
});
