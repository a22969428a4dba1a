import assert from "node:assert/strict";
import { appendFileSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { identityNow } from "../../agent/host/identity.ts";
import { type Watched, watching } from "./watching.ts";

/** A change that no event tells of: through another name of the same inode. */
function elsewhere(watched: Watched): { file: string; change: () => void } {
  const [file, other] = [watched.path("home", ".bashrc"), watched.path("other")];
  mkdirSync(watched.path("home"));
  writeFileSync(file, "x");
  linkSync(file, other);
  return { file, change: () => appendFileSync(other, "y") };
}

test("a sweep finds what no event told of, and tells it once", async () => {
  await using watched = watching();
  const { file, change } = elsewhere(watched);
  await watched.watch.cover([file]);
  change();
  assert.deepEqual(await watched.watch.sweep(), [file]);
  assert.deepEqual(
    watched.told.map(({ via }) => via),
    ["sweep"],
  );
  assert.deepEqual(await watched.watch.sweep(), []);
});

test("sweeps by itself, again and again", async () => {
  await using watched = watching({ sweepMs: 20 });
  const { file, change } = elsewhere(watched);
  await watched.watch.cover([file]);
  for (let round = 0; round < 3; round++) {
    const told = await watched.sees(change, file);
    assert.ok(told.every(({ via }) => via === "sweep"));
  }
  assert.equal(watched.watch.state().blind, false);
});

test("is blind until everything was looked at once, and not from then on", async () => {
  await using watched = watching();
  const { file } = elsewhere(watched);
  const covering = watched.watch.cover([file]);
  assert.deepEqual([watched.watch.state().blind, watched.watch.state().lastSweepMs], [true, null]);
  await covering;
  assert.equal(watched.watch.state().blind, false);
  assert.ok(Math.abs((watched.watch.state().lastSweepMs ?? 0) - Date.now()) < 60_000);
});

test("a mount that may not answer, seen at the next sweep: no look, no event, the child's word alone", async () => {
  let type = "ext4";
  const asked: (readonly string[])[] = [];
  const answers = new Map<string, string>();
  const looked = async (paths: readonly string[]): Promise<ReadonlyMap<string, string>> => {
    asked.push(paths);
    if (answers.size === 0) throw new Error("no child");
    return answers;
  };
  let home = "";
  const mountinfo = (): string =>
    `${readFileSync("/proc/self/mountinfo", "utf8")}99 1 0:99 / ${home} rw - ${type} x rw\n`;
  await using watched = watching({ lookElsewhere: looked }, identityNow, mountinfo);
  home = watched.path("home");
  const { file } = elsewhere(watched);
  const local = watched.path("local");
  await watched.watch.cover([file, local]);
  assert.deepEqual([asked.length, watched.watch.state().byEvents], [0, 2]);

  type = "nfs4";
  assert.deepEqual(await watched.watch.sweep(), [file]);
  const { degraded, blind, byEvents } = watched.watch.state();
  assert.deepEqual([degraded.map(({ code }) => code), blind, byEvents], [["network-mount", "no-answer"], true, 1]);
  answers.set(file, identityNow(file));
  assert.deepEqual(await watched.watch.sweep(), []);
  assert.equal(watched.watch.state().blind, false);
  appendFileSync(file, "y");
  await watched.sees(() => writeFileSync(local, "x"), local);
  assert.deepEqual(await watched.watch.sweep(), []);
  answers.set(file, identityNow(file));
  assert.deepEqual(await watched.watch.sweep(), [file]);

  type = "ext4";
  await watched.watch.sweep();
  await watched.until(() => watched.watch.state().byEvents === 2, "by events again");
  await watched.sees(() => unlinkSync(file), file);
});

test("says which folders cannot be watched, and sweeps what is in them", async () => {
  await using watched = watching();
  const file = watched.path("a\\b", ".bashrc");
  mkdirSync(watched.path("a\\b"));
  writeFileSync(file, "x");
  await watched.watch.cover([file]);
  const { degraded, byEvents, blind } = watched.watch.state();
  assert.deepEqual([degraded.map(({ code }) => code), byEvents, blind], [["watch-error"], 0, false]);
  assert.match(degraded[0]?.message ?? "", /expected to watch it, found a backslash in its name/);
  appendFileSync(file, "y");
  assert.deepEqual(await watched.watch.sweep(), [file]);
});

test("a path that is not followed to its end is not counted among those that events tell of", async () => {
  await using watched = watching();
  const [near, far] = [watched.path(".bashrc"), watched.path(...Array<string>(200).fill("d"), "x")];
  mkdirSync(dirname(far), { recursive: true });
  await watched.watch.cover([near, far]);
  assert.deepEqual([watched.watch.state().paths, watched.watch.state().byEvents], [2, 1]);
});
