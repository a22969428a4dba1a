import * as z from "zod";
import type { LeftRunning, Startup, Stream } from "../facts/index.ts";
import { type Consequence, checkKind, type Evidence, type Judgement } from "./check-kind.ts";
import { cshrc, oracle, ready } from "./example-facts.ts";
import { changeFor, exitValue, exitWords, placeOf, stillWords, waitWords } from "./wording.ts";

const streams = ["stdout", "stderr"] as const satisfies readonly Stream[];

const keepAway = (what: string) => ({
  at: (line: number) => `keep line ${line}, ${what}, from engines: put it behind a guard for people, or delete it`,
  nowhere: `find ${what} in the startup files that were read, and keep it from engines`,
});

function evidenceOf(startup: Startup): Evidence {
  return {
    ended: startup.ended,
    seconds: startup.seconds,
    prompt: startup.prompt,
    exit: exitValue(startup.exit),
    became: startup.became,
    ...(startup.waiting === null ? {} : { waitsFor: startup.waiting.for, waiting: startup.waiting.command }),
  };
}

/** What an engine suffers where the shell ended before the command: a status of 0 passes for the command's own. */
function lostCommand({ exit }: Startup): Consequence {
  return exit?.status === 0 ? "silent-success" : "failed-command";
}

function judgeEnd(startup: Startup): Judgement {
  const common = { subject: "startup", evidence: evidenceOf(startup) };
  const failed = (consequence: Consequence, message: string, what: string): Judgement => ({
    ...common,
    ...placeOf(startup),
    status: "fail",
    consequence,
    message,
    change: changeFor(startup, keepAway(what)),
  });
  switch (startup.ended) {
    case "ready":
      return { ...common, status: "pass", message: "commands run" };
    case "hang": {
      const waits = waitWords(startup.prompt, startup.waiting);
      if (startup.became === null) return failed("hang", `startup ${waits}`, "what waits");
      return failed(
        "hang",
        `${startup.became} takes the shell's place, and the command never runs: ${waits}`,
        "the exec",
      );
    }
    case "stopped":
      return failed("hang", "startup stops the shell, and nobody lets it go on", "what stops the shell");
    case "exited": {
      const message = `startup ends the shell before the command runs: ${exitWords(startup.exit)}`;
      return failed(lostCommand(startup), message, "what ends the shell");
    }
    case "exec": {
      const became = startup.became ?? "another program";
      const then = startup.exit === null ? waitWords(startup.prompt, startup.waiting) : exitWords(startup.exit);
      const message = `${became} takes the shell's place, and the command never runs: ${then}`;
      return failed(startup.exit === null ? "hang" : lostCommand(startup), message, "the exec");
    }
    case "timed-out": {
      const message = `startup did not finish within ${Number(startup.seconds.toFixed(1))} s: ${stillWords(startup.waiting)}`;
      return { ...common, ...placeOf(startup), status: "unknown", message, change: startup.advice ?? "" };
    }
  }
}

function judgeStream(stream: Stream, startup: Startup): Judgement {
  if (startup.ended !== "ready") {
    const message = "startup did not come to an end, so that nothing is known of the stream";
    return { subject: stream, status: "unknown", message, follows: true };
  }
  const job = startup.held.find(({ holds }) => holds.includes(stream));
  if (job !== undefined) return judgeHeld(stream, job);
  if (!startup.lost.includes(stream)) {
    return { subject: stream, status: "pass", message: `${stream} reaches the engine, and ends with the command` };
  }
  return {
    subject: stream,
    ...placeOf(startup),
    status: "fail",
    consequence: "silent-success",
    message: `startup redirects ${stream}: what a command writes there never reaches the engine`,
    change: changeFor(startup, keepAway(`the redirection of ${stream}`)),
    evidence: { stream, lost: true },
  };
}

function judgeHeld(stream: Stream, job: LeftRunning): Judgement {
  return {
    subject: stream,
    ...placeOf(job),
    status: "fail",
    consequence: "hang",
    message: `${job.command}, left in the background by startup, keeps ${stream} open: the session never ends`,
    change: changeFor(job, {
      at: (line) => `send stdout and stderr of the job of line ${line} to /dev/null, or keep it from engines`,
      nowhere: `send stdout and stderr of ${job.command} to /dev/null, or keep it from engines`,
    }),
    evidence: { stream, held: job.command },
  };
}

/**
 * Three subjects, always the same, so that each keeps its fingerprint: `startup` (commands run at all), and `stdout` and
 * `stderr` (the stream reaches the engine, and nobody keeps it open). A held stream is said rather than a lost one.
 */
export const startupFinishes = checkKind({
  id: "startup-finishes",
  summary: "Startup comes to an end, lets the command run, and leaves its streams to it.",
  why: "A question, an exit, an exec or a background job of a startup file takes the session from every command at once.",
  consequence: "hang",
  asksAbout: "mode",
  needs: ["startup"],
  afterStartup: false,
  parameters: z.strictObject({}),
  subjects: () => ["startup", ...streams],
  judge(_, { startup }) {
    if (startup === null) {
      const message = "how startup ended is not known";
      return ["startup", ...streams].map((subject) => ({ subject, status: "unknown", message }));
    }
    return [judgeEnd(startup), ...streams.map((stream) => judgeStream(stream, startup))];
  },
  examples: [
    { says: "commands run", with: {}, facts: { ...oracle, startup: ready }, fails: [] },
    {
      says: "a question waits for ever",
      with: {},
      facts: {
        ...oracle,
        startup: {
          ...ready,
          ended: "hang",
          prompt: "ORACLE_SID = [prod] ? ",
          waiting: { for: "input", command: "/bin/tcsh -c", says: "waits for input" },
          where: cshrc(9),
        },
      },
      fails: ["startup"],
      unknown: ["stdout", "stderr"],
    },
    {
      says: "exit 0 loses every command, and says that it worked",
      with: {},
      facts: {
        ...oracle,
        startup: { ...ready, ended: "exited", exit: { status: 0, signal: null }, where: cshrc(2) },
      },
      fails: ["startup"],
      unknown: ["stdout", "stderr"],
    },
    {
      says: "a redirected stdout fails, stderr holds",
      with: {},
      facts: { ...oracle, startup: { ...ready, lost: ["stdout"], where: cshrc(4) } },
      fails: ["stdout"],
    },
    {
      says: "a background job that keeps both streams fails for both",
      with: {},
      facts: {
        ...oracle,
        startup: { ...ready, held: [{ command: "sleep 300", holds: ["stdout", "stderr"], where: cshrc(6) }] },
      },
      fails: ["stdout", "stderr"],
    },
    {
      says: "a background job that holds no stream of the session is no failure",
      with: {},
      facts: { ...oracle, startup: { ...ready, held: [{ command: "ssh-agent", holds: [] }] } },
      fails: [],
    },
    {
      says: "a sleep that outlasts the time is undecided",
      with: {},
      facts: {
        ...oracle,
        startup: {
          ...ready,
          ended: "timed-out",
          seconds: 10,
          waiting: { for: "time", command: "sleep 600", says: "sleeps" },
          where: cshrc(5),
        },
      },
      fails: [],
      unknown: ["startup", "stdout", "stderr"],
    },
  ],
});
