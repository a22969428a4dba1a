/** What a request is told that is not answered: the same shape everywhere, in the words of every message of ours. */
import * as z from "zod";

export const problemShape = z
  .object({
    code: z.string().describe("Stable words, for programs."),
    where: z.string().describe("What it is about: a path, a parameter, a header."),
    expected: z.string(),
    found: z.string(),
    change: z.string().describe("What to do; empty where that is obvious."),
  })
  .describe("Why the request was not answered.");
export type Problem = z.output<typeof problemShape>;

/** A route gives it back instead of an answer. */
export interface Refusal {
  readonly kind: "refusal";
  readonly status: number;
  readonly problem: Problem;
  readonly headers?: Readonly<Record<string, string>>;
}

export function refusal(
  status: number,
  code: string,
  [where, expected, found, change = ""]: readonly [where: string, expected: string, found: string, change?: string],
  headers?: Readonly<Record<string, string>>,
): Refusal {
  const problem = { code, where: short(where), expected, found: short(found), change };
  return { kind: "refusal", status, problem, ...(headers && { headers }) };
}

/** What a caller sent comes back to it, but not all of it. */
function short(text: string): string {
  const characters = Array.from(text);
  return characters.length <= 200 ? text : `${characters.slice(0, 200).join("")}...`;
}
