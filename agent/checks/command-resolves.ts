import * as z from "zod";
import type { CommandFact } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, named, oracle, sending } from "./example-facts.ts";
import { judgeName } from "./resolution.ts";
import { programsOf } from "./sent.ts";
import { changeFor, placeOf } from "./wording.ts";

/** The subject where there is no name: a rule that judged nothing must not look as if it held. */
const noNames = "what the engines send";

function namesFor(names: readonly string[] | undefined, sends: readonly { readonly command: string }[]): string[] {
  return names === undefined ? programsOf(sends) : [...new Set(names)];
}

function isAt(path: string, to: string): boolean {
  return to.endsWith("/") ? path.startsWith(to) && !path.slice(to.length).includes("/") : path === to;
}

function judgeOne(name: string, to: string, commands: readonly CommandFact[]): Judgement {
  const resolved = { ...judgeName(name, "nothing", commands), subject: name };
  const fact = commands.find((each) => each.name === name);
  if (to === "program" || resolved.status !== "pass" || fact === undefined) return resolved;
  if (fact.is === "file" && fact.then === null) {
    return { subject: name, status: "unknown", message: `which file ${name} is could not be told` };
  }
  if (fact.is === "file" && fact.then !== null && isAt(fact.then, to)) return resolved;
  const meant = to.endsWith("/") ? `a file of ${to}` : to;
  const change = changeFor(fact, {
    at: (line) => `let line ${line} name the folder of ${to} first in PATH`,
    nowhere: `name the folder of ${to} first in PATH where engines come by, or send the full path`,
  });
  return {
    ...resolved,
    ...placeOf(fact),
    status: "fail",
    consequence: "wrong-target",
    message: `${resolved.message}, not ${meant}`,
    change,
  };
}

export const commandResolves = checkKind({
  id: "command-resolves",
  summary: "Each named command leads to a program, and to the one that is meant.",
  why: "PATH, an alias or a function of a startup file decides which program a name starts, or that none is found.",
  consequence: "wrong-target",
  asksAbout: "mode",
  needs: ["commands"],
  afterStartup: true,
  parameters: z.strictObject({
    names: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("Commands to look up; without it the programs of all that the engines send."),
    to: z
      .string()
      .regex(/^(program|\/.*)$/, "program, or an absolute path")
      .default("program")
      .describe(
        "program: any file or builtin; an absolute path: that file; one that ends in /: a file of that folder.",
      ),
  }),
  subjects({ names }, { sends }) {
    const all = namesFor(names, sends);
    return all.length === 0 ? [noNames] : all;
  },
  names: ({ names }, { sends }) => namesFor(names, sends),
  judge({ names, to }, { commands, sends }) {
    const all = namesFor(names, sends);
    if (all.length === 0) {
      return [{ subject: noNames, status: "unknown", message: "the policy's engines send nothing in this mode" }];
    }
    return all.map((name) => judgeOne(name, to, commands));
  },
  examples: [
    {
      says: "a program that is found holds",
      with: { names: ["rsync"] },
      facts: { ...oracle, commands: [named("rsync", "file", "/usr/bin/rsync")] },
      fails: [],
    },
    {
      says: "a program that is not found fails",
      with: { names: ["sqlplus"] },
      facts: { ...oracle, commands: [named("sqlplus", "none", null)] },
      fails: ["sqlplus"],
    },
    {
      says: "without names the programs of what is sent are looked up, and an alias is none",
      with: {},
      facts: {
        ...oracle,
        sends: sending("cp -f {file} {existing}", "cat {file}"),
        commands: [named("cp", "alias", "/usr/bin/cp", cshrc(14)), named("cat", "file", "/usr/bin/cat")],
      },
      fails: ["cp"],
    },
    {
      says: "a program from another folder fails where the rule names one",
      with: { names: ["tar"], to: "/usr/bin/" },
      facts: { ...oracle, commands: [named("tar", "file", "/home/oracle/bin/tar", cshrc(2))] },
      fails: ["tar"],
    },
    {
      says: "a builtin is as good as a program",
      with: { names: ["echo"] },
      facts: { ...oracle, commands: [named("echo", "builtin", null)] },
      fails: [],
    },
    {
      says: "a name that was not asked is no pass",
      with: { names: ["rsync"] },
      facts: { ...oracle, commands: [] },
      fails: [],
      unknown: ["rsync"],
    },
  ],
});
