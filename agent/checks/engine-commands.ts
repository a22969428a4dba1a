import * as z from "zod";
import type { CommandFact, Tried } from "../facts/index.ts";
import { type Consequence, checkKind, type Evidence, type Judgement, type Sends } from "./check-kind.ts";
import { attempt, cpWaits, cshrc, named, oracle, sending, tried } from "./example-facts.ts";
import { outcomeWords } from "./outcome.ts";
import { judgeName } from "./resolution.ts";
import { namesOf, programOf } from "./sent.ts";
import { changeFor, exitValue, keepFromEngines, placeOf } from "./wording.ts";

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

function evidenceOf(each: Tried): Evidence {
  const atEnd = each.atEnd;
  return {
    sent: each.command,
    outcome: each.outcome,
    prompt: each.prompt,
    exit: exitValue(each.exit),
    missing: each.missing,
    stderr: each.stderr,
    ...(each.outcome === "noisy" ? { stdout: each.stdout } : {}),
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

function judgeResolved(command: string, commands: readonly CommandFact[]): Judgement {
  const sent = programOf(command);
  if (sent === null) {
    return { subject: command, status: "unknown", message: "which program it would start could not be read from it" };
  }
  const around = sent.wrapper === null ? null : judgeName(sent.wrapper, "nothing", commands);
  const decides = around === null || around.status === "pass" ? judgeName(sent.program, sent.passes, commands) : around;
  return { ...decides, subject: command, evidence: { sent: command, ...decides.evidence } };
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
  names: (_, { sends }) => namesOf(sends.filter((each) => each.try === "resolve")),
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
