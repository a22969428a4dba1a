/** What a caller may cost, what a browser may not do, and what is answered to what is wrong. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { test } from "node:test";
import { cursorText } from "../../agent/drift/index.ts";
import { limits } from "../../agent/status/admission.ts";
import { agentBehind, ask, askAs, runOf, uids } from "./world.ts";

/** Less than the longest wait, so that what should have ended is not taken for it. */
const safety = { timeout: 45_000 };

/** A connection that says these bytes; `heard` has all that came back when it ended. */
async function speak(
  path: string,
  text: string,
): Promise<{ readonly socket: Socket; readonly heard: Promise<string> }> {
  const socket = createConnection({ path, allowHalfOpen: true });
  socket.setEncoding("latin1");
  await once(socket, "connect");
  let said = "";
  const heard = new Promise<string>((resolve) => {
    socket.on("data", (chunk: string) => {
      said += chunk;
    });
    socket.on("error", () => resolve(said));
    socket.on("end", () => {
      socket.end();
      resolve(said);
    });
    socket.on("close", () => resolve(said));
  });
  socket.write(text);
  return { socket, heard };
}

function problemIn(body: unknown): Readonly<Record<string, unknown>> {
  assert.ok(typeof body === "object" && body !== null);
  assert.deepEqual(Object.keys(body), ["code", "where", "expected", "found", "change"]);
  return { ...body };
}

function statusIn(body: unknown): unknown {
  return typeof body === "object" && body !== null && Reflect.get(body, "status");
}

function checksIn(body: unknown): Readonly<Record<string, unknown>> {
  const checks: unknown = typeof body === "object" && body !== null && Reflect.get(body, "checks");
  assert.ok(typeof checks === "object" && checks !== null);
  return { ...checks };
}

test("whoever is asked by a foreign name is not there", safety, async (t) => {
  const { socket } = await agentBehind(t);
  for (const Host of ["localhost", "localhost:8080", "127.0.0.1:9", "rcwarden", "LOCALHOST:1"]) {
    assert.equal((await ask(socket, "/healthz", { headers: { Host } })).status, 200, Host);
  }
  for (const Host of [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example:80",
    "localhost:80:80",
    "rcwarden:80",
    "[::1]",
    "127.0.0.2",
  ]) {
    const { status, body } = await ask(socket, "/healthz", { headers: { Host } });
    assert.equal(status, 421, Host);
    assert.equal(problemIn(body).code, "host-foreign");
  }
  const without = await speak(socket, "GET /healthz HTTP/1.0\r\n\r\n");
  assert.match(await without.heard, /^HTTP\/1\.1 200 /);
  const twice = await speak(
    socket,
    "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
  );
  assert.match(await twice.heard, /^HTTP\/1\.1 400 /);
});

test("what another page asks in a person's name is refused", safety, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const Host = "localhost:8080";
  const foreign = [
    { Origin: "https://evil.example" },
    { Origin: "null" },
    { Origin: "http://localhost:3000" },
    { Origin: "https://localhost:8080" },
    { "Sec-Fetch-Site": "cross-site" },
    { Referer: "https://evil.example/page" },
    { Referer: "http://localhost:8080.evil.example/" },
    { Referer: "http://localhost:3000/" },
    { Origin: "http://localhost:8080", Referer: "https://evil.example/" },
    { "Sec-Fetch-Site": "same-site" },
    { Origin: "http://localhost:8080", "Sec-Fetch-Site": "cross-site" },
  ];
  for (const headers of foreign) {
    for (const [method, path] of [
      ["GET", "/v1/status"],
      ["POST", "/v1/reload"],
    ] as const) {
      assert.equal(
        (await ask(socket, path, { method, headers: { Host, ...headers } })).status,
        403,
        JSON.stringify(headers),
      );
    }
  }
  assert.deepEqual(asked, []);
  const own = { Host, Origin: "http://localhost:8080", "Sec-Fetch-Site": "same-origin" };
  assert.equal((await ask(socket, "/v1/reload", { method: "POST", headers: own })).status, 200);
  assert.equal((await ask(socket, "/v1/status", { headers: { Host, "Sec-Fetch-Site": "none" } })).status, 200);
  const led = { Host, Referer: "http://localhost:8080/" };
  assert.equal((await ask(socket, "/v1/status", { headers: led })).status, 200);
});

test("a form of another page that a browser sends without its origin is refused by its type", safety, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const headers = { "Content-Type": "text/plain" };
  const { status, body } = await ask(socket, "/v1/run", { method: "POST", headers, body: "{}" });
  assert.equal(status, 415);
  assert.equal(problemIn(body).code, "type-wrong");
  assert.deepEqual(asked, []);
});

test("every answer forbids what could be done with it", safety, async (t) => {
  const { socket } = await agentBehind(t);
  const sent = [
    await ask(socket, "/healthz"),
    await ask(socket, "/v1/findings"),
    await ask(socket, "/nowhere"),
    await ask(socket, "/healthz", { headers: { Host: "evil.example" } }),
  ];
  for (const { headers } of sent) {
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["cache-control"], "no-store");
    assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
    assert.match(String(headers["content-type"]), /^application\/(health\+)?json/);
    assert.equal(headers["access-control-allow-origin"], undefined);
  }
  const broken = await speak(socket, "no HTTP at all\r\n\r\n");
  assert.match(await broken.heard, /^HTTP\/1\.1 400 [\s\S]*nosniff[\s\S]*"code":"request-wrong"/);
});

test("what is asked wrongly is told where, what was expected, what was found", safety, async (t) => {
  const { socket } = await agentBehind(t);
  const rows: readonly (readonly [path: string, status: number, code: string, change: RegExp])[] = [
    ["/v1/finding", 404, "path-unknown", /did you mean \/v1\/findings\?/],
    ["/v1/findings/", 404, "path-unknown", /./],
    ["/v1/findings?acount=oracle", 400, "query-wrong", /did you mean account\?/],
    ["/v1/findings?status=bad", 400, "query-wrong", /^$/],
    ["/v1/findings?most=0", 400, "query-wrong", /^$/],
    ["/v1/findings?account=a&account=b", 400, "query-wrong", /^$/],
    ["/v1/findings?__proto__=1", 400, "query-wrong", /^$/],
    ["/v1/events?after=7", 400, "query-wrong", /^$/],
    ["/v1/events?wait=61s", 400, "query-wrong", /^$/],
    ["/v1/accounts/orcale", 404, "account-unknown", /did you mean oracle\?/],
    ["/v1/accounts/oracle?engine=exec-chanel", 404, "engine-unknown", /did you mean exec-channel\?/],
    ["/v1/accounts/%ff", 400, "path-wrong", /^$/],
    ["/v1/accounts/", 404, "path-unknown", /./],
    ["/v1/accounts/a/b", 404, "path-unknown", /./],
    ["/v1/baseline", 400, "query-wrong", /^$/],
  ];
  for (const [path, status, code, change] of rows) {
    const answer = await ask(socket, path);
    const problem = problemIn(answer.body);
    assert.deepEqual([answer.status, problem.code], [status, code], path);
    assert.match(String(problem.change), change, path);
  }
});

test("another method is told which there are; HEAD is asked where GET is", safety, async (t) => {
  const { socket } = await agentBehind(t);
  const wrong = await ask(socket, "/v1/reload");
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, "POST"]);
  const other = await ask(socket, "/v1/baseline?account=oracle", { method: "DELETE" });
  assert.deepEqual([other.status, other.headers.allow], [405, "GET, HEAD, POST"]);
  assert.equal((await ask(socket, "/v1/status", { method: "OPTIONS" })).status, 405);
  const head = await ask(socket, "/v1/findings", { method: "HEAD" });
  const got = await ask(socket, "/v1/findings");
  assert.deepEqual([head.status, head.text], [200, ""]);
  assert.equal(head.headers["content-length"], got.headers["content-length"]);
});

test("a body is bounded, of JSON, and only where one is wanted", safety, async (t) => {
  const { socket, asked } = await agentBehind(t);
  const headers = { "Content-Type": "application/json" };
  const post = (body: string, path = "/v1/baseline") => ask(socket, path, { method: "POST", headers, body });
  const codes = async (body: string, path?: string) => {
    const { status, body: said } = await post(body, path);
    return [status, problemIn(said).code];
  };
  const long = JSON.stringify({ account: "oracle", reason: "x".repeat(70_000) });
  assert.deepEqual(await codes(long), [413, "body-too-long"]);
  assert.deepEqual(await codes("{"), [400, "body-wrong"]);
  assert.deepEqual(await codes('{"account":"oracle"}'), [400, "body-wrong"]);
  assert.deepEqual(await codes('{"account":"oracle","reason":" "}'), [400, "body-wrong"]);
  assert.deepEqual(await codes('{"account":"oracle","reason":"r","more":1}'), [400, "body-wrong"]);
  assert.deepEqual(await codes('{"account":"orcale","reason":"r"}'), [404, "account-unknown"]);
  assert.deepEqual(await codes("{}", "/v1/reload"), [400, "body-unexpected"]);
  const chunked = await speak(
    socket,
    `POST /v1/baseline HTTP/1.1\r\nHost: rcwarden\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${`4000\r\n${"x".repeat(0x4000)}\r\n`.repeat(5)}`,
  );
  assert.match(await chunked.heard, /^HTTP\/1\.1 413 /);
  assert.deepEqual(asked, []);
  assert.equal((await post('{"account":"oracle","reason":"CHG1"}')).status, 200);
  assert.deepEqual(asked, ["accept oracle CHG1"]);
});

test("headers are bounded", safety, async (t) => {
  const { socket } = await agentBehind(t);
  const { heard } = await speak(socket, `GET /healthz HTTP/1.1\r\nHost: rcwarden\r\nX: ${"x".repeat(20_000)}\r\n\r\n`);
  assert.match(await heard, /^HTTP\/1\.1 431 /);
});

test("who says nothing, not the whole, or nothing more is cut", safety, async (t) => {
  const { socket } = await agentBehind(t);
  const known = "GET /healthz HTTP/1.1\r\nHost: rcwarden\r\n\r\n";
  const first = await speak(socket, known);
  await once(first.socket, "data");
  const again = await speak(socket, known);
  const silent = await speak(socket, "");
  const slow = await speak(socket, "GET /healthz HTTP/1.1\r\nHost: rc");
  const half = await speak(
    socket,
    "POST /v1/run HTTP/1.1\r\nHost: rcwarden\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{",
  );
  const said = await Promise.all([silent.heard, slow.heard, half.heard]);
  for (const text of said) assert.match(text, /^(HTTP\/1\.1 408 |$)/);
  for (const { heard } of [first, again]) assert.match(await heard, /^HTTP\/1\.1 200 /);
});

test("the ninth connection of one user is told 429, and others are served", safety, async (t) => {
  const { socket } = await agentBehind(t);
  const request = "GET /healthz HTTP/1.1\r\nHost: rcwarden\r\n\r\n";
  const held: Socket[] = [];
  for (let at = 0; at < limits.perUid; at++) held.push((await speak(socket, "")).socket);
  const ninth = await speak(socket, request);
  assert.match(await ninth.heard, /^HTTP\/1\.1 429 [\s\S]*"code":"too-many-connections"/);
  assert.equal((await askAs({ uid: uids.oracle }, socket, "/readyz")).status, 200);
  const [first] = held;
  first?.destroy();
  // The place is free when the server saw the end: until then the answer is 429.
  let status = 429;
  while (status === 429) ({ status } = await ask(socket, "/healthz"));
  assert.equal(status, 200);
  for (const each of held) void each.destroy();
});

test("who waits with all that it may still has connections that ask, and others wait, too", safety, async (t) => {
  const { socket, store, tell } = await agentBehind(t);
  const path = `/v1/events?after=${cursorText(store.head)}&wait=60s`;
  const waiting = Array.from({ length: limits.waitsPerUid }, () => ask(socket, path));
  // The next one is refused as soon as those before it wait.
  let refused = await ask(socket, `${path.replace("60s", "1ms")}`);
  while (refused.status !== 429) refused = await ask(socket, `${path.replace("60s", "1ms")}`);
  assert.equal(problemIn(refused.body).code, "too-many-wait");
  assert.equal((await ask(socket, "/v1/status")).status, 200);
  assert.equal((await ask(socket, path.replace("&wait=60s", ""))).status, 200, "without waiting");
  const other = askAs({ uid: uids.oracle }, socket, path);
  let others = await ask(socket, "/healthz");
  assert.equal(others.status, 200);
  tell("oracle");
  for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
  assert.equal((await other).status, 200);
  others = await ask(socket, path.replace("60s", "1ms"));
  assert.equal(others.status, 200, "the places are free again");
});

test("a second request before the first was answered ends the connection", safety, async (t) => {
  const { socket, store } = await agentBehind(t);
  const path = `/v1/events?after=${cursorText(store.head)}&wait=60s`;
  const { heard } = await speak(socket, `GET ${path} HTTP/1.1\r\nHost: rcwarden\r\n\r\n`.repeat(50));
  assert.equal(await heard, "");
  assert.equal((await ask(socket, "/healthz")).status, 200);
});

test("names that the host chose cannot leave their place in an answer", safety, async (t) => {
  const { socket, store, live } = await agentBehind(t);
  const name = 'x"}\u001b[2J\u202e\u0085\r\nSet-Cookie: a=b';
  const view = live.accounts.get("oracle");
  assert.ok(view !== undefined);
  live.accounts.set(name, { ...view, account: { ...view.account, name } });
  const [known] = store.findings("oracle");
  assert.ok(known !== undefined);
  const finding = { ...known.finding, fingerprint: "f".repeat(16), account: name, message: name, subject: name };
  store.commit({ nowMs: 0, put: [{ ...known, finding }] });
  for (const path of [
    "/v1/findings",
    "/v1/status",
    `/v1/accounts/${encodeURIComponent(name)}`,
    `/v1/accounts/${encodeURIComponent(`${name}2`)}`,
  ]) {
    const { text, body, headers } = await ask(socket, path);
    assert.notEqual(body, null);
    assert.equal(headers["set-cookie"], undefined);
    assert.doesNotMatch(text.trimEnd(), /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    assert.ok(JSON.stringify(body).includes(JSON.stringify(name).slice(1, -1)), path);
  }
});

test("a fault of the program is told as one, and the loop goes on", safety, async (t) => {
  const { socket, live, faults } = await agentBehind(t);
  const view = live.accounts.get("oracle");
  assert.ok(view !== undefined);
  live.accounts.set("bad", {
    ...view,
    get engines(): never {
      throw new Error("planted");
    },
  });
  const { status, body, text } = await ask(socket, "/v1/accounts/bad");
  assert.deepEqual([status, problemIn(body).code], [500, "internal"]);
  assert.doesNotMatch(text, /planted/);
  assert.equal(faults.length, 1);
  assert.match(faults[0] ?? "", /planted/);
  live.accounts.delete("bad");
  assert.equal((await ask(socket, "/healthz")).status, 200);
});

test("until the first full run is over it is not ready, and says for whom it waits", safety, async (t) => {
  const { socket, live } = await agentBehind(t);
  assert.equal((await ask(socket, "/readyz")).status, 200);
  live.ready = false;
  const view = live.accounts.get("oracle");
  assert.ok(view !== undefined);
  live.accounts.set("oracle", { ...view, account: { ...view.account, measuredAt: null } });
  const { status, body, headers } = await ask(socket, "/readyz");
  assert.equal(status, 503);
  assert.match(String(headers["content-type"]), /^application\/health\+json/);
  const waits = { componentId: "oracle", status: "fail", output: "not measured yet" };
  assert.deepEqual([statusIn(body), checksIn(body)["accounts:measured"]], ["fail", [waits]]);
  assert.deepEqual((await ask(socket, "/healthz")).body, {
    status: "pass",
    checks: { "loop:answers": [{ status: "pass" }] },
  });
  live.ready = true;
  const then = await ask(socket, "/readyz");
  assert.deepEqual([then.status, statusIn(then.body)], [200, "warn"]);
  const checks = checksIn(then.body);
  assert.deepEqual(checks["accounts:measured"], [{ status: "pass" }]);
  assert.deepEqual(checks["watching:coverage"], [{ status: "warn", output: "events were lost" }]);
});

test("findings come in pages that hold each once", safety, async (t) => {
  const { socket, store } = await agentBehind(t);
  const [known] = store.findings("oracle");
  assert.ok(known !== undefined);
  const put = Array.from({ length: 25 }, (_, at) => {
    const fingerprint = at.toString(16).padStart(16, "0");
    return { ...known, finding: { ...known.finding, fingerprint } };
  });
  store.commit({ nowMs: 0, put });
  const seen: string[] = [];
  let after: string | null = "";
  while (after !== null) {
    const { body } = await ask(socket, `/v1/findings?account=oracle&most=10${after === "" ? "" : `&after=${after}`}`);
    assert.ok(
      typeof body === "object" && body !== null && "items" in body && Array.isArray(body.items) && "next" in body,
    );
    seen.push(...body.items.map(({ fingerprint }) => fingerprint));
    after = typeof body.next === "string" ? body.next : null;
  }
  assert.deepEqual(seen, [...put.map(({ finding }) => finding.fingerprint), known.finding.fingerprint].sort());
});

test("runs come in pages that hold each once, the newest first, also while others begin", safety, async (t) => {
  const { socket, store } = await agentBehind(t);
  const run = (at: number) => ({ ...runOf(at % 3 === 0 ? "postgres" : "oracle"), pass: at });
  store.commit({ nowMs: 0, runs: Array.from({ length: 30 }, (_, at) => run(at + 100)) });
  for (const account of ["oracle", null]) {
    const seen: number[] = [];
    let after: string | null = "";
    while (after !== null) {
      const of = account === null ? "" : `&account=${account}`;
      const { body } = await ask(socket, `/v1/runs?most=7${of}${after === "" ? "" : `&after=${after}`}`);
      assert.ok(typeof body === "object" && body !== null && "items" in body && "next" in body);
      assert.ok(Array.isArray(body.items) && body.items.length > 0 && body.items.length <= 7);
      seen.push(...body.items.map(({ pass }) => pass));
      after = typeof body.next === "string" ? body.next : null;
      store.commit({ nowMs: 0, runs: [run(99)] });
    }
    const planted = seen.filter((pass) => pass >= 100);
    const expected = Array.from({ length: 30 }, (_, at) => 129 - at).filter((at) => account === null || at % 3 !== 0);
    assert.deepEqual(planted, expected);
  }
});
