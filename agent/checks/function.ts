import * as z from "zod";
import type { FunctionFact } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { changeFor, keepFromEngines, placeOf } from "./wording.ts";

function judgeFunction(name: string, functions: readonly FunctionFact[]): Judgement {
  const found = functions.find((each) => each.name === name);
  if (found === undefined) return { subject: name, status: "pass", message: `${name} is no function` };
  const evidence = { name, effective: found.effective };
  if (!found.effective) {
    return { subject: name, status: "pass", message: `${name} is a function that does not act in this mode`, evidence };
  }
  const message = `${name} is a function, not the program that is meant`;
  const change = changeFor(found, keepFromEngines);
  return { subject: name, ...placeOf(found), status: "fail", message, change, evidence };
}

export const shellFunction = checkKind({
  id: "function",
  summary: "None of the named commands is a function of the shell.",
  why: "A function acts in every mode and passes by a backslash. Prefer engine-commands, which tries what the word then does.",
  consequence: "wrong-target",
  asksAbout: "mode",
  needs: ["functions"],
  afterStartup: true,
  parameters: z.strictObject({
    names: z.array(z.string().min(1)).min(1).describe("Commands that should be no function."),
  }),
  subjects: ({ names }) => [...new Set(names)],
  judge({ names }, { functions }) {
    return [...new Set(names)].map((name) => judgeFunction(name, functions));
  },
  examples: [
    { says: "no function holds", with: { names: ["rm"] }, facts: { ...oracle, functions: [] }, fails: [] },
    {
      says: "a function of that name fails",
      with: { names: ["rm", "cp"] },
      facts: { ...oracle, functions: [{ name: "rm", effective: true, where: cshrc(14) }] },
      fails: ["rm"],
    },
    {
      says: "a function that does not act in this mode is no failure",
      with: { names: ["rm"] },
      facts: { ...oracle, functions: [{ name: "rm", effective: false, where: cshrc(14) }] },
      fails: [],
    },
    {
      says: "a function whose name only begins so is not asked about",
      with: { names: ["rm"] },
      facts: { ...oracle, functions: [{ name: "rmf", effective: true, where: cshrc(14) }] },
      fails: [],
    },
  ],
});
