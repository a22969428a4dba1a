/** The short way in takes what is plainly a call of status, and leaves the rest to the whole command line. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { main } from "../../agent/cli/asking.ts";

const left = [
  [],
  ["check"],
  ["status", "--help"],
  ["status", "-h"],
  ["status", "--jsn"],
  ["status", "--json", "--json"],
  ["status", "--account"],
  ["status", "--account", "--json"],
  ["status", "--account=oracle"],
  ["status", "oracle"],
  ["status", "--"],
  ["help", "status"],
];

for (const argv of left) {
  test(`leaves: ${argv.join(" ")}`, async () => {
    assert.deepEqual(await main(argv, "0.1.0"), { kind: "left" });
  });
}

/** A process of its own, for it writes to the real streams and closes what it inherited. */
const source = `
  import { main } from ${JSON.stringify(fileURLToPath(new URL("../../agent/cli/asking.ts", import.meta.url)))};
  const taken = await main(JSON.parse(process.argv[1]), "0.1.0");
  process.exit(taken.kind === "answered" ? taken.code : 9);
`;

function taken(argv: readonly string[]) {
  const words = ["--input-type=module", "-e", source, JSON.stringify(argv)];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("takes every flag of status as it is written out", () => {
  for (const more of [[], ["--json"], ["--ticket"], ["--account", "oracle"]]) {
    const { status, stderr, stdout } = taken(["status", "--socket", "/nonexistent/agent.sock", ...more]);
    assert.equal(status, 3, stderr);
    assert.match(stderr, /expected an agent, found none/);
    assert.equal(stdout, "");
  }
});

test("a fault of the program is exit 2 and one line, never the exit status of an answer", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "rcw-asking-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  // Of this version by its word, and of no shape that it ever had.
  const body = JSON.stringify({ kind: "Status", rcwarden: "0.1.0", findings: null });
  const server = createServer((socket) => {
    socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`));
  }).listen(join(folder, "agent.sock"));
  await once(server, "listening");
  t.after(() => server.close());
  const argv = JSON.stringify(["status", "--socket", join(folder, "agent.sock")]);
  const child = spawn(process.execPath, ["--input-type=module", "-e", source, argv], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [status] = await once(child, "close");
  assert.match(said, /^rcwarden: internal error: .*; please report it\n$/);
  assert.equal(status, 2);
});
