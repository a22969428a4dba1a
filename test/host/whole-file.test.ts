import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { bytesFrom, latin1Of } from "../../agent/host/whole-file.ts";

function inFile<T>(bytes: Buffer, use: (path: string, descriptor: number) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-whole-"));
  const path = join(folder, "file");
  writeFileSync(path, bytes);
  const descriptor = openSync(path, "r");
  try {
    return use(path, descriptor);
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
}

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) % 256));

test("all bytes come, whatever their number, and what was read before stays as it was", () => {
  for (const length of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    const whole = bytes(length);
    inFile(whole, (path, descriptor) => {
      const first = bytesFrom(descriptor, 1 << 20, 0);
      assert.ok(bytesFrom(descriptor, 1 << 20, 3).equals(whole.subarray(3)), `${length} from the third`);
      assert.ok(first.equals(whole), `${length}`);
      assert.equal(latin1Of(path), whole.toString("latin1"));
    });
  }
});

test("no more comes than was asked for", () => {
  inFile(bytes(200_000), (_, descriptor) => assert.equal(bytesFrom(descriptor, 70_000, 0).length, 70_000));
});

test("a file of /proc that says it is empty is read to its end", () => {
  assert.equal(latin1Of("/proc/version"), readFileSync("/proc/version", "latin1"));
  assert.throws(() => latin1Of("/proc/none"), /ENOENT/);
});
