/**
 * A reference engine: an HTTPS server that takes batches strictly by the rules of agent/YOUR-ENGINE.md, and fails on demand.
 * `await using engine = await startEngine()`; every file it makes is in a folder of its own that goes with it.
 */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { gunzipSync } from "node:zlib";
import { type Authority, makeAuthority } from "./authority.ts";
import { type ArrivedEvent, Ledger } from "./ledger.ts";

/** What happens to one request instead of an ordinary answer. */
export type Failure =
  /** Nothing is taken. */
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string }
  /** The connection is cut: before anything was taken, or after it was, half way through the answer. */
  | { readonly cut: "before" | "after" }
  /** Taken, and answered so late. */
  | { readonly slowMs: number }
  /** Taken, and answered with this: an answer that lies. */
  | { readonly answer: unknown }
  /** Taken, and answered with so many bytes. */
  | { readonly bytes: number };

export interface EngineOptions {
  /** Of its certificate; `DNS:localhost` and `IP:127.0.0.1` where left out. */
  readonly names?: readonly string[];
  /** Its certificate's days; below 0 it is expired. */
  readonly days?: number;
  /** A client certificate of its authority must be shown. */
  readonly demandsCertificate?: boolean;
  /** What `Authorization: Bearer` must bring; nothing where left out. */
  readonly token?: string;
  readonly mostBytes?: number;
  readonly port?: number;
}

export interface Arrival {
  readonly events: readonly ArrivedEvent[];
  /** The JSON, not compressed. */
  readonly body: string;
  readonly wireBytes: number;
  readonly status: number | "cut";
  readonly tls: string | null;
}

export interface Engine extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly authority: Authority;
  /** Of its authority: what a host needs. */
  readonly client: { readonly certFile: string; readonly keyFile: string };
  readonly folder: string;
  /** Every request that came as far as HTTP, in order. */
  readonly arrivals: readonly Arrival[];
  /** What a host may never do, of all sources. */
  readonly violations: readonly string[];
  ledger(source?: string): Ledger;
  /** Befalls the next requests, one each. */
  failNext(...failures: readonly Failure[]): void;
  /** Befalls every request, until it says null. */
  failing: (events: readonly ArrivedEvent[]) => Failure | null;
  /** Nothing fails any more. */
  mend(): void;
  token: string | null;
  /** What it releases with each ordinary answer; an engine may say the same again and again. */
  releases: readonly object[];
  /** Resolves when the condition holds after an arrival; rejects after half a minute. */
  until(condition: () => boolean): Promise<void>;
  /** Cuts all connections. */
  drop(): void;
}

const patienceMs = 30_000;
const mostEvents = 1000;

export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const folder = mkdtempSync(`${tmpdir()}/rcwarden-engine-`);
  const authority = makeAuthority(folder);
  const { names = ["DNS:localhost", "IP:127.0.0.1"], days = 30, demandsCertificate = false } = options;
  const own = authority.issue("engine", { names, days });
  const ledgers = new Map<string, Ledger>();
  const arrivals: Arrival[] = [];
  const violations: string[] = [];
  const waiting = new Set<() => void>();
  const planned: Failure[] = [];
  let present: Promise<void> | null = null;

  const server = createServer({
    cert: readFileSync(own.certFile),
    key: readFileSync(own.keyFile),
    ca: readFileSync(authority.caFile),
    requestCert: demandsCertificate,
    rejectUnauthorized: demandsCertificate,
  });
  server.on("request", (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const engine: Engine = {
    url: `https://localhost:${port}/events`,
    port,
    authority,
    client: authority.issue("host", {}),
    folder,
    arrivals,
    get violations() {
      return [...violations, ...[...ledgers.values()].flatMap((ledger) => ledger.violations)];
    },
    ledger(source) {
      const found = source === undefined ? [...ledgers.values()][0] : ledgers.get(source);
      return found ?? new Ledger();
    },
    failNext: (...failures) => void planned.push(...failures),
    failing: () => null,
    mend: () => {
      planned.length = 0;
      engine.failing = () => null;
    },
    token: options.token ?? null,
    releases: [],
    async until(condition) {
      const deadline = AbortSignal.timeout(patienceMs);
      while (!condition()) {
        const { promise, resolve, reject } = Promise.withResolvers<void>();
        const late = () => reject(new Error(`not within ${patienceMs / 1000} s: ${condition}`));
        deadline.addEventListener("abort", late, { once: true });
        waiting.add(resolve);
        await promise;
        deadline.removeEventListener("abort", late);
      }
    },
    drop: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return engine;

  /** A request that was given up may be seen to end after the next one came: it has a moment for that. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const before = present;
    const mine = took(request, response);
    present = mine;
    const ends =
      before === null ? "ended" : Promise.race([before.then(ended, ended), wait(2_000, "late", { ref: false })]);
    if ((await ends) === "late") violations.push("two requests at a time");
    await mine;
    if (present === mine) present = null;
  }

  async function took(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const wire = Buffer.concat(chunks);
    if (request.method === "GET" && request.url === "/state") return told(response);
    const refusal = refused(request);
    if (refusal !== null) return arrived([], "", wire, refusal, response, request);
    const body = gunzipSync(wire).toString("utf8");
    const events: ArrivedEvent[] = JSON.parse(body);
    if (Buffer.byteLength(body) > 1_048_576 || events.length > mostEvents) violations.push("a batch that is too large");
    for (const event of events) ledgerOf(event.source).offered([event]);
    const failure = planned.shift() ?? engine.failing(events);
    const tooLarge = Buffer.byteLength(body) > (options.mostBytes ?? 1_048_576);
    return arrived(events, body, wire, failure ?? (tooLarge ? { status: 413 } : null), response, request);
  }

  function refused(request: IncomingMessage): Failure | null {
    if (request.method !== "POST") return { status: 405 };
    if (request.headers["content-type"] !== "application/cloudevents-batch+json") return { status: 415 };
    if (request.headers["content-encoding"] !== "gzip") return { status: 415 };
    const isKnown = engine.token === null || request.headers.authorization === `Bearer ${engine.token}`;
    return isKnown ? null : { status: 401 };
  }

  async function arrived(
    events: readonly ArrivedEvent[],
    body: string,
    wire: Buffer,
    failure: Failure | null,
    response: ServerResponse,
    request: IncomingMessage,
  ): Promise<void> {
    const isTaken = failure === null || !("status" in failure || ("cut" in failure && failure.cut === "before"));
    if (isTaken) for (const event of events) ledgerOf(event.source).take(event);
    const status =
      failure !== null && "status" in failure ? failure.status : failure !== null && "cut" in failure ? "cut" : 200;
    const tls = (request.socket as TLSSocket).getProtocol();
    arrivals.push({ events, body, wireBytes: wire.length, status, tls });
    for (const resolve of waiting) resolve();
    waiting.clear();
    await respond(events, failure, response);
  }

  async function respond(
    events: readonly ArrivedEvent[],
    failure: Failure | null,
    response: ServerResponse,
  ): Promise<void> {
    const source = events[0]?.source ?? "";
    const { releases } = engine;
    const usual = JSON.stringify({ ...ledgerOf(source).answer(), ...(releases.length > 0 && { releases }) });
    if (failure === null) return end(response, 200, usual);
    if ("status" in failure) return end(response, failure.status, failure.body ?? "", failure.headers);
    if ("answer" in failure) return end(response, 200, JSON.stringify(failure.answer));
    if ("bytes" in failure)
      return end(response, 200, JSON.stringify({ have: null, filler: "x".repeat(failure.bytes) }));
    if ("cut" in failure) {
      if (failure.cut === "after") {
        response.writeHead(200, { "content-type": "application/json", "content-length": usual.length + 100 });
        response.write(usual);
        await wait(20);
      }
      response.destroy();
      return;
    }
    await Promise.race([wait(failure.slowMs, undefined, { ref: false }), once(response, "close")]);
    if (!response.destroyed) end(response, 200, usual);
  }

  function ledgerOf(source: string): Ledger {
    const ledger = ledgers.get(source) ?? new Ledger();
    if (source !== "") ledgers.set(source, ledger);
    return ledger;
  }

  function told(response: ServerResponse): void {
    const about = [...ledgers].map(([source, ledger]) => ({
      source,
      have: ledger.answer().have,
      digest: ledger.digest,
      findings: ledger.state.size,
      events: ledger.events.map(({ id }) => id),
      duplicates: ledger.duplicates,
      violations: ledger.violations,
    }));
    end(response, 200, JSON.stringify({ sources: about, violations: engine.violations }));
  }
}

function ended(): "ended" {
  return "ended";
}

function end(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}

/** A token file as a host's owner would write it. */
export function tokenFile(engine: Engine, token: string): string {
  const path = `${engine.folder}/token`;
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  return path;
}
