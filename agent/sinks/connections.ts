/** TLS connections to one engine, direct or through a proxy, for the sender alone. */
import { request as requestByHttp } from "node:http";
import { Agent, request as requestByHttps } from "node:https";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, getCACertificates, type TLSSocket } from "node:tls";
import type { SenderRequest, ShownCertificate } from "./protocol.ts";

type Way = Pick<SenderRequest, "proxy" | "timeoutMs" | "material">;

/** Keeps the connection as long as address and key material stay what they are. */
export class Connections {
  #agent: EngineAgent | null = null;
  #madeOf = "";

  agentFor(request: SenderRequest): Agent {
    const { url, proxy, timeoutMs, material } = request;
    const madeOf = JSON.stringify([new URL(url).origin, proxy, timeoutMs, material]);
    if (this.#agent === null || this.#madeOf !== madeOf) {
      this.#agent?.destroy();
      this.#agent = new EngineAgent({ proxy, timeoutMs, material });
      this.#madeOf = madeOf;
    }
    this.#agent.shown = null;
    return this.#agent;
  }

  /** The certificate that the engine showed at the last attempt to connect; null where it did not get that far. */
  get lastShown(): ShownCertificate | null {
    return this.#agent?.shown ?? null;
  }
}

/** An idle connection may be dead without a word (a firewall forgot it): it is not kept long. */
const idleMs = 15_000;

class EngineAgent extends Agent {
  readonly #way: Way;
  shown: ShownCertificate | null = null;

  constructor(way: Way) {
    super({ keepAlive: true, maxSockets: 1, timeout: idleMs });
    this.#way = way;
  }

  /** Hands over a connection only when the engine's certificate was verified: before that nothing is written. */
  override createConnection(
    options: { host?: string | null; port?: number | string | null },
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const address = { host: options.host ?? "", port: Number(options.port ?? 443) };
    this.#connected(address).then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, failedSocket),
    );
  }

  async #connected(address: Address): Promise<TLSSocket> {
    const { proxy, material, timeoutMs } = this.#way;
    const through = proxy === null ? null : await tunnel(new URL(proxy), address, this.#way);
    const socket = connectTls({
      ...(through === null ? address : { socket: through, host: address.host }),
      ...trusted(material.ca),
      ...(isIP(address.host) === 0 ? { servername: address.host } : {}),
      ...(material.cert === null ? {} : { cert: material.cert }),
      ...(material.key === null ? {} : { key: material.key }),
      ALPNProtocols: ["http/1.1"],
      minVersion: "TLSv1.2",
      rejectUnauthorized: true,
    });
    // Before the verdict: a refused certificate is gone afterwards, and status says what it was.
    socket.prependOnceListener("secure", () => {
      this.shown = summary(socket);
    });
    return settled(socket, "secureConnect", timeoutMs);
  }
}

/** The callback's type wants one beside an error; nobody looks at it. */
const failedSocket: Duplex = Object.create(null);

interface Address {
  readonly host: string;
  readonly port: number;
}

/** The owner's own authority alone where one is named; else whom the host trusts. */
function trusted(ca: string | null): { ca: string | string[] } | Record<string, never> {
  if (ca !== null) return { ca };
  const system = getCACertificates("system");
  return system.length === 0 ? {} : { ca: system };
}

function settled<S extends Socket>(socket: S, event: string, timeoutMs: number): Promise<S> {
  const { promise, resolve, reject } = Promise.withResolvers<S>();
  const timer = setTimeout(
    () => socket.destroy(withCode("ETIMEDOUT", `no connection within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  socket.once(event, () => {
    clearTimeout(timer);
    resolve(socket);
  });
  // Stays: an idle connection that breaks must not end the process.
  socket.on("error", reject);
  socket.once("close", () => {
    clearTimeout(timer);
    reject(withCode("ECONNRESET", "the connection was closed during the handshake"));
  });
  return promise;
}

/** Asks the proxy for a way through. What it says is not the engine's word: any refusal is the proxy's. */
async function tunnel(proxy: URL, { host, port }: Address, { material, timeoutMs }: Way): Promise<Socket> {
  const target = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const isSecure = proxy.protocol === "https:";
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const options = { method: "CONNECT", path: target, headers: { host: target }, agent: false, timeout: timeoutMs };
  const name = { hostname: proxy.hostname.replace(/^\[|\]$/g, ""), port: proxy.port || (isSecure ? 443 : 80) };
  const asked = isSecure
    ? requestByHttps({ ...name, ...options, ...trusted(material.ca), minVersion: "TLSv1.2" })
    : requestByHttp({ ...name, ...options });
  const refused = (found: string) => withCode("proxy-refused", `expected the proxy ${proxy.host} to connect, ${found}`);
  asked.on("connect", (response, socket) => {
    if (response.statusCode === 200) return resolve(socket);
    socket.destroy();
    reject(refused(`found status ${response.statusCode}`));
  });
  asked.on("response", (response) => {
    response.destroy();
    reject(refused(`found status ${response.statusCode}`));
  });
  asked.on("timeout", () => asked.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
  asked.on("error", (error) => reject(refused(`found "${error.message}"`)));
  asked.end();
  return promise;
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function summary(socket: TLSSocket): ShownCertificate | null {
  const certificate = socket.getPeerCertificate();
  if (certificate?.subject === undefined) return null;
  const { subject, issuer, valid_from, valid_to, subjectaltname } = certificate;
  return {
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    from: utc(valid_from),
    to: utc(valid_to),
    names: (subjectaltname ?? "").slice(0, 200),
  };
}

/** A certificate may have several of a kind. */
function nameOf(name: { CN?: string | string[]; O?: string | string[] } | undefined): string {
  return String(name?.CN ?? name?.O ?? "").slice(0, 200);
}

function utc(words: string): string {
  const at = new Date(words);
  return Number.isNaN(at.getTime()) ? words.slice(0, 40) : at.toISOString();
}
