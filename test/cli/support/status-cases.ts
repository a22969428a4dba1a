/** Cases of `status`: what the agent says stands in packaging/sample-status.json, and here what is otherwise. */

import type { Question, Told } from "../../../agent/cli/ask.ts";
import sample from "../../../packaging/sample-status.json" with { type: "json" };
import type { Case } from "./cases.ts";
import { oracle, root, type World } from "./world.ts";

const hostSocket = "/run/rcwarden/host/agent.sock";
const hostile = "\u001b[2J\u202egnp.exe\u0085\r\n$(reboot)`reboot`'";

function answering(status: number, body: unknown): World {
  return { accounts: [root, oracle], ask: (sockets) => ({ kind: "answer", socket: sockets[0] ?? "", status, body }) };
}

function saying(other: object): World {
  return answering(200, { ...sample, ...other });
}

/** Every text of the host, however deep, is what whoever owns a startup file chose. */
function spoilt(value: unknown, key = ""): unknown {
  const kept = [
    "apiVersion",
    "kind",
    "rcwarden",
    "status",
    "severity",
    "consequence",
    "state",
    "waitsFor",
    "fingerprint",
  ];
  const isKept =
    kept.includes(key) || /(At|time|validUntil|since|from|to|at|lastSweep|lastTaken|lastFullRun)$/.test(key);
  if (typeof value === "string") return isKept || value === "" ? value : `${value}${hostile}`;
  if (Array.isArray(value)) return value.map((each) => (key === "from" ? each : spoilt(each, key)));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, spoilt(each, name)]));
}

const [finding] = sample.findings;
const gap = {
  code: "sandbox-forbidden",
  message: "the host forbids the sandbox",
  change: "sysctl -w user.max_user_namespaces=1000",
};
const calm = {
  accounts: sample.accounts.map((account) => ({ ...account, fail: 0 })),
  findings: [],
  lead: null,
  sessions: { ...sample.sessions, groups: [] },
  cleanup: [],
  unmeasured: [],
};
const undecided = {
  ...calm,
  ready: false,
  findings: [
    {
      ...finding,
      status: "unknown",
      was: "fail",
      message: "could not be decided",
      where: null,
      line: null,
      gaps: [gap],
    },
    { ...finding, status: "unknown", subject: "rm -f {file}", where: null, line: null, gaps: [gap] },
  ],
  accounts: [
    ...sample.accounts.slice(0, 2),
    { ...sample.accounts[2], state: "quiet", says: "quiet until 04:00 by the Grant" },
  ],
  watching: {
    ...sample.watching,
    blind: true,
    degraded: [
      { code: "watch-limit", message: "27 of 36 files are looked at by sweeps only: the limit of watches is reached" },
    ],
  },
  sessions: { ...sample.sessions, groups: [], problem: "/proc is hidden (hidepid=2)" },
  documents: { ...sample.documents, grant: "broken", problems: ['grant.yaml:4:5: expected a list, found "oracle"'] },
  sinks: sample.sinks.map((sink) => ({
    ...sink,
    waiting: 31,
    state: "waiting",
    problem: { code: "unreachable", message: "https://engine.example: expected an answer, found ECONNREFUSED" },
  })),
  store: {
    ...sample.store,
    lost: 3,
    problem: { code: "disk-full", message: "/var/lib/rcwarden/host: expected room, found none" },
  },
  validUntil: "2026-11-23T09:52:10Z",
};
const manyLines = Array.from({ length: 12 }, (_, at) => ({
  ...finding,
  fingerprint: `00000000000000${10 + at}`,
  where: { ...finding?.where, line: at + 1 },
}));

/** The caller's own agent watches somebody else. */
function ofTwo(sockets: readonly string[], _: Question): Told {
  const socket = sockets[0] ?? "";
  const accounts = socket === hostSocket ? sample.accounts : sample.accounts.slice(1, 2);
  return { kind: "answer", socket, status: 200, body: { ...sample, accounts } };
}

export const statusCases: readonly Case[] = [
  {
    name: "status-help",
    story: "what it can be asked",
    argv: ["status", "--help"],
    world: saying({}),
  },
  {
    name: "status",
    story: "a line makes an engine wait for ever, and the agent knows since when",
    argv: ["status"],
    world: saying({}),
  },
  {
    name: "status-ticket",
    story: "the same for a mail to whoever owns the file",
    argv: ["status", "--ticket"],
    world: saying({}),
  },
  { name: "status-calm", story: "nothing fails", argv: ["status"], world: saying(calm) },
  { name: "status-calm-ticket", story: "nothing fails, for a mail", argv: ["status", "--ticket"], world: saying(calm) },
  {
    name: "status-undecided",
    story: "nothing fails, but much is not known, and what is known is no longer valid",
    argv: ["status"],
    world: saying(undecided),
  },
  {
    name: "status-undecided-ticket",
    story: "what could not be decided, for a mail",
    argv: ["status", "--ticket"],
    world: saying(undecided),
  },
  {
    name: "status-hostile",
    story: "whoever owns the files chose every name, line and prompt",
    argv: ["status"],
    world: saying(Object(spoilt(sample))),
  },
  {
    name: "status-hostile-ticket",
    story: "the same in a mail",
    argv: ["status", "--ticket"],
    world: saying(Object(spoilt(sample))),
  },
  {
    name: "status-many",
    story: "twelve lines are guilty: ten are told",
    argv: ["status"],
    world: saying({ findings: manyLines, sessions: { ...sample.sessions, groups: [] }, cleanup: [], unmeasured: [] }),
  },
  {
    name: "status-nobody",
    story: "no account is watched",
    argv: ["status"],
    world: saying({ ...calm, accounts: [], validUntil: null }),
  },
  {
    name: "status-account",
    story: "the caller's own agent does not watch the account, the host's does",
    argv: ["status", "--account", "postgres"],
    world: { accounts: [root, oracle], callerUid: 501, ask: ofTwo },
  },
  {
    name: "status-account-unknown",
    story: "no agent watches an account of this name",
    argv: ["status", "--account", "orcale"],
    world: saying({}),
  },
  {
    name: "status-json",
    story: "all that is known",
    argv: ["status", "--json"],
    world: saying({ ...calm, accounts: [] }),
    wide: true,
  },
  {
    name: "status-no-agent",
    story: "nobody listens",
    argv: ["status"],
    world: { accounts: [root, oracle], callerUid: 501 },
    wide: true,
  },
  {
    name: "status-not-allowed",
    story: "the agent says that the caller may not see this",
    argv: ["status"],
    world: answering(403, {
      code: "not-allowed",
      where: "GET /v1/status",
      expected: "owner, viewer or account",
      found: "nobody (uid 1000)",
      change: "ask as root, or as a member of group rcwarden",
    }),
    wide: true,
  },
  {
    name: "status-another-version",
    story: "an agent of another version answers, and what it says is not of this version's shape",
    argv: ["status"],
    world: answering(200, { kind: "Status", rcwarden: "0.0.9" }),
    wide: true,
  },
  {
    name: "status-next-version",
    story: "an agent of another version answers in the same shape",
    argv: ["status", "--ticket"],
    world: answering(200, { ...sample, rcwarden: "0.2.0" }),
  },
  {
    name: "status-both-ways",
    story: "text and JSON at once",
    argv: ["status", "--json", "--ticket"],
    world: saying({}),
    wide: true,
  },
];
