import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { replacedIn } from "../../agent/evaluate/index.ts";
import type { StartupFile } from "../../agent/facts/index.ts";
import { account, modeFacts } from "../support/facts.ts";

const content = Buffer.from("alias cp 'cp -i'\n");
const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
const replacement = { path: "/home/oracle/.cshrc", real: "/u01/dot/cshrc", content };

function readIn(...files: readonly Partial<StartupFile>[]): readonly string[] {
  const startupFiles = files.map((file): StartupFile => ({ path: "/x", state: "read", through: [], ...file }));
  const measured = { account, modes: [modeFacts({ startupFiles }), modeFacts({ mode: "cron", startupFiles: [] })] };
  const [replaced] = replacedIn(measured, [{ by: "new", replacement }]);
  assert.deepEqual(
    { ...replaced, readIn: [] },
    { account: "oracle", file: replacement.path, by: "new", digest, readIn: [] },
  );
  return replaced?.readIn ?? [];
}

test("it was read where a shell read it, by whichever name", () => {
  assert.deepEqual(readIn({ path: replacement.path }), ["ssh-command"]);
  assert.deepEqual(readIn({ path: replacement.real }), ["ssh-command"]);
  assert.deepEqual(readIn({ path: "/home/oracle/.tcshrc", digest }), ["ssh-command"]);
});

test("it was not read where only others were, or where it could not be", () => {
  assert.deepEqual(readIn({ path: "/home/oracle/.login", digest: "sha256:00" }), []);
  assert.deepEqual(readIn({ path: replacement.path, state: "unreadable" }), []);
  assert.deepEqual(readIn(), []);
});
