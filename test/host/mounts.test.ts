import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { hostMounts, mayNotAnswer, mountOf, mountsByPoint, parseMounts } from "../../agent/host/mounts.ts";

const mountinfo = [
  "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
  "30 22 0:26 / /home rw,relatime shared:9 master:2 - autofs auto.home rw,fd=6",
  "31 30 0:40 /export/a /home/a\\040b rw,relatime - nfs4 server:/export/a rw",
  "32 22 0:41 / /srv rw - tmpfs tmpfs rw",
  "33 22 0:42 / /srv rw - fuse.sshfs host: rw",
  "",
].join("\n");

test("a path lies on the longest mount point above it, and on the last of those at one place", () => {
  const mounts = parseMounts(mountinfo);
  const on = (path: string) => mountOf(path, mounts)?.id;
  assert.deepEqual(
    ["/", "/etc/passwd", "/homes/a", "/home", "/home/a", "/home/a b/.bashrc", "/home/a bc", "/srv/x"].map(on),
    [22, 22, 22, 30, 30, 31, 30, 33],
  );
  assert.equal(mountOf("/x", []), null);
});

test("only what others answer for may not answer, and never the root", () => {
  assert.deepEqual(
    parseMounts(mountinfo)
      .filter(mayNotAnswer)
      .map(({ id }) => id),
    [30, 31, 33],
  );
  assert.equal(mayNotAnswer({ id: 1, point: "/", type: "nfs4" }), false);
});

test("what another machine changes is no mount to trust, and both ways to ask agree", () => {
  const mounts = parseMounts(mountinfo);
  const { silent } = mountsByPoint(mountinfo);
  for (const path of [
    "/",
    "/etc/passwd",
    "/homes/a",
    "/home",
    "/home/a",
    "/home/a b/.bashrc",
    "/home/a bc",
    "/srv/x",
  ]) {
    const mount = mountOf(path, mounts);
    assert.deepEqual(silent(path), mount !== null && mayNotAnswer(mount) ? mount : null, path);
  }
  const types = ["acfs", "ocfs2", "gfs2", "smb3", "fuse.sshfs", "fuseblk", "ext4", "xfs", "tmpfs", "overlay"];
  assert.deepEqual(
    types.filter((type) => mayNotAnswer({ id: 1, point: "/u01", type })),
    ["acfs", "ocfs2", "gfs2", "smb3", "fuse.sshfs", "fuseblk"],
  );
});

test("this host's mounts are those that stat(2) tells apart", () => {
  const mounts = hostMounts();
  assert.equal(mountOf("/proc/self/status", mounts)?.type, "proc");
  for (const name of readdirSync("/")) {
    const path = `/${name}`;
    const isOther = statSync(path, { throwIfNoEntry: false })?.dev !== statSync("/").dev;
    if (mountOf(path, mounts)?.point === "/") assert.equal(isOther, false, path);
  }
});
