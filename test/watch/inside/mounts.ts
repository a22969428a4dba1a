import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, closeSync, mkdirSync, openSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { identityNow } from "../../../agent/host/identity.ts";
import { watching } from "../watching.ts";

const answers = new Map<string, string>();
const asked: (readonly string[])[] = [];
let isDead = false;
await using watched = watching(
  {
    async lookElsewhere(paths) {
      asked.push(paths);
      return new Map(answers);
    },
  },
  (path) => (isDead ? "" : identityNow(path)),
);
const { watch } = watched;
const home = watched.path("home");
const [file, link] = [watched.path("home", ".bashrc"), watched.path("link")];
mkdirSync(home);
mkdirSync(watched.path("plain"));
writeFileSync(file, "below");
writeFileSync(watched.path("plain", "file"), "x");
symlinkSync(watched.path("plain", "file"), link);
await watch.cover([file, link]);

// A local file system mounted over the home, and taken away again: no event says so, the next sweep does.
execFileSync("mount", ["-t", "tmpfs", "none", home]);
assert.deepEqual(await watch.sweep(), [file]);
assert.equal(watch.state().absent, 1);
await watched.until(() => watch.state().byEvents === 2, "watched where it is mounted");
await watched.sees(() => writeFileSync(file, "mounted"), file);
execFileSync("umount", [home]);
await watched.until(() => watched.told.at(-1)?.path === file, "told");
await watch.sweep();
assert.equal(watch.state().absent, 0);
await watched.until(() => watch.state().byEvents === 2, "watched below the mount");
await watched.sees(() => appendFileSync(file, "more"), file);

// One that never answers: who asks it waits for ever, and so would this program.
isDead = true;
const device = openSync("/dev/fuse", "r+");
const mounted = spawnSync(
  "mount",
  ["-i", "-t", "fuse", "-o", "fd=3,rootmode=40000,user_id=0,group_id=0", "none", home],
  { stdio: ["ignore", "inherit", "inherit", device] },
);
assert.equal(mounted.status, 0);
let isMounted = true;
const unmount = (): void => {
  if (!isMounted) return;
  isMounted = false;
  closeSync(device);
  execFileSync("umount", ["-l", home]);
};
// Also where this fails: whoever cleans up would wait for ever.
using _mount = { [Symbol.dispose]: unmount };
await watch.sweep();
const dead = watch.state();
assert.deepEqual(
  dead.degraded.map(({ code }) => code),
  ["network-mount", "no-answer"],
);
assert.match(dead.degraded[0]?.message ?? "", new RegExp(`^${home} \\(fuse\\): .* its 1 path is looked at by a child`));
assert.equal(dead.blind, true);
assert.equal(dead.byEvents, 1);
assert.deepEqual(asked.at(-1), [file]);

// A link that comes to lead there is followed no further.
unlinkSync(link);
symlinkSync(watched.path("home", "there"), link);
await watched.until(() => watched.told.at(-1)?.path === link, "the link told");
await watch.sweep();
assert.deepEqual(asked.at(-1), [file, link]);

// The child's word counts.
answers.set(file, "one").set(link, "one");
await watch.sweep();
assert.deepEqual(
  watch.state().degraded.map(({ code }) => code),
  ["network-mount"],
);
assert.equal(watch.state().blind, false);
answers.set(file, "two");
assert.deepEqual(await watch.sweep(), [file]);
answers.set(file, "no-answer");
assert.deepEqual(await watch.sweep(), []);
assert.equal(watch.state().blind, true);
answers.set(file, "two");
assert.deepEqual(await watch.sweep(), []);

unmount();
assert.deepEqual((await watch.sweep()).includes(file), true);
assert.deepEqual(
  watch.state().degraded.filter(({ code }) => code === "network-mount"),
  [],
);
