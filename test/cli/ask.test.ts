/** Asking over real sockets: who is believed, and what is said where nobody answers. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createSocket, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ask, type Question, type Told } from "../../agent/cli/ask.ts";
import { agentPlaces, hostPlaces, isUnitOf, unitFoldersOf } from "../../agent/cli/places.ts";
import { noAgent } from "../../agent/cli/sockets.ts";

const callerUid = process.geteuid?.() ?? -1;
const question: Question = { method: "GET", path: "/v1/status", withinMs: 20_000 };
const safety = { timeout: 60_000 };
const asRoot = { ...safety, skip: callerUid === 0 ? false : "needs root, to give a socket to somebody else" };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "rcw-ask-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Answers everything with this status and body; keeps what it was asked. */
async function answering(t: TestContext, path: string, status: number, body: string): Promise<string[]> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      asked.push(`${request.method} ${request.url} ${text}`);
      // As the agent does it.
      response.writeHead(status, { "Content-Length": Buffer.byteLength(body) }).end(body);
    });
  });
  t.after(() => void server.close());
  server.listen(path);
  await once(server, "listening");
  return asked;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

/** Listens, and does with a connection what it is told. */
async function listening(t: TestContext, path: string, meet: (socket: Socket) => void): Promise<void> {
  const server = createSocket((socket) => {
    t.after(() => void socket.destroy());
    socket.on("error", () => {});
    meet(socket);
  });
  t.after(() => void server.close());
  server.listen(path);
  await once(server, "listening");
}

function failure(told: Told): string {
  assert.equal(told.kind, "failed");
  return told.kind === "failed" ? `${told.code}: ${told.message.replaceAll(told.socket, "SOCKET")}` : "";
}

test("asks with method, path and body, and says which socket answered", safety, async (t) => {
  const socket = join(folderFor(t), "agent.sock");
  const asked = await answering(t, socket, 200, '{"a":1}');
  const post = { method: "POST", path: "/v1/run?x=1", body: { account: "oracle" } } as const;
  assert.deepEqual(await ask({ sockets: [socket], callerUid }, post), {
    kind: "answer",
    socket,
    status: 200,
    body: { a: 1 },
  });
  assert.deepEqual(asked, ['POST /v1/run?x=1 {"account":"oracle"}']);
});

test("where nobody listens there is no agent: nothing, no folder, a socket that was left behind", safety, async (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "file"), "");
  for (const path of ["none", "none/agent.sock", "file/agent.sock"]) {
    const sockets = [join(folder, path)];
    assert.deepEqual(await ask({ sockets, callerUid }, question), { kind: "no-agent", sockets });
  }
});

test("the first that knows answers; one's own that does not know the account is passed over", safety, async (t) => {
  const folder = folderFor(t);
  const [own, host, third] = [join(folder, "own"), join(folder, "host"), join(folder, "third")];
  await answering(t, own, 404, '{"code":"account-unknown"}');
  await answering(t, host, 200, '{"from":"host"}');
  const asked = await answering(t, third, 200, "{}");
  const told = await ask({ sockets: [join(folder, "none"), own, host, third], callerUid }, question);
  assert.deepEqual(told, { kind: "answer", socket: host, status: 200, body: { from: "host" } });
  assert.deepEqual(asked, []);
  const alone = await ask({ sockets: [join(folder, "none"), own], callerUid }, question);
  assert.equal(alone.kind === "answer" && alone.status, 404);
});

test("a socket that somebody else made is not believed", asRoot, async (t) => {
  const socket = join(folderFor(t), "agent.sock");
  const asked = await answering(t, socket, 200, '{"verdict":"go"}');
  chownSync(socket, 61_009, 61_009);
  const told = await ask({ sockets: [socket], callerUid: 0 }, question);
  assert.equal(failure(told), "not-trusted: SOCKET: expected an agent of root or of your own, found one of uid 61009");
  assert.deepEqual(asked, []);
  assert.equal((await ask({ sockets: [socket], callerUid: 61_009 }, question)).kind, "answer");
});

test("nor one behind a link, nor one that another process listens at than its owner says", safety, async (t) => {
  const folder = folderFor(t);
  const socket = join(folder, "agent.sock");
  await answering(t, socket, 200, '{"verdict":"go"}');
  symlinkSync(socket, join(folder, "link"));
  assert.match(
    failure(await ask({ sockets: [join(folder, "link")], callerUid }, question)),
    /^not-trusted: .*a socket/,
  );
  const planted = await ask({ sockets: [socket], callerUid, listenerOf: () => 61_009 }, question);
  assert.match(failure(planted), /^not-trusted: .*found one of uid 61009$/);
  assert.equal((await ask({ sockets: [socket], callerUid, listenerOf: () => callerUid }, question)).kind, "answer");
});

test("what does not come in time, not whole, or not as JSON is no answer", safety, async (t) => {
  const folder = folderFor(t);
  const path = (name: string) => join(folder, name);
  await listening(t, path("silent"), () => {});
  await listening(t, path("cut"), (socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"));
  });
  await listening(t, path("trickles"), (socket) => {
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"));
  });
  await listening(t, path("gone"), (socket) => void socket.destroy());
  await listening(t, path("byte-by-byte"), (socket) => {
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\nX-Later: 1\r\ncontent-length: 15\r\n\r\n{"is":"\u00fc \u20ac"}`);
    let at = 0;
    const next = () => {
      if (at < bytes.length) socket.write(bytes.subarray(at, ++at), next);
    };
    socket.once("data", next);
  });
  await listening(t, path("unsized"), (socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"));
  });
  await listening(t, path("endless"), (socket) => {
    socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(20_000)}`));
  });
  await listening(t, path("huge"), (socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));
  });
  await answering(t, path("noise"), 200, "Welcome to db07!");
  const at = async (name: string, withinMs = 20_000) =>
    failure(await ask({ sockets: [path(name)], callerUid }, { ...question, withinMs }));
  assert.equal(await at("silent", 50), "too-late: SOCKET: expected an answer, found none within 50 ms");
  assert.match(await at("trickles", 50), /^too-late/);
  assert.match(await at("cut"), /^failed: SOCKET: expected/);
  assert.match(
    await at("gone"),
    /^failed: SOCKET: expected (an answer, found (ECONNRESET|EPIPE)|a whole answer, found a part or none)$/,
  );
  assert.equal(await at("unsized"), "failed: SOCKET: expected an answer of rcwarden, found something else");
  assert.equal(await at("endless"), "failed: SOCKET: expected an answer of rcwarden, found something else");
  assert.match(await at("huge"), /^failed: SOCKET: expected an answer of at most \d+ bytes, found more$/);
  const whole = await ask({ sockets: [path("byte-by-byte")], callerUid }, question);
  assert.deepEqual(whole.kind === "answer" && whole.body, { is: "\u00fc \u20ac" });
  assert.match(await at("noise"), /^failed: SOCKET: expected JSON, found something else$/);
});

test("a unit's folders are an instance's places, and only their owner's agent is believed there", (t) => {
  const folder = folderFor(t);
  const [state, runtime] = [join(folder, "state"), join(folder, "run")];
  for (const each of [state, runtime]) mkdirSync(join(each, "oracle"), { recursive: true });
  mkdirSync(join(runtime, "host"));
  chownSync(join(state, "oracle"), 61_009, 61_009);
  chownSync(join(runtime, "oracle"), 61_009, 61_009);
  const unit = unitFoldersOf(61_009, state, runtime);
  assert.deepEqual(agentPlaces(61_009, { HOME: "/home/oracle", XDG_RUNTIME_DIR: "/run/user/61009" }, unit), {
    state: join(state, "oracle"),
    socket: join(runtime, "oracle/agent.sock"),
  });
  assert.deepEqual(unitFoldersOf(61_010, state, runtime), { state: null, runtime: null });
  const socket = join(runtime, "oracle/agent.sock");
  assert.ok(isUnitOf(61_009, socket, runtime));
  assert.ok(!isUnitOf(61_010, socket, runtime), "of another user");
  assert.ok(!isUnitOf(61_009, join(runtime, "oracle/sub/agent.sock"), runtime), "deeper");
  assert.ok(!isUnitOf(61_009, join(runtime, "host/agent.sock"), runtime), "in another's folder");
  chmodSync(runtime, 0o777);
  assert.ok(!isUnitOf(61_009, socket, runtime), "where anybody may make folders");
});

test("who finds no agent is told of those that accounts have by a unit", () => {
  assert.equal(noAgent(["/a"], []), "/a: expected an agent, found none; start one: rcwarden agent");
  assert.equal(
    noAgent(["/run/rcwarden/oracle/agent.sock"], ["/run/rcwarden/oracle/agent.sock", "/run/rcwarden/x/agent.sock"]),
    "/run/rcwarden/oracle/agent.sock: expected an agent, found none; accounts have their own: --socket /run/rcwarden/x/agent.sock",
  );
});

test("each instance has its places: root's is the host's, others' below their own folders", () => {
  assert.deepEqual(agentPlaces(0, { XDG_STATE_HOME: "/elsewhere" }), hostPlaces);
  assert.deepEqual(agentPlaces(501, { HOME: "/home/oracle" }), {
    state: "/home/oracle/.local/state/rcwarden",
    socket: "/home/oracle/.local/state/rcwarden/agent.sock",
  });
  assert.deepEqual(
    agentPlaces(501, { HOME: "/home/oracle", XDG_STATE_HOME: "/var/state", XDG_RUNTIME_DIR: "/run/user/501" }),
    { state: "/var/state/rcwarden", socket: "/run/user/501/rcwarden/agent.sock" },
  );
  const relative = agentPlaces(501, { HOME: "/home/oracle", XDG_STATE_HOME: "state", XDG_RUNTIME_DIR: "run" });
  assert.equal(relative.socket, "/home/oracle/.local/state/rcwarden/agent.sock");
});
