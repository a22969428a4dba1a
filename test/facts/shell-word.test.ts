import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import fc from "fast-check";
import { shellWord } from "../../agent/facts/shell-word.ts";

test("quoting survives the real shell", () => {
  const words = fc.array(
    fc.string({ unit: "binary" }).filter((text) => !text.includes("\0") && text.isWellFormed()),
    { minLength: 20, maxLength: 20 },
  );
  fc.assert(
    fc.property(words, (texts) => {
      const script = `printf '%s\\0' ${texts.map(shellWord).join(" ")}`;
      const { stdout } = spawnSync("/bin/sh", ["-c", script], { encoding: "utf8" });
      assert.deepEqual(stdout.split("\0").slice(0, -1), texts);
    }),
    { numRuns: 20 },
  );
});
