/** The same question again: answered without node:http, and never otherwise than by it. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { test } from "node:test";
import { agentBehind, askAs, uids } from "./world.ts";

const safety = { timeout: 45_000 };
const asRoot = { ...safety, skip: process.getuid?.() === 0 ? false : "needs root, to call as others" };
const channel = "http.server.request.start";

/** How many requests node:http reads in this process from now on. */
function readByHttp(t: { after(fn: () => void): void }): () => number {
  let count = 0;
  const read = () => {
    count++;
  };
  subscribe(channel, read);
  t.after(() => void unsubscribe(channel, read));
  return () => count;
}

function bytesOf(path: string, ...lines: readonly string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: rcwarden", ...lines, "", ""].join("\r\n");
}

async function connected(path: string): Promise<Socket> {
  const socket = createConnection({ path, allowHalfOpen: true }).setEncoding("latin1");
  socket.setMaxListeners(0);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** One whole answer on a connection that stays; "" where it ends instead. */
async function say(socket: Socket, text: string): Promise<string> {
  let said = "";
  const whole = new Promise<void>((resolve) => {
    const heard = (chunk: string) => {
      said += chunk;
      const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(said) ?? [];
      const head = said.indexOf("\r\n\r\n");
      if (head < 0 || length === undefined || said.length < head + 4 + Number(length)) return;
      socket.off("data", heard);
      resolve();
    };
    socket.on("data", heard);
    socket.once("end", resolve);
    socket.once("close", () => resolve());
  });
  socket.write(text, "latin1");
  await whole;
  return said;
}

async function alone(path: string, text: string): Promise<string> {
  const socket = await connected(path);
  const said = await say(socket, text);
  socket.destroy();
  return said;
}

function withoutDate(answer: string): string[] {
  return answer
    .split("\r\n")
    .filter((line) => !/^date: /i.test(line))
    .sort();
}

for (const path of ["/healthz", "/readyz", "/v1/findings?most=1", "/v1/accounts/oracle", "/v1/runs"]) {
  test(`${path} is answered again as it was the first time, header for header`, safety, async (t) => {
    const { socket } = await agentBehind(t);
    const read = readByHttp(t);
    const first = await alone(socket, bytesOf(path));
    assert.match(first, /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(read(), 1);
    const kept = await connected(socket);
    for (let at = 0; at < 3; at++) assert.deepEqual(withoutDate(await say(kept, bytesOf(path))), withoutDate(first));
    assert.match(await say(kept, bytesOf(path)), /\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\n/);
    assert.equal(read(), 1, "only the first was read");
    assert.match(await say(kept, bytesOf("/nowhere")), /^HTTP\/1\.1 404 /);
    assert.equal(read(), 2, "what is otherwise goes on behind, on the same connection");
    assert.deepEqual(withoutDate(await say(kept, bytesOf(path))), withoutDate(first));
    kept.destroy();
  });
}

test("who asks is looked at anew, and whether he may", asRoot, async (t) => {
  const { socket } = await agentBehind(t);
  const read = readByHttp(t);
  for (let at = 0; at < 2; at++) assert.match((await askAs({ uid: 0 }, socket, "/v1/status")).text, /postgres/);
  assert.equal(read(), 1);
  assert.equal((await askAs({ uid: uids.stranger }, socket, "/v1/status")).status, 403);
  const own = await askAs({ uid: uids.oracle }, socket, "/v1/status");
  assert.equal(own.status, 200);
  assert.doesNotMatch(own.text, /postgres/);
  assert.equal(read(), 2, "the stranger's, to be refused");
});

test("the state is looked at anew", safety, async (t) => {
  const { socket, live, faults } = await agentBehind(t);
  await alone(socket, bytesOf("/readyz"));
  const kept = await connected(socket);
  assert.match(await say(kept, bytesOf("/readyz")), /^HTTP\/1\.1 200 OK\r\n/);
  live.ready = false;
  assert.match(await say(kept, bytesOf("/readyz")), /^HTTP\/1\.1 503 Service Unavailable\r\n/);
  const accounts = bytesOf("/v1/accounts/oracle");
  await alone(socket, accounts);
  const view = live.accounts.get("oracle");
  assert.ok(view !== undefined);
  live.accounts.delete("oracle");
  assert.match(await say(kept, accounts), /^HTTP\/1\.1 404 Not Found\r\n/);
  live.accounts.set("oracle", {
    ...view,
    get engines(): never {
      throw new Error("planted");
    },
  });
  assert.match(await say(kept, accounts), /^HTTP\/1\.1 500 /);
  assert.equal(faults.length, 1);
  kept.destroy();
});

test("what waits, and what is to be done, is never answered from memory", safety, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const read = readByHttp(t);
  for (let at = 0; at < 3; at++) await alone(socket, bytesOf("/v1/events"));
  const post = `POST /v1/reload HTTP/1.1\r\nHost: rcwarden\r\n\r\n`;
  for (let at = 0; at < 3; at++) await alone(socket, post);
  assert.equal(read(), 6);
  assert.deepEqual(asked, ["reload", "reload", "reload"]);
});

test("a refusal is not remembered, nor what a foreign page asks", safety, async (t) => {
  const { socket } = await agentBehind(t);
  const read = readByHttp(t);
  const foreign = ["Host: evil.example", "Origin: http://evil.example", "Sec-Fetch-Site: cross-site"];
  for (const line of foreign) {
    await alone(socket, bytesOf("/healthz"));
    for (let at = 0; at < 2; at++) assert.match(await alone(socket, bytesOf("/healthz", line)), /^HTTP\/1\.1 4\d\d /);
  }
  assert.equal(read(), 1 + foreign.length * 2);
});

test("more behind a known request is read by node:http alone, and does nothing", safety, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const known = bytesOf("/healthz");
  await alone(socket, known);
  const reload = `POST /v1/reload HTTP/1.1\r\nHost: rcwarden\r\n\r\n`;
  for (const behind of [known, reload, "GET", "\r\n", "\0", `${"x".repeat(3_000)}\r\n\r\n`]) {
    for (const text of [known + behind, behind + known]) {
      const kept = await connected(socket);
      assert.match(await say(kept, known), /^HTTP\/1\.1 200 /);
      kept.write(text, "latin1");
      kept.end();
      await new Promise((resolve) => kept.once("close", resolve).resume());
    }
  }
  // A request that ended before another began is one: POST, then what is known.
  assert.ok(asked.every((word) => word === "reload") && asked.length <= 1, asked.join());
  assert.match(await alone(socket, known), /^HTTP\/1\.1 200 /);
});

test(
  "a known request that comes in pieces, or with one byte changed, is answered as node:http answers it",
  safety,
  async (t) => {
    const { socket } = await agentBehind(t);
    const known = bytesOf("/healthz", "Accept: application/json");
    await alone(socket, known);
    const seed = Array.from({ length: 40 }, () => [randomInt(known.length), randomInt(256)] as const);
    for (const [at, byte] of seed) {
      const changed = known.slice(0, at) + String.fromCharCode(byte) + known.slice(at + 1);
      const [whole, parts] = await Promise.all([
        ended(socket, [changed]),
        ended(socket, [changed.slice(0, at), changed.slice(at)]),
      ]);
      const line = (answer: string) => answer.split("\r\n")[0];
      assert.equal(line(whole), line(parts), `byte ${at} is ${byte}`);
    }
  },
);

/** All that comes back until the other end closes, where this end is closed after the last part. */
async function ended(path: string, parts: readonly string[]): Promise<string> {
  const socket = await connected(path);
  let said = "";
  socket.on("data", (chunk: string) => {
    said += chunk;
  });
  for (const part of parts) {
    if (part !== "") await new Promise((resolve) => socket.write(part, "latin1", resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  await new Promise((resolve) => socket.once("close", resolve));
  return said;
}

test("a connection is ended after a thousand answers, and when the endpoint closes", safety, async (t) => {
  const { socket, stop } = await agentBehind(t);
  const known = bytesOf("/healthz");
  await alone(socket, known);
  const kept = await connected(socket);
  for (let at = 1; at < 1_000; at++) assert.doesNotMatch(await say(kept, known), /connection: close/i);
  assert.match(await say(kept, known), /\r\nConnection: close\r\n/);
  if (!kept.readableEnded) await once(kept, "end");
  kept.destroy();
  const idle = await connected(socket);
  await say(idle, known);
  const over = new Promise((resolve) => idle.once("close", resolve).resume());
  await stop();
  idle.end();
  await over;
});

test("who asks again without taking the answer is cut", safety, async (t) => {
  const { socket, store } = await agentBehind(t);
  const [state] = store.findings("oracle");
  assert.ok(state !== undefined);
  const put = Array.from({ length: 900 }, (_, at) => {
    const fingerprint = at.toString(16).padStart(16, "0");
    return { ...state, finding: { ...state.finding, fingerprint } };
  });
  store.commit({ nowMs: 0, put });
  const known = bytesOf("/v1/findings");
  await alone(socket, known);
  const kept = await connected(socket);
  kept.pause();
  const closed = new Promise((resolve) => kept.once("close", resolve));
  const asking = setInterval(() => kept.write(known), 20);
  t.after(() => clearInterval(asking));
  kept.once("error", () => {});
  await Promise.race([closed, new Promise((resolve) => kept.once("error", resolve))]);
  kept.destroy();
});
