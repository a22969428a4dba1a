import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { limitNames, limitsOf, parseLimits } from "../../agent/host/limits.ts";

test("all sixteen limits of a process are read, as prlimit says them", () => {
  const limits = limitsOf(process.pid) ?? [];
  assert.deepEqual(
    limits.map((limit) => limit.name),
    limitNames,
  );
  const columns = ["--raw", "--noheadings", "-o", "RESOURCE,SOFT,HARD", "--pid", String(process.pid)];
  const said = execFileSync("prlimit", columns, { encoding: "utf8" }).trim().split("\n").sort();
  assert.deepEqual(limits.map((one) => `${one.name.toUpperCase()} ${one.soft} ${one.hard}`).sort(), said);
});

test("a process that is not there has no limits", () => {
  assert.equal(limitsOf(4_194_999), null);
});

test("rows without a unit, values and unlimited are told apart, other rows left out", () => {
  const text = [
    "Limit                     Soft Limit           Hard Limit           Units     ",
    "Max open files            1024                 unlimited            files     ",
    "Max nice priority         0                    40                   ",
    "Max future thing          1                    2                    things    ",
  ].join("\n");
  assert.deepEqual(parseLimits(text), [
    { name: "nofile", soft: 1024, hard: "unlimited" },
    { name: "nice", soft: 0, hard: 40 },
  ]);
});
