/** An answer as it leaves: its text, and the headers that go with every one. */
import { jsonText } from "../facts/index.ts";
import { serverName } from "./place.ts";
import type { Refusal } from "./problem.ts";
import type { Answered } from "./route.ts";

export type Outcome = Answered<unknown> | Refusal;

export interface Told {
  readonly text: string;
  readonly media?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Leaving extends Told {
  readonly status: number;
}

export function leaving(outcome: Outcome): Leaving {
  if (outcome.kind === "text") return { ...outcome, status: outcome.status ?? 200 };
  if (outcome.kind === "answer") {
    const { body, media, status = 200 } = outcome;
    return { status, text: `${jsonText(body, 0)}\n`, ...(media !== undefined && { media }) };
  }
  const { status, problem, headers } = outcome;
  return { status, text: `${jsonText(problem, 0)}\n`, ...(headers && { headers }) };
}

export const bye = { Connection: "close" };
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

export function headersFor({ text, media = "application/json", headers }: Told): Record<string, string> {
  return {
    ...always,
    "Content-Type": `${media}; charset=utf-8`,
    "Content-Length": String(Buffer.byteLength(text)),
    ...headers,
  };
}

let last = { text: "", bytes: Buffer.alloc(0) };

/** Many who waited for the same are told it one after the other: their bytes are made once. */
export function bytesOf(text: string): Buffer {
  if (last.text !== text) last = { text, bytes: Buffer.from(text) };
  return last.bytes;
}
