import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, watch } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { giveBack, inotifyLimits, inotifyWatches, ownUse } from "../../agent/host/resources.ts";
import { useBuiltAddon } from "../support/addon.ts";

test("memory and processor time are those that the kernel counts for this process", () => {
  const before = ownUse();
  const until = performance.now() + 50;
  let turns = 0;
  while (performance.now() < until) turns++;
  const after = ownUse();
  assert.ok(turns > 0 && after.cpuMs - before.cpuMs >= 20, `${after.cpuMs - before.cpuMs} ms of 50 ms`);
  const kibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  assert.ok(
    Math.abs(after.rssBytes / 1024 - kibibytes) < kibibytes / 4,
    `${after.rssBytes / 1024} KiB, ${kibibytes} KiB`,
  );
});

test("the host's limits of inotify are numbers above zero", () => {
  const { watches, queuedEvents } = inotifyLimits();
  assert.ok(
    watches !== null && watches > 0 && Number(readFileSync("/proc/sys/fs/inotify/max_user_watches")) >= watches,
  );
  assert.equal(queuedEvents, Number(readFileSync("/proc/sys/fs/inotify/max_queued_events")));
});

test("each watch of this process is counted, and none that was given back", () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-watches-"));
  try {
    const before = inotifyWatches();
    const watchers = Array.from({ length: 100 }, (_, at) => {
      mkdirSync(join(folder, String(at)));
      return watch(join(folder, String(at)));
    });
    assert.equal(inotifyWatches(), before + 100);
    for (const watcher of watchers) watcher.close();
    assert.equal(inotifyWatches(), before);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what the C library held and nobody uses any more is given back", () => {
  useBuiltAddon();
  // Many small pieces with one behind them that stays: the C library gives nothing of it back by itself.
  const room = () => Buffer.allocUnsafeSlow(65_536).fill(1);
  let pieces = Array.from({ length: 400 }, room);
  const stays = room();
  const before = ownUse().rssBytes;
  pieces = [];
  let after = before;
  // V8 frees what such an array held on a thread of its own: it may be done only by the next collection.
  for (let turn = 0; turn < 20 && before - after <= 400 * 65_536 * 0.5; turn++) {
    giveBackWithCollector();
    after = ownUse().rssBytes;
  }
  assert.ok(before - after > 400 * 65_536 * 0.5, `${before - after} of ${400 * 65_536} bytes`);
  assert.equal(stays[0], 1);
  assert.equal(pieces.length, 0);
});

test("what is left of the heap after much work lies close together", () => {
  useBuiltAddon();
  let all = Array.from({ length: 200_000 }, (_, at) => ({ half: at + 0.5, pair: [at, at] }));
  giveBackWithCollector();
  // One in fifty stays, so that hardly a page is empty.
  const stays = all.filter((_, at) => at % 50 === 0);
  all = [];
  giveBackWithCollector();
  const { total_physical_size: held, used_heap_size: used } = getHeapStatistics();
  assert.ok(held < used * 1.5, `${held} bytes for ${used}`);
  assert.equal(stays.length + all.length, 4_000);
});

/** This process was not started with a collector that can be asked. */
function giveBackWithCollector(): void {
  setFlagsFromString("--expose-gc");
  globalThis.gc = runInNewContext("gc");
  try {
    giveBack();
  } finally {
    globalThis.gc = undefined;
    setFlagsFromString("--no-expose-gc");
  }
}
