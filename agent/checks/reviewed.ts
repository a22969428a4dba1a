import * as z from "zod";
import type { BaselineChange, Place, ReviewedFacts } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { oracle } from "./example-facts.ts";

const subject = "baseline";
/** So many changes are named in the message; the evidence has more, and the count is of all. */
const named = 5;

function changeWords({ change, item: { kind, name, mode, where } }: BaselineChange): string {
  const place = where === null ? "" : ` (${where})`;
  return `${kind} ${name}${mode === "-" ? "" : ` in ${mode}`} ${change}${place}`;
}

/** FILE:LINE, as an item has it. */
function placeOf({ item: { where } }: BaselineChange): Place | null {
  const [, file, line] = /^([\s\S]*):(\d+)$/.exec(where ?? "") ?? [];
  return file === undefined ? null : { file, line: Number(line), column: 1, through: [] };
}

function judgeChanges(
  { acceptedAt, reason }: NonNullable<ReviewedFacts["baseline"]>,
  changes: readonly BaselineChange[],
) {
  const words = changes.map(changeWords);
  const more = words.length > named ? `; and ${words.length - named} more` : "";
  const are = words.length === 1 ? "1 thing is" : `${words.length} things are`;
  const place = changes.map(placeOf).find((each) => each !== null) ?? null;
  return {
    subject,
    status: "fail" as const,
    where: place,
    message: `${are} not as accepted: ${words.slice(0, named).join("; ")}${more}`,
    change: "look at each, and accept it with a reason, or put back what was",
    evidence: { count: words.length, changes: words.join("; "), acceptedAt, reason },
  };
}

const accepted = { account: "oracle", acceptedAt: "2026-11-01T08:00:00.000Z", reason: "CHG0012000", items: [] };
const alias = {
  kind: "alias",
  name: "cp",
  mode: "ssh-command",
  digest: `sha256:${"0".repeat(64)}`,
  where: "/home/oracle/.cshrc:14",
} as const;

export const reviewed = checkKind({
  id: "reviewed",
  summary: "Startup files and what they define are as somebody looked at and accepted them.",
  why: "What changed and nobody looked at is how a line gets in that makes the next job wait.",
  consequence: "security",
  asksAbout: "account",
  needs: ["reviewed"],
  afterStartup: false,
  parameters: z.strictObject({}),
  subjects: () => [subject],
  judge(_, facts): Judgement[] {
    if (facts.reviewed === null) {
      return [{ subject, status: "unknown", message: "what was accepted is not known" }];
    }
    const { baseline, changes } = facts.reviewed;
    if (baseline === null) {
      return [{ subject, status: "pass", message: "nothing was accepted for this account, and nothing is compared" }];
    }
    if (changes.length > 0) return [judgeChanges(baseline, changes)];
    return [
      { subject, status: "pass", message: "all is as it was accepted", evidence: { acceptedAt: baseline.acceptedAt } },
    ];
  },
  examples: [
    {
      says: "what is as it was accepted holds",
      with: {},
      facts: { ...oracle, reviewed: { baseline: accepted, changes: [] } },
      fails: [],
    },
    {
      says: "an alias that nobody accepted fails",
      with: {},
      facts: { ...oracle, reviewed: { baseline: accepted, changes: [{ change: "added", item: alias }] } },
      fails: [subject],
    },
    {
      says: "an account for which nothing was accepted is not asked about",
      with: {},
      facts: { ...oracle, reviewed: { baseline: null, changes: [] } },
      fails: [],
    },
  ],
});
