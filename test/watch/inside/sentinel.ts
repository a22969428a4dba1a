import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { watching } from "../watching.ts";

await using watched = watching();
const { watch } = watched;
const file = watched.path("file");
writeFileSync(file, "x");
await watch.cover([file]);
assert.equal(watch.state().blind, false);
const first = watch.state().latencyMs;
assert.ok(first !== null && first < 2_000);

// What is written under its path now is not what is watched: the event never comes.
execFileSync("mount", ["-t", "tmpfs", "none", watched.path("state", "sentinel")]);
assert.equal(await watch.prove(), null);
const late = watch.state();
assert.deepEqual(
  late.degraded.map(({ code }) => code),
  ["sentinel-late"],
);
assert.equal(late.blind, true);
assert.equal(late.latencyMs, null);

// Watches are set anew, and the new ones work.
await watched.until(() => !watch.state().blind, "events arrive again");
assert.deepEqual(watch.state().degraded, []);
assert.notEqual(watch.state().latencyMs, null);
await watched.sees(() => appendFileSync(file, "y"), file);

// Where it cannot be written nothing is known about events, which is said; sweeps come more often.
execFileSync("mount", ["-o", "remount,ro", "none", watched.path("state", "sentinel")]);
assert.equal(await watch.prove(), null);
assert.deepEqual(
  watch.state().degraded.map(({ code }) => code),
  ["watch-error"],
);
assert.match(watch.state().degraded[0]?.message ?? "", /read-only file system/);
assert.equal(watch.state().blind, false);
execFileSync("umount", ["-l", watched.path("state", "sentinel")]);
