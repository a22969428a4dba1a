import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { watching } from "../watching.ts";

const limit = "/proc/sys/user/max_inotify_watches";
const room = 12;
writeFileSync(limit, String(room));

await using watched = watching();
const { watch } = watched;
const paths = Array.from({ length: 40 }, (_, at) => watched.path(`home${at}`, ".bashrc"));
for (const path of paths) {
  mkdirSync(path.slice(0, path.lastIndexOf("/")));
  writeFileSync(path, "x");
}
await watch.cover(paths);

const short = watch.state();
assert.equal(short.watches, room);
assert.equal(short.watchLimit, room);
assert.ok(short.byEvents > 0 && short.byEvents < 40, `${short.byEvents} by events`);
assert.deepEqual(
  short.degraded.map(({ code }) => code),
  ["watch-limit"],
);
assert.match(short.degraded[0]?.message ?? "", /found room for 12 .*max_user_watches.* is 12\).*raise the limit/);
assert.equal(short.blind, false);
assert.notEqual(short.latencyMs, null);

// All of them, the sentinel's first, are seen none the less.
for (const path of paths) appendFileSync(path, "y");
const swept = await watch.sweep();
await watched.until(() => new Set(watched.told.map(({ path }) => path)).size === 40, "all told");
assert.ok(swept.length >= 40 - short.byEvents);

writeFileSync(limit, "10000");
await watch.sweep();
await watched.until(() => watch.state().byEvents === 40, "all by events once there is room");
assert.deepEqual(watch.state().degraded, []);
for (const path of paths) await watched.sees(() => appendFileSync(path, "z"), path);

// None at all: sweeps do it alone.
writeFileSync(limit, "0");
await using none = watching();
const alone = none.path("alone");
writeFileSync(alone, "x");
await none.watch.cover([alone]);
const blindless = none.watch.state();
assert.deepEqual([blindless.watches, blindless.byEvents, blindless.blind, blindless.latencyMs], [0, 0, false, null]);
appendFileSync(alone, "y");
assert.deepEqual(await none.watch.sweep(), [alone]);
