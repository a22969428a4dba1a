/** One round of `check --watch` as a line of JSON: what is otherwise since the round before; the first opens all. */
import type { Update } from "../watching.ts";
import { jsonText, reportDocument } from "./json.ts";

export function updateLine({ changed, opened, altered, resolved, round }: Update): string {
  const { apiVersion, time, host, rcwarden, summary, ...others } = reportDocument(round.outcome);
  const missing = others.missing === undefined ? {} : { missing: others.missing };
  const head = { apiVersion, kind: "Update", time, host, rcwarden };
  return `${jsonText({ ...head, changed, opened, altered, resolved, summary, ...missing }, 0)}\n`;
}
