import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { identityNow } from "../../agent/host/identity.ts";
import { watching } from "./watching.ts";

const renames = `
  const { renameSync, writeFileSync } = require("node:fs");
  const [file, count] = process.argv.slice(1);
  let done = 0;
  const began = performance.now();
  const timer = setInterval(() => {
    for (; done < count && done < performance.now() - began; done++) {
      writeFileSync(file + ".new", "save " + done);
      renameSync(file + ".new", file);
    }
    if (done >= count) clearInterval(timer);
  }, 1);
`;

test("a file replaced 1,000 times a second costs little, is told of now and then, and once more at the end", async (t) => {
  await using watched = watching();
  const file = watched.path("home", ".bashrc");
  mkdirSync(watched.path("home"));
  writeFileSync(file, "x\n");
  await watched.watch.cover([file]);
  const used = process.cpuUsage();
  const began = performance.now();
  const child = spawn(process.execPath, ["-e", renames, file, "3000"], { stdio: "inherit" });
  await once(child, "exit");
  const share = (process.cpuUsage(used).user + process.cpuUsage(used).system) / 1_000 / (performance.now() - began);
  const last = identityNow(file);
  await watched.until(() => watched.told.some(({ identity }) => identity === last), "the last one told");
  assert.ok(watched.told.length >= 4 && watched.told.length <= 16, `told ${watched.told.length} times`);
  // Here it is about 0.1 of a core; without merging it is more than one.
  t.diagnostic(`${share.toFixed(2)} of a core, told ${watched.told.length} times`);
  assert.ok(share < 0.5, `${share.toFixed(2)} of a core`);
});

test("no folder is ever listed, whatever happens in it", async () => {
  await using watched = watching();
  const home = watched.path("home");
  const paths = [".bashrc", ".bash_login", ".config/fish/config.fish"].map((name) => watched.path("home", name));
  const [bashrc = ""] = paths;
  mkdirSync(home);
  writeFileSync(bashrc, "x");
  for (let at = 0; at < 100; at++) writeFileSync(watched.path("home", `other${at}`), "");
  const isListed = (): boolean => statSync(home).atimeMs > 2_000_000;
  const forget = (): void => utimesSync(home, 1_000, Date.now() / 1_000);
  forget();
  await watched.watch.cover(paths);
  assert.equal(isListed(), false);
  for (let at = 100; at < 200; at++) writeFileSync(watched.path("home", `other${at}`), "");
  await watched.sees(() => appendFileSync(bashrc, "y"), bashrc);
  await watched.watch.sweep();
  assert.equal(isListed(), false);
  mkdirSync(watched.path("home", ".config", "fish"), { recursive: true });
  await watched.sees(() => writeFileSync(watched.path("home", ".config/fish/config.fish"), "x"), paths[2] ?? "");
  assert.equal(isListed(), false);
  // The guard sees something: listing it shows.
  readdirSync(home);
  assert.equal(isListed(), true);
});

test("takes one inotify watch for each folder, and says how many", async () => {
  const before = inotifyWatches();
  await using watched = watching();
  const paths = Array.from({ length: 100 }, (_, at) => watched.path(`home${at % 10}`, `.file${at}`));
  for (const path of paths) mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  await watched.watch.cover(paths);
  const { watches } = watched.watch.state();
  assert.equal(inotifyWatches() - before, watches);
  // Ten homes, the sentinel's folder, and the folders on the way to them.
  assert.equal(watches, 10 + 1 + watched.folder.split("/").length);
  await watched.watch.cover([]);
  assert.equal(inotifyWatches() - before, 1);
});

test("takes no more watches than it may, and says so", async () => {
  await using watched = watching({ mostWatches: 5 });
  const paths = Array.from({ length: 20 }, (_, at) => watched.path(`home${at}`, ".bashrc"));
  for (const path of paths) mkdirSync(path.slice(0, path.lastIndexOf("/")));
  await watched.watch.cover(paths);
  const { watches, byEvents, degraded, blind } = watched.watch.state();
  assert.deepEqual([watches, byEvents, blind], [5, 4, false]);
  assert.match(degraded[0]?.message ?? "", /found room for 5 \(at most 5 are to be taken\)/);
  for (const path of paths) writeFileSync(path, "x");
  await watched.watch.sweep();
  assert.deepEqual([...new Set(watched.told.map(({ path }) => path))].sort(), paths.toSorted());
});

test("sees another home in its place also where the folder above it has no watch", async () => {
  await using watched = watching({ mostWatches: 2 });
  const file = watched.path("home", ".bashrc");
  for (const home of ["home", "other"]) {
    mkdirSync(watched.path(home));
    writeFileSync(watched.path(home, ".bashrc"), home);
  }
  await watched.watch.cover([file]);
  assert.deepEqual([watched.watch.state().watches, watched.watch.state().byEvents], [2, 1]);
  await watched.sees(() => {
    renameSync(watched.path("home"), watched.path("away"));
    renameSync(watched.path("other"), watched.path("home"));
  }, file);
  await watched.until(() => watched.watch.state().byEvents === 1, "watched by events");
  await watched.sees(() => appendFileSync(file, "more"), file);
});

function inotifyWatches(): number {
  return readdirSync("/proc/self/fdinfo")
    .map((name) => {
      try {
        return readFileSync(`/proc/self/fdinfo/${name}`, "utf8").match(/^inotify /gm)?.length ?? 0;
      } catch {
        return 0;
      }
    })
    .reduce((sum, count) => sum + count, 0);
}
