/** Paths and framings that mean one thing to one reader and another to the next: none is answered, nothing is done. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection } from "node:net";
import { test } from "node:test";
import { agentBehind, ask } from "./world.ts";

const safety = { timeout: 45_000 };

/** All that comes back for these bytes, until the other end closes; this end is closed behind them. */
async function heard(path: string, text: string): Promise<string> {
  const socket = createConnection({ path, allowHalfOpen: true }).setEncoding("latin1");
  let said = "";
  socket.on("data", (chunk: string) => {
    said += chunk;
  });
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.end(text, "latin1");
  await new Promise((resolve) => socket.once("close", resolve));
  return said;
}

function statuses(answer: string): number[] {
  return [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
}

const paths = [
  ...["//v1/status", "/v1//status", "/v1/./status", "/v1/../v1/status", "/./v1/status", "/healthz/../v1/status"],
  ...["/V1/status", "/v1/STATUS", "/v1/status/", "/v1/status/.", "/v1/status;x", "/v1/status%20", "/v1/status%00"],
  ...[
    "/v1%2fstatus",
    "/%76%31/status",
    "/v1/statu%73",
    "/v1\\status",
    "/v1/status\\",
    "/%2e%2e/v1/status",
    "/v1/status%3f",
  ],
  ...["http://rcwarden/v1/status", "http://evil.example/v1/status", "//evil.example/v1/status", "*", "v1/status"],
  ...[
    "/v1/accounts/..%2fstatus",
    "/v1/accounts/.",
    "/v1/accounts/oracle%2f",
    "/v1/accounts/oracle/",
    "/v1/accounts//oracle",
  ],
  ...["/v1/accounts/oracle%00", "/v1/accounts/Oracle", "/v1/accounts/%6fracle%20", "/v1/status#/healthz"],
];

test("a path is what it says, byte for byte", safety, async (t) => {
  const { socket, faults } = await agentBehind(t);
  for (const path of paths) {
    const answer = await heard(socket, `GET ${path} HTTP/1.1\r\nHost: rcwarden\r\nConnection: close\r\n\r\n`);
    const [status = 0, ...more] = statuses(answer);
    assert.ok(status >= 400 && status < 500, `${path}: ${answer}`);
    assert.deepEqual(more, []);
    assert.doesNotMatch(answer, /SECRET/, path);
  }
  assert.deepEqual(faults, []);
  assert.equal((await ask(socket, "/v1/accounts/%6fracle")).status, 200, "%XX of a name is the name");
});

const inner = "POST /v1/reload HTTP/1.1\r\nHost: rcwarden\r\n\r\n";
const head = "POST /v1/run HTTP/1.1\r\nHost: rcwarden\r\nContent-Type: application/json\r\n";
/** What would reach /v1/reload if the first request ended elsewhere than it does. */
const smuggled: Readonly<Record<string, string>> = {
  "a length and chunks": `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
  "chunks and a length": `${head}Transfer-Encoding: chunked\r\nContent-Length: ${inner.length + 5}\r\n\r\n0\r\n\r\n${inner}`,
  "two lengths": `${head}Content-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  "a list of lengths": `${head}Content-Length: 0, ${inner.length}\r\n\r\n${inner}`,
  "a length with a sign": `${head}Content-Length: +0\r\n\r\n${inner}`,
  "a length in hex": `${head}Content-Length: 0x0\r\n\r\n${inner}`,
  "a negative length": `${head}Content-Length: -1\r\n\r\n${inner}`,
  "a blank before the colon": `${head}Content-Length : 0\r\n\r\n${inner}`,
  "a blank before the name": `${head} Content-Length: 0\r\n\r\n${inner}`,
  "a folded header": `${head}X: a\r\n Content-Length: ${inner.length}\r\n\r\n${inner}`,
  "a coding that is none": `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
  "two codings": `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${inner}`,
  "a coding with a tab": `${head}Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n${inner}`,
  "a chunk's length with a sign": `${head}Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n${inner}`,
  "a chunk that ends elsewhere": `${head}Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n${inner}`,
  "lines that end with LF": `${head.replaceAll("\r\n", "\n")}\n${inner.replaceAll("\r\n", "\n")}`,
  "lines that end with CR": `${head.replaceAll("\r\n", "\r")}\r${inner}`,
  "a NUL in a header": `${head}X: a\0b\r\n\r\n${inner}`,
  "a body of a GET": `GET /v1/status HTTP/1.1\r\nHost: rcwarden\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  "HTTP/1.0 with chunks": `${head.replace("1.1", "1.0")}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
  "another version": `${inner.replace("1.1", "2.0")}`,
  "an upgrade": `GET /healthz HTTP/1.1\r\nHost: rcwarden\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n${inner}`,
  CONNECT: `CONNECT rcwarden:80 HTTP/1.1\r\nHost: rcwarden\r\n\r\n${inner}`,
};

for (const [what, text] of Object.entries(smuggled)) {
  test(`${what}: nothing behind it is done`, safety, async (t) => {
    const { socket, asked, faults } = await agentBehind(t);
    const answer = await heard(socket, text);
    assert.deepEqual(
      asked.filter((each) => each === "reload"),
      [],
    );
    assert.ok(statuses(answer).length <= 1, answer);
    assert.deepEqual(faults, []);
    assert.equal((await ask(socket, "/healthz")).status, 200);
  });
}
