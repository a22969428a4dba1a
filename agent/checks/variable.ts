import * as z from "zod";
import type { VariableFact } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { isLike, isPattern } from "./patterns.ts";
import { refuseVacuous } from "./vacuous.ts";
import { changeFor, keepFromEngines, placeOf } from "./wording.ts";

const parameters = z
  .strictObject({
    names: z
      .array(z.string().regex(/^[A-Za-z_*?][A-Za-z0-9_*?]*$/, "the name of a variable, or a pattern with * and ?"))
      .min(1)
      .describe(
        "Variables; with `is: unset` or `exported: no` also patterns, in which * and ? stand for any characters.",
      ),
    is: z
      .enum(["set", "unset"])
      .optional()
      .describe(
        "set: it is there, with any value; unset: it is not there. What is empty and not exported is not there: shells have such by themselves.",
      ),
    equals: z.string().optional().describe("The value that it has. Findings never show the value that was found."),
    matches: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        "Patterns with * and ?, one of which its whole value is like; with `is: unset`, values that are as good as none.",
      ),
    exported: z
      .enum(["yes", "no"])
      .optional()
      .describe("yes: programs that commands start have it, too; no: they do not."),
  })
  .superRefine(({ names, is, equals, matches, exported }, context) => {
    const asked = [is, equals, matches, exported].filter((each) => each !== undefined);
    if (asked.length === 0) {
      refuseVacuous(context, "is, equals, matches or exported: what must hold of the variables", "none of them");
    }
    if (is === "unset" && (equals !== undefined || exported !== undefined)) {
      refuseVacuous(context, "is: unset without equals and exported: what is not there has no value", "both", ["is"]);
    }
    if (is !== "unset" && !(exported === "no" && asked.length === 1) && names.some(isPattern)) {
      refuseVacuous(context, "names without * and ?, but for `is: unset` or `exported: no` alone", "a pattern", [
        "names",
      ]);
    }
  });

type Parameters = z.output<typeof parameters>;

const setIt = (name: string) => ({
  at: (line: number) => `correct line ${line}, or what comes after it`,
  nowhere: `set ${name} where the engine's commands get it: in a startup file that is read in this mode, or by PAM`,
});

/** In words, why it fails; null where it holds. Values are left out: they may be secrets. */
function wrong(name: string, found: VariableFact | undefined, { is, equals, matches, exported }: Parameters) {
  const isLikeOne = found !== undefined && matches?.some((pattern) => isLike(pattern, found.value)) === true;
  if (is === "unset") return found === undefined || isLikeOne ? null : `${found.name} is set`;
  if (found === undefined)
    return exported === "no" && !is && equals === undefined && !matches ? null : `${name} is not set`;
  if (equals !== undefined && found.value !== equals) return `${name} has another value than the rule's`;
  if (matches !== undefined && !isLikeOne) {
    return `the value of ${name} is like none of the rule's patterns`;
  }
  if (exported === "yes" && !found.exported) return `${name} is set, but programs do not get it: it is not exported`;
  if (exported === "no" && found.exported) return `${found.name} is exported to every program`;
  return null;
}

function judgeVariable(name: string, variables: readonly VariableFact[], parameters: Parameters): Judgement {
  // zsh has CDPATH and others by itself, empty.
  const isThere = (each: VariableFact) => each.exported || each.value !== "";
  const counts = (each: VariableFact) => (parameters.exported === "no" ? each.exported : isThere(each));
  const own = parameters.exported === "no" ? variables.find((each) => each.name === name) : undefined;
  const found = variables.find((each) => isLike(name, each.name) && counts(each)) ?? own;
  const evidence = { name: found?.name ?? name, set: found !== undefined, exported: found?.exported ?? false };
  const message = wrong(name, found, parameters);
  if (message === null) {
    return { subject: name, status: "pass", message: `${name} is as the rule says`, evidence };
  }
  const isTooMuch = parameters.is === "unset" || parameters.exported === "no";
  const change =
    found === undefined
      ? setIt(name).nowhere
      : changeFor(isTooMuch ? found : { where: found.where }, isTooMuch ? keepFromEngines : setIt(name));
  return { subject: name, ...placeOf(found ?? {}), status: "fail", message, change, evidence };
}

export const variable = checkKind({
  id: "variable",
  summary: "The named variables are what the rule says: set, not set, exported, of a value.",
  why: "ORACLE_SID decides which database a tool works on, LD_LIBRARY_PATH which libraries every program loads, TMOUT how long a read waits.",
  consequence: "wrong-target",
  asksAbout: "mode",
  needs: ["variables"],
  afterStartup: true,
  parameters,
  subjects: ({ names }) => [...new Set(names)],
  judge(parameters, { variables }) {
    return [...new Set(parameters.names)].map((name) => judgeVariable(name, variables, parameters));
  },
  examples: [
    {
      says: "a variable that is not set holds, where it should not be",
      with: { names: ["LD_LIBRARY_PATH"], is: "unset" },
      facts: { ...oracle, variables: [] },
      fails: [],
    },
    {
      says: "a variable that is set fails, where it should not be",
      with: { names: ["LD_LIBRARY_PATH", "TMOUT"], is: "unset" },
      facts: {
        ...oracle,
        variables: [{ name: "LD_LIBRARY_PATH", exported: true, value: "/u01/lib", where: cshrc(4) }],
      },
      fails: ["LD_LIBRARY_PATH"],
    },
    {
      says: "a value that is as good as none holds",
      with: { names: ["TMOUT"], is: "unset", matches: ["0"] },
      facts: { ...oracle, variables: [{ name: "TMOUT", exported: false, value: "0", where: null }] },
      fails: [],
    },
    {
      says: "a name that looks like a secret fails, and its value is not said",
      with: { names: ["*SECRET*"], exported: "no" },
      facts: {
        ...oracle,
        variables: [{ name: "AWS_SECRET_ACCESS_KEY", exported: true, value: "abc123", where: cshrc(4) }],
      },
      fails: ["*SECRET*"],
    },
    {
      says: "another value fails",
      with: { names: ["ORACLE_SID"], equals: "prod" },
      facts: { ...oracle, variables: [{ name: "ORACLE_SID", exported: true, value: "test", where: cshrc(4) }] },
      fails: ["ORACLE_SID"],
    },
    {
      says: "a value like one of the patterns holds",
      with: { names: ["ORACLE_HOME"], matches: ["/u01/app/*", "/u02/app/*"], exported: "yes" },
      facts: {
        ...oracle,
        variables: [{ name: "ORACLE_HOME", exported: true, value: "/u01/app/oracle/19", where: cshrc(4) }],
      },
      fails: [],
    },
    {
      says: "a variable that programs do not get fails, where they should",
      with: { names: ["ORACLE_HOME"], exported: "yes" },
      facts: { ...oracle, variables: [{ name: "ORACLE_HOME", exported: false, value: "/u01", where: cshrc(4) }] },
      fails: ["ORACLE_HOME"],
    },
    {
      says: "a variable that should have a value and is not there fails",
      with: { names: ["ORACLE_SID"], is: "set" },
      facts: { ...oracle, variables: [] },
      fails: ["ORACLE_SID"],
    },
  ],
});
