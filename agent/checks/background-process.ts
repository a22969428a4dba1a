import * as z from "zod";
import type { LeftRunning } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cshrc, oracle } from "./example-facts.ts";
import { isLike } from "./patterns.ts";
import { refuseVacuous } from "./vacuous.ts";
import { changeFor, placeOf } from "./wording.ts";

const subject = "background processes";

function programOf(command: string): string {
  const [first = ""] = command.split(" ");
  return first.slice(first.lastIndexOf("/") + 1);
}

function nameOf({ command }: LeftRunning): string {
  return command === "" ? "a process without a name" : command;
}

export const backgroundProcess = checkKind({
  id: "background-process",
  summary: "Startup leaves no process running behind a command.",
  why: "A process more for every command that is sent fills the process table; one that holds a stream keeps the session from ending.",
  consequence: "leak",
  asksAbout: "mode",
  needs: ["leftRunning"],
  afterStartup: true,
  parameters: z.strictObject({
    forbid: z
      .enum(["any", "holding-streams"])
      .default("any")
      .describe("any: no process stays; holding-streams: none that keeps stdout or stderr of the session open."),
    allowed: z
      .array(z.string().min(1))
      .default([])
      .superRefine((allowed, context) => {
        for (const [at, pattern] of allowed.entries()) {
          if (/^[*?]+$/.test(pattern))
            refuseVacuous(context, "the name of a program", "a pattern for all", [String(at)]);
        }
      })
      .describe("Programs that may stay, by name without path; * and ? stand for any characters."),
  }),
  subjects: () => [subject],
  judge({ forbid, allowed }, { leftRunning }): Judgement[] {
    const counts = ({ command, holds }: LeftRunning) =>
      (forbid === "any" || holds.length > 0) && !allowed.some((name) => isLike(name, programOf(command)));
    const left = leftRunning.filter(counts);
    const [first] = left;
    const evidence = { left: leftRunning.length, forbidden: left.length, first: first?.command ?? null };
    if (first === undefined) return [{ subject, status: "pass", message: "no such process is left running", evidence }];
    const worst = left.find(({ holds }) => holds.length > 0);
    const more = left.length > 1 ? `, and ${left.length - 1} more` : "";
    const holding = worst === undefined ? "" : `; ${nameOf(worst)} keeps ${worst.holds.join(" and ")} open`;
    const message = `startup leaves ${nameOf(first)} running behind every command${more}${holding}`;
    const change = changeFor(first, {
      at: (line) => `keep line ${line} from engines, or start it once for the host as a service`,
      nowhere: `find what starts ${nameOf(first)} in the startup files that were read, and keep it from engines`,
    });
    const consequence = worst === undefined ? "leak" : "hang";
    return [{ subject, ...placeOf(first), status: "fail", consequence, message, change, evidence }];
  },
  examples: [
    { says: "nothing left running holds", with: {}, facts: { ...oracle, leftRunning: [] }, fails: [] },
    {
      says: "an agent for every command fails",
      with: {},
      facts: { ...oracle, leftRunning: [{ command: "ssh-agent -c", holds: [], where: cshrc(4) }] },
      fails: [subject],
    },
    {
      says: "one that holds no stream holds, where only those that do are forbidden",
      with: { forbid: "holding-streams" },
      facts: { ...oracle, leftRunning: [{ command: "ssh-agent -c", holds: [], where: cshrc(4) }] },
      fails: [],
    },
    {
      says: "one that holds a stream fails",
      with: { forbid: "holding-streams" },
      facts: { ...oracle, leftRunning: [{ command: "sleep 300", holds: ["stdout"], where: cshrc(4) }] },
      fails: [subject],
    },
    {
      says: "one that is allowed by name holds",
      with: { allowed: ["ssh-agent", "gpg-*"] },
      facts: {
        ...oracle,
        leftRunning: [
          { command: "/usr/bin/ssh-agent", holds: [] },
          { command: "gpg-agent --daemon", holds: [] },
        ],
      },
      fails: [],
    },
  ],
});
