/** The socket appears whole, takes nobody's place, and takes away nothing but itself. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { place } from "../../agent/status/place.ts";
import { agentBehind, ask } from "./world.ts";

const safety = { timeout: 60_000 };
const asRoot = { ...safety, skip: process.getuid?.() === 0 ? false : "needs root, to give a socket to somebody else" };

interface Cleaning {
  after(fn: () => void): void;
}

function folderFor(t: Cleaning): string {
  const folder = mkdtempSync(join(tmpdir(), "rcw-place-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function server(t: Cleaning): Server {
  const made = createServer((socket) => void socket.end());
  t.after(() => void made.close());
  return made;
}

async function refusal(t: Cleaning, path: string): Promise<string> {
  const outcome = await place(server(t), path, 0o666);
  assert.equal(outcome.kind, "refused");
  return outcome.kind === "refused" ? outcome.message : "";
}

/** A socket at whose path nobody listens any more: its process died. */
async function stale(path: string): Promise<void> {
  const script = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => console.log("on"))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "close");
  assert.ok(lstatSync(path).isSocket());
}

test("it is there with its mode whatever the umask, and gone when it is removed", safety, async (t) => {
  const path = join(folderFor(t), "new", "folder", "agent.sock");
  const before = process.umask(0o077);
  const placed = await place(server(t), path, 0o666).finally(() => process.umask(before));
  assert.equal(placed.kind, "placed");
  assert.equal(lstatSync(path).mode & 0o7777, 0o666);
  assert.deepEqual(readdirSync(join(path, "..")), ["agent.sock"]);
  if (placed.kind === "placed") placed.remove();
  assert.equal(existsSync(path), false);
});

test("one at which nobody listens any more is replaced", safety, async (t) => {
  const path = join(folderFor(t), "agent.sock");
  await stale(path);
  const old = lstatSync(path).ino;
  assert.equal((await place(server(t), path, 0o666)).kind, "placed");
  assert.notEqual(lstatSync(path).ino, old);
});

test("rcwarden that answers keeps its place", safety, async (t) => {
  const { socket } = await agentBehind(t);
  assert.equal(
    await refusal(t, socket),
    `${socket}: expected to listen here, found rcwarden answering; stop it, or use --socket`,
  );
  assert.equal((await ask(socket, "/healthz")).status, 200);
});

test("so does another program that listens, also one that says nothing", safety, async (t) => {
  const path = join(folderFor(t), "agent.sock");
  const other = createServer({ allowHalfOpen: true });
  t.after(() => void other.close());
  other.on("connection", (socket) => t.after(() => void socket.destroy()));
  other.listen(path);
  await once(other, "listening");
  assert.match(await refusal(t, path), /found another program listening; stop it/);
});

test("what is no socket stays as it is", safety, async (t) => {
  const folder = folderFor(t);
  const path = (name: string) => join(folder, name);
  writeFileSync(path("file"), "precious");
  mkdirSync(path("folder"));
  symlinkSync(path("file"), path("link"));
  symlinkSync(path("nowhere"), path("dangling"));
  assert.match(await refusal(t, path("file")), /found a file; move it away, or use --socket$/);
  assert.match(await refusal(t, path("folder")), /found a folder/);
  assert.match(await refusal(t, path("link")), /found a link/);
  assert.match(await refusal(t, path("dangling")), /found a link/);
  assert.equal(readFileSync(path("file"), "utf8"), "precious");
  assert.deepEqual(readdirSync(folder).sort(), ["dangling", "file", "folder", "link"]);
});

test("a dead socket of somebody else stays, too", asRoot, async (t) => {
  const path = join(folderFor(t), "agent.sock");
  await stale(path);
  chownSync(path, 61_009, 61_009);
  assert.match(await refusal(t, path), /found a socket of uid 61009; remove it, or use --socket$/);
  assert.ok(lstatSync(path).isSocket());
});

test("a path that is too long for a socket is said in bytes", safety, async (t) => {
  const folder = folderFor(t);
  const path = join(folder, "ä".repeat(60));
  assert.match(await refusal(t, path), /expected a path of at most 107 bytes, found \d+; use --socket$/);
  const longest = join(folder, "x".repeat(107 - Buffer.byteLength(folder) - 1));
  assert.equal((await place(server(t), longest, 0o666)).kind, "placed");
});

test("a folder where nothing can be made is said with its code", safety, async (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "file"), "");
  assert.match(await refusal(t, join(folder, "file", "agent.sock")), /expected to listen here, found (ENOTDIR|EEXIST)/);
});

test("it takes away nothing but itself", safety, async (t) => {
  const { socket, stop } = await agentBehind(t);
  renameSync(socket, `${socket}.moved`);
  writeFileSync(socket, "somebody else's");
  await stop();
  assert.equal(readFileSync(socket, "utf8"), "somebody else's");
});
