/**
 * Asks an agent over its socket. Only one that root or the caller made is believed: anybody may plant a socket in a
 * folder where anybody may write.
 */
import { lstatSync, type Stats } from "node:fs";
import { request } from "node:http";
import type { Socket } from "node:net";

export interface Question {
  readonly method: "GET" | "POST";
  /** With its query, encoded. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Milliseconds until the whole answer must be there. */
  readonly withinMs?: number;
}

export type Told =
  | {
      readonly kind: "answer";
      /** Which socket answered. */
      readonly socket: string;
      readonly status: number;
      /** What it said, as JSON has it; whoever reads it parses it. */
      readonly body: unknown;
    }
  /** Nobody listens there. */
  | { readonly kind: "no-agent"; readonly sockets: readonly string[] }
  /** `not-trusted`, `not-allowed` (by the file system), `too-late`, `failed`: it was not asked, or not heard. */
  | { readonly kind: "failed"; readonly code: FailureCode; readonly socket: string; readonly message: string };

type FailureCode = "not-trusted" | "not-allowed" | "too-late" | "failed";

export interface Asking {
  /** The sockets to try, in this order. */
  readonly sockets: readonly string[];
  readonly callerUid: number;
  /** The uid of who listens, as the kernel says; null where it does not. */
  readonly listenerOf?: (socket: Socket) => number | null;
}

const defaultWithinMs = 5_000;
const mostBytes = 64 * 1024 * 1024;

/**
 * The first agent that knows what it is asked about answers (one's own may not watch an account that the host's does);
 * else the first that answered at all. A socket that is not there is passed over.
 */
export async function ask(asking: Asking, question: Question): Promise<Told> {
  const told: Told[] = [];
  for (const socket of new Set(asking.sockets)) {
    const answer = await askAt(socket, asking, question);
    if (answer.kind === "answer" && answer.status !== 404) return answer;
    told.push(answer);
  }
  const rank = (each: Told) => ["answer", "failed", "no-agent"].indexOf(each.kind);
  return told.sort((a, b) => rank(a) - rank(b))[0]?.kind === "no-agent" || told[0] === undefined
    ? { kind: "no-agent", sockets: asking.sockets }
    : told[0];
}

async function askAt(socket: string, asking: Asking, question: Question): Promise<Told> {
  const found = statOf(socket);
  if (found === null) return { kind: "no-agent", sockets: [socket] };
  if (typeof found === "string") return failed("not-allowed", socket, "a socket that you may reach", found);
  if (!found.isSocket()) return failed("not-trusted", socket, "a socket", "something else");
  if (!isTrusted(found.uid, asking)) return distrusted(socket, found.uid);
  return exchange(socket, asking, question);
}

function isTrusted(uid: number, { callerUid }: Asking): boolean {
  return uid === 0 || uid === callerUid;
}

function distrusted(socket: string, uid: number): Told {
  return failed("not-trusted", socket, "an agent of root or of your own", `one of uid ${uid}`);
}

/** Null where nothing is there; an errno's name where there is no looking. */
function statOf(path: string): Stats | string | null {
  try {
    return lstatSync(path);
  } catch (error) {
    const code = codeOf(error);
    return code === "ENOENT" || code === "ENOTDIR" ? null : code;
  }
}

function failed(code: FailureCode, socket: string, expected: string, found: string): Told {
  return { kind: "failed", code, socket, message: `${socket}: expected ${expected}, found ${found}` };
}

function exchange(socketPath: string, asking: Asking, question: Question): Promise<Told> {
  const { method, path, body, withinMs = defaultWithinMs } = question;
  return new Promise((resolve) => {
    const text = body === undefined ? "" : JSON.stringify(body);
    const headers = {
      Host: "rcwarden",
      Connection: "close",
      ...(body !== undefined && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) }),
    };
    const asked = request({ socketPath, method, path, headers, agent: false });
    const over = setTimeout(
      () => end(failed("too-late", socketPath, "an answer", `none within ${withinMs} ms`)),
      withinMs,
    );
    function end(told: Told): void {
      clearTimeout(over);
      asked.destroy();
      resolve(told);
    }
    asked.on("error", (error) => {
      const code = codeOf(error);
      if (code === "ENOENT" || code === "ECONNREFUSED") return end({ kind: "no-agent", sockets: [socketPath] });
      if (code === "EACCES") return end(failed("not-allowed", socketPath, "a socket that you may use", code));
      end(failed("failed", socketPath, "an answer", code));
    });
    asked.on("socket", (socket) => {
      // The path may have become another one since it was looked at: the kernel knows who listens.
      socket.once("connect", () => {
        const uid = asking.listenerOf?.(socket) ?? null;
        if (uid !== null && !isTrusted(uid, asking)) end(distrusted(socketPath, uid));
      });
    });
    asked.on("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > mostBytes) end(failed("failed", socketPath, `an answer of at most ${mostBytes} bytes`, "more"));
        else chunks.push(chunk);
      });
      response.on("error", (error) => end(failed("failed", socketPath, "a whole answer", codeOf(error))));
      response.on("end", () => {
        end(answerOf(socketPath, response.statusCode ?? 0, Buffer.concat(chunks)));
      });
    });
    asked.end(text);
  });
}

function answerOf(socket: string, status: number, bytes: Buffer): Told {
  try {
    const body: unknown = JSON.parse(bytes.toString("utf8"));
    return { kind: "answer", socket, status, body };
  } catch {
    return failed("failed", socket, "JSON", "something else");
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : String(error);
}
