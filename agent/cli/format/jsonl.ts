/** JSON lines: a finding a line, and a last line with all the rest, so that a cut stream shows. */
import { jsonText } from "../../facts/index.ts";
import type { Format, Outcome, Refusal } from "./format.ts";
import { problemsDocument, reportDocument } from "./json.ts";

export const jsonl: Format = {
  id: "jsonl",
  summary: "a finding a line, then a line with the summary",
  answer(outcome: Outcome): string {
    const { findings, kind: _, ...rest } = reportDocument(outcome);
    return lines([...findings.map((finding) => ({ kind: "Finding", ...finding })), { kind: "Summary", ...rest }]);
  },
  refusal(refusal: Refusal): string {
    return lines([problemsDocument(refusal)]);
  },
};

function lines(values: readonly unknown[]): string {
  return values.map((value) => `${jsonText(value, 0)}\n`).join("");
}
