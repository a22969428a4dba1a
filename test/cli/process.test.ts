/** The program as it is started: streams, exit status, what is loaded. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../agent/main.ts", import.meta.url));

function started(command: string): { stdout: string; stderr: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync("bash", ["--norc", "-c", command], {
    encoding: "utf8",
    env: { PATH: process.env.PATH ?? "", NODE: process.execPath, MAIN: main },
  });
  return { stdout, stderr, status };
}

test("a reader that goes away ends the call quietly, and the exit status stays", () => {
  const { stderr, status } = started('set -o pipefail; "$NODE" "$MAIN" policy schema | head -c 1 >/dev/null');
  assert.equal(stderr, "");
  assert.equal(status, 0);
});

test("an answer that cannot be written is said, and is exit 2", () => {
  const { stderr, status } = started('"$NODE" "$MAIN" policy schema >/dev/full');
  assert.equal(stderr, "rcwarden: stdout: expected to write, found ENOSPC\n");
  assert.equal(status, 2);
});

test("the version is the package's", () => {
  assert.match(started('"$NODE" "$MAIN" --version').stdout, /^rcwarden \d+\.\d+\.\d+\n$/);
});
