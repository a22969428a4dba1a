import assert from "node:assert/strict";
import { test } from "node:test";
import { slowLine } from "../../agent/probe/slow.ts";
import type { Reading, Statement } from "../../agent/startup/index.ts";

function reading(...texts: readonly string[]): Reading {
  const statements = texts.map((text, at): Statement => {
    const where = { file: "/home/a/.bashrc", line: at + 1, column: 1, through: [] };
    return { kind: "command", name: "sleep", value: null, text, where, reached: "yes", inFunction: null };
  });
  const nothing = { files: [], identities: [], dependsOn: [], guards: [], lines: {}, environmentFiles: {}, doubts: [] };
  return { ...nothing, statements };
}

const lineOf = (seconds: number, ...texts: readonly string[]) =>
  slowLine(reading(...texts), seconds)?.where?.line ?? null;

test("a sleep that takes most of the time is the line", () => {
  assert.equal(lineOf(2.1, "sleep 0.1", "sleep 2"), 2);
  assert.equal(lineOf(0.6, "/bin/sleep .5s"), 1);
  assert.equal(lineOf(90, "sleep 1m"), 1);
});

test("near-miss: a short sleep in a long startup is not, nor what only names it", () => {
  assert.equal(lineOf(5, "sleep 1"), null);
  assert.equal(lineOf(2, "sleep $n", "echo sleep 2", "sleepy 2"), null);
  assert.equal(lineOf(0.1, "sleep 0.1"), null);
});
