import assert from "node:assert/strict";
import { test } from "node:test";
import { concernsLimit, gapsOfWarnings, unraisedLimits } from "../../agent/probe/warnings.ts";
import type { Reading, Statement } from "../../agent/startup/index.ts";

function reading(...texts: readonly string[]): Reading {
  const where = { file: "/home/a/.bashrc", line: 1, column: 1, through: [] };
  const statements = texts.map(
    (text): Statement => ({ kind: "limit", name: null, value: null, text, where, reached: "yes", inFunction: null }),
  );
  const nothing = { files: [], identities: [], dependsOn: [], guards: [], lines: {}, environmentFiles: {}, doubts: [] };
  return { ...nothing, statements };
}

test("a limit that could not be raised matters where startup asks about it, in whatever way", () => {
  for (const text of [
    "ulimit -n 4096",
    "ulimit -Sn 1",
    "ulimit -a",
    "ulimit -$x 4",
    "limit descriptors 9",
    "limit desc 9",
    "limit",
    "ulimit -f 1 -n 2",
    "unlimit",
    "ulimit -n $(nproc)",
  ])
    assert.equal(concernsLimit(reading(text), "nofile"), true, text);
});

test("near-miss: another limit is none of it", () => {
  for (const text of [
    "ulimit -f 10",
    "ulimit 10",
    "ulimit -c unlimited",
    "limit filesize 10k",
    "limit -h coredumpsize 0",
  ])
    assert.equal(concernsLimit(reading(text), "nofile"), false, text);
  assert.equal(concernsLimit(reading("ulimit 10"), "fsize"), true);
  assert.deepEqual(gapsOfWarnings(["limit nofile 4096"], reading("ulimit -f 10")), []);
  assert.equal(gapsOfWarnings(["limit nofile 4096"], reading("ulimit -n 10")).length, 1);
  assert.deepEqual(gapsOfWarnings(["limit nofile 4096"], reading()), []);
});

test("the launcher's words name the limit", () => {
  assert.deepEqual(unraisedLimits(["limit nofile 4096", "loopback", "limit memlock"]), ["nofile", "memlock"]);
});
