import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { peerOf } from "../../agent/host/peer.ts";
import { useBuiltAddon } from "../support/addon.ts";

before(useBuiltAddon);

/** Connects, as whom setpriv makes it, and stays until it is told that it was seen. */
const caller = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.recv(1)";

test("a caller is who the kernel says, with all its groups", {
  skip: process.geteuid?.() === 0 ? false : "needs root",
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-peer-"));
  chmodSync(folder, 0o755);
  const path = join(folder, "s");
  const server = createServer();
  server.listen(path);
  await once(server, "listening");
  chmodSync(path, 0o666);
  // More groups than the first room that is asked for.
  const groups = Array.from({ length: 200 }, (_, at) => 70_000 + at);
  const identity = ["--reuid=65001", "--regid=65002", `--groups=${groups.join(",")}`];
  const child = spawn("setpriv", [...identity, "/usr/bin/python3", "-c", caller, path], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    const exit = once(child, "exit");
    const [socket] = await Promise.race([once(server, "connection"), exit]);
    assert.ok(socket instanceof Socket, "the caller ended before it connected");
    assert.deepEqual(peerOf(socket), { pid: child.pid, uid: 65_001, gid: 65_002, groups });
    const closed = once(socket, "close");
    socket.end("x");
    await exit;
    socket.destroy();
    await closed;
    assert.equal(peerOf(socket), null, "a connection that is closed");
  } finally {
    child.kill("SIGKILL");
    server.close();
    rmSync(folder, { recursive: true });
  }
});

test("of a connection over TCP, and of none, there is no telling", async () => {
  assert.equal(peerOf(new Socket()), null);
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const client = connect(address.port, "127.0.0.1");
  try {
    const [socket] = await once(server, "connection");
    assert.ok(socket instanceof Socket);
    assert.equal(peerOf(socket), null);
    socket.destroy();
  } finally {
    client.destroy();
    server.close();
  }
});
