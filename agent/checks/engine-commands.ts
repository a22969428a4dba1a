import * as z from "zod";
import type { Attempt, CommandFact, Tried } from "../facts/index.ts";
import { type Consequence, checkKind, type Evidence, type Judgement, type Sends } from "./check-kind.ts";
import { attempt, cpWaits, cshrc, named, oracle, sending, tried } from "./example-facts.ts";
import { programOf, type Sent } from "./sent.ts";
import {
  changeFor,
  exitValue,
  exitWords,
  firstLine,
  keepFromEngines,
  placeOf,
  stillWords,
  waitWords,
} from "./wording.ts";

/** The subject where no engine sends anything: a rule that judged nothing must not look as if it held. */
const nothingSent = "what the engines send";

const suffers: Readonly<Record<Tried["outcome"], Consequence | undefined>> = {
  done: undefined,
  hang: "hang",
  "not-done": "silent-success",
  failed: "failed-command",
  noisy: "corrupted-stream",
  unknown: undefined,
};

function heldWords({ held }: Attempt): string {
  const job = held[0];
  if (job === undefined) return "";
  return `is done, but ${job.command} keeps ${job.holds.join(" and ")} open, so that the session never ends`;
}

function outcomeWords(each: Attempt): string {
  switch (each.outcome) {
    case "done":
      return "does what it says";
    case "hang":
      return heldWords(each) || waitWords(each.prompt, each.waiting);
    case "not-done":
      return `${exitWords(each.exit)}, and nothing done${each.missing === "" ? "" : `: ${each.missing}`}`;
    case "failed": {
      const says = firstLine(each.stderr) || firstLine(each.stdout) || each.missing;
      return says === "" ? exitWords(each.exit) : `${exitWords(each.exit)}: ${says}`;
    }
    case "noisy":
      return `does what it says, and writes to stdout, where nothing should be: ${firstLine(each.stdout)}`;
    case "unknown":
      return each.reason ?? (each.waiting === null ? "what it does could not be told" : stillWords(each.waiting));
  }
}

function evidenceOf(each: Tried): Evidence {
  const atEnd = each.atEnd;
  return {
    sent: each.command,
    outcome: each.outcome,
    prompt: each.prompt,
    exit: exitValue(each.exit),
    missing: each.missing,
    stderr: each.stderr,
    ...(each.waiting === null ? {} : { waitsFor: each.waiting.for, waiting: each.waiting.command }),
    ...(each.held.length === 0 ? {} : { held: each.held.map((job) => job.command).join("; ") }),
    ...(atEnd === null
      ? {}
      : {
          atEnd: outcomeWords(atEnd),
          atEndOutcome: atEnd.outcome,
          atEndExit: exitValue(atEnd.exit),
          atEndConsequence: suffers[atEnd.outcome] ?? null,
        }),
  };
}

function judgeTried(command: string, each: Tried | undefined): Judgement {
  if (each === undefined) return { subject: command, status: "unknown", message: "was not tried" };
  const consequence = suffers[each.outcome];
  const common = { subject: command, message: outcomeWords(each), evidence: evidenceOf(each) };
  if (each.outcome === "done") return { ...common, status: "pass" };
  if (consequence === undefined) return { ...common, ...placeOf(each), status: "unknown", change: each.advice ?? "" };
  const cause = each.where === null ? { ...each.held[0], ...(each.advice ? { advice: each.advice } : {}) } : each;
  return { ...common, ...placeOf(cause), status: "fail", consequence, change: changeFor(cause, keepFromEngines) };
}

/** Whether the prefix under which the program is sent keeps this alias or function away. */
function keptAway(is: CommandFact["is"], sent: Sent): boolean {
  if (is === "alias") return sent.passes !== "nothing";
  return is === "function" && sent.passes === "aliases-and-functions";
}

function judgeResolved(command: string, commands: readonly CommandFact[]): Judgement {
  const sent = /[;&|\n]/.test(command) ? null : programOf(command);
  if (sent === null) {
    return { subject: command, status: "unknown", message: "which program it would start could not be read from it" };
  }
  const fact = commands.find(({ name }) => name === sent.program);
  if (fact === undefined) {
    return { subject: command, status: "unknown", message: `what ${sent.program} is was not asked` };
  }
  const common = { subject: command, evidence: { sent: command, is: fact.is, reaches: fact.then } };
  const bites = (fact.is === "alias" || fact.is === "function") && !keptAway(fact.is, sent);
  if (bites) {
    const message = `${sent.program} is ${fact.is === "alias" ? "an alias" : "a function"}, not the program that is meant`;
    const change = changeFor(fact, keepFromEngines);
    return { ...common, ...placeOf(fact), status: "fail", consequence: "wrong-target", message, change };
  }
  if (fact.is === "none") {
    const message = `${sent.program} is not found`;
    const change = changeFor(fact, {
      at: (line) => `let PATH of line ${line} name the folder of ${sent.program}, or install it`,
      nowhere: `install ${sent.program}, or name its folder in PATH where engines come by, or send its full path`,
    });
    return { ...common, ...placeOf(fact), status: "fail", consequence: "failed-command", message, change };
  }
  if (keptAway(fact.is, sent) && fact.then === null) {
    return {
      ...common,
      status: "unknown",
      message: `what stands behind the ${fact.is} ${sent.program} could not be told`,
    };
  }
  return { ...common, status: "pass", message: `${sent.program} is ${fact.then ?? `a ${fact.is} of the shell`}` };
}

function tryOf(command: string, sends: readonly Sends[]): Sends["try"] {
  return sends.find((each) => each.command === command)?.try ?? "effect";
}

export const engineCommands = checkKind({
  id: "engine-commands",
  summary: "Every command that the engines send does what it says.",
  why: "An alias, a function or a PATH of a startup file decides what a sent word means: it may wait, or say 0 and do nothing.",
  consequence: "hang",
  asksAbout: "mode",
  needs: ["tried", "commands"],
  afterStartup: true,
  parameters: z.strictObject({}),
  subjects: (_, { sends }) => (sends.length === 0 ? [nothingSent] : [...new Set(sends.map(({ command }) => command))]),
  needsOf: (subject, { sends }) => [tryOf(subject, sends) === "resolve" ? "commands" : "tried"],
  judge(_, { sends, tried: attempts, commands }) {
    if (sends.length === 0) {
      return [{ subject: nothingSent, status: "unknown", message: "the policy's engines send nothing in this mode" }];
    }
    return [...new Set(sends.map(({ command }) => command))].map((command) =>
      tryOf(command, sends) === "resolve"
        ? judgeResolved(command, commands)
        : judgeTried(
            command,
            attempts.find((each) => each.command === command),
          ),
    );
  },
  examples: [
    {
      says: "a command that does what it says holds",
      with: {},
      facts: { ...oracle, sends: sending("rm -f {file}"), tried: [tried("rm -f {file}")], commands: [] },
      fails: [],
    },
    {
      says: "cp -f under alias cp 'cp -i' waits for ever",
      with: {},
      facts: { ...oracle, sends: sending("cp -f {file} {existing}"), tried: [cpWaits], commands: [] },
      fails: ["cp -f {file} {existing}"],
    },
    {
      says: "exit 0 with nothing done fails",
      with: {},
      facts: {
        ...oracle,
        sends: sending("rm {file}"),
        tried: [tried("rm {file}", { outcome: "not-done", missing: "file.1 is still there", where: cshrc(3) })],
        commands: [],
      },
      fails: ["rm {file}"],
    },
    {
      says: "a command that was not tried is no pass",
      with: {},
      facts: { ...oracle, sends: sending("rm -f {file}"), tried: [], commands: [] },
      fails: [],
      unknown: ["rm -f {file}"],
    },
    {
      says: "alias rm 'rm -i' is there, and rm -f does not ask (the last flag wins): no failure",
      with: {},
      facts: {
        ...oracle,
        sends: sending("rm -f {file}"),
        tried: [tried("rm -f {file}")],
        commands: [named("rm", "alias", "/usr/bin/rm", cshrc(3))],
      },
      fails: [],
    },
    {
      says: "a command to be resolved only that is an alias fails",
      with: {},
      facts: {
        ...oracle,
        sends: [{ command: "sqlplus -v", try: "resolve" }],
        tried: [],
        commands: [named("sqlplus", "alias", "/u01/bin/sqlplus", cshrc(7))],
      },
      fails: ["sqlplus -v"],
    },
    {
      says: "startup's background job that keeps a command's stdout open fails",
      with: {},
      facts: {
        ...oracle,
        sends: sending("cat {file}"),
        tried: [
          tried("cat {file}", {
            outcome: "hang",
            held: [{ command: "sleep 300", holds: ["stdout"] }],
            atEnd: attempt({ outcome: "hang", held: [{ command: "sleep 300", holds: ["stdout"] }] }),
          }),
        ],
        commands: [],
      },
      fails: ["cat {file}"],
    },
  ],
});
