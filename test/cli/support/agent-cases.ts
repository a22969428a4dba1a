/** Cases of the verbs that ask an agent. What it answers stands here as it would come over the socket. */
import { cpWaits, tried } from "../../../agent/checks/example-facts.ts";
import type { Question, Told } from "../../../agent/cli/ask.ts";
import { storyFinding } from "../../support/finding.ts";
import type { Case } from "./cases.ts";
import { account, oracle, postgres, root, type World } from "./world.ts";

const hostSocket = "/run/rcwarden/host/agent.sock";

function answers(status: number, body: unknown): (sockets: readonly string[], question: Question) => Told {
  return (sockets) => ({ kind: "answer", socket: sockets[0] ?? "", status, body });
}

const host: World = { accounts: [root, oracle, postgres] };
const refusal = (status: number, code: string, where: string, expected: string, found: string, change = "") =>
  answers(status, { code, where, expected, found, change });

const finding = { ...storyFinding, masked: [] };
const hostile = "\u001b[2J\u202egnp.exe\u0085\r\nfake";

const preflight = {
  apiVersion: "rcwarden/v1",
  kind: "Preflight",
  account: "oracle",
  verdict: "go",
  because: [],
  waived: [],
  undecided: [],
  reasons: [],
  measuredAt: "2026-11-23T09:54:58Z",
  confirmedAt: "2026-11-23T09:55:00Z",
  validUntil: "2026-11-23T09:56:00Z",
  engines: ["exec-channel"],
};
const noGo = { ...preflight, verdict: "no-go", because: [finding] };

const waits: World = {
  ...host,
  facts: ({ account: { name } }) => (name === "oracle" ? { tried: [tried("rm -f {file}"), cpWaits] } : {}),
};

const event = {
  specversion: "1.0",
  id: "1.0123abcd-7",
  source: "rcwarden://6f2c/host",
  type: "dev.rcwarden.finding.opened",
  subject: "4fb1a6fb14153b66",
  time: "2026-11-23T08:14:07Z",
  datacontenttype: "application/json",
  dataschema: "urn:rcwarden:v1:finding",
  data: { finding: { message: hostile } },
};
/** One page, then nothing more. */
const stream: World = {
  ...host,
  ask: (sockets, { path }) => {
    const after = new URL(path, "http://rcwarden").searchParams.get("after");
    const items = after === "1.0123abcd-9" ? [] : [event];
    return answers(200, { items, next: "1.0123abcd-9", through: "1.0123abcd-9" })(sockets, { method: "GET", path });
  },
};

const item = (name: string, digest: string, where: string | null) => ({
  kind: where === null ? "file" : "alias",
  name,
  mode: where === null ? "-" : "ssh-command",
  digest: `sha256:${digest.repeat(64)}`,
  where,
});
const accepted = {
  account: "oracle",
  acceptedAt: "2026-11-20T10:00:00Z",
  reason: "CHG0012345, reviewed",
  items: [item("/home/oracle/.cshrc", "a", null), item("ll", "b", "/home/oracle/.cshrc:3")],
};
const changes = [
  { change: "changed", item: item("/home/oracle/.cshrc", "c", null) },
  { change: "added", item: item("cp", "d", "/home/oracle/.cshrc:14") },
];
const baseline = { account: "oracle", baseline: accepted, changes, now: [] };

const readyOracle = ["ready", "--account", "oracle"];
const diffOracle = ["baseline", "diff", "--account", "oracle"];

export const agentCases: readonly Case[] = [
  { name: "agent-help", story: "what watching needs", argv: ["agent", "--help"], world: host },
  { name: "except-help", story: "how a finding is waived", argv: ["except", "--help"], world: host },
  {
    name: "ready-no-go",
    story: "the agent says that cp -f waits",
    argv: [...readyOracle, "--engine", "exec-channel"],
    world: { ...host, ask: answers(200, noGo) },
  },
  { name: "ready-go", story: "the agent says go", argv: readyOracle, world: { ...host, ask: answers(200, preflight) } },
  {
    name: "ready-unknown",
    story: "the agent cannot say, and says why",
    argv: readyOracle,
    world: {
      ...host,
      ask: answers(200, {
        ...preflight,
        verdict: "unknown",
        because: [{ ...finding, status: "unknown", message: "the shell did not answer whole", where: null }],
        reasons: [
          { code: "undecided", message: "1 rule is undecided" },
          { code: "pending", message: "something happened that was not looked at yet" },
        ],
      }),
    },
  },
  {
    name: "ready-one-gap",
    story: "what is undecided for one reason is said once",
    argv: readyOracle,
    world: {
      ...host,
      ask: answers(200, {
        ...preflight,
        verdict: "unknown",
        because: ["rm -f {file}", "stdout", "EXIT"].map((subject) => ({
          ...finding,
          ...{ subject, status: "unknown", where: null, evidence: {} },
          message: "the Grant allows reading only, so nothing was run",
        })),
        reasons: [{ code: "undecided", message: "3 rules are undecided" }],
      }),
    },
  },
  {
    name: "ready-waived",
    story: "what an exception waives does not block, and is said",
    argv: readyOracle,
    world: {
      ...host,
      ask: answers(200, {
        ...preflight,
        waived: [{ ...finding, waived: { exception: "cp-asks", reason: "CHG0012345", until: "2027-01-31" } }],
      }),
    },
  },
  {
    name: "ready-hostile",
    story: "what the host says through the agent cannot write to the terminal",
    argv: readyOracle,
    world: {
      ...host,
      ask: answers(200, { ...noGo, because: [{ ...finding, message: hostile, subject: hostile, evidence: {} }] }),
    },
  },
  {
    name: "ready-json",
    story: "the same as JSON",
    argv: [...readyOracle, "--json"],
    world: { ...host, ask: answers(200, noGo) },
    wide: true,
  },
  { name: "ready-measured-no-go", story: "without an agent it measures", argv: readyOracle, world: waits },
  {
    name: "ready-measured-go",
    story: "without an agent and a name: one's own",
    argv: ["ready"],
    world: { accounts: [account("jdoe", 1000, "/bin/bash")], callerUid: 1000 },
  },
  {
    name: "ready-measured-framed",
    story: "without an agent, as a frame",
    argv: ["ready", "--account", "postgres", "--framed"],
    world: waits,
    wide: true,
  },
  {
    name: "ready-unavailable",
    story: "a name service that does not answer is unknown, not go",
    argv: ["ready", "--account", "ldapuser"],
    world: { ...host, unavailable: ["ldapuser"] },
  },
  {
    name: "ready-not-heard",
    story: "an agent that does not answer in time is said, and it measures",
    argv: ["ready", "--account", "postgres"],
    world: {
      ...host,
      ask: () => ({
        kind: "failed",
        code: "too-late",
        socket: hostSocket,
        message: `${hostSocket}: expected an answer, found none within 5000 ms`,
      }),
    },
  },
  {
    name: "ready-mistyped-engine",
    story: "an engine that is mistyped",
    argv: [...readyOracle, "--engine", "exec-chanel"],
    world: host,
  },
  {
    name: "ready-mistyped-engine-agent",
    story: "an engine that the agent does not know",
    argv: [...readyOracle, "--engine", "exec-chanel"],
    world: {
      ...host,
      ask: refusal(404, "engine-unknown", "engine", "exec-channel", "exec-chanel", "did you mean exec-channel?"),
    },
  },
  {
    name: "ready-socket-silent",
    story: "nobody listens at the socket that is named: nothing is measured instead",
    argv: [...readyOracle, "--socket", "/tmp/agent.sock"],
    world: host,
  },
  {
    name: "ready-unknown-account",
    story: "an account that is mistyped",
    argv: ["ready", "--account", "orcale"],
    world: host,
  },
  { name: "ready-help", story: "the flags of ready", argv: ["ready", "--help"], world: host },
  { name: "events", story: "what changed, one a line", argv: ["events"], world: stream, wide: true },
  {
    name: "events-framed",
    story: "one page as a frame",
    argv: ["events", "--after", "1.0123abcd-3", "--wait", "5s", "--framed"],
    world: stream,
    wide: true,
  },
  { name: "events-no-agent", story: "nobody to ask", argv: ["events"], world: { ...host, callerUid: 501 } },
  {
    name: "events-not-allowed",
    story: "an agent that does not tell everybody",
    argv: ["events", "--sent"],
    world: {
      ...host,
      ask: refusal(403, "not-allowed", "GET /v1/sent", "owner", "account", "ask as root or as who runs the agent"),
    },
  },
  {
    name: "events-mistyped",
    story: "every mistyped value is said at once",
    argv: ["events", "--after", "7", "--wait", "2h", "--follow", "--framed"],
    world: stream,
  },
  {
    name: "events-sent",
    story: "what left, byte for byte",
    argv: ["events", "--sent"],
    world: {
      ...host,
      ask: answers(200, {
        items: [
          {
            sink: "engine",
            at: "2026-11-23T08:14:08Z",
            body: Buffer.from('[{"id":"1.0123abcd-7"}]').toString("base64"),
          },
        ],
        next: null,
      }),
    },
    wide: true,
  },
  { name: "events-help", story: "the flags of events", argv: ["events", "--help"], world: host },
  {
    name: "baseline-diff",
    story: "what is otherwise since it was accepted",
    argv: diffOracle,
    world: { ...host, ask: answers(200, baseline) },
  },
  {
    name: "baseline-same",
    story: "nothing is otherwise",
    argv: diffOracle,
    world: { ...host, ask: answers(200, { ...baseline, changes: [] }) },
  },
  {
    name: "baseline-none",
    story: "nothing was accepted yet",
    argv: diffOracle,
    world: { ...host, ask: answers(200, { ...baseline, baseline: null, changes: [] }) },
  },
  {
    name: "baseline-show",
    story: "what was accepted",
    argv: ["baseline", "show", "--account", "oracle"],
    world: { ...host, ask: answers(200, baseline) },
  },
  {
    name: "baseline-accept",
    story: "accepting what is there now",
    argv: ["baseline", "accept", "--account", "oracle", "--reason", "CHG0012345, reviewed"],
    world: { ...host, ask: answers(200, accepted) },
  },
  {
    name: "baseline-without-reason",
    story: "nobody accepts without a reason",
    argv: ["baseline", "accept", "--account", "oracle"],
    world: host,
  },
  { name: "baseline-mistyped", story: "a mistyped action", argv: ["baseline", "acept"], world: host },
  { name: "baseline-no-agent", story: "nobody to ask", argv: diffOracle, world: host },
  { name: "baseline-help", story: "what baseline takes", argv: ["baseline", "--help"], world: host },
];
