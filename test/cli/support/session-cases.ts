/** Cases of the verb `sessions`: what hangs below SSH sessions, and what is said of it. */
import { cpHangs, cpWaits, tried } from "../../../agent/checks/example-facts.ts";
import type { Question, Told } from "../../../agent/cli/ask.ts";
import type { SeenSession } from "../../../agent/collectors/sessions.ts";
import { storyFinding } from "../../support/finding.ts";
import type { Case } from "./cases.ts";
import { oracle, postgres, root, type World } from "./world.ts";

const hostSocket = "/run/rcwarden/host/agent.sock";
const hostile = "\u001b[2J\u202egnp.exe\u0085\r\nfake $(reboot)";

function hangs(at: number, other: Partial<SeenSession> = {}): SeenSession {
  return {
    uid: oracle.uid,
    pid: 4711 + at,
    from: "10.1.2.3",
    ageSeconds: 2220 - at,
    stillSeconds: 0.3,
    words: ["cp", "-i", "-f", `/u01/arch/${at}.arc`, `/u01/staging/${at}.arc`],
    waitsFor: "input",
    says: "input on its ssh channel",
    patience: "nobody-gives",
    ...other,
  };
}

const sleeps = hangs(90, {
  words: ["sleep", "600"],
  waitsFor: "time",
  says: "time to pass",
  patience: "its-work",
  stillSeconds: null,
});
const fifty = Array.from({ length: 50 }, (_, at) => hangs(at));
const look = (sessions: readonly SeenSession[], problem = "") => ({ sessions, problem, workMs: 1 });

const story: World = {
  accounts: [root, oracle, postgres],
  automated: ["oracle"],
  facts: ({ account: { name } }) => (name === "oracle" ? { tried: [tried("rm -f {file}"), cpWaits] } : {}),
  sessions: look([...fifty, sleeps]),
};

const group = { ...cpHangs, startedAt: ["2026-11-23T09:18:00.000Z"], stillSeconds: undefined };
const finding = { ...storyFinding, evidence: { ...storyFinding.evidence, waitsFor: "input" }, masked: [] };

function agent(groups: readonly object[], problem = "") {
  return (sockets: readonly string[], { path }: Question): Told => {
    const body = path.startsWith("/v1/sessions")
      ? { at: "2026-11-23T09:54:50.000Z", groups, problem }
      : { items: [finding], next: null };
    return { kind: "answer", socket: sockets[0] ?? "", status: 200, body };
  };
}

const refuses = (): Told => ({
  kind: "answer",
  socket: hostSocket,
  status: 404,
  body: { code: "account-unknown", where: "account", expected: "one that is watched", found: "jo", change: "" },
});

export const sessionCases: readonly Case[] = [
  { name: "sessions-help", story: "the help of sessions", argv: ["sessions", "--help"], world: story },
  {
    name: "sessions-fifty",
    story: "50 commands that wait for the same answer are one line, with the line to change and what to end",
    argv: ["sessions"],
    world: story,
  },
  {
    name: "sessions-pids",
    story:
      "the processes of two that are stuck, one of them at a terminal as the sandbox shows, and not of a person's editor",
    argv: ["sessions", "--pids"],
    world: {
      ...story,
      sessions: look([
        hangs(0),
        hangs(1, { patience: "perhaps-a-person", says: "input at its terminal" }),
        hangs(2, { patience: "perhaps-a-person", says: "input at its terminal", words: ["vi", "x"] }),
        sleeps,
      ]),
    },
  },
  {
    name: "sessions-json",
    story: "the same as JSON",
    argv: ["sessions", "--json"],
    world: { ...story, sessions: look([...fifty.slice(0, 2), sleeps]) },
  },
  { name: "sessions-none", story: "no session at all", argv: ["sessions"], world: { ...story, sessions: look([]) } },
  {
    name: "sessions-get-on",
    story: "sessions that get on",
    argv: ["sessions", "--account", "oracle"],
    world: { ...story, sessions: look([sleeps]) },
  },
  {
    name: "sessions-of-several",
    story: "stuck commands of several accounts, for several reasons, one of them without a line that is known",
    argv: ["sessions"],
    world: {
      ...story,
      sessions: look([
        ...fifty,
        sleeps,
        hangs(60, {
          uid: postgres.uid,
          from: "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
          words: ["cat", "/var/lib/postgresql/pipe"],
          waitsFor: "fifo",
          says: "the other end of the FIFO /var/lib/postgresql/a-folder-with-a-long-name/pipe",
        }),
        hangs(61, {
          uid: 4999,
          from: null,
          words: ["vi"],
          waitsFor: "stopped",
          says: "somebody who continues it: it was stopped",
        }),
      ]),
    },
  },
  {
    name: "sessions-hostile",
    story: "a command, a path and a prompt that want to be more than text",
    argv: ["sessions", "--account", "oracle"],
    world: {
      ...story,
      sessions: look([
        hangs(0, { words: ["cp", "-f", "--password=hunter2", hostile] }),
        hangs(1, { waitsFor: "fifo", says: `the other end of the FIFO /${hostile}` }),
      ]),
      facts: () => ({
        tried: [
          { ...cpWaits, prompt: hostile, where: { file: `/home/oracle/${hostile}`, line: 1, column: 1, through: [] } },
        ],
      }),
    },
  },
  {
    name: "sessions-hidden",
    story: "processes of others are hidden: nothing is said to be well",
    argv: ["sessions"],
    world: {
      ...story,
      callerUid: oracle.uid,
      sessions: look([], "processes of others are hidden (/proc is mounted with hidepid=2)"),
    },
  },
  {
    name: "sessions-unread",
    story: "commands of which nobody may read what they wait for are not said to get on",
    argv: ["sessions"],
    world: {
      ...story,
      sessions: look(
        [hangs(0, { waitsFor: "unknown", says: "what cannot be read", patience: "its-work", stillSeconds: null })],
        "what commands wait for cannot be read (/proc/PID/syscall: EPERM; it takes CAP_SYS_PTRACE)",
      ),
    },
  },
  {
    name: "sessions-agent",
    story: "who is not root gets what the host's agent saw, and the line that it knows",
    argv: ["sessions"],
    world: { ...story, callerUid: oracle.uid, ask: agent([group]) },
  },
  {
    name: "sessions-socket",
    story: "the agent that is named, while nothing is stuck and not all could be seen",
    argv: ["sessions", "--socket", "/tmp/agent.sock"],
    world: {
      ...story,
      ask: agent([], "what commands wait for cannot be read (/proc/PID/syscall: EPERM; it takes CAP_SYS_PTRACE)"),
    },
  },
  {
    name: "sessions-of-another",
    story: "sessions of another account, by who is not root, where no agent is",
    argv: ["sessions", "--account", "postgres"],
    world: { ...story, callerUid: oracle.uid },
  },
  {
    name: "sessions-unwatched",
    story: "of an account that the named agent does not watch",
    argv: ["sessions", "--account", "jo", "--socket", hostSocket],
    world: { ...story, ask: refuses },
  },
  {
    name: "sessions-unknown-account",
    story: "an account that is not there",
    argv: ["sessions", "--account", "oracel"],
    world: story,
  },
  {
    name: "sessions-mistyped",
    story: "words and flags that do not go together",
    argv: ["sessions", "oracle"],
    world: story,
  },
  { name: "sessions-two-forms", story: "two forms at once", argv: ["sessions", "--pids", "--json"], world: story },
];
