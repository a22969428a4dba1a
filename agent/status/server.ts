/**
 * The endpoint: HTTP over one Unix socket, and no port (design 10). Who calls is what the kernel says of the connection;
 * what a caller can cost is bounded here, what it may is said in routes.ts.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { jsonText } from "../facts/index.ts";
import { type Admission, type Door, door, limits } from "./admission.ts";
import type { AgentView, Peer } from "./agent-view.ts";
import { forget } from "./current.ts";
import { foreign } from "./from-where.ts";
import { place, serverName } from "./place.ts";
import { principalOf, standingOf } from "./principal.ts";
import { type Refusal, refusal } from "./problem.ts";
import { type Answered, meet, type Raw, type Route } from "./route.ts";
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
  /** When its answer was written that it did not take yet; milliseconds of a clock that never jumps. */
  toldAtMs: number | null;
}

/** What is being asked on a connection until the answer was taken, or the caller left. */
class Asking {
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly #entrance: Door;
  #left: AbortController | null = null;
  #waits: { leave(): void } | null = null;

  constructor(response: ServerResponse, caller: Caller, entrance: Door) {
    this.response = response;
    this.caller = caller;
    this.#entrance = entrance;
    caller.busy = true;
    response.once("close", () => this.#end());
  }

  /** Aborts when the client left. */
  get left(): AbortSignal {
    this.#left ??= new AbortController();
    if (this.response.closed) this.#left.abort();
    return this.#left.signal;
  }

  mayWait(): boolean {
    this.#waits ??= this.#entrance.wait(this.caller.peer);
    return this.#waits !== null;
  }

  #end(): void {
    this.caller.busy = false;
    this.caller.toldAtMs = null;
    this.#waits?.leave();
    this.#left?.abort();
  }
}

export async function serve({ view, socketPath, peerOf, mode = 0o666, fault }: Served): Promise<Serving> {
  const callers = new Map<Socket, Caller>();
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
    callers.set(socket, { peer, admission, busy: false, toldAtMs: null });
    socket.once("close", () => {
      callers.delete(socket);
      leave();
    });
    if (admission === "cut") socket.destroy();
  });
  const cutting = setInterval(() => {
    const since = performance.now() - takenWithinMs;
    for (const [socket, { toldAtMs }] of callers) if (toldAtMs !== null && toldAtMs < since) socket.destroy();
  }, takenWithinMs / 10);
  cutting.unref();
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || socket.destroyed) return void socket.destroy();
    const status = clientErrors[error.code ?? ""] ?? 400;
    const { problem } = refusal(status, "request-wrong", ["request", "HTTP/1.1", error.code ?? "something else"]);
    const text = jsonText(problem, 0);
    const lines = Object.entries({ ...headersFor({ text, headers: bye }) }).map(([name, value]) => `${name}: ${value}`);
    socket.end(`HTTP/1.1 ${status} ${statusWords[status] ?? "Bad Request"}\r\n${lines.join("\r\n")}\r\n\r\n${text}`);
    setTimeout(() => socket.destroy(), 1_000).unref();
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = callers.get(request.socket);
    // Requests sent before the last one was answered: no client of ours does, and each could wait a minute.
    if (caller === undefined || caller.busy) return void request.socket.destroy();
    const asking = new Asking(response, caller, entrance);
    try {
      const outcome = outcomeOf(request, asking);
      send(request, asking, leaving(outcome instanceof Promise ? await outcome : outcome));
    } catch (error) {
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      fault?.(`${request.method} ${pathOf(request)}: ${what}`);
      const words = [pathOf(request), "an answer", "a fault of rcwarden", "please report it"] as const;
      send(request, asking, leaving(refusal(500, "internal", words, bye)));
    }
  }

  function outcomeOf(request: IncomingMessage, asking: Asking): Outcome | Promise<Outcome> {
    const { peer, admission } = asking.caller;
    if (admission !== "served") return tooMany;
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
    const { route, name } = met;
    const principal = principalOf(peer, view);
    if (!route.may.includes(principal.kind)) return notAllowed(route, principal.kind);
    const raw = (value: unknown): Raw => ({
      ...{ view, principal, name, body: value },
      query: new URLSearchParams((request.url ?? "").slice(path.length)),
      accepts: (media) => takes(request.headers.accept, media),
      mayWait: () => asking.mayWait(),
      get signal() {
        return AbortSignal.any([closing, asking.left]);
      },
    });
    if (!hasBody(request)) return done(route, raw(route.body === null ? undefined : {}));
    return bodyOf(request, route).then((body) => (body.kind === "refusal" ? body : done(route, raw(body.value))));
  }

  async function asked(route: Route, raw: Raw): Promise<Outcome> {
    const outcome = await route.ask(raw);
    forget(view);
    return outcome;
  }

  function done(route: Route, raw: Raw): Outcome | Promise<Outcome> {
    // What was asked to be done is seen by who asks next.
    return route.method === "GET" ? route.ask(raw) : asked(route, raw);
  }

  const placed = await place(server, socketPath, mode);
  if (placed.kind === "refused") {
    clearInterval(cutting);
    return placed;
  }
  server.on("error", (error) => fault?.(`${socketPath}: ${error.message}`));
  return {
    kind: "serving",
    async close() {
      placed.remove();
      ending.abort();
      clearInterval(cutting);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), closeWithinMs);
      await closed;
      clearTimeout(cut);
    },
  };

  function send({ method }: IncomingMessage, { response, caller }: Asking, { status, ...told }: Leaving): void {
    if (response.destroyed || response.headersSent) return;
    const headers = headersFor(closing.aborted ? { ...told, headers: { ...told.headers, ...bye } } : told);
    response.writeHead(status, headers).end(method === "HEAD" ? undefined : told.text);
    if (!response.closed) caller.toldAtMs = performance.now();
  }
}

type Outcome = Answered<unknown> | Refusal;

interface Told {
  readonly text: string;
  readonly media?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Leaving extends Told {
  readonly status: number;
}

function leaving(outcome: Outcome): Leaving {
  if (outcome.kind === "text") return { ...outcome, status: outcome.status ?? 200 };
  if (outcome.kind === "answer") {
    const { body, media, status = 200 } = outcome;
    return { status, text: `${jsonText(body, 0)}\n`, ...(media !== undefined && { media }) };
  }
  const { status, problem, headers } = outcome;
  return { status, text: `${jsonText(problem, 0)}\n`, ...(headers && { headers }) };
}

/** By its whole name, and not refused by a weight of 0. */
function takes(accept: string | undefined, media: string): boolean {
  return (accept ?? "").split(",").some((each) => {
    const [name = "", ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
    return name === media && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

const bye = { Connection: "close" };
const tooMany = refusal(
  429,
  "too-many-connections",
  ["connection", `at most ${limits.perUid} of one user`, "one more"],
  bye,
);

const [serverWord = "", serverValue = ""] = serverName.split(": ");
/** In every answer, unless it says otherwise. */
const always: Readonly<Record<string, string>> = {
  [serverWord]: serverValue,
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
};

function headersFor({ text, media = "application/json", headers }: Told): Record<string, string> {
  return {
    ...always,
    "Content-Type": `${media}; charset=utf-8`,
    "Content-Length": String(Buffer.byteLength(text)),
    ...headers,
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

function hasBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

type Body = { readonly kind: "body"; readonly value: unknown } | Refusal;

async function bodyOf(request: IncomingMessage, { method, body, mostBodyBytes }: Route): Promise<Body> {
  const { "content-length": length, "content-type": type } = request.headers;
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
