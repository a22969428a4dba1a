import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connectedSender, hasSenderUnit } from "../../agent/daemon/sender-unit.ts";
import { SenderLink } from "../../agent/sinks/sender-link.ts";

const sender = fileURLToPath(new URL("../../agent/children/sender.ts", import.meta.url));
const safety = { timeout: 60_000, skip: process.getuid?.() !== 0 && "needs root, to be somebody else" };
const stranger = ["/usr/bin/setpriv", "--reuid", "61009", "--regid", "61009", "--clear-groups", "--"];

/** A folder that everybody reaches. */
function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "rcw-sender-"));
  chmodSync(folder, 0o777);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`expected ${what} within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What the service manager does for rcwarden-sender.socket: each connection is a sender's stdin and stdout. */
async function listening(t: TestContext, path: string): Promise<ChildProcess> {
  const command = ["--accept", "--inetd", `--listen=${path}`, process.execPath, sender];
  const manager = spawn("/usr/bin/systemd-socket-activate", command, { stdio: "ignore", env: {} });
  t.after(async () => {
    if (manager.exitCode !== null || manager.signalCode !== null) return;
    manager.kill("SIGKILL");
    await once(manager, "exit");
  });
  await until(() => hasSenderUnit(path), `a socket at ${path}`);
  return manager;
}

function linkTo(path: string): SenderLink {
  return new SenderLink({ spawnSender: () => connectedSender(path), log: () => {} });
}

/** Nobody listens at port 1. */
const request = {
  url: "https://127.0.0.1:1/events",
  proxy: null,
  timeoutMs: 20_000,
  body: "[]",
  material: { ca: null, cert: null, key: null, token: null },
};

test("over its socket a sender of a unit does what a child does, again and again", safety, async (t) => {
  const path = join(folderFor(t), "sender.sock");
  await listening(t, path);
  const link = linkTo(path);
  // A body larger than what a socket takes at once.
  for (const body of ["[]", JSON.stringify(["x".repeat(1_000_000)])]) {
    const reply = await link.post({ ...request, body });
    assert.ok(reply.kind === "failed");
    assert.equal(reply.code, "ECONNREFUSED");
  }
  assert.equal(link.identity, "rcwarden-sender.service");
  link.end();
});

test("where nothing listens any more, that is said, and nothing has left", safety, async (t) => {
  const path = join(folderFor(t), "sender.sock");
  const manager = await listening(t, path);
  manager.kill("SIGKILL");
  await once(manager, "exit");
  const reply = await linkTo(path).post(request);
  assert.ok(reply.kind === "failed");
  assert.match(reply.message, /ECONNREFUSED.*systemctl status rcwarden-sender\.socket/);
});

test("no keys go to a listener that is not root's", safety, async (t) => {
  const path = join(folderFor(t), "sender.sock");
  const log = join(folderFor(t), "heard");
  const script = `require("node:net").createServer((s) => s.on("data", (d) => require("node:fs").appendFileSync(${JSON.stringify(log)}, d))).listen(${JSON.stringify(path)})`;
  const [setpriv = "", ...words] = stranger;
  const other = spawn(setpriv, [...words, process.execPath, "-e", script], { stdio: "ignore", env: {} });
  t.after(() => other.kill("SIGKILL"));
  await until(() => hasSenderUnit(path), "a stranger's socket");
  const reply = await linkTo(path).post({ ...request, material: { ...request.material, token: "SECRET" } });
  assert.ok(reply.kind === "failed");
  assert.match(reply.message, /expected root to listen, found uid 61009/);
  assert.ok(!existsSync(log), "it heard something");
});

test("a sender ends without an answer where somebody else than root speaks to it", safety, async (t) => {
  const path = join(folderFor(t), "sender.sock");
  await listening(t, path);
  chmodSync(path, 0o666);
  const script = `
    const socket = require("node:net").connect(${JSON.stringify(path)});
    socket.on("data", (said) => process.stdout.write(said)).on("error", () => {}).on("close", () => process.exit(0));
    socket.write(${JSON.stringify(`${JSON.stringify({ id: 1, ...request })}\n`)});`;
  const [setpriv = "", ...words] = stranger;
  const other = spawn(setpriv, [...words, process.execPath, "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  other.stdout.on("data", (text) => {
    said += text;
  });
  const [status] = await once(other, "close");
  assert.deepEqual({ status, said }, { status: 0, said: "" });
});

test("only a socket is taken for one", async (t) => {
  const folder = folderFor(t);
  assert.equal(hasSenderUnit(join(folder, "none")), false);
  assert.equal(hasSenderUnit(folder), false);
  const server = createServer().listen(join(folder, "s"));
  t.after(() => server.close());
  await once(server, "listening");
  assert.equal(hasSenderUnit(join(folder, "s")), true);
});
