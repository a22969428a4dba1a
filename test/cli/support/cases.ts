import { attempt, cpWaits, tried } from "../../../agent/checks/example-facts.ts";
import type { Loaded } from "../../../agent/documents/index.ts";
import type { Tried } from "../../../agent/facts/index.ts";
import { agentCases } from "./agent-cases.ts";
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

export const cases: readonly Case[] = [
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
    argv: ["check", "--with", "a=b"],
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
  ...waivedCases,
];
