/** What a request asks, from its bytes alone: who asks, and whether he may, comes after. */
import type { IncomingMessage } from "node:http";
import { foreign } from "./from-where.ts";
import { type Refusal, refusal } from "./problem.ts";
import { meet, type Prepared, type Route } from "./route.ts";
import { routes } from "./routes.ts";
import { bye } from "./told.ts";

export interface Question {
  readonly kind: "question";
  readonly route: Route;
  /** `{name}` of the path, decoded. */
  readonly name: string;
  /** With its question mark, or empty. */
  readonly query: string;
  /** Whether the caller named this media type. */
  accepts(media: string): boolean;
  /** Once it was looked at. */
  prepared: Prepared | null;
}

export function questionOf(request: IncomingMessage): Question | Refusal {
  const { method = "", url = "", headers, rawHeaders, httpVersion, httpVersionMajor } = request;
  if (httpVersionMajor !== 1) return refusal(505, "version-wrong", ["HTTP", "1.1 or 1.0", httpVersion], bye);
  const refused = foreign(headers, rawHeaders);
  if (refused !== null) return refused;
  const path = pathOf({ url });
  if (!path.startsWith("/")) return refusal(400, "path-wrong", ["path", "one that begins with /", path], bye);
  const met = meet(routes, method, path);
  if (met.kind === "malformed") return refusal(400, "path-wrong", [path, "UTF-8 in %XX", "something else"]);
  if (met.kind === "none") return unknownPath(path, met.suggestion);
  if (met.kind === "other-method") {
    return refusal(405, "method-wrong", [path, met.allow.join(" or "), method], { Allow: met.allow.join(", ") });
  }
  const { route, name } = met;
  const accepts = accepting(headers.accept);
  return { kind: "question", route, name, query: url.slice(path.length), accepts, prepared: null };
}

/** By its whole name, and not refused by a weight of 0. */
function accepting(accept = ""): (media: string) => boolean {
  const named = accept.split(",").flatMap((each) => {
    const [name = "", ...parameters] = each.split(";").map((part) => part.trim().toLowerCase());
    return parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter)) ? [] : [name];
  });
  const accepted = new Set(named);
  return (media) => accepted.has(media);
}

export function pathOf({ url = "" }: Pick<IncomingMessage, "url">): string {
  const at = url.indexOf("?");
  return at === -1 ? url : url.slice(0, at);
}

function unknownPath(path: string, suggestion: string | null): Refusal {
  const change = suggestion === null ? "see /openapi.json" : `did you mean ${suggestion}?`;
  return refusal(404, "path-unknown", ["path", "a route of rcwarden", path, change]);
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": encoding } = headers;
  return encoding !== undefined || (length !== undefined && length !== "0");
}

export type Body = { readonly kind: "body"; readonly value: unknown } | Refusal;

export async function bodyOf(request: IncomingMessage, { method, body, mostBodyBytes }: Route): Promise<Body> {
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
