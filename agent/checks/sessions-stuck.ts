import * as z from "zod";
import { counted } from "../facts/amounts.ts";
import type { SeenGroup, SeenSessions } from "../facts/index.ts";
import { checkKind, type Judgement } from "./check-kind.ts";
import { cpHangs, oracle, seesSessions } from "./example-facts.ts";
import { durationWords } from "./wording.ts";

/** Where nobody knows whose sessions there are; each account that is known is a subject by its name. */
const subject = "sessions";

const parameters = z.strictObject({
  count: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe("Fails where so many commands of an account's SSH sessions are stuck."),
  minutes: z
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(10)
    .describe("Counts those that were seen for so long not to move."),
});
type Parameters = z.infer<typeof parameters>;

/** How many of these were seen for so long not to move. */
function stillFor({ stillSeconds }: SeenGroup, seconds: number): number {
  return stillSeconds.filter((each) => each >= seconds).length;
}

/** In steps of two, so that what is told of it is no news with every command that joins. */
function magnitude(count: number): string {
  const step = 2 ** Math.floor(Math.log2(count));
  return step === 1 ? "1 command or more" : `${step} commands or more`;
}

/** `50 times cp -i -f ... ... from 10.1.2.3, which waits for input on its ssh channel`. */
function groupWords({ count, command, from, says, prompt }: SeenGroup): string {
  const origin = from.length === 0 ? "" : ` from ${from.slice(0, 3).join(", ")}${from.length > 3 ? ", ..." : ""}`;
  const shows = prompt === null || prompt === "" ? "" : `; in the sandbox it waits at: ${prompt}`;
  return `${counted(count, "time")} ${command}${origin}, waits for ${says}${shows}`;
}

function judgeOne({ count, minutes }: Parameters, account: string, sessions: SeenSessions): Judgement {
  const seconds = minutes * 60;
  const stuck = sessions.groups.filter((group) => group.account === account && group.isStuck);
  const long = stuck.filter((group) => stillFor(group, seconds) > 0);
  const found = long.reduce((sum, group) => sum + stillFor(group, seconds), 0);
  const common = { subject: account };
  if (found >= count) {
    const oldest = Math.max(...long.map(({ oldestSeconds }) => oldestSeconds));
    const times = `${counted(found, "command")} of ${account}'s SSH sessions ${found === 1 ? "waits" : "wait"} for what nobody gives`;
    return {
      ...common,
      status: "fail",
      message: `${times}, the oldest for ${durationWords(oldest)}: ${long.slice(0, 3).map(groupWords).join("; ")}`,
      change: "see rcwarden sessions for the line to change and for what to end; rcwarden ends nothing itself",
      evidence: {
        magnitude: magnitude(found),
        waitsFor: long[0]?.waitsFor ?? "",
        waiting: long.map(groupWords).slice(0, 5).join("\n"),
        waitingSeconds: oldest,
        lookedAt: sessions.at,
      },
    };
  }
  if (sessions.problem !== "") {
    const message = `${account}'s SSH sessions are not known, or not all: ${sessions.problem}`;
    // Before the first look nothing is wrong yet.
    return { ...common, status: "unknown", message, follows: sessions.watchedSeconds === 0 };
  }
  const young = stuck.filter(({ oldestSeconds }) => oldestSeconds >= seconds);
  if (sessions.watchedSeconds < seconds && young.length > 0) {
    const since = durationWords(sessions.watchedSeconds);
    const message = `something waits in ${account}'s SSH sessions, and was watched for ${since} of ${minutes} min so far`;
    return { ...common, status: "unknown", message, follows: true };
  }
  return { ...common, status: "pass", message: `no command of ${account}'s SSH sessions is stuck` };
}

export const sessionsStuck = checkKind({
  id: "sessions-stuck",
  summary: "No command of an account's SSH sessions waits for what nobody gives.",
  why: "A command that waits for an answer keeps its session, its connection and the engine's thread, until one of them has no more.",
  consequence: "hang",
  asksAbout: "host",
  needs: ["sessions"],
  afterStartup: false,
  parameters,
  subjects: (_, { sessions }) => sessions?.accounts ?? [subject],
  judge(asked, { sessions }): Judgement[] {
    if (sessions === null) return [{ subject, status: "unknown", message: "sessions were not looked at yet" }];
    return sessions.accounts.map((account) => judgeOne(asked, account, sessions));
  },
  examples: [
    {
      says: "sessions in which nothing is stuck hold",
      with: {},
      facts: { ...oracle, sessions: seesSessions([{ ...cpHangs, isStuck: false, stillSeconds: [] }]) },
      fails: [],
    },
    {
      says: "50 commands that wait for an answer since half an hour fail",
      with: {},
      facts: { ...oracle, sessions: seesSessions([cpHangs]) },
      fails: ["oracle"],
    },
    {
      says: "the same is no failure where the rule asks for more",
      with: { count: 100 },
      facts: { ...oracle, sessions: seesSessions([cpHangs]) },
      fails: [],
    },
    {
      says: "one that waits since a minute may still get its answer",
      with: {},
      facts: {
        ...oracle,
        sessions: seesSessions([{ ...cpHangs, count: 1, oldestSeconds: 60, stillSeconds: [60] }]),
      },
      fails: [],
    },
    {
      says: "sessions that could not be read are unknown",
      with: {},
      facts: { ...oracle, sessions: { ...seesSessions([]), problem: "processes of others are hidden" } },
      fails: [],
      unknown: ["oracle"],
    },
  ],
});
