/** States of a host as /v1/status answers them: the one of the story, a calm one, and those without or with old data. */
import type { StatusAnswer } from "../../agent/status/index.ts";
import { storyKey } from "../support/finding.ts";

export const nowMs = Date.UTC(2026, 10, 18, 8, 55, 12);
/** The host's zone: an hour ahead of UTC. */
export const offsetMinutes = 60;

const hour = 3_600_000;
const minute = 60_000;

export function before(ms: number): string {
  return new Date(nowMs - ms).toISOString();
}

type Finding = StatusAnswer["findings"][number];
type Account = StatusAnswer["accounts"][number];
type Span = Finding["past"][number];
type Cell = StatusAnswer["ways"][number]["ways"][number];

const month = 30 * 24 * hour;
const turnedMs = 41 * minute + 5_000;

export const modes = [
  "ssh-command",
  "ssh-command-pty",
  "ssh-login",
  "ssh-login-notty",
  "su-command",
  "su-login-command",
  "sudo-login",
  "cron",
];

export function span(state: Span["state"], fromMs: number, toMs: number): Span {
  return { state, from: before(fromMs), to: before(toMs) };
}

export function account(name: string, other: Partial<Account> = {}): Account {
  return {
    name,
    uid: 501,
    shell: "/bin/bash",
    because: "a policy names it",
    state: "measured",
    says: "",
    measuredAt: before(4 * minute),
    confirmedAt: before(12_000),
    pending: false,
    pass: 11,
    fail: 0,
    unknown: 0,
    ...other,
  };
}

export function finding(other: Partial<Finding> = {}): Finding {
  return {
    fingerprint: "3f9c2a71d0b4e655",
    status: "fail",
    ...storyKey,
    subject: "rm -f {file}",
    message: "waits for ever at: rm: remove regular file 'scratch.1'?",
    where: { file: "/home/oracle/.cshrc", line: 14, column: 1, through: [] },
    evidence: {
      sent: "rm -f {file}",
      outcome: "hang",
      prompt: "rm: remove regular file 'scratch.1'? ",
      exit: null,
      atEnd: "exit 0, and nothing done: scratch.1 is still there",
    },
    change: 'move line 14 below the "if ($?prompt)" of line 22, or delete it',
    line: "alias rm 'rm \\!* -i'",
    openedAt: before(turnedMs),
    since: before(turnedMs),
    masked: [],
    past: [
      span("holds", month, 28 * 24 * hour),
      span("fails", 28 * 24 * hour, 28 * 24 * hour - 158 * minute),
      span("holds", 28 * 24 * hour - 158 * minute, turnedMs),
      span("fails", turnedMs, 0),
    ],
    ...other,
  };
}

function cell(mode: string, other: Partial<Cell> = {}): Cell {
  return { mode, isEngines: mode === "ssh-command", state: "holds", word: "", finding: null, ...other };
}

export function ways(name: string, shell: string, of: (mode: string) => Partial<Cell> = () => ({})) {
  return { account: name, shell, ways: modes.map((mode) => cell(mode, of(mode))) };
}

const day = 24 * hour;
const heldAllDay = [span("holds", day, 0)];

export const gib = 2 ** 30;

function cleanup(other: Partial<StatusAnswer["cleanup"][number]> = {}): StatusAnswer["cleanup"][number] {
  const plan = {
    hash: "7d31c04be2a9".padEnd(64, "0"),
    at: before(5 * minute),
    expiresAt: before(-55 * minute),
    files: 1_204,
    bytes: 96.4 * gib,
    stays: [
      { code: "not-released", files: 412, bytes: 38 * gib },
      { code: "newest", files: 10, bytes: 0.8 * gib },
      { code: "released-other-content", files: 1, bytes: 4 * gib },
      { code: "held-open", files: 1, bytes: 0.2 * gib },
    ],
  };
  return {
    retention: "oracle-archive-logs",
    account: "oracle",
    root: "/u01/staging",
    apply: "by-hand",
    granted: "by-hand",
    state: "waiting",
    plan,
    run: null,
    backlog: {
      retention: "oracle-archive-logs",
      account: "oracle",
      root: "/u01/staging",
      at: before(5 * minute),
      files: 1_628,
      bytes: 139.4 * gib,
      oldestSeconds: 86_400,
      waiting: { files: 1_616, bytes: 134.4 * gib, oldestSeconds: 40_000, mayGo: 1_204 },
      growthBytesPerHour: 19 * gib,
      freeBytes: 171 * gib,
      totalBytes: 600 * gib,
      fullInSeconds: 9 * 3_600,
      nothingReclaimedHours: 0,
      stays: [],
    },
    releases: { accepted: 1_204 },
    problem: "",
    ...other,
  };
}

/** Everything holds. */
export function calm(other: Partial<StatusAnswer> = {}): StatusAnswer {
  return {
    apiVersion: "rcwarden/v1",
    kind: "Status",
    time: before(0),
    rcwarden: "0.1.0",
    host: { id: "h1", name: "db07" },
    instance: "host",
    pid: 812,
    startedAt: before(12 * day + 4 * hour),
    ready: true,
    accounts: [account("oracle", { shell: "/bin/tcsh" }), account("postgres"), account("backup", { shell: "/bin/sh" })],
    watching: {
      paths: 27,
      absent: 9,
      byEvents: 27,
      degraded: [],
      blind: false,
      lastSweep: before(12_000),
      lastFullRun: before(20 * minute),
      latencyMs: 8,
      watches: 36,
      watchLimit: 65_536,
    },
    documents: {
      loadedAt: before(day),
      inForce: [{ kind: "Grant", name: "db07", file: "/etc/rcwarden/grant.yaml", digest: "sha256:aa" }],
      problems: [],
      grant: "grant",
    },
    sinks: [
      {
        name: "engine",
        kind: "engine",
        to: "https://engine.example.net/events",
        waiting: 0,
        bytes: 0,
        deadLetters: 0,
        lastTaken: before(3_000),
        state: "idle",
        problem: null,
        nextTry: null,
      },
    ],
    store: {
      epoch: "1.0123abcd",
      head: "1.0123abcd-1861",
      events: 1_861,
      bytes: 912_000,
      lost: 0,
      problem: null,
      notices: [],
    },
    resources: { rssBytes: 1, memoryLimitBytes: 2, cpuPercent: 0.1, over: [] },
    validUntil: before(-48_000),
    findings: [],
    ways: [ways("oracle", "/bin/tcsh"), ways("postgres", "/bin/bash"), ways("backup", "/bin/sh")],
    lead: null,
    day: {
      from: before(day),
      to: before(0),
      accounts: ["oracle", "postgres", "backup"].map((name) => ({ account: name, spans: heldAllDay })),
      stuck: [{ at: before(day), count: 0 }],
      saves: [{ account: "postgres", path: "/home/postgres/.bashrc", at: before(16 * hour) }],
      logins: [{ user: "m.ortega", from: before(19 * hour), to: before(15.4 * hour) }],
    },
    sessions: {
      at: before(2_000),
      groups: [
        {
          account: "backup",
          command: "rsync --server",
          waitsFor: "network",
          says: "waits for the network",
          isStuck: false,
          from: ["10.1.2.9"],
          count: 3,
          oldestSeconds: 240,
          startedAt: [before(240_000), before(200_000), before(100_000)],
          pids: [1, 2, 3],
          prompt: null,
        },
      ],
      problem: "",
    },
    cleanup: [cleanup({ backlog: { ...backlogOf(cleanup()), fullInSeconds: null, growthBytesPerHour: -gib } })],
    unmeasured: [],
    ...other,
  };
}

function backlogOf({ backlog }: StatusAnswer["cleanup"][number]) {
  if (backlog === null) throw new Error("no backlog");
  return backlog;
}

const undecided = finding({
  fingerprint: "90aa51c2d7e0f318",
  status: "unknown",
  severity: "high",
  account: "postgres",
  mode: "sudo-login",
  message: "asks sudo -n for its environment, and the sandbox gives nobody more rights",
  where: { file: "/home/postgres/.bash_profile", line: 7, column: 3, through: [] },
  evidence: { sent: "rm -f {file}", outcome: "unknown" },
  gaps: [{ code: "probe-limited", message: "the sandbox may answer otherwise than a real session", change: "" }],
  change: "",
  since: before(16 * day),
  past: [span("holds", month, 16 * day), span("unknown", 16 * day, 0)],
});

const waived = finding({
  fingerprint: "5be01c77a9d2f046",
  severity: "medium",
  consequence: "failed-command",
  check: "command-resolves",
  rule: "tools-are-there",
  account: "backup",
  subject: "usermod",
  message: "usermod is not found",
  where: null,
  evidence: {},
  change: "",
  since: before(month),
  past: [span("fails", month, 0)],
  waived: { exception: "no-sbin", reason: "the engine sends nothing from there", until: "2026-12-31" },
});

/** The story: rm -f asks, 50 sessions are stuck, the volume fills. */
export function wrong(other: Partial<StatusAnswer> = {}): StatusAnswer {
  const begun = Array.from({ length: 50 }, (_, at) => before(37 * minute - at * 44_000));
  const base = calm();
  return {
    ...base,
    accounts: [
      account("oracle", { shell: "/bin/tcsh", fail: 1 }),
      account("postgres", { unknown: 1 }),
      account("backup"),
    ],
    findings: [finding(), undecided, waived],
    lead: {
      fingerprint: "3f9c2a71d0b4e655",
      chain: [
        { what: "sshd", does: "takes the command" },
        { what: "/bin/tcsh -c", does: "reads files first" },
        { what: "/etc/csh.cshrc", does: "nothing about rm" },
        { what: "~/.cshrc:14", does: "decides what rm is" },
      ],
      lines: [
        { number: 12, text: "setenv ORACLE_SID PROD", isGuilty: false, note: "" },
        { number: 13, text: "setenv NLS_LANG .AL32UTF8", isGuilty: false, note: "" },
        { number: 14, text: "alias rm 'rm \\!* -i'", isGuilty: true, note: "puts -i last, and the last flag wins" },
        { number: 15, text: "set path = ($path /u01/bin)", isGuilty: false, note: "" },
        { number: 16, text: "set autolist", isGuilty: false, note: "" },
        { number: 22, text: "if ($?prompt) then", isGuilty: false, note: "below: only for people" },
      ],
      says: "",
      sent: "rm -f 1_4711.arc",
      runs: "rm -f 1_4711.arc -i",
      waitsAt: "rm: remove regular file '1_4711.arc'?",
      hint: { savedAt: before(turnedMs), seenAfterMs: 8, ownerUid: 501, loggedIn: ["m.ortega"] },
    },
    ways: [
      ways("oracle", "/bin/tcsh", (mode) =>
        mode === "cron" ? {} : { state: "fails", word: "waits", finding: "3f9c2a71d0b4e655" },
      ),
      ways("postgres", "/bin/bash", (mode) =>
        mode === "sudo-login" ? { state: "unknown", word: "unknown", finding: "90aa51c2d7e0f318" } : {},
      ),
      ways("backup", "/bin/sh"),
    ],
    day: {
      ...base.day,
      accounts: [
        { account: "oracle", spans: [span("holds", day, turnedMs), span("fails", turnedMs, 0)] },
        { account: "postgres", spans: heldAllDay },
        { account: "backup", spans: heldAllDay },
      ],
      stuck: [{ at: before(day), count: 0 }, ...begun.map((at, index) => ({ at, count: index + 1 }))],
      saves: [...base.day.saves, { account: "oracle", path: "/home/oracle/.cshrc", at: before(turnedMs) }],
      logins: [
        ...(base.day.logins ?? []),
        { user: "root", from: before(10.75 * hour), to: before(10.5 * hour) },
        { user: "m.ortega", from: before(64 * minute), to: before(24 * minute) },
      ],
    },
    sessions: {
      ...base.sessions,
      groups: [
        {
          account: "oracle",
          command: "rm -f …arc",
          waitsFor: "input",
          says: "input on its ssh channel",
          isStuck: true,
          from: ["10.1.2.3"],
          count: 50,
          oldestSeconds: 37 * 60,
          startedAt: begun,
          pids: begun.map((_, at) => 4_000 + at),
          prompt: "rm: remove regular file '1_4711.arc'? ",
        },
        ...base.sessions.groups,
      ],
    },
    cleanup: [cleanup()],
    unmeasured: [
      {
        account: "postgres",
        mode: "sudo-login",
        code: "probe-limited",
        message: "~/.bash_profile:7 needs sudo",
        change: "read the profile without sudo, or try one real session",
      },
      { account: "jenkins", mode: "-", code: "not-granted", message: "the Grant does not name it", change: "" },
    ],
    ...other,
  };
}
