import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { candidateKey, keepPlan, keptPlan, type PlanToKeep, preparePlans } from "../../agent/cleanup/kept-plans.ts";
import { lockDescriptor } from "../../agent/host/native.ts";
import { useBuiltAddon } from "../support/addon.ts";
import { minuteMs, nowMs, seenOf } from "./support.ts";

before(useBuiltAddon);

async function inFolder(work: (state: string) => unknown): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "rcwarden-plans-"));
  try {
    await work(state);
  } finally {
    rmSync(state, { recursive: true });
  }
}

const seen = seenOf("a.arc");

function planOf(digit: string, count: number, other: Partial<PlanToKeep> = {}): PlanToKeep {
  const candidates = Array.from({ length: count }, (_, at) => ({ ...seen, path: [digit, at.toString(16)] }));
  const about = { retention: "engine-staging", root: "/u01/staging/engine", madeAtMs: nowMs };
  return { hash: digit.repeat(64), ...about, candidates, ...other };
}

function found(state: string, prefix: string, atMs = nowMs) {
  const plan = keptPlan(state, prefix, atMs);
  assert.equal(plan.kind, "plan", "message" in plan ? plan.message : "");
  return plan.kind === "plan" ? plan : assert.fail();
}

test("a plan is found by its hash or its first 12 digits, with exactly its candidates", () =>
  inFolder((state) => {
    const plan = planOf("7", 1_000);
    assert.deepEqual(keepPlan(state, plan), { kind: "kept", expiresAtMs: nowMs + 60 * minuteMs });
    assert.equal(keepPlan(state, planOf("8", 3, { retention: "traces" })).kind, "kept");
    for (const prefix of ["7".repeat(12), "7".repeat(64)]) {
      const { hash, retention, root, files, holds } = found(state, prefix);
      assert.deepEqual([hash, retention, root, files], [plan.hash, "engine-staging", "/u01/staging/engine", 1_000]);
      assert.ok(plan.candidates.every((candidate) => holds(candidateKey(candidate))));
      assert.ok(!planOf("8", 3).candidates.some((candidate) => holds(candidateKey(candidate))));
      for (const odd of ["", "00", "zz".repeat(16), "0".repeat(32), "f".repeat(32)]) assert.equal(holds(odd), false);
    }
    assert.deepEqual([found(state, "8".repeat(12)).retention, found(state, "8".repeat(12)).files], ["traces", 3]);
  }));

test("whatever tells a file apart changes its key", () => {
  const { path, identity } = seenOf("a.arc");
  const others = [
    { path: [...path, "62"], identity },
    { path, identity: { ...identity, dev: "1" } },
    { path, identity: { ...identity, ino: "1" } },
    { path, identity: { ...identity, size: "1" } },
    { path, identity: { ...identity, mtimeNs: "1" } },
    { path, identity: { ...identity, ctimeNs: "1" } },
    { path, identity: { ...identity, uid: 1 } },
    { path, identity: { ...identity, links: 2 } },
  ];
  const keys = [{ path, identity }, ...others].map(candidateKey);
  assert.equal(new Set(keys).size, keys.length);
  for (const key of keys) assert.match(key, /^[0-9a-f]{32}$/);
  assert.equal(candidateKey({ path: [...path], identity: { ...identity } }), keys[0]);
});

test("a plan is of use for 60 minutes, and then it is said to be too old, not unknown", () =>
  inFolder((state) => {
    keepPlan(state, planOf("7", 1));
    found(state, "7".repeat(12), nowMs + 60 * minuteMs - 1);
    const late = keptPlan(state, "7".repeat(12), nowMs + 60 * minuteMs);
    assert.equal(late.kind, "expired");
    assert.match(
      "message" in late ? late.message : "",
      /^plan 7{12}: expected one of the last 60 minutes, found one of 2026-/,
    );
    assert.equal(keptPlan(state, "7".repeat(12), nowMs - 6 * minuteMs).kind, "expired");
    keepPlan(state, planOf("7", 1, { madeAtMs: nowMs + 60 * minuteMs }));
    found(state, "7".repeat(12), nowMs + 60 * minuteMs);
  }));

test("too few digits, none and another's name nothing, and two plans of one beginning are not taken for one", () =>
  inFolder((state) => {
    assert.equal(keptPlan(state, "7".repeat(12), nowMs).kind, "unknown");
    assert.throws(() => statSync(join(state, "cleanup")), "looking for a plan makes no folder");
    keepPlan(state, planOf("7", 1));
    for (const prefix of [
      "",
      "7".repeat(11),
      "7".repeat(65),
      `${"7".repeat(11)}8`,
      "../".repeat(4),
      `${"7".repeat(11)}*`,
    ])
      assert.equal(keptPlan(state, prefix, nowMs).kind, "unknown", prefix);
    keepPlan(state, planOf("7", 1, { hash: `${"7".repeat(20)}${"a".repeat(44)}` }));
    assert.equal(keptPlan(state, "7".repeat(12), nowMs).kind, "several");
    assert.equal(found(state, `${"7".repeat(20)}a`).hash.at(-1), "a");
  }));

test("the file is preallocated, its owner's alone, and grows only when nothing else makes room", () =>
  inFolder((state) => {
    assert.equal(preparePlans(state), null);
    const path = join(state, "cleanup/plans");
    const { mode, size, blocks } = statSync(path);
    assert.deepEqual([mode & 0o777, size], [0o600, 2 << 20]);
    assert.ok(blocks * 512 >= size, "it has no hole");
    assert.equal(statSync(join(state, "cleanup")).mode & 0o777, 0o700);
    for (let turn = 0; turn < 3; turn++) keepPlan(state, planOf("7", 70_000, { madeAtMs: nowMs + turn }));
    assert.equal(statSync(path).size, 2 << 20, "the same plan again takes the same place");
    for (const turn of [1, 2, 3])
      keepPlan(state, planOf(String(turn), 70_000, { madeAtMs: nowMs + turn * 61 * minuteMs }));
    assert.equal(statSync(path).size, 2 << 20, "old plans make room");
    keepPlan(state, planOf("a", 70_000, { madeAtMs: nowMs + 200 * minuteMs }));
    assert.equal(statSync(path).size, 4 << 20);
    for (const digit of ["3", "a"]) assert.equal(found(state, digit.repeat(12), nowMs + 200 * minuteMs).files, 70_000);
  }));

test("many plans of many sizes: the newest are there, and each that is there is whole", () =>
  inFolder((state) => {
    const sizes = [1, 30_000, 300, 10_000, 0, 100_000, 7, 20_000, 2_000];
    for (const [at, count] of sizes.entries()) {
      const plan = planOf(at.toString(16), count, { madeAtMs: nowMs + at });
      assert.equal(keepPlan(state, plan).kind, "kept");
      const kept = found(state, plan.hash, nowMs + at);
      assert.ok(plan.candidates.every((candidate) => kept.holds(candidateKey(candidate))));
    }
    assert.ok(statSync(join(state, "cleanup/plans")).size <= 16 << 20);
    for (const at of sizes.keys()) found(state, at.toString(16).repeat(12), nowMs + 60_000);
  }));

test("what a crash tore is no plan, and leaves the others", () =>
  inFolder((state) => {
    for (const digit of ["7", "8", "9"]) keepPlan(state, planOf(digit, 1_000));
    const path = join(state, "cleanup/plans");
    const at = readFileSync(path).indexOf("8".repeat(64));
    const descriptor = openSync(path, "r+");
    writeSync(descriptor, "torn", at + 5_000);
    closeSync(descriptor);
    assert.equal(keptPlan(state, "8".repeat(12), nowMs).kind, "unknown");
    for (const digit of ["7", "9"]) found(state, digit.repeat(12));
    keepPlan(state, planOf("8", 1_000));
    found(state, "8".repeat(12));
  }));

test("a file that is another's to write, or no file, is refused in words", () =>
  inFolder((state) => {
    mkdirSync(join(state, "cleanup"), { mode: 0o700 });
    writeFileSync(join(state, "theirs"), "theirs");
    linkSync(join(state, "theirs"), join(state, "cleanup/plans"));
    const kept = keepPlan(state, planOf("7", 1));
    assert.equal(kept.kind, "refused");
    assert.match("message" in kept ? kept.message : "", /plans: expected a regular file of ours with one name/);
    assert.equal(keptPlan(state, "7".repeat(12), nowMs).kind, "failed");
    assert.equal(readFileSync(join(state, "theirs"), "utf8"), "theirs");
    rmSync(join(state, "cleanup"), { recursive: true });
    mkdirSync(join(state, "cleanup"));
    execFileSync("chmod", ["777", join(state, "cleanup")]);
    assert.equal(keepPlan(state, planOf("7", 1)).kind, "refused");
  }));

async function keeperBeside(state: string, begun: () => void): Promise<unknown> {
  const words = [join(import.meta.dirname, "plan-keeper.ts"), state];
  const other = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const ended = once(other, "exit");
    await once(other.stdout, "data");
    begun();
    return (await ended)[0];
  } finally {
    other.kill("SIGKILL");
  }
}

test("two processes at once: whoever comes second waits for its turn, and gives up in the end", () =>
  inFolder(async (state) => {
    preparePlans(state);
    const descriptor = openSync(join(state, "cleanup/plans"), "r+");
    assert.equal(lockDescriptor(descriptor).kind, "done");
    assert.equal(await keeperBeside(state, () => {}), 1, "it kept a plan though another one has the file");
    assert.ok(!readFileSync(descriptor).includes("c".repeat(64)));
    assert.equal(await keeperBeside(state, () => closeSync(descriptor)), 0);
    found(state, "c".repeat(12));
  }));

const isRoot = process.getuid?.() === 0;

test("on a full disk a plan is kept, for its room is there already", { skip: !isRoot && "mounts need root" }, () =>
  inFolder((state) => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", state]);
    try {
      assert.equal(preparePlans(state), null);
      assert.throws(() => writeFileSync(join(state, "filler"), Buffer.alloc(4 << 20)), /ENOSPC/);
      for (const digit of ["1", "2", "3"]) {
        const kept = keepPlan(state, planOf(digit, 60_000, { madeAtMs: nowMs + Number(digit) }));
        assert.equal(kept.kind, "kept", "message" in kept ? kept.message : "");
        found(state, digit.repeat(12));
      }
      assert.equal(keptPlan(state, "1".repeat(12), nowMs).kind, "unknown", "the oldest made room");
      found(state, "2".repeat(12));
      const large = keepPlan(state, planOf("4", 200_000));
      assert.match("message" in large ? large.message : "", /expected room to keep a plan, found none/);
      rmSync(join(state, "filler"));
    } finally {
      execFileSync("umount", [state]);
    }
  }),
);
