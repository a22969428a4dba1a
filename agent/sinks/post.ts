/**
 * One HTTPS POST of a batch, as the sender does it: TLS 1.2 or newer, the engine known by its certificate before a byte of
 * the request leaves, no redirects, no answer above 1 MiB. Only children/sender.ts imports this: the agent has no network.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { request as requestByHttps } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Connections } from "./connections.ts";
import { parsedJson } from "./json-lines.ts";
import { batchType, EngineAnswer, mostAnswerBytes, type SenderReply, type SenderRequest } from "./protocol.ts";

const compressed = promisify(gzip);

/** Never rejects: what went wrong is a reply, too. */
export async function post(request: SenderRequest, connections: Connections): Promise<SenderReply> {
  const attempt = { left: false };
  try {
    const response = await answered(request, connections, attempt);
    return { id: request.id, kind: "answered", ...response };
  } catch (error) {
    const { code, message } = wordsOf(error);
    const certificate = connections.lastShown;
    return { id: request.id, kind: "failed", code, message: message.slice(0, 400), certificate, left: attempt.left };
  }
}

/** An error with a stable word for it. */
class PostError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

type Response = Omit<Extract<SenderReply, { kind: "answered" }>, "id" | "kind">;

async function answered(
  request: SenderRequest,
  connections: Connections,
  attempt: { left: boolean },
): Promise<Response> {
  const url = new URL(request.url);
  if (url.protocol !== "https:") throw new PostError("not-https", `expected an https URL, found ${url.protocol}`);
  const body = await compressed(request.body);
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent: ClientRequest = requestByHttps(url, {
    method: "POST",
    agent: connections.agentFor(request),
    headers: {
      "content-type": batchType,
      "content-encoding": "gzip",
      "content-length": body.length,
      accept: "application/json",
      "user-agent": "rcwarden",
      ...(request.material.token === null ? {} : { authorization: `Bearer ${request.material.token}` }),
    },
  });
  const timer = setTimeout(
    () => sent.destroy(new PostError("ETIMEDOUT", `no answer within ${request.timeoutMs / 1000} s`)),
    request.timeoutMs,
  );
  try {
    // A request gets its connection only after the other side was known for what it is (connections.ts).
    sent.on("socket", () => {
      attempt.left = true;
    });
    sent.on("response", resolve);
    // Stays for the time after the response, too: a connection cut then must not end the process.
    sent.on("error", reject);
    sent.end(body);
    return await read(await promise);
  } finally {
    clearTimeout(timer);
    sent.on("error", () => {});
  }
}

async function read(response: IncomingMessage): Promise<Response> {
  const status = response.statusCode ?? 0;
  const text = await bodyOf(response);
  const isTaken = status >= 200 && status < 300;
  return {
    status,
    retryAfter: response.headers["retry-after"]?.slice(0, 200) ?? null,
    location: response.headers.location?.slice(0, 200) ?? null,
    said: isTaken ? "" : text.slice(0, 200).replace(/\s+/g, " ").trim(),
    ...(isTaken ? understood(response, text) : { answer: null, note: null }),
  };
}

/** A receiver that knows nothing of rcwarden answers what it likes: what says to be JSON only is looked at. */
function understood(response: IncomingMessage, text: string): Pick<Response, "answer" | "note"> {
  const none = { answer: null, note: null };
  if (text.trim() === "" || !/^application\/json\b/i.test(response.headers["content-type"] ?? "")) return none;
  const parsed = EngineAnswer.safeParse(parsedJson(text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "its JSON" : `"${issue.path.join(".")}"`;
    return { ...none, note: `${where}: ${issue?.message ?? "not understood"}`.slice(0, 400) };
  }
  const { releases } = parsed.data;
  return { answer: { ...parsed.data, ...(releases && { releases: releases.map(flat) }) }, note: null };
}

/** A release holds text and numbers; anything else is none, and need not go on to the agent, however deep it is. */
function flat(entry: unknown): unknown {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) return null;
  return Object.values(entry).some((value) => typeof value === "object") ? null : entry;
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response) {
      const piece = Buffer.from(chunk);
      bytes += piece.length;
      if (bytes > mostAnswerBytes) throw new PostError("answer-too-large", "an answer of more than 1 MiB");
      chunks.push(piece);
    }
  } catch (error) {
    response.destroy();
    if (error instanceof PostError) throw error;
    throw new PostError("cut-off", wordsOf(error).message);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function wordsOf(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: "unknown", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code.slice(0, 100) : "unknown";
  return { code, message: error.message };
}
