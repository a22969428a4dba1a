import { attempt, cpWaits, tried } from "../../../agent/checks/example-facts.ts";
import type { HostDocuments, Loaded } from "../../../agent/documents/index.ts";
import type { Tried } from "../../../agent/facts/index.ts";
import { agentCases } from "./agent-cases.ts";
import { applyCases } from "./apply-cases.ts";
import { cleanupCases } from "./cleanup-cases.ts";
import { doctorCases } from "./doctor-cases.ts";
import { explainCases } from "./explain-cases.ts";
import { formatCases } from "./format-cases.ts";
import { insteadCases } from "./instead-cases.ts";
import { sessionCases } from "./session-cases.ts";
import { statusCases } from "./status-cases.ts";
import { waivedCases } from "./waived-cases.ts";
import { absent, account, automated, noHost, oracle, postgres, read, root, type World } from "./world.ts";

export interface Case {
  /** The golden file's name. */
  readonly name: string;
  readonly story: string;
  readonly argv: readonly string[];
  readonly world: World;
  /** JSON and usage are not held to 100 columns. */
  readonly wide?: boolean;
}

const cshFiles = [read("/etc/csh.cshrc"), absent("/home/oracle/.tcshrc"), read("/home/oracle/.cshrc")];
const bashFiles = [
  read("/var/lib/postgresql/.bashrc"),
  ...["/etc/environment.d", "/etc/bash.bashrc", "/root/.profile", "/root/.bash_login", "/root/.bash_env"].map(absent),
];
const move = 'move line 14 below the "if ($?prompt)" of line 22, or delete it';
const cp: Tried = { ...cpWaits, advice: move };

function others(of: Tried): Tried[] {
  return ["rm -f {file}", "rm -rf {folder}", "cp -f {file} {existing}", "mv -f {file} {existing}"].map((command) =>
    command === of.command ? of : tried(command),
  );
}

const twoAccounts: World = {
  accounts: [root, oracle, postgres],
  automated: ["oracle", "postgres"],
  facts: ({ account }) =>
    account.name === "oracle"
      ? { startupFiles: cshFiles, tried: others(cp), seconds: 0.21 }
      : { startupFiles: bashFiles },
};

const odd = account("jenkins", 340, "/opt/odd/sh");
const oddWorld: World = {
  accounts: [root, odd],
  facts: () => ({
    sandbox: "none",
    seconds: 0.02,
    shell: { path: "/opt/odd/sh", personality: null },
    startup: null,
    tried: [],
    gaps: [
      {
        code: "unknown-shell",
        message: "/opt/odd/sh is no shell that rcwarden knows (bash, zsh, tcsh, csh)",
        change: "give the account one of them, or remove it from the policy's accounts",
        of: [
          "startup",
          "startupFiles",
          "aliases",
          "functions",
          "options",
          "variables",
          "traps",
          "commands",
          "umask",
          "cwd",
          "output",
          "tried",
        ],
      },
    ],
  }),
};

const nothing: World = {
  accounts: [root, postgres],
  automated: ["postgres"],
  facts: () => ({ startupFiles: bashFiles }),
};

const broken: Loaded = {
  kind: "problems",
  documents: 1,
  grant: "none",
  host: noHost,
  problems: [
    {
      code: "value-not-listed",
      file: "policies/db.yaml",
      line: 14,
      column: 7,
      expected: "a check kind",
      found: '"engine-command"',
      suggestion: "engine-commands",
      change: "",
    },
    {
      code: "value-not-listed",
      file: "policies/db.yaml",
      line: 22,
      column: 15,
      expected: "critical, high, medium, low or info",
      found: '"urgent"',
      suggestion: null,
      change: "",
    },
  ],
};

/** cp and mv wait in both modes; a greeting, only with a terminal, by a file that ~/.cshrc sources. */
const everything: World = {
  accounts: [root, oracle],
  facts: ({ mode }) => ({
    startupFiles: [...cshFiles, read("/u01/app/site.csh", "/home/oracle/.cshrc")],
    tried: [tried("rm -f {file}"), tried("rm -rf {folder}"), cp, { ...cp, command: "mv -f {file} {existing}" }],
    output:
      mode === "ssh-command-pty"
        ? [
            {
              stream: "stdout",
              bytes: 18,
              head: "Welcome to db07!\r\n",
              guard: '"if ($?prompt)"',
              where: { file: "/u01/app/site.csh", line: 3, column: 1, through: ["/home/oracle/.cshrc"] },
              line: 'echo "Welcome to $HOST\\!"',
            },
          ]
        : [],
  }),
};

/** Startup asks: no command runs, and nothing else can be told. */
const asks: World = {
  accounts: [root, oracle],
  facts: () => ({
    startupFiles: cshFiles,
    tried: [],
    startup: {
      ended: "hang",
      seconds: 0.05,
      prompt: "ORACLE_SID = [prod] ? ",
      waiting: { for: "input", command: "/bin/tcsh -c", says: "waits for input" },
      exit: null,
      became: null,
      lost: [],
      held: [],
      where: { file: "/home/oracle/.cshrc", line: 9, column: 1, through: [] },
      line: "set ORACLE_SID = $<",
    },
  }),
};

/** Startup sleeps longer than the time allows: undecided, with the line that does it. */
const sleeps: World = {
  accounts: [root, oracle],
  facts: () => ({
    startupFiles: cshFiles,
    tried: [],
    seconds: 10.1,
    startup: {
      ended: "timed-out",
      seconds: 10,
      prompt: null,
      waiting: { for: "time", command: "sleep 600", says: "sleeps" },
      exit: null,
      became: null,
      lost: [],
      held: [],
      where: { file: "/home/oracle/.cshrc", line: 5, column: 1, through: [] },
      line: "sleep 600",
    },
  }),
};

/** One command could not be told, the others did what they say. */
const locked: World = {
  accounts: [root, oracle],
  facts: () => ({
    startupFiles: cshFiles,
    tried: others(
      tried("rm -f {file}", { outcome: "unknown", reason: "rm waits for a lock that somebody outside holds" }),
    ),
  }),
};

const nowhere: World = {
  accounts: [root, oracle],
  facts: () => ({
    startupFiles: cshFiles,
    tried: others(
      tried("mv -f {file} {existing}", {
        outcome: "failed",
        exit: { status: 1, signal: null },
        stderr: "mv: cannot move: Read-only file system\n",
      }),
    ),
  }),
};

const hostile = "\u001b[2J\u001b]0;owned\u0007\u202egnp.exe\u0085\r\nfake  line \u0000";
const hostileWorld: World = {
  accounts: [root, oracle],
  facts: () => ({
    startupFiles: [read(`/home/oracle/.cshrc${hostile}`)],
    tried: others({
      ...cp,
      prompt: hostile,
      line: `alias cp 'cp -i' ${hostile}`,
      where: { file: `/home/oracle/.cshrc${hostile}`, line: 1, column: 1, through: [] },
      atEnd: attempt({ outcome: "failed", exit: { status: 1, signal: null }, stderr: hostile }),
    }),
  }),
};

const doubt: World = {
  accounts: [root, oracle],
  facts: () => ({
    startupFiles: cshFiles,
    gaps: [
      {
        code: "probe-limited",
        message: "supplementary groups show as nogroup",
        change: "run it as root",
        of: ["limits"],
      },
    ],
  }),
};

const listed: World = {
  accounts: [root],
  automation: {
    accounts: [
      automated(oracle, ["key login for 2 keys", "214 logins without a tty, last 4 min ago"], {
        keys: 2,
        loginsWithoutTty: 214,
        lastLogin: new Date("2026-11-23T09:51:00Z"),
      }),
      automated(postgres, ["key login for 1 key"], { keys: 1 }),
      automated(account("backup", 340, "/bin/sh"), ["crontab, 3 lines"], { cronLines: 3 }),
    ],
    root: automated(root, ["key login for 1 key", "/etc/cron.d/backup, 2 lines"], { keys: 1, cronLines: 2 }),
    notListed: { withoutShell: 24, withoutSign: 3 },
    doubts: ['/var/log/auth.log: expected to read it, found "permission denied"'],
  },
};

const ofHost = { file: "/etc/rcwarden/grant.yaml", digest: `sha256:${"a".repeat(64)}`, shipped: false, given: true };

/** A Grant for oracle, quiet at night; and an Agent that sends to an engine. */
const owned: HostDocuments = {
  grant: {
    kind: "grant",
    grant: {
      kind: "Grant",
      name: "db07",
      description: "",
      measure: { accounts: ["oracle"], how: "running", notBetween: [{ from: 120, to: 240 }] },
      local: "names",
      share: "names",
      remove: [{ account: "oracle", below: "/u01/staging", apply: "automatically", releasesFrom: "engine" }],
      origin: ofHost,
    },
  },
  agent: {
    kind: "Agent",
    name: "db07",
    description: "",
    reconcile: { everyMs: 30_000, fullMs: 3_600_000 },
    sinks: [
      {
        name: "engine",
        kind: "engine",
        url: "https://engine.example/events",
        certFile: null,
        keyFile: null,
        caFile: null,
        tokenFile: "/etc/rcwarden/token",
        proxy: null,
        timeoutMs: 30_000,
      },
    ],
    limits: { probesAtOnce: 2, memoryBytes: 268_435_456, queueBytes: 67_108_864 },
    metricsFile: null,
    origin: ofHost,
  },
  exceptions: [],
};
const granted: World = { ...twoAccounts, host: owned, viewers: ["jdoe", "mroe", "dba"] };

/** As narrow as it goes, and as wide. */
const readingOnly: World = {
  ...twoAccounts,
  host: {
    ...noHost,
    grant: {
      kind: "grant",
      grant: {
        kind: "Grant",
        name: "db07",
        description: "",
        measure: {
          accounts: "all",
          how: "reading",
          notBetween: [
            { from: 1320, to: 120 },
            { from: 720, to: 1440 },
          ],
        },
        local: "lines",
        share: "values",
        remove: [],
        origin: ofHost,
      },
    },
  },
};

const brokenGrant: World = {
  ...twoAccounts,
  documents: {
    kind: "problems",
    documents: 1,
    grant: "broken",
    host: { ...noHost, grant: { kind: "broken" } },
    problems: [
      {
        code: "value-not-listed",
        file: "/etc/rcwarden/grant.yaml",
        line: 6,
        column: 10,
        expected: "names, values or lines",
        found: '"nmaes"',
        suggestion: "names",
        change: "",
      },
    ],
  },
};

/** What check --json prints, as far as except reads it. */
const report = JSON.stringify({
  kind: "Report",
  findings: [
    {
      fingerprint: "5f7f589d277f1b71",
      policy: "unattended-ssh",
      rule: "clean-stream",
      account: "oracle",
      mode: "ssh-command",
      subject: "stdout",
    },
  ],
});
const reported: World = { ...twoAccounts, inputs: { "report.json": report, "-": report, "notes.txt": "{}" } };
const inReport = ["except", "5f7f589d277f1b71", "--report", "report.json"];
const becauseUntil = ["--reason", "CHG0012345", "--until", "2027-01-31"];
const waivedAlready: World = {
  ...reported,
  host: {
    ...noHost,
    exceptions: [
      {
        kind: "Exception",
        name: "greeting",
        description: "",
        finding: {
          policy: "unattended-ssh",
          rule: "clean-stream",
          account: "oracle",
          mode: "ssh-command",
          subject: "stdout",
        },
        reason: "CHG0012345",
        until: "2027-01-31",
        origin: { ...ofHost, file: "/etc/rcwarden/exceptions.yaml" },
      },
    ],
  },
};
const asksAgent: World = {
  ...twoAccounts,
  ask: (sockets, { path }) => ({
    kind: "answer",
    socket: sockets[0] ?? "",
    status: 200,
    // The finding after the number before it, as the agent lists them.
    body: { items: path.endsWith("after=5f7f589d277f1b70") ? JSON.parse(report).findings : [], next: null },
  }),
};

export const cases: readonly Case[] = [
  {
    name: "check-not-granted",
    story: "whom the Grant does not name is not measured, and that is said",
    argv: ["check", "--account", "oracle", "--account", "postgres"],
    world: granted,
  },
  {
    name: "check-all-granted",
    story: "a policy for all means those whom the Grant names",
    argv: ["check"],
    world: { ...granted, automated: ["postgres"] },
  },
  { name: "grant", story: "what rcwarden may do here", argv: ["grant"], world: granted },
  { name: "grant-json", story: "the same as JSON", argv: ["grant", "--json"], world: granted, wide: true },
  { name: "grant-none", story: "without a Grant", argv: ["grant", "show"], world: twoAccounts },
  { name: "grant-wide", story: "reading alone, and much shown", argv: ["grant"], world: readingOnly },
  { name: "grant-broken", story: "a broken Grant stops everything", argv: ["grant"], world: brokenGrant },
  {
    name: "grant-init",
    story: "a Grant to begin with",
    argv: ["grant", "init", "--account", "oracle"],
    world: twoAccounts,
  },
  {
    name: "grant-init-print",
    story: "the same to read",
    argv: ["grant", "init", "--print", "--account", "oracle", "--account", "postgres"],
    world: twoAccounts,
    wide: true,
  },
  { name: "grant-init-again", story: "a Grant is never written over", argv: ["grant", "init"], world: granted },
  {
    name: "grant-init-broken",
    story: "beside a broken one none is written",
    argv: ["grant", "init"],
    world: brokenGrant,
  },
  {
    name: "grant-init-mistyped",
    story: "an account that is mistyped",
    argv: ["grant", "init", "--account", "orcale"],
    world: twoAccounts,
  },
  {
    name: "grant-init-not-root",
    story: "only the host's owner",
    argv: ["grant", "init"],
    world: { ...twoAccounts, callerUid: 1000 },
  },
  {
    name: "grant-init-read-only",
    story: "where it cannot be written",
    argv: ["grant", "init"],
    world: {
      ...twoAccounts,
      written: {
        kind: "failed",
        problem: "/etc/rcwarden/grant.yaml: expected to write it, found a read-only file system",
      },
    },
  },
  { name: "grant-mistyped", story: "a mistyped action", argv: ["grant", "shwo"], world: granted },
  {
    name: "grant-flags",
    story: "flags of init with show",
    argv: ["grant", "--print", "--account", "oracle"],
    world: granted,
  },
  { name: "except", story: "a finding of a report is waived", argv: [...inReport, ...becauseUntil], world: reported },
  {
    name: "except-json",
    story: "the same as JSON, from stdin",
    argv: ["except", "5f7f589d277f1b71", "--report", "-", ...becauseUntil, "--json"],
    world: reported,
  },
  {
    name: "except-agent",
    story: "a finding that the agent has is waived",
    argv: ["except", "5f7f589d277f1b71", ...becauseUntil],
    world: asksAgent,
  },
  {
    name: "except-agent-unknown",
    story: "a finding that the agent does not have",
    argv: ["except", "5f7f589d277f1b72", ...becauseUntil],
    world: asksAgent,
  },
  {
    name: "except-no-agent",
    story: "no agent, and no report",
    argv: ["except", "5f7f589d277f1b71", ...becauseUntil],
    world: twoAccounts,
  },
  {
    name: "except-unknown",
    story: "a mistyped fingerprint",
    argv: ["except", "5f7f589d277f1b17", "--report", "report.json", ...becauseUntil],
    world: reported,
  },
  {
    name: "except-nothing-said",
    story: "everything that is missing or wrong is said at once",
    argv: ["except", "5f7f589d", "and", "more", "--until", "2027-02-30"],
    world: reported,
  },
  {
    name: "except-expired",
    story: "a day that is past",
    argv: [...inReport, "--reason", "a", "--until", "2026-11-22"],
    world: reported,
  },
  {
    name: "except-too-far",
    story: "a day more than 366 days ahead",
    argv: [...inReport, "--reason", " ", "--until", "2027-11-25"],
    world: reported,
  },
  {
    name: "except-no-report",
    story: "what is no report",
    argv: ["except", "5f7f589d277f1b71", "--report", "notes.txt", ...becauseUntil],
    world: reported,
  },
  {
    name: "except-no-file",
    story: "a report that is not there",
    argv: ["except", "5f7f589d277f1b71", "--report", "gone.json", ...becauseUntil],
    world: reported,
  },
  {
    name: "except-again",
    story: "a finding that is waived as long already",
    argv: [...inReport, ...becauseUntil],
    world: waivedAlready,
  },
  {
    name: "except-broken-documents",
    story: "beside broken documents nothing would be taken",
    argv: [...inReport, ...becauseUntil],
    world: { ...brokenGrant, ...{ inputs: reported.inputs ?? {} } },
  },
  {
    name: "except-not-root",
    story: "only the host's owner",
    argv: [...inReport, ...becauseUntil],
    world: { ...reported, callerUid: 1000 },
  },

  { name: "check-one-fails", story: "cp -f waits in one of two accounts", argv: ["check"], world: twoAccounts },
  { name: "check-nothing-found", story: "everything holds", argv: ["check"], world: nothing },
  {
    name: "check-could-not-tell",
    story: "a shell that nobody knows",
    argv: ["check", "--account", "jenkins"],
    world: oddWorld,
  },
  {
    name: "check-two-modes",
    story: "one block a guilty line, with all commands and modes that it breaks",
    argv: ["check", "--account", "oracle", "--mode", "ssh-command", "--mode", "ssh-command-pty"],
    world: everything,
  },
  {
    name: "check-startup-asks",
    story: "startup waits, so that no command runs",
    argv: ["check", "--account", "oracle"],
    world: asks,
  },
  {
    name: "check-no-line",
    story: "a command fails and no line is known to be guilty",
    argv: ["check", "--account", "oracle"],
    world: nowhere,
  },
  {
    name: "check-hostile-names",
    story: "what the host says cannot write to the terminal",
    argv: ["check", "--account", "oracle"],
    world: hostileWorld,
  },
  {
    name: "check-gap-unasked",
    story: "a gap that no rule asks about is shown, and decides",
    argv: ["check", "--account", "oracle"],
    world: doubt,
  },
  {
    name: "check-json",
    story: "the same as JSON",
    argv: ["check", "--account", "oracle", "--json"],
    world: twoAccounts,
    wide: true,
  },
  {
    name: "check-json-hostile",
    story: "JSON escapes what a terminal could obey",
    argv: ["check", "--account", "oracle", "--json"],
    world: hostileWorld,
    wide: true,
  },
  {
    name: "check-own-account",
    story: "nobody looks automated: the caller's own",
    argv: ["check"],
    world: { accounts: [root] },
  },
  {
    name: "check-without-root",
    story: "without root another's account is refused, with what to do",
    argv: ["check", "--account", "oracle"],
    world: { accounts: [root, oracle, account("jdoe", 1000)], callerUid: 1000 },
  },
  {
    name: "check-own-without-root",
    story: "without root and a name: one's own",
    argv: ["check"],
    world: { accounts: [root, oracle, account("jdoe", 1000, "/bin/bash")], callerUid: 1000, automated: ["oracle"] },
  },
  {
    name: "check-unknown-account",
    story: "an account that is mistyped",
    argv: ["check", "--account", "orcale"],
    world: twoAccounts,
  },
  {
    name: "check-unavailable-account",
    story: "a name service that does not answer is undetermined, not absent",
    argv: ["check", "--account", "ldapuser", "--account", "postgres"],
    world: { ...nothing, unavailable: ["ldapuser"] },
  },
  {
    name: "check-mistyped-values",
    story: "every mistyped value is said at once",
    argv: ["check", "--mode", "ssh-comand", "--fail-on", "hihg", "--within", "5", "oracle"],
    world: twoAccounts,
  },
  { name: "check-mistyped-flag", story: "a mistyped flag", argv: ["check", "--acount", "oracle"], world: twoAccounts },
  {
    name: "check-later-flag",
    story: "a flag that is not there yet",
    argv: ["check", "--patch", "a=b"],
    world: twoAccounts,
  },
  {
    name: "check-broken-document",
    story: "all problems of a document",
    argv: ["check", "--policy", "policies/db.yaml"],
    world: { ...twoAccounts, documents: broken },
  },
  { name: "mistyped-verb", story: "a mistyped verb", argv: ["chekc"], world: twoAccounts },
  { name: "help", story: "the verbs", argv: ["--help"], world: twoAccounts },
  { name: "no-verb", story: "without a verb", argv: [], world: twoAccounts },
  { name: "check-help", story: "the flags of check", argv: ["help", "check"], world: twoAccounts },
  { name: "accounts", story: "who looks automated, and why", argv: ["accounts"], world: listed },
  { name: "accounts-json", story: "the same as JSON", argv: ["accounts", "--json"], world: listed, wide: true },
  { name: "accounts-none", story: "nobody looks automated", argv: ["accounts"], world: { accounts: [root] } },
  { name: "policy-list", story: "what is in force", argv: ["policy", "list"], world: twoAccounts },
  { name: "policy-mistyped", story: "a mistyped action", argv: ["policy", "lsit"], world: twoAccounts },
  { name: "check-timed-out", story: "startup sleeps too long", argv: ["check", "--account", "oracle"], world: sleeps },
  {
    name: "check-one-unknown",
    story: "one command is undecided",
    argv: ["check", "--account", "oracle"],
    world: locked,
  },
  ...agentCases,
  ...sessionCases,
  ...explainCases,
  ...insteadCases,
  ...waivedCases,
  ...cleanupCases,
  ...applyCases,
  ...statusCases,
  ...doctorCases,
  ...formatCases,
];
