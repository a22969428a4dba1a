/**
 * One request and its answer over a unix socket, as HTTP/1.1 has them, without node:http: loading that takes longer than the
 * whole exchange, and an agent's answers always say their length.
 */
import { connect, type Socket } from "node:net";

export interface Request {
  readonly method: "GET" | "POST";
  /** With its query, encoded. */
  readonly path: string;
  /** Sent as JSON; undefined: none. */
  readonly body: unknown;
  readonly withinMs: number;
  readonly mostBytes: number;
}

export type Exchanged =
  | { readonly kind: "answer"; readonly status: number; readonly bytes: Buffer }
  /** `code`: an errno's name. */
  | { readonly kind: "failed"; readonly code: string }
  | { readonly kind: "too-late" | "too-long" | "torn" | "not-http" }
  /** `mayAsk` said no. */
  | { readonly kind: "refused" };

/** `mayAsk` is asked once it is connected and before anything that was answered is believed. */
export function exchange(socketPath: string, asked: Request, mayAsk: (socket: Socket) => boolean): Promise<Exchanged> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    const over = setTimeout(() => end({ kind: "too-late" }), asked.withinMs);
    const chunks: Buffer[] = [];
    let bytes = 0;
    function end(exchanged: Exchanged): void {
      clearTimeout(over);
      socket.destroy();
      resolve(exchanged);
    }
    socket.on("error", (error: NodeJS.ErrnoException) => end({ kind: "failed", code: error.code ?? error.message }));
    socket.once("connect", () => {
      if (mayAsk(socket)) socket.write(requestOf(asked));
      else end({ kind: "refused" });
    });
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      const answer = answerOf(chunks, bytes, asked.mostBytes);
      if (answer !== null) end(answer);
    });
    socket.on("end", () => end({ kind: "torn" }));
  });
}

function requestOf({ method, path, body }: Request): string {
  const text = body === undefined ? "" : JSON.stringify(body);
  const sent =
    body === undefined ? [] : ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(text)}`];
  return [`${method} ${path} HTTP/1.1`, "Host: rcwarden", "Connection: close", ...sent, "", text].join("\r\n");
}

const mostHeadBytes = 16 * 1024;
const blankLine = Buffer.from("\r\n\r\n");

/** Null while there is more to come. Joins what came only when it can be whole, for an answer may come in many pieces. */
function answerOf(chunks: Buffer[], bytes: number, mostBytes: number): Exchanged | null {
  const [first] = chunks;
  if (first === undefined) return null;
  if (chunks.length > 1 && !first.includes(blankLine)) chunks.splice(0, chunks.length, Buffer.concat(chunks));
  const head = chunks[0]?.subarray(0, mostHeadBytes) ?? first;
  const ends = head.indexOf(blankLine);
  if (ends === -1) return head.length < mostHeadBytes ? null : { kind: "not-http" };
  const text = head.toString("latin1", 0, ends);
  const status = /^HTTP\/1\.1 ([2-5]\d\d) /.exec(text)?.[1];
  const length = /\r\ncontent-length: *(\d{1,12}) *(?:\r\n|$)/i.exec(text)?.[1];
  if (status === undefined || length === undefined) return { kind: "not-http" };
  if (Number(length) > mostBytes) return { kind: "too-long" };
  const from = ends + blankLine.length;
  const to = from + Number(length);
  return bytes < to
    ? null
    : { kind: "answer", status: Number(status), bytes: Buffer.concat(chunks).subarray(from, to) };
}
