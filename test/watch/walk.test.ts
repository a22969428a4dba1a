import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, test } from "node:test";
import { identityNow } from "../../agent/host/identity.ts";
import { mountsByPoint } from "../../agent/host/mounts.ts";
import { walker } from "../../agent/host/watch-walk.ts";

const none = mountsByPoint("");
const root = realpathSync(mkdtempSync(join(tmpdir(), "rcwarden-walk-")));
after(() => rmSync(root, { recursive: true }));
mkdirSync(join(root, "home/.config"), { recursive: true });
mkdirSync(join(root, "data"));
writeFileSync(join(root, "home/.bashrc"), "x");
writeFileSync(join(root, "data/file"), "x");
for (const [link, target] of [
  ["home/link", "../data/file"],
  ["home/link-to-link", "link"],
  ["home/absolute", join(root, "data/file")],
  ["home/dangling", "../data/nothing/here"],
  ["home/loop", "loop"],
  ["home/through-file", ".bashrc/x"],
  ["home/folder", "../data"],
  ["home/dots", "./../home/.././data//file"],
  ["linked", "home"],
] as const)
  symlinkSync(target, join(root, link));

const paths = [
  "home/.bashrc",
  "home/.zshrc",
  "home/.config",
  "home/nothing/at/all",
  "home/.bashrc/x",
  "home/.bashrc/x/y",
  "home/link",
  "home/link-to-link",
  "home/absolute",
  "home/dangling",
  "home/loop",
  "home/loop/x",
  "home/through-file",
  "home/folder",
  "home/folder/file",
  "home/dots",
  "linked/.bashrc",
  "linked/link",
  "linked/folder/file",
];

for (const path of paths) {
  test(`sees ${path} as stat(2) does`, () => {
    const full = join(root, path);
    const walk = walker(none);
    const found = walk.look(walk.to(dirname(full)), basename(full));
    assert.deepEqual([found.kind, found.kind === "looked" && found.identity], ["looked", identityNow(full)]);
  });
}

test("notes every name that decides where a path leads, without links in its folders", () => {
  const walk = walker(none);
  const folder = walk.to(join(root, "linked/folder"));
  const found = walk.look(folder, "file");
  const notes = (hops: typeof folder.hops) =>
    hops
      .filter((hop) => hop.folder.startsWith(root))
      .map((hop) => [hop.folder.slice(root.length), hop.name, hop.isNeeded]);
  assert.deepEqual(notes(folder.hops), [
    ["", "linked", true],
    ["", "home", false],
    ["/home", "folder", true],
    ["", "data", false],
  ]);
  assert.deepEqual(notes(found.hops), [["/data", "file", true]]);
});

const mountinfo = [
  "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
  "30 21 0:40 / /home rw,relatime shared:2 - autofs auto.home rw,fd=5",
  "31 30 0:41 / /home/oracle rw - nfs4 server:/oracle rw",
  "32 31 8:2 / /home/oracle/local rw - xfs /dev/sdb1 rw",
  "33 21 0:42 / /mnt/with\\040space rw master:3 - fuse.sshfs host:/ rw",
  "34 21 0:43 / /over rw - nfs host:/ rw",
  "35 34 0:44 / /over rw - tmpfs none rw",
  "36 21 0:45 / /srv/file rw - 9p none rw",
  "not a line",
  "",
].join("\n");

for (const [path, expected] of [
  ["/etc/passwd", null],
  ["/home", "/home"],
  ["/home/x/.bashrc", "/home"],
  ["/homes/x", null],
  ["/home/oracle/.bashrc", "/home/oracle"],
  ["/home/oracle/local/x", null],
  ["/mnt/with space/x", "/mnt/with space"],
  ["/over/x", null],
  ["/srv/file", "/srv/file"],
  ["/", null],
] as const) {
  test(`${path} is ${expected === null ? "on a mount that answers" : `on ${expected}, which may not answer`}`, () => {
    assert.equal(mountsByPoint(mountinfo).silent(path)?.point ?? null, expected);
  });
}

test("a root that is a network file system answers, for this program runs", () => {
  assert.equal(mountsByPoint("21 1 0:5 / / rw - nfs4 host:/root rw\n").silent("/etc/passwd"), null);
});

test("goes no step into a mount that may not answer, also where a link leads there", () => {
  const mounts = mountsByPoint(`30 21 0:40 / ${root}/data rw - nfs4 server:/data rw\n`);
  for (const path of ["data/file", "home/link", "home/link-to-link", "home/folder/file", "home/dangling"]) {
    const walk = walker(mounts);
    const found = walk.look(walk.to(join(root, dirname(path))), basename(path));
    assert.deepEqual([path, found.kind], [path, "elsewhere"]);
    assert.ok(![...walk.folders.keys()].includes(join(root, "data")));
  }
});
