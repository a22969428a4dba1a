/** Who may be sent to, and who may not: each refusal keeps the queue, is tried again, and is clear in status. */
import assert from "node:assert/strict";
import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import type { EngineSinkDocument } from "../../agent/documents/host-kinds.ts";
import type { Store } from "../../agent/store/index.ts";
import { makeAuthority } from "../support/engine/authority.ts";
import { type Engine, type EngineOptions, startEngine, tokenFile } from "../support/engine/engine.ts";
import { open, scratch, tellSome } from "./state.ts";
import { Clock, delivered, type Ran, run, sinkOf, until } from "./support.ts";

interface Case {
  readonly says: string;
  readonly engine?: EngineOptions;
  readonly sink: (engine: Engine) => Partial<EngineSinkDocument>;
  readonly state: "waiting" | "stopped";
  readonly code: string;
  readonly message: readonly RegExp[];
  /** What makes it well. */
  readonly mend: (engine: Engine) => Partial<EngineSinkDocument>;
  /** Whether the engine proved who it is, so that a request went there before it refused us. */
  readonly isKnown?: true;
  /** Requests that came as far as HTTP, each time. */
  readonly requests?: number;
}

const none = () => ({});
const withClient = ({ client }: Engine) => client;

const cases: readonly Case[] = [
  {
    says: "an engine of another authority",
    sink: ({ folder }) => ({ caFile: makeAuthority(folder, "other").caFile }),
    state: "waiting",
    code: "certificate-untrusted",
    message: [/vouches for/, /other\.pem/, /issued by "Test authority"/, /valid from \d{4}-/],
    mend: none,
  },
  {
    says: "an engine whose certificate is expired",
    engine: { days: -1 },
    sink: none,
    state: "waiting",
    code: "certificate-expired",
    message: [/valid now/, /one for "engine"/, /to \d{4}-\d\d-\d\dT/],
    mend: none,
  },
  {
    says: "an engine whose certificate is for another name",
    engine: { names: ["DNS:other.example"] },
    sink: none,
    state: "waiting",
    code: "certificate-name",
    message: [/a certificate for localhost/, /DNS:other\.example/],
    mend: none,
  },
  {
    says: "an engine that demands a client certificate of a host that has none",
    engine: { demandsCertificate: true },
    sink: none,
    state: "waiting",
    code: "cut-off|client-certificate",
    message: [/without one|without a certificate/],
    isKnown: true,
    mend: withClient,
  },
  {
    says: "an engine that demands a client certificate of a host with one of another authority",
    engine: { demandsCertificate: true },
    sink: ({ folder }) => makeAuthority(folder, "other").issue("stranger", {}),
    state: "waiting",
    code: "cut-off|client-certificate",
    message: [/stranger\.crt/, /CN=stranger/, /valid to/],
    isKnown: true,
    mend: withClient,
  },
  {
    says: "a token that is no longer good",
    engine: { token: "new" },
    sink: (engine) => ({ tokenFile: tokenFile(engine, "expired") }),
    state: "stopped",
    code: "unauthorized",
    message: [/status 401/, /token/],
    mend: (engine) => ({ tokenFile: tokenFile(engine, "new") }),
    isKnown: true,
    requests: 1,
  },
];

for (const { says, engine: options, sink, state, code, message, mend, isKnown = false, requests = 0 } of cases) {
  test(`${says}: nothing is sent, nothing dropped, and status says why`, async () => {
    using folder = scratch();
    using store = open(folder.state);
    tellSome(store, 1, 3);
    await using engine = await startEngine(options);
    const clock = new Clock();
    clock.held = true;
    await using ran = run(store, sinkOf(engine, sink(engine)), { clock });
    await until(() => ran.sink.state().problem !== null && clock.pauses.length === 1);
    const told = ran.sink.state();
    assert.match(told.problem?.code ?? "", new RegExp(`^(${code})$`));
    for (const part of message) assert.match(told.problem?.message ?? "", part);
    assert.equal(told.state, state);
    assert.equal(told.waiting, 3);
    clock.advance(clock.pauses[0] ?? 0);
    await until(() => clock.pauses.length === 2);
    assert.equal(engine.arrivals.filter(({ status }) => status === 200).length, 0);
    assert.ok(engine.arrivals.length <= requests * 2, "a request reached an engine that is not known");
    if (!isKnown) assert.equal(store.sent().length, 0, "nothing is said to have left");
    await ran.sink.stop();
    if (mend === none) return;
    await using mended = run(store, sinkOf(engine, mend(engine)));
    await delivered(mended);
    assert.equal(engine.ledger().events.length, 3);
  });
}

async function well(
  options: EngineOptions,
  sink: (engine: Engine) => Partial<EngineSinkDocument>,
  then: (ran: Ran, engine: Engine, store: Store) => Promise<void> | void,
): Promise<void> {
  using folder = scratch();
  using store = open(folder.state);
  tellSome(store, 1, 2);
  await using engine = await startEngine(options);
  await using ran = run(store, sinkOf(engine, sink(engine)));
  await then(ran, engine, store);
}

test("with both certificates it is sent by TLS 1.3", () =>
  well({ demandsCertificate: true }, withClient, async (ran, engine) => {
    await delivered(ran);
    assert.deepEqual(new Set(engine.arrivals.map(({ tls }) => tls)), new Set(["TLSv1.3"]));
    assert.equal(ran.sink.state().problem, null);
  }));

test("a token and a certificate that are renewed on the disk are used at the next try", () =>
  well(
    { token: "new", demandsCertificate: true },
    (engine) => ({ ...engine.client, tokenFile: tokenFile(engine, "old") }),
    async (ran, engine) => {
      await until(() => ran.sink.state().state === "stopped");
      tokenFile(engine, "new");
      await delivered(ran);
      const renewed = engine.authority.issue("renewed", {});
      copyFileSync(renewed.certFile, engine.client.certFile);
      copyFileSync(renewed.keyFile, engine.client.keyFile);
      const before = engine.arrivals.length;
      ran.clock.advance(60_000);
      await engine.until(() => engine.arrivals.length > before);
      assert.equal(engine.arrivals.at(-1)?.status, 200);
    },
  ));

test("a server that speaks no TLS gets nothing in the clear", async () => {
  using folder = scratch();
  using store = open(folder.state);
  tellSome(store, 1, 1);
  await using engine = await startEngine();
  const heard: Buffer[] = [];
  const plain = createPlainServer((_request, response) => response.end("{}"));
  plain.on("connection", (socket) => socket.on("data", (chunk) => heard.push(chunk)));
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  const address = plain.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    await using ran = run(store, sinkOf(engine, { url: `https://localhost:${port}/events` }));
    await until(() => ran.sink.state().problem !== null);
    assert.equal(ran.sink.state().problem?.code, "no-tls");
    assert.equal(ran.sink.state().waiting, 1);
    assert.ok(!Buffer.concat(heard).includes("POST"));
  } finally {
    plain.closeAllConnections();
    plain.close();
  }
});

test("an http URL is refused by the sender itself", () =>
  well(
    {},
    ({ port }) => ({ url: `http://localhost:${port}/events` }),
    async (ran, engine) => {
      await until(() => ran.sink.state().problem !== null);
      assert.match(ran.sink.state().problem?.message ?? "", /expected an https URL/);
      assert.equal(engine.arrivals.length, 0);
    },
  ));

const keyFaults: readonly { says: string; spoil: (engine: Engine) => Partial<EngineSinkDocument>; found: RegExp }[] = [
  {
    says: "a key that others may read",
    spoil: ({ client }) => {
      chmodSync(client.keyFile, 0o644);
      return client;
    },
    found: /host\.key: expected it to be readable by its owner .* found 0644/,
  },
  {
    says: "a key that is a link",
    spoil: ({ client, folder }) => {
      symlinkSync(client.keyFile, `${folder}/link.key`);
      return { ...client, keyFile: `${folder}/link.key` };
    },
    found: /link\.key: expected to read it, found a link/,
  },
  {
    says: "a certificate that is not there",
    spoil: ({ client, folder }) => ({ ...client, certFile: `${folder}/absent.crt` }),
    found: /absent\.crt: expected to read it, found ENOENT/,
  },
  {
    says: "a token that is a folder",
    spoil: ({ folder }) => {
      mkdirSync(`${folder}/tokens`, { mode: 0o700 });
      return { tokenFile: `${folder}/tokens` };
    },
    found: /tokens: expected a regular file/,
  },
  {
    says: "a token of two lines",
    spoil: (engine) => ({ tokenFile: tokenFile(engine, "one\ntwo") }),
    found: /token: expected a token on one line/,
  },
  {
    says: "a certificate that is none",
    spoil: ({ client }) => {
      writeFileSync(client.certFile, "no certificate");
      return client;
    },
    found: /host\.crt: expected a certificate in PEM/,
  },
  {
    says: "a key of another certificate",
    spoil: ({ client, authority }) => ({ ...client, keyFile: authority.issue("twin", {}).keyFile }),
    found: /put in the key that belongs to the certificate/,
  },
];

for (const { says, spoil, found } of keyFaults) {
  test(`${says} is refused with words, and nothing is sent`, () =>
    well({ demandsCertificate: true }, spoil, async (ran, engine) => {
      await until(() => ran.sink.state().problem !== null);
      assert.match(ran.sink.state().problem?.message ?? "", found);
      assert.equal(ran.sink.state().problem?.code, "key-files");
      assert.equal(engine.arrivals.length, 0);
    }));
}

test("through a proxy that is asked to CONNECT; where the proxy refuses, status names it", async () => {
  let refuses = true;
  const asked: string[] = [];
  const sockets: Socket[] = [];
  const proxy = createPlainServer();
  proxy.on("connect", (request, socket, head) => {
    asked.push(request.url ?? "");
    if (refuses) {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    const [host = "", port] = (request.url ?? "").split(":");
    const through = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      through.write(head);
      through.pipe(socket).pipe(through);
    });
    sockets.push(through);
    through.on("error", () => socket.destroy());
    socket.on("error", () => through.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  try {
    await well(
      { demandsCertificate: true },
      (engine) => ({ ...engine.client, proxy: `http://127.0.0.1:${port}` }),
      async (ran, engine) => {
        await until(() => ran.sink.state().problem !== null);
        assert.equal(ran.sink.state().problem?.code, "proxy-refused");
        assert.match(ran.sink.state().problem?.message ?? "", /status 403/);
        refuses = false;
        await delivered(ran);
        assert.equal(engine.ledger().events.length, 2);
        assert.deepEqual(new Set(asked), new Set([`localhost:${engine.port}`]));
      },
    );
  } finally {
    for (const socket of sockets) socket.destroy();
    proxy.closeAllConnections();
    proxy.close();
  }
});
