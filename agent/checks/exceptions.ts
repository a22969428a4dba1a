import * as z from "zod";
import type { ExceptionFacts } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { oracle } from "./example-facts.ts";

/** Where nobody knows the exceptions; each that is known is a subject by its name. */
const subject = "exceptions";

function judgeOne({ name, state, until }: ExceptionFacts): Judgement {
  const common = { subject: name, evidence: { state, until } };
  switch (state) {
    case "expired": {
      const change = "mend what it waived and delete it, or renew it with a reason";
      return { ...common, status: "fail", message: `held until ${until} and waives nothing any more`, change };
    }
    case "never-matched": {
      const message = "waives nothing: no rule here judges what it names";
      const change = "correct policy, rule, account, mode and subject as the report has them, or delete it";
      return { ...common, status: "fail", message, change };
    }
    case "soon":
      return { ...common, status: "pass", message: `is in force, and ends after ${until}, soon` };
    case "in-force":
      return { ...common, status: "pass", message: `is in force until ${until}` };
  }
}

const greeting: ExceptionFacts = {
  name: "greeting",
  state: "in-force",
  until: "2027-01-31",
  reason: "CHG0012345, until the new image is out",
};

export const exceptions = checkKind({
  id: "exceptions",
  summary: "Every exception of the host's owner is in force and waives something.",
  why: "A waiver that has ended, or never met a finding, hides that a pre-flight says no-go again, or always did.",
  consequence: "security",
  asksAbout: "host",
  needs: ["exceptions"],
  afterStartup: false,
  parameters: z.strictObject({}),
  subjects: (_, facts) => facts.exceptions?.map(({ name }) => name) ?? [subject],
  judge(_, facts): Judgement[] {
    if (facts.exceptions === null) {
      return [{ subject, status: "unknown", message: "which exceptions are in force is not known" }];
    }
    return facts.exceptions.map(judgeOne);
  },
  examples: [
    { says: "an exception in force holds", with: {}, facts: { ...oracle, exceptions: [greeting] }, fails: [] },
    {
      says: "an exception whose end is past fails",
      with: {},
      facts: { ...oracle, exceptions: [{ ...greeting, state: "expired" }] },
      fails: ["greeting"],
    },
    {
      says: "an exception that names what no rule judges fails",
      with: {},
      facts: { ...oracle, exceptions: [greeting, { ...greeting, name: "typing-error", state: "never-matched" }] },
      fails: ["typing-error"],
    },
    {
      says: "one that ends within 14 days holds",
      with: {},
      facts: { ...oracle, exceptions: [{ ...greeting, state: "soon" }] },
      fails: [],
    },
  ],
});
