/** Sweepers on file systems that do not answer: one that a signal ends, and one that nothing ends. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { enterPath } from "../../agent/host/enter.ts";
import { useBuiltLauncher } from "../probe/asking.ts";
import { noAccounts } from "../support/accounts.ts";
import { builtAddon } from "../support/addon.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-dead-"));
const [dead, alive, script] = [join(folder, "dead"), join(folder, "alive"), join(folder, "sweeper.cjs")];
const root = { skip: noAccounts };

before(async () => {
  chmodSync(folder, 0o755);
  for (const one of [dead, alive]) mkdirSync(one);
  chownSync(alive, 65534, 65534);
  await useBuiltLauncher();
  const entryPoints = [join(import.meta.dirname, "../../agent/children/sweeper.ts")];
  await build({ entryPoints, outfile: script, bundle: true, format: "cjs", platform: "node", logLevel: "error" });
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Came {
  readonly kind: string;
  readonly message: string;
  readonly ms: number;
}

function askOn(helper: string): { readonly first: Came; readonly second: Came; readonly other: Came } {
  const program = join(folder, "mount");
  execFileSync("cc", ["-w", "-o", program, join(import.meta.dirname, helper)]);
  const ask = [process.execPath, join(import.meta.dirname, "ask-dead-sweeper.ts"), enterPath(), builtAddon()];
  ask.push(script, dead, alive);
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

test("a mount that does not answer is told, and asked again once the first sweeper is gone", root, () => {
  const { first, second, other } = askOn("../native/dead-mount.c");
  assert.deepEqual([first.kind, second.kind, other.kind], ["timed-out", "timed-out", "looked"]);
});

test("while a sweeper cannot be killed no second one starts on that mount, and others do", root, () => {
  const { first, second, other } = askOn("stuck-mount.c");
  assert.deepEqual([first.kind, other.kind], ["timed-out", "looked"]);
  assert.equal(second.kind, "failed");
  assert.equal(second.message, "an earlier sweeper still waits for the file system");
  assert.ok(second.ms < 1_000, `${second.ms} ms`);
});
