/** Paths that an account names to hold the agent up, and folders that keep it from what it reads. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mostNames } from "../../agent/host/watch-walk.ts";
import { watching } from "./watching.ts";

test("a path of thousands of folders, also behind a short link, is not followed, costs no watch, and is told", async () => {
  await using watched = watching();
  mkdirSync(watched.path("home"));
  const deep = watched.path("home", ...Array<string>(1_500).fill("d"), "x");
  mkdirSync(deep, { recursive: true });
  symlinkSync(deep.slice(watched.folder.length + 1), watched.path("link"));
  const short = watched.path("home", ".bashrc");
  writeFileSync(short, "x");
  const before = process.cpuUsage();
  await watched.watch.cover([deep, watched.path("link"), watched.path("link", "below"), short]);
  const { user, system } = process.cpuUsage(before);
  assert.ok(user + system < 2_000_000, `took ${(user + system) / 1000} ms of processor time`);
  const { watches, blind, degraded } = watched.watch.state();
  assert.ok(watches < 20, `${watches} watches`);
  assert.equal(blind, true);
  assert.match(
    degraded.map(({ message }) => message).join("\n"),
    /and 2 others: expected at most 128 names on the way/,
  );
  await watched.sees(() => writeFileSync(short, "y"), short);
});

test("a path of as many names as are followed is seen", async () => {
  await using watched = watching();
  const names = watched.folder.split("/").length - 1;
  const folder = watched.path(...Array<string>(mostNames - names).fill("d"));
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "x");
  await watched.watch.cover([file]);
  assert.equal(watched.watch.state().blind, false);
  await watched.sees(() => writeFileSync(file, "x"), file);
});

for (const way of ["event", "sweep"] as const)
  test(`who may pass a folder on the way decides, too: seen by ${way}`, async () => {
    await using watched = watching();
    mkdirSync(watched.path("outer", "inner"), { recursive: true });
    const [file, link] = [watched.path("outer", "inner", "rc"), watched.path("link")];
    writeFileSync(file, "x");
    symlinkSync("outer/inner/rc", link);
    await watched.watch.cover([file, link]);
    chmodSync(watched.path("outer"), 0o700);
    if (way === "event") await watched.until(() => watched.told.length >= 2, "both to be told");
    else assert.deepEqual((await watched.watch.sweep()).toSorted(), [link, file].toSorted());
    chmodSync(watched.path("outer"), 0o700);
    assert.deepEqual(await watched.watch.sweep(), []);
  });
