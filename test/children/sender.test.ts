import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const sender = fileURLToPath(new URL("../../agent/children/sender.ts", import.meta.url));

/** What it says on both streams, and how it ends, when it hears this and then the end. */
async function hears(text: string): Promise<{ stdout: string; stderr: string; status: number | null }> {
  const child = spawn(process.execPath, [sender], { env: {} });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    said.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said.stderr += chunk;
  });
  child.stdin.end(text);
  const [status] = await once(child, "close");
  return { ...said, status };
}

test("it ends when the agent does, and says nothing", async () => {
  assert.deepEqual(await hears(""), { stdout: "", stderr: "", status: 0 });
});

test("what is no request ends it, and none of what it carried is said", async () => {
  for (const text of ["no JSON SECRET\n", '{"id":1,"material":{"token":"SECRET"}}\n']) {
    assert.deepEqual(await hears(text), { stdout: "", stderr: "", status: 2 });
  }
});
