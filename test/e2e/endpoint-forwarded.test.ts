/** The socket behind a port of the person who was called, as `ssh -L` makes it: what pages in the same browser can do there. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
import { noSshd, startSshd } from "../support/sshd.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** What comes back for this request, as a browser writes it; null where nobody listens. */
function said(port: number, lines: readonly string[], body = ""): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1").setEncoding("latin1");
    socket.setTimeout(20_000, () => {
      reject(new Error(`no answer to ${lines[0]}`));
      socket.destroy();
    });
    socket.on("connect", () => socket.write(`${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n${body}`));
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", () => resolve(text === "" ? null : text));
    socket.on("close", () => resolve(text));
  });
}

async function documentsLoadedAt(agent: TestAgent): Promise<string> {
  return (await agent.ask("/v1/status")).json.documents.loadedAt;
}

test("through ssh -L: the person's own page is answered, and what other pages send does nothing", {
  skip: noAccounts || noSshd,
  timeout: 120_000,
}, async () => {
  await using account = await makeAccount({ home: "empty" });
  await using agent = await startAgent({ accounts: [account.name] });
  await using sshd = await startSshd();
  const port = await freePort();
  // As root, who may everything: an attack that works would work here.
  const forwarding = sshd.ssh("root", [], {
    client: ["-N", "-o", "ExitOnForwardFailure=yes", "-L", `127.0.0.1:${port}:${agent.socket}`],
    timeoutMs: 60_000,
  });
  void forwarding.catch(() => {});
  const own = `localhost:${port}`;
  const page = [`GET / HTTP/1.1`, `Host: ${own}`, "Accept: text/html,*/*;q=0.8", "Sec-Fetch-Site: none"];
  const deadline = performance.now() + 30_000;
  let answer: string | null = null;
  while ((answer === null || answer === "") && performance.now() < deadline) {
    answer = await said(port, page);
    if (answer === null || answer === "") await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.match(answer ?? "", /^HTTP\/1\.1 200 OK\r\n[\s\S]*Content-Type: text\/html/i);
  assert.match(answer ?? "", /Content-Security-Policy: default-src 'none'/i);
  assert.doesNotMatch(answer ?? "", /Access-Control/i);

  const before = await documentsLoadedAt(agent);
  const form = "application/x-www-form-urlencoded";
  const evil = "http://evil.example";
  /** What a browser sends in the name of another page; the last ones are those of browsers that say little. */
  const attacks: readonly (readonly [what: string, lines: readonly string[], body?: string])[] = [
    ["a form", [`Origin: ${evil}`, "Sec-Fetch-Site: cross-site", `Content-Type: ${form}`], "account=x"],
    ["a form without an origin", ["Origin: null", `Content-Type: ${form}`], "account=x"],
    ["a form of an old browser", [`Referer: ${evil}/page`, `Content-Type: ${form}`], "account=x"],
    ["a form that says nothing of where it is from", [`Content-Type: ${form}`], "account=x"],
    ["JSON as text/plain", [`Origin: ${evil}`, "Content-Type: text/plain"], "{}"],
    ["JSON as text/plain that says nothing", ["Content-Type: text/plain"], "{}"],
    ["several parts", ["Content-Type: multipart/form-data; boundary=x"], "--x--"],
    ["a beacon", [`Origin: ${evil}`, "Sec-Fetch-Site: cross-site", "Content-Type: application/json"], "{}"],
    ["another port of the same host", ["Origin: http://localhost:1", "Sec-Fetch-Site: same-site"], ""],
    ["nothing but an origin", [`Origin: ${evil}`], ""],
  ];
  for (const [what, lines, body = ""] of attacks) {
    for (const path of ["/v1/reload", "/v1/run", "/v1/baseline", "/v1/cleanup/apply", "/v1/releases"]) {
      const request = [`POST ${path} HTTP/1.1`, `Host: ${own}`, ...lines, `Content-Length: ${body.length}`];
      assert.match((await said(port, request, body)) ?? "", /^HTTP\/1\.1 4\d\d /, `${what} to ${path}`);
    }
  }
  const ask = (host: string, ...lines: readonly string[]) =>
    said(port, ["GET /v1/status HTTP/1.1", `Host: ${host}`, ...lines]);
  for (const rebound of [
    "evil.example",
    `evil.example:${port}`,
    `localhost.evil.example:${port}`,
    `127.0.0.1.nip.io:${port}`,
  ])
    assert.match((await ask(rebound)) ?? "", /^HTTP\/1\.1 421 /, rebound);
  const readers = [
    ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"],
    ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"],
    [`Origin: ${evil}`],
    [`Referer: ${evil}/`],
  ];
  for (const lines of readers) assert.match((await ask(own, ...lines)) ?? "", /^HTTP\/1\.1 403 /, lines.join());
  const preflight = [
    "OPTIONS /v1/reload HTTP/1.1",
    `Host: ${own}`,
    `Origin: ${evil}`,
    "Access-Control-Request-Method: POST",
  ];
  assert.doesNotMatch((await said(port, preflight)) ?? "", /Access-Control-Allow/i);
  assert.match((await ask(own, `Origin: http://${own}`, "Sec-Fetch-Site: same-origin")) ?? "", /^HTTP\/1\.1 200 /);
  assert.equal(await documentsLoadedAt(agent), before, "nothing was reloaded");
});
