/** Readers on file systems that do not answer: one that a signal ends, and one that nothing ends. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { enterPath } from "../../agent/host/enter.ts";
import { identityOf } from "../../agent/host/identity.ts";
import { useBuiltLauncher } from "../probe/asking.ts";
import { noAccounts } from "../support/accounts.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-dead-"));
const [dead, alive, script] = [join(folder, "dead"), join(folder, "alive"), join(folder, "reader.cjs")];
const root = { skip: noAccounts };

before(async () => {
  chmodSync(folder, 0o755);
  for (const one of [dead, alive]) mkdirSync(one);
  symlinkSync("../dead/behind", join(alive, "link"));
  writeFileSync(join(alive, "there"), "x\n");
  await useBuiltLauncher();
  const entryPoints = [join(import.meta.dirname, "../../agent/children/reader.ts")];
  await build({ entryPoints, outfile: script, bundle: true, format: "cjs", platform: "node", logLevel: "error" });
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly first: { readonly value: Readonly<Record<string, string>>; readonly ms: number };
  readonly second: { readonly value: Readonly<Record<string, string>>; readonly ms: number };
  readonly onDead: { readonly value: readonly string[] };
  /** The identity of what is there, by a thread of the agent's own, after it asked for more dead paths than it has threads. */
  readonly threads: string;
  readonly onAlive: readonly unknown[];
}

function askOn(helper: string): Told {
  const program = join(folder, "mount");
  execFileSync("cc", ["-w", "-o", program, join(import.meta.dirname, helper)]);
  const ask = [process.execPath, join(import.meta.dirname, "ask-dead-mount.ts"), enterPath(), script, dead, alive];
  // Helpers close the lowest descriptors in their server: its own must not be among them.
  const spare = openSync("/dev/null", "r");
  const { stdout, status } = spawnSync(program, [dead, ...ask], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit", spare],
    timeout: 60_000,
  });
  closeSync(spare);
  assert.equal(status, 0);
  return JSON.parse(stdout);
}

async function expected(): Promise<Record<string, string>> {
  const answered = ["there", "absent"].map((name) => join(alive, name));
  const unanswered = [join(dead, "a"), join(dead, "b"), join(alive, "link")];
  return {
    ...Object.fromEntries(unanswered.map((path) => [path, "no-answer"])),
    ...Object.fromEntries(await Promise.all(answered.map(async (path) => [path, await identityOf(path)]))),
  };
}

test("a mount that does not answer holds up no path on another one", root, async () => {
  const { first, second, onDead, onAlive, threads } = askOn("../native/dead-mount.c");
  assert.deepEqual(first.value, await expected());
  assert.deepEqual(second.value, await expected());
  assert.deepEqual(onDead.value, ["the startup files could not be read: it took longer than the time for it"]);
  assert.deepEqual(onAlive, []);
  assert.equal(threads, await identityOf(join(alive, "there")));
});

test("while a reader cannot be killed nobody waits for the same mount again", root, async () => {
  const { first, second, onDead, onAlive, threads } = askOn("stuck-mount.c");
  assert.deepEqual(first.value, await expected());
  assert.deepEqual(second.value, await expected());
  assert.ok(first.ms >= 1_500 && second.ms < 1_400, `${first.ms} ms, then ${second.ms} ms of a deadline of 1500 ms`);
  assert.deepEqual(onDead.value, [
    "the startup files could not be read: an earlier reader still waits for the file system",
  ]);
  assert.deepEqual(onAlive, []);
  assert.equal(threads, await identityOf(join(alive, "there")));
});
