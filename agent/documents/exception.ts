import * as z from "zod";
import { modeIds } from "../facts/index.ts";
import { day, dayMs, dayNumber } from "./calendar.ts";
import { accountName, documentKind, type Known, nameText, say } from "./document-kind.ts";

/** Who needs longer has to look again, and to say so again. */
export const mostDaysAhead = 366;

const none = z.literal("-");

const finding = z.strictObject({
  policy: nameText.describe("The name of the policy."),
  rule: nameText.describe("The id of its rule."),
  account: z
    .union([none, accountName], { error: "the name of an account, or -" })
    .describe("The name of the account; - where it is about the host."),
  mode: z.enum([...modeIds, "-"]).describe("The way of coming in; - where it is about the account or the host."),
  subject: z.string().min(1).describe("The command as it is sent, the name or the stream that the finding is about."),
});

function specSchema({ nowMs }: Known) {
  return z.strictObject({
    finding: finding.describe("The key of the finding, as check --json has it."),
    reason: z
      .string()
      .refine((text) => text.trim() !== "", { error: "a reason" })
      .describe("Why it may stand, in words that still tell somebody something at its end."),
    until: day
      .superRefine((text, context) => {
        const ahead = nowMs === undefined ? 0 : daysAhead(text, nowMs);
        if (ahead <= mostDaysAhead) return;
        say(context, {
          code: "value-range",
          expected: `a day at most ${mostDaysAhead} days ahead`,
          found: `${text}, ${ahead} days ahead`,
        });
      })
      .describe(`The last day on which it holds, YYYY-MM-DD, to its end in UTC; at most ${mostDaysAhead} days ahead.`),
  });
}

/** From the day in UTC that `nowMs` lies in; 0 where the text is no day. */
export function daysAhead(until: string, nowMs: number): number {
  return (dayNumber(until) ?? 0) - Math.floor(nowMs / dayMs);
}

export const exception = documentKind({
  kind: "Exception",
  summary: "Waives one finding until a date, with a reason.",
  why: "What cannot be mended today must not hide what breaks tomorrow: a waived finding is still told, decides nothing, and comes back by itself.",
  owner: "the host's owner",
  livesIn: "/etc/rcwarden/*.yaml",
  tier: "host",
  single: false,
  example: `apiVersion: rcwarden/v1
kind: Exception
metadata: { name: greeting }
spec:
  finding: { policy: unattended-ssh, rule: clean-stream, account: oracle, mode: ssh-command, subject: stdout }
  reason: CHG0012345, until the new image is out
  until: 2027-01-31                   # end of that day, UTC
`,
  schema: specSchema,
  references: () => [],
  nested: () => [],
  build: (common, spec) => ({ kind: "Exception", ...common, ...spec }),
});
