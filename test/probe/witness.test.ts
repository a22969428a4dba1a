import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { timers } from "../../agent/probe/timers.ts";
import { lookAt, type Outside, silentMounts, witness } from "../../agent/probe/witness.ts";

const thing = { ino: 7, dev: 0xfd01, isSocket: () => false, isSymbolicLink: () => false };
const host: Outside = {
  lstat(path) {
    if (path.startsWith("/net/")) return "unknown";
    if (path === "/run/docker.sock") return { ...thing, isSocket: () => true };
    if (path === "/run/plain" || path === "/home/a/lk") return thing;
    return null;
  },
  abstractSockets: () => new Set(["/tmp/.X11-unix/X0"]),
  locks: () => [],
};

function limits(note: string, outside: Outside = host): string[] {
  const seen = witness(outside);
  seen.note(note.split(" "));
  return seen.limited().map(({ what, detail }) => `${what} ${detail}`);
}

test("a socket counts only if it is there outside and is no name service's", () => {
  assert.deepEqual(limits("connect 3 unix:/run/docker.sock"), ["socket /run/docker.sock"]);
  assert.deepEqual(limits("connect 3 unix:/var/run/nscd/socket"), []);
  assert.deepEqual(limits("connect 3 unix:/run/systemd/userdb/io.systemd.DynamicUser"), []);
  assert.deepEqual(limits("connect 3 unix:/tmp/ssh-made/agent.4"), []);
  assert.deepEqual(limits("connect 3 unix:/run/plain"), []);
  assert.deepEqual(limits("connect 3 unix:/net/x/sock"), ["socket /net/x/sock"]);
  assert.deepEqual(limits("connect 3 unix:@/tmp/.X11-unix/X0"), ["socket @/tmp/.X11-unix/X0"]);
  assert.deepEqual(limits("connect 3 unix:@absent"), []);
});

test("the network counts", () => {
  assert.deepEqual(limits("connect 3 inet:192.0.2.9:80"), ["network inet:192.0.2.9:80"]);
  assert.deepEqual(limits("socket 3 16"), ["network netlink socket"]);
  assert.deepEqual(limits("connect 3 family:16"), ["network netlink socket"]);
});

test("a lock counts only if somebody outside holds one on that file", () => {
  const held = (device: string, inode: string): Outside => ({ ...host, locks: () => [{ pid: 1, device, inode }] });
  assert.deepEqual(limits("lock 3 flock /home/a/lk 0:40 7"), []);
  assert.deepEqual(limits("lock 3 flock /home/a/lk 0:40 7", held("253:1", "7")), ["lock /home/a/lk"]);
  assert.deepEqual(limits("lock 3 flock /home/a/lk 0:40 7", held("253:1", "8")), []);
  assert.deepEqual(limits("lock 3 flock /home/a/lk 0:40 7", held("253:2", "7")), []);
  assert.deepEqual(limits("lock 3 flock /home/a/inside 0:40 7", held("253:1", "7")), []);
});

test("a set-id program counts, less those whose outcome does not hang on it", () => {
  assert.deepEqual(limits("set-id 3 /usr/bin/sudo"), ["set-id /usr/bin/sudo"]);
  assert.deepEqual(limits("set-id 3 /usr/bin/ssh-agent"), []);
});

test("what is repeated is said once, and a kind at most twenty times", () => {
  const seen = witness(host);
  for (let port = 0; port < 1000; port++) seen.note(["connect", "3", `inet:192.0.2.9:${port % 100}`]);
  assert.equal(seen.limited().length, 20);
});

test("mounts that may not answer are found by type, their names decoded, the root never", () => {
  const mountinfo = [
    "21 1 8:1 / / rw - nfs4 server:/ rw",
    "22 21 0:40 / /mnt/my\\040share rw,relatime shared:1 - cifs //x rw",
    "23 21 0:41 / /home rw - ext4 /dev/sda2 rw",
  ].join("\n");
  assert.deepEqual(silentMounts(mountinfo), ["/mnt/my share"]);
});

test("a timer is armed until it is disarmed, goes off or its process ends", () => {
  const set = timers();
  const live = new Set([5]);
  set.note(["alarm", "5", "0", "1000", "0", "0"], 0);
  assert.equal(set.armed(live, 1000).length, 1);
  assert.equal(set.armed(live, 1060).length, 0);
  set.note(["alarm", "5", "0", "1000", "0", "0"], 2000);
  set.note(["alarm", "5", "0", "0", "0", "0"], 2001);
  assert.equal(set.armed(live, 2002).length, 0);
  set.note(["posix", "5", "1", "1000", "500", "0"], 3000);
  assert.equal(set.armed(live, 1e9)[0]?.until, Number.POSITIVE_INFINITY);
  assert.equal(set.armed(new Set(), 1e9).length, 0);
});

test("a path is looked at without following a link to a mount that may not answer", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rcw-look-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "file"), "");
  const silent = join(folder, "silent");
  symlinkSync(silent, join(folder, "away"));
  symlinkSync(".", join(folder, "here"));
  symlinkSync("round", join(folder, "round"));
  const look = (path: string) => lookAt(join(folder, path), [silent]);
  const kind = (path: string) => {
    const seen = look(path);
    if (seen === null || seen === "unknown") return seen;
    return seen.isSymbolicLink() ? "link" : seen.isSocket() ? "socket" : "other";
  };
  assert.equal(kind("away/x/y"), "unknown");
  assert.equal(kind("here/here/away/x"), "unknown");
  assert.equal(kind("away"), "link");
  assert.equal(kind("here/file"), "other");
  assert.equal(kind("here/../here/./absent"), null);
  assert.equal(kind("round/x"), null);
  assert.equal(lookAt(join(silent, "x"), [silent]), "unknown");
});
