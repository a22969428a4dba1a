import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand } from "../../agent/host/command.ts";

const usual = { deadlineMs: 10_000, maxBytes: 65_536 };

test("a program's status, output and input are its own", async () => {
  const outcome = await runCommand(["sh", "-c", "cat; echo no >&2; exit 3"], { ...usual, input: "given" });
  assert.ok(outcome.kind === "ended");
  assert.deepEqual([outcome.status, outcome.stdout.toString(), outcome.stderr.toString()], [3, "given", "no\n"]);
});

test("a program gets exactly the environment that it is given, and words are no shell text", async () => {
  const outcome = await runCommand(["/usr/bin/env"], { ...usual, env: { A: "b c" } });
  assert.ok(outcome.kind === "ended");
  assert.equal(outcome.stdout.toString(), "A=b c\n");
  const words = await runCommand(["printf", "%s", "$(id);'\"`"], usual);
  assert.ok(words.kind === "ended");
  assert.equal(words.stdout.toString(), "$(id);'\"`");
});

test("stdin is at its end where nothing is given", async () => {
  const outcome = await runCommand(["cat"], usual);
  assert.deepEqual([outcome.kind, outcome.kind === "ended" && outcome.status], ["ended", 0]);
});

test("at the deadline the program and its children are killed", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rcw-command-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const script = `sleep 1000 & echo $$ $! > ${folder}/pids; wait`;
  assert.deepEqual(await runCommand(["sh", "-c", script], { ...usual, deadlineMs: 500 }), { kind: "timed-out" });
  for (const pid of readFileSync(join(folder, "pids"), "utf8").trim().split(" ")) await gone(Number(pid));
});

test("a background child that keeps the output open is waited for, then killed", async () => {
  const outcome = await runCommand(["sh", "-c", "sleep 1000 & exit 0"], { ...usual, deadlineMs: 500 });
  assert.deepEqual(outcome, { kind: "timed-out" });
});

test("endless output ends the program", async () => {
  assert.deepEqual(await runCommand(["yes"], usual), { kind: "too-much" });
});

test("a program that is not there, and a word with NUL, are said", async () => {
  assert.equal((await runCommand(["rcwarden-no-such-program"], usual)).kind, "not-started");
  assert.equal((await runCommand(["echo", "a\0b"], usual)).kind, "not-started");
});

async function gone(pid: number): Promise<void> {
  const running = () => {
    try {
      // A zombie without a parent that reaps it has ended as well.
      return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    } catch {
      return false;
    }
  };
  for (let look = 0; look < 500 && running(); look++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(!running(), `process ${pid} still runs`);
}
