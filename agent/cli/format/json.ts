/** The CLI's JSON: laid out for people, and harmless to a terminal. */
import type { Report } from "../../evaluate/index.ts";
import { jsonText } from "../../facts/index.ts";
import type { Missing } from "../../runs/whom.ts";
import type { Format, Outcome, Refusal } from "./format.ts";

export { jsonText } from "../../facts/index.ts";

export const json: Format = {
  id: "json",
  summary: "one document of kind Report (the same as --json)",
  answer: (outcome) => `${jsonText(reportDocument(outcome))}\n`,
  refusal: (refusal) => `${jsonText(problemsDocument(refusal))}\n`,
};

/** What `check --json` prints. */
export function reportDocument({ report, missing }: Outcome): Report & { readonly missing?: readonly Missing[] } {
  return { ...report, ...(missing.length > 0 && { missing }) };
}

/** What stands in its place where nothing was evaluated: a document of another kind, with no summary to be taken for one. */
export function problemsDocument({ time, host, version, problems }: Refusal) {
  return { apiVersion: "rcwarden/v1", kind: "Problems", time, host, rcwarden: version, problems };
}
