/**
 * The endpoint: HTTP over one Unix socket, and no port (design 10). Who calls is what the kernel says of the connection;
 * what a caller can cost is bounded here, what it may is said in routes.ts.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { jsonText } from "../facts/index.ts";
import { type Admission, type Door, door, limits } from "./admission.ts";
import { Again } from "./again.ts";
import type { AgentView, Peer, Principal } from "./agent-view.ts";
import { forget } from "./kept.ts";
import { place } from "./place.ts";
import { principalOf, standingOf } from "./principal.ts";
import { type Refusal, refusal } from "./problem.ts";
import { bodyOf, hasBody, pathOf, type Question, questionOf } from "./question.ts";
import type { Route, Waiting } from "./route.ts";
import { bye, bytesOf, headersFor, type Leaving, leaving, type Outcome } from "./told.ts";

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

/** Of a question that is answered at once. */
const nobodyWaits: Waiting = { signal: new AbortController().signal, mayWait: () => false };

/** Of the endpoint. */
interface Around {
  readonly entrance: Door;
  /** Those that somebody waits with. */
  readonly open: Set<Asking>;
  isClosing: boolean;
}

/** What is being asked on a connection until the answer was taken, or the caller left. */
class Asking implements Waiting {
  readonly response: ServerResponse;
  readonly caller: Caller;
  readonly #around: Around;
  #over: AbortController | null = null;
  #waits: { leave(): void } | null = null;

  constructor(response: ServerResponse, caller: Caller, around: Around) {
    this.response = response;
    this.caller = caller;
    this.#around = around;
    caller.busy = true;
    response.once("close", () => this.#leave());
  }

  /** Aborts when the client left, or the agent ends. */
  get signal(): AbortSignal {
    this.#over ??= new AbortController();
    this.#around.open.add(this);
    if (this.response.closed || this.#around.isClosing) this.end();
    return this.#over.signal;
  }

  /** Ends what waits. */
  end(): void {
    this.#over?.abort();
  }

  mayWait(): boolean {
    this.#waits ??= this.#around.entrance.wait(this.caller.peer);
    return this.#waits !== null;
  }

  #leave(): void {
    this.#around.open.delete(this);
    this.caller.busy = false;
    this.caller.toldAtMs = null;
    this.#waits?.leave();
    this.end();
  }
}

export async function serve({ view, socketPath, peerOf, mode = 0o666, fault }: Served): Promise<Serving> {
  const callers = new Map<Socket, Caller>();
  const around: Around = { entrance: door(limits), open: new Set(), isClosing: view.closing.aborted };
  const endWaiting = () => {
    around.isClosing = true;
    for (const asking of around.open) asking.end();
  };
  view.closing.addEventListener("abort", endWaiting);
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

  const again = new Again({
    server,
    answer(question, socket) {
      const caller = callers.get(socket);
      if (caller === undefined || around.isClosing) return null;
      const principal = principalOf(caller.peer, view);
      if (!question.route.may.includes(principal.kind)) return null;
      try {
        const outcome = ask(question, principal, nobodyWaits, undefined);
        return outcome instanceof Promise ? null : outcome;
      } catch {
        // It is asked again behind, where a fault is told.
        return null;
      }
    },
    told(socket, taken) {
      const caller = callers.get(socket);
      if (caller !== undefined) caller.toldAtMs = taken ? null : performance.now();
    },
  });
  server.prependListener("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    const { admission, leave } = around.entrance.enter(peer, standingOf(principalOf(peer, view)));
    callers.set(socket, { peer, admission, busy: false, toldAtMs: null });
    socket.once("close", () => {
      callers.delete(socket);
      leave();
    });
    if (admission === "cut") socket.destroy();
    else again.meet(socket, admission);
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
    const asking = new Asking(response, caller, around);
    try {
      const outcome = outcomeOf(request, asking);
      send(request, asking, leaving(outcome instanceof Promise ? await outcome : outcome));
    } catch (error) {
      // The caller left before its body was whole.
      if (request.destroyed && !request.complete) return;
      const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
      fault?.(`${request.method} ${pathOf(request)}: ${what}`);
      const words = [pathOf(request), "an answer", "a fault of rcwarden", "please report it"] as const;
      send(request, asking, leaving(refusal(500, "internal", words, bye)));
    }
  }

  function outcomeOf(request: IncomingMessage, asking: Asking): Outcome | Promise<Outcome> {
    const { caller } = asking;
    if (caller.admission !== "served") return tooMany;
    const question = questionOf(request);
    if (question.kind === "refusal") return question;
    const { route } = question;
    const principal = principalOf(caller.peer, view);
    if (!route.may.includes(principal.kind)) return notAllowed(route, principal.kind);
    if (hasBody(request)) {
      return bodyOf(request, route).then((body) =>
        body.kind === "refusal" ? body : ask(question, principal, asking, body.value),
      );
    }
    const outcome = ask(question, principal, asking, route.body === null ? undefined : {});
    if (!(outcome instanceof Promise)) again.remember(request, question);
    return outcome;
  }

  /** The principal may. */
  function ask(question: Question, principal: Principal, waiting: Waiting, body: unknown): Outcome | Promise<Outcome> {
    const { route, name, query, accepts } = question;
    const prepared = question.prepared ?? route.prepare(query);
    if (prepared.kind === "refusal") return prepared;
    question.prepared = prepared;
    const outcome = prepared.ask({ view, principal, name, body, accepts, waiting });
    return route.method === "GET" ? outcome : forgotten(outcome);
  }

  /** What was asked to be done is seen by who asks next. */
  async function forgotten(outcome: Outcome | Promise<Outcome>): Promise<Outcome> {
    const settled = await outcome;
    forget(view);
    return settled;
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
      endWaiting();
      view.closing.removeEventListener("abort", endWaiting);
      clearInterval(cutting);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      again.close();
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), closeWithinMs);
      await closed;
      clearTimeout(cut);
    },
  };

  function send({ method }: IncomingMessage, { response, caller }: Asking, { status, ...told }: Leaving): void {
    if (response.destroyed || response.headersSent) return;
    const headers = headersFor(around.isClosing ? { ...told, headers: { ...told.headers, ...bye } } : told);
    response.writeHead(status, headers).end(method === "HEAD" ? undefined : bytesOf(told.text));
    if (!response.closed) caller.toldAtMs = performance.now();
  }
}

const tooMany = refusal(
  429,
  "too-many-connections",
  ["connection", `at most ${limits.perUid} of one user`, "one more"],
  bye,
);

const clientErrors: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};
const statusWords: Readonly<Record<number, string>> = {
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

function notAllowed({ method, path, may }: Route, kind: string): Refusal {
  const change = may.includes("viewer")
    ? "ask as root, as a member of group rcwarden or as a watched account"
    : "ask as root or as who runs the agent";
  return refusal(403, "not-allowed", [`${method} ${path}`, may.join(" or "), kind, change]);
}
