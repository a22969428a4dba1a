/** What the loader says of a rule whose parameters could never fail, or ask for nothing. */
import type * as z from "zod";

export function refuseVacuous(context: z.core.$RefinementCtx, expected: string, found: string, at: string[] = []) {
  context.addIssue({ code: "custom", path: at, params: { code: "rule-vacuous", expected, found } });
}
