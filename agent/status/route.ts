/** One row of the table of routes, and how a request meets it. */
import * as z from "zod";
import { closest } from "../documents/index.ts";
import type { AgentView, Principal } from "./agent-view.ts";
import { type Refusal, refusal } from "./problem.ts";
import type { Shapes } from "./shapes.ts";

export type Method = "GET" | "POST";
export type PrincipalKind = Principal["kind"];

/** What a handler may want of its connection. */
export interface Waiting {
  /** The client left, or the agent ends. Made where it is asked for. */
  readonly signal: AbortSignal;
  /** Takes one of the caller's places to wait at until it is answered; false where it has none left. */
  mayWait(): boolean;
}

/** What a handler works with. */
export interface Asked<Query, Body> {
  readonly view: AgentView;
  readonly principal: Principal;
  /** `{name}` of the path, decoded. */
  readonly name: string;
  readonly query: Query;
  readonly body: Body;
  /** Whether the caller says that it takes this media type, by its name: `*` says so of none. */
  accepts(media: string): boolean;
  readonly waiting: Waiting;
}

type Status = 200 | 202 | 503;
export type Answered<Answer> =
  | {
      readonly kind: "answer";
      readonly status?: Status;
      readonly body: Answer;
      /** `application/json` where it is left out. */
      readonly media?: string;
    }
  /** Anything but JSON, as it leaves. */
  | {
      readonly kind: "text";
      readonly status?: Status;
      readonly media: string;
      readonly text: string;
      readonly headers?: Readonly<Record<string, string>>;
    };

export function answer<const Answer>(body: Answer, status: Status = 200, media?: string): Answered<Answer> {
  return { kind: "answer", status, body, ...(media !== undefined && { media }) };
}

/** `headers` come instead of those that every answer has. */
export function textAnswer(
  media: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answered<never> {
  return { kind: "text", media, text, headers };
}

interface Spec<Query extends z.ZodType, Body extends z.ZodType, Name extends keyof Shapes> {
  readonly method: Method;
  /** `/v1/accounts/{name}`: one part in braces may stand at the end. */
  readonly path: string;
  /** One sentence. */
  readonly summary: string;
  /** Who may; `account` means its own rows only, and the handler sees to that. */
  readonly may: readonly PrincipalKind[];
  readonly query: Query;
  readonly body?: Body;
  /** 64 KiB where it is left out. */
  readonly mostBodyBytes?: number;
  /** The name of its shape. */
  readonly answer: Name;
  /** What it can be answered as, the one for callers without a wish first; `application/json` where it is left out. */
  readonly media?: readonly string[];
  /** The statuses of an answer of this shape; 200 where it is left out. */
  readonly statuses?: readonly number[];
  handle(
    asked: Asked<z.output<Query>, z.output<Body>>,
  ): Answered<z.output<Shapes[Name]>> | Refusal | Promise<Answered<z.output<Shapes[Name]>> | Refusal>;
}

/** What came in, its body not parsed yet. */
export interface Raw extends Pick<Asked<unknown, unknown>, "view" | "principal" | "name" | "accepts" | "waiting"> {
  readonly body: unknown;
}

/** A route with a query that was parsed: the same bytes are parsed once. */
export interface Prepared {
  readonly kind: "prepared";
  ask(raw: Raw): Answered<unknown> | Refusal | Promise<Answered<unknown> | Refusal>;
}

/** A route whose types are forgotten, as the table holds it. */
export interface Route
  extends Pick<Spec<z.ZodType, z.ZodType, keyof Shapes>, "method" | "path" | "summary" | "may" | "answer"> {
  readonly query: z.ZodType;
  readonly body: z.ZodType | null;
  readonly mostBodyBytes: number;
  readonly media: readonly string[];
  readonly statuses: readonly number[];
  /** `query`: with its question mark, or empty. */
  prepare(query: string): Prepared | Refusal;
}

export const noQuery = z.strictObject({});
const noBody = z.undefined();
const nothing = { success: true, data: undefined } as const;

export function route<Query extends z.ZodType, Body extends z.ZodType, Name extends keyof Shapes>(
  spec: Spec<Query, Body, Name>,
): Route {
  const { method, path, summary, may, query, body, mostBodyBytes = 64 * 1024, answer, statuses = [200] } = spec;
  const { media = ["application/json"] } = spec;
  return {
    ...{ method, path, summary, may, query, mostBodyBytes, answer, media, statuses },
    body: body ?? null,
    prepare(text) {
      const asks = flat(new URLSearchParams(text));
      if ("kind" in asks) return asks;
      const parsed = query.safeParse(asks.values);
      if (!parsed.success) return notAsExpected("query-wrong", "?", parsed.error, asks.values, query);
      return {
        kind: "prepared",
        ask(raw) {
          const given = body === undefined && raw.body === undefined ? nothing : (body ?? noBody).safeParse(raw.body);
          if (!given.success) return notAsExpected("body-wrong", "body ", given.error, raw.body, body);
          // The door: what safeParse of this very schema gave back is its output.
          return spec.handle({ ...raw, query: parsed.data, body: given.data as z.output<Body> });
        },
      };
    },
  };
}

function flat(query: URLSearchParams): { readonly values: Readonly<Record<string, string>> } | Refusal {
  const values: Record<string, string> = {};
  for (const [key, value] of query) {
    if (Object.hasOwn(values, key)) return refusal(400, "query-wrong", [`?${key}`, "one value", "several"]);
    Object.defineProperty(values, key, { value, enumerable: true });
  }
  return { values };
}

/** The first thing that is wrong, in the words of every message of ours. */
function notAsExpected(
  code: string,
  prefix: string,
  error: z.ZodError,
  found: unknown,
  schema: z.ZodType | undefined,
): Refusal {
  const [issue] = error.issues;
  if (issue?.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
    const near = closest(key, known);
    const expected = known.length === 0 ? "nothing" : known.join(", ");
    return refusal(400, code, [`${prefix}${key}`, expected, key, near === null ? "" : `did you mean ${near}?`]);
  }
  const key = issue?.path[0];
  const value = key === undefined ? found : typeof found === "object" && found !== null && Reflect.get(found, key);
  const where = key === undefined ? prefix.trim() : `${prefix}${String(key)}`;
  return refusal(400, code, [where, issue?.message ?? "something else", worded(value)]);
}

function worded(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return `"${value}"`;
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "an object"; // How deep it is, the caller decides.
}

export type Met =
  | { readonly kind: "route"; readonly route: Route; readonly name: string }
  | { readonly kind: "other-method"; readonly allow: readonly string[] }
  | { readonly kind: "none"; readonly suggestion: string | null }
  | { readonly kind: "malformed" };

/** The route for a method and a path as it was sent, without its query. HEAD is asked where GET is. */
export function meet(routes: readonly Route[], method: string, path: string): Met {
  const found = routes.flatMap((each) => {
    const name = nameIn(each.path, path);
    return name === null ? [] : [{ route: each, name }];
  });
  const wanted = method === "HEAD" ? "GET" : method;
  const meant = found.find(({ route: { method: known } }) => known === wanted);
  if (meant !== undefined) {
    const name = decoded(meant.name);
    return name === null ? { kind: "malformed" } : { kind: "route", route: meant.route, name };
  }
  if (found.length === 0)
    return { kind: "none", suggestion: closest(path, [...new Set(routes.map((each) => each.path))]) };
  const methods = found.flatMap(({ route: { method: known } }) => (known === "GET" ? ["GET", "HEAD"] : [known]));
  return { kind: "other-method", allow: methods };
}

/** What stands in a path for its part in braces, still encoded; "" where it has none; null where the path is another. */
function nameIn(pattern: string, path: string): string | null {
  const at = pattern.indexOf("{");
  if (at === -1) return pattern === path ? "" : null;
  const rest = path.startsWith(pattern.slice(0, at)) ? path.slice(at) : "";
  return rest === "" || rest.includes("/") ? null : rest;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
