/**
 * The endpoint: HTTP over one Unix socket, and no port (design 10). Who calls is what the kernel says of the connection;
 * what a caller can cost is bounded here, what it may is said in routes.ts.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { jsonText } from "../facts/index.ts";
import { type Admission, door, limits } from "./admission.ts";
import type { AgentView, Peer } from "./agent-view.ts";
import { foreign } from "./from-where.ts";
import { place, serverName } from "./place.ts";
import { principalOf, standingOf } from "./principal.ts";
import { type Refusal, refusal } from "./problem.ts";
import { meet, type Route } from "./route.ts";
import { routes } from "./routes.ts";

export interface Served {
  readonly view: AgentView;
  /** Where to listen; at most 107 bytes. */
  readonly socketPath: string;
  /** Who is at the other end, as the kernel says; null where it does not. Asked once for a connection, at its beginning. */
  readonly peerOf: (socket: Socket) => Peer | null;
  /** The socket's mode; who may do what is not left to it. */
  readonly mode?: number;
  /** Told of a fault of the program: the caller got status 500. */
  readonly fault?: (message: string) => void;
}

export type Serving =
  | {
      readonly kind: "serving";
      /** Ends what waits, answers what is being asked, and takes the socket away. Resolves within 2 s. */
      close(): Promise<void>;
    }
  | { readonly kind: "refused"; readonly message: string };

/** A caller that does not take its answer in this time is cut. */
const takenWithinMs = 30_000;
const closeWithinMs = 1_500;

/** A connection, from its beginning to its end. */
interface Caller {
  readonly peer: Peer | null;
  readonly admission: Admission;
  /** A request is being answered: one at a time. */
  busy: boolean;
}

export async function serve({ view, socketPath, peerOf, mode = 0o666, fault }: Served): Promise<Serving> {
  const callers = new WeakMap<Socket, Caller>();
  const entrance = door(limits);
  const ending = new AbortController();
  const closing = AbortSignal.any([view.closing, ending.signal]);
  const server = createServer(
    {
      maxHeaderSize: 16 * 1024,
      headersTimeout: 5_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 15_000,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: false,
    },
    (request, response) => void answer(request, response),
  );
  server.maxHeadersCount = 64;
  server.maxRequestsPerSocket = 1_000;

  server.prependListener("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    const { admission, leave } = entrance.enter(peer, standingOf(principalOf(peer, view)));
    socket.once("close", leave);
    callers.set(socket, { peer, admission, busy: false });
    if (admission === "cut") socket.destroy();
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || socket.destroyed) return void socket.destroy();
    const status = clientErrors[error.code ?? ""] ?? 400;
    const body = jsonText(
      refusal(status, "request-wrong", ["request", "HTTP/1.1", error.code ?? "something else"]).problem,
      0,
    );
    const lines = Object.entries({ ...headersFor(body), Connection: "close" }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.end(`HTTP/1.1 ${status} ${statusWords[status] ?? "Bad Request"}\r\n${lines.join("\r\n")}\r\n\r\n${body}`);
    setTimeout(() => socket.destroy(), 1_000).unref();
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = callers.get(request.socket);
    // Requests sent before the last one was answered: no client of ours does, and each could wait a minute.
    if (caller === undefined || caller.busy) return void request.socket.destroy();
    caller.busy = true;
    response.once("close", () => {
      caller.busy = false;
    });
    try {
      const outcome = await outcomeOf(request, response, caller);
      if (outcome.kind === "refusal") tell(request, response, outcome.status, outcome.problem, outcome.headers);
      else if (outcome.kind === "text") send(request, response, outcome.status ?? 200, outcome);
      else tell(request, response, outcome.status ?? 200, outcome.body, mediaHeaders(outcome.media));
    } catch (error) {
      fault?.(
        `${request.method} ${pathOf(request)}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
      const { problem } = refusal(500, "internal", [
        pathOf(request),
        "an answer",
        "a fault of rcwarden",
        "please report it",
      ]);
      tell(request, response, 500, problem, { Connection: "close" });
    }
  }

  async function outcomeOf(request: IncomingMessage, response: ServerResponse, { peer, admission }: Caller) {
    if (admission !== "served") {
      return refusal(
        429,
        "too-many-connections",
        ["connection", `at most ${limits.perUid} of one user`, "one more"],
        bye,
      );
    }
    const refused = foreign(request.headers, request.rawHeaders);
    if (refused !== null) return refused;
    const method = request.method ?? "";
    const path = pathOf(request);
    if (!path.startsWith("/")) return refusal(400, "path-wrong", ["path", "one that begins with /", path], bye);
    const met = meet(routes, method, path);
    if (met.kind === "malformed") return refusal(400, "path-wrong", [path, "UTF-8 in %XX", "something else"]);
    if (met.kind === "none") return unknownPath(path, met.suggestion);
    if (met.kind === "other-method") {
      return refusal(405, "method-wrong", [path, met.allow.join(" or "), method], { Allow: met.allow.join(", ") });
    }
    const principal = principalOf(peer, view);
    if (!met.route.may.includes(principal.kind)) return notAllowed(met.route, principal.kind);
    const body = await bodyOf(request, met.route);
    if (body.kind === "refusal") return body;
    const query = new URLSearchParams((request.url ?? "").slice(path.length));
    const signal = AbortSignal.any([closing, gone(response)]);
    const accepts = (media: string) => takes(request.headers.accept, media);
    return met.route.ask({ view, principal, name: met.name, query, body: body.value, accepts, signal });
  }

  const placed = await place(server, socketPath, mode);
  if (placed.kind === "refused") return placed;
  server.on("error", (error) => fault?.(`${socketPath}: ${error.message}`));
  return {
    kind: "serving",
    async close() {
      placed.remove();
      ending.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), closeWithinMs);
      await closed;
      clearTimeout(cut);
    },
  };

  function tell(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    value: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    send(request, response, status, { text: `${jsonText(value, 0)}\n`, headers });
  }

  function send(
    request: IncomingMessage,
    response: ServerResponse,
    status: number,
    { text: body, media, headers }: Leaving,
  ): void {
    if (response.destroyed || response.headersSent) return;
    const all = { ...headersFor(body), ...mediaHeaders(media), ...headers, ...(closing.aborted && bye) };
    const cut = setTimeout(() => response.destroy(), takenWithinMs);
    response.once("close", () => clearTimeout(cut));
    response.writeHead(status, all).end(request.method === "HEAD" ? undefined : body);
  }
}

interface Leaving {
  readonly text: string;
  readonly media?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function mediaHeaders(media: string | undefined): Readonly<Record<string, string>> {
  return media === undefined ? {} : { "Content-Type": `${media}; charset=utf-8` };
}

/** By its whole name, and not refused by a weight of 0. */
function takes(accept: string | undefined, media: string): boolean {
  return (accept ?? "").split(",").some((each) => {
    const [name = "", ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
    return name === media && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

const bye = { Connection: "close" };

function headersFor(body: string): Readonly<Record<string, string>> {
  const [name = "", value = ""] = serverName.split(": ");
  return {
    [name]: value,
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": String(Buffer.byteLength(body)),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  };
}

const clientErrors: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const statusWords: Readonly<Record<number, string>> = {
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

function pathOf({ url = "" }: IncomingMessage): string {
  const at = url.indexOf("?");
  return at === -1 ? url : url.slice(0, at);
}

function unknownPath(path: string, suggestion: string | null): Refusal {
  const change = suggestion === null ? "see /openapi.json" : `did you mean ${suggestion}?`;
  return refusal(404, "path-unknown", ["path", "a route of rcwarden", path, change]);
}

function notAllowed({ method, path, may }: Route, kind: string): Refusal {
  const change = may.includes("viewer")
    ? "ask as root, as a member of group rcwarden or as a watched account"
    : "ask as root or as who runs the agent";
  return refusal(403, "not-allowed", [`${method} ${path}`, may.join(" or "), kind, change]);
}

/** Aborts when the client leaves before it was answered. */
function gone(response: ServerResponse): AbortSignal {
  const left = new AbortController();
  response.once("close", () => left.abort());
  return left.signal;
}

type Body = { readonly kind: "body"; readonly value: unknown } | Refusal;

async function bodyOf(request: IncomingMessage, { method, body, mostBodyBytes }: Route): Promise<Body> {
  const { "content-length": length, "transfer-encoding": encoding, "content-type": type } = request.headers;
  const isThere = encoding !== undefined || (length !== undefined && length !== "0");
  if (!isThere) return { kind: "body", value: body === null ? undefined : {} };
  if (method === "GET" || body === null) return refusal(400, "body-unexpected", ["body", "none", "one"], bye);
  if (!/^application\/json *(;|$)/i.test(type ?? "")) {
    return refusal(415, "type-wrong", ["Content-Type", "application/json", type ?? "nothing"], bye);
  }
  const tooLong = refusal(413, "body-too-long", ["body", `at most ${mostBodyBytes} bytes`, "more"], bye);
  if (Number(length ?? 0) > mostBodyBytes) return tooLong;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > mostBodyBytes) return tooLong;
    chunks.push(part);
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
    return { kind: "body", value };
  } catch {
    return refusal(400, "body-wrong", ["body", "JSON in UTF-8", "something else"]);
  }
}
