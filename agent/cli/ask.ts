/**
 * Asks an agent over its socket. Only one of root's, of the caller's, or of a user to whom a unit of the host gave that very
 * place is believed: anybody may plant a socket in a folder where anybody may write.
 */
import { lstatSync, type Stats } from "node:fs";
import type { Socket } from "node:net";
import { exchange } from "./exchange.ts";
import { isUnitOf } from "./places.ts";

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
  const all: Told[] = [];
  for (const socket of new Set(asking.sockets)) {
    const answer = await askAt(socket, asking, question);
    if (answer.kind === "answer" && answer.status !== 404) return answer;
    all.push(answer);
  }
  const rank = (each: Told) => ["answer", "failed", "no-agent"].indexOf(each.kind);
  const [best] = all.sort((a, b) => rank(a) - rank(b));
  return best === undefined || best.kind === "no-agent" ? { kind: "no-agent", sockets: asking.sockets } : best;
}

async function askAt(socket: string, asking: Asking, question: Question): Promise<Told> {
  const found = statOf(socket);
  if (found === null) return { kind: "no-agent", sockets: [socket] };
  if (typeof found === "string") return failed("not-allowed", socket, "a socket that you may reach", found);
  if (!found.isSocket()) return failed("not-trusted", socket, "a socket", "something else");
  if (!isTrusted(found.uid, socket, asking)) return distrusted(socket, found.uid);
  return told(socket, asking, question);
}

function isTrusted(uid: number, socket: string, { callerUid }: Asking): boolean {
  return uid === 0 || uid === callerUid || isUnitOf(uid, socket);
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

async function told(socketPath: string, asking: Asking, question: Question): Promise<Told> {
  const { method, path, body, withinMs = defaultWithinMs } = question;
  // The path may have become another one since it was looked at: the kernel knows who listens.
  let listener: number | null = null;
  const mayAsk = (socket: Socket) => {
    listener = asking.listenerOf?.(socket) ?? null;
    return listener === null || isTrusted(listener, socketPath, asking);
  };
  const exchanged = await exchange(socketPath, { method, path, body, withinMs, mostBytes }, mayAsk);
  switch (exchanged.kind) {
    case "answer":
      return answerOf(socketPath, exchanged.status, exchanged.bytes);
    case "refused":
      return distrusted(socketPath, listener ?? -1);
    case "too-late":
      return failed("too-late", socketPath, "an answer", `none within ${withinMs} ms`);
    case "too-long":
      return failed("failed", socketPath, `an answer of at most ${mostBytes} bytes`, "more");
    case "torn":
      return failed("failed", socketPath, "a whole answer", "a part or none");
    case "not-http":
      return failed("failed", socketPath, "an answer of rcwarden", "something else");
    case "failed":
      return unreached(socketPath, exchanged.code);
  }
}

function unreached(socket: string, code: string): Told {
  if (code === "ENOENT" || code === "ECONNREFUSED") return { kind: "no-agent", sockets: [socket] };
  if (code === "EACCES") return failed("not-allowed", socket, "a socket that you may use", code);
  return failed("failed", socket, "an answer", code);
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
