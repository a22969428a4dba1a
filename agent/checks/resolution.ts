import type { CommandFact } from "../facts/index.ts";
import type { Judgement } from "./check-kind.ts";
import type { Passes } from "./sent.ts";
import { changeFor, keepFromEngines, placeOf } from "./wording.ts";

/** What a name leads to, judged; the caller adds the subject. */
export type Resolved = Omit<Judgement, "subject">;

function keptAway({ is }: CommandFact, passes: Passes): boolean {
  if (is === "alias") return passes !== "nothing";
  return is === "function" && passes === "aliases-and-functions";
}

/** Holds where the name leads to a program, or to a builtin or keyword of the shell. */
export function judgeName(name: string, passes: Passes, commands: readonly CommandFact[]): Resolved {
  const fact = commands.find((each) => each.name === name);
  if (fact === undefined) return { status: "unknown", message: `what ${name} is was not asked` };
  const evidence = { name, is: fact.is, reaches: fact.then };
  if (fact.is === "none") {
    const change = changeFor(fact, {
      at: (line) => `let line ${line} keep the folder of ${name} in PATH, or install it`,
      nowhere: `install ${name}, or name its folder in PATH where engines come by, or send its full path`,
    });
    const message = `${name} is not found`;
    return { ...placeOf(fact), status: "fail", consequence: "failed-command", message, change, evidence };
  }
  if (fact.is !== "alias" && fact.is !== "function") {
    return { status: "pass", message: `${name} is ${fact.then ?? `a ${fact.is} of the shell`}`, evidence };
  }
  const what = fact.is === "alias" ? "an alias" : "a function";
  if (!keptAway(fact, passes)) {
    const message = `${name} is ${what}, not the program that is meant`;
    const change = changeFor(fact, keepFromEngines);
    return { ...placeOf(fact), status: "fail", consequence: "wrong-target", message, change, evidence };
  }
  if (fact.then === null) {
    return { status: "unknown", message: `${name} is ${what}, and what stands behind it could not be told`, evidence };
  }
  return { status: "pass", message: `${name} is ${fact.then}: the ${fact.is} of that name is passed by`, evidence };
}
