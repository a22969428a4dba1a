import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { watching } from "./watching.ts";

const makeFiles = `
  const { closeSync, openSync } = require("node:fs");
  for (let at = 0; at < 20000; at++) closeSync(openSync(process.argv[1] + "/" + at, "w"));
`;

test("20,000 events while the loop is busy, then one alias: found by looking, and said to be degraded meanwhile", async () => {
  const codes: string[] = [];
  await using watched = watching({
    changed: (_paths, via) => codes.push(`${via}: ${watched.watch.state().degraded.map(({ code }) => code)}`),
  });
  const file = watched.path("home", ".bashrc");
  mkdirSync(watched.path("home"));
  writeFileSync(file, "x\n");
  await watched.watch.cover([file]);

  // Waits without letting the loop turn, so that the kernel's queue fills and drops what comes last.
  const made = spawnSync(process.execPath, ["-e", makeFiles, watched.path("home")], { encoding: "utf8" });
  assert.equal(made.status, 0, made.stderr);
  const told = await watched.sees(() => appendFileSync(file, "alias rm='rm -i'\n"), file);

  assert.deepEqual([told[0]?.via, codes], ["sweep", ["sweep: overflow"]]);
  await watched.until(() => watched.watch.state().degraded.length === 0, "everything was looked at, and events arrive");
  assert.equal(watched.watch.state().blind, false);
  await watched.sees(() => appendFileSync(file, "more\n"), file);
});

test("many events make a sweep soon, although none seems lost", async () => {
  await using watched = watching();
  const file = watched.path("home", ".bashrc");
  mkdirSync(watched.path("home"));
  writeFileSync(file, "x\n");
  await watched.watch.cover([file]);
  const before = watched.watch.state().lastSweepMs;
  for (let at = 0; at < 1_500; at++) writeFileSync(watched.path("home", String(at)), "");
  await watched.until(() => watched.watch.state().lastSweepMs !== before, "a sweep");
  assert.deepEqual(watched.watch.state().degraded, []);
});
