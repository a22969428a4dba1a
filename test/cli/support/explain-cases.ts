/** Cases of `explain`: the planted story in several ways of coming in, and everything that goes otherwise. */
import { cpWaits, cshrc, named, tried } from "../../../agent/checks/example-facts.ts";
import type { Told } from "../../../agent/cli/ask.ts";
import type { ModeFacts } from "../../../agent/facts/index.ts";
import { storyFinding } from "../../support/finding.ts";
import type { Case } from "./cases.ts";
import { absent, account, documents, execChannel, noHost, oracle, postgres, read, root, type World } from "./world.ts";

const hostile = "\u001b[2J\u202egnp.exe\u0085\r\n$(reboot)";
const advice = 'move line 14 below the "if ($?prompt)" of line 22, or delete it';
const line = "alias cp 'cp -i'";

const files = [read("/etc/csh.cshrc"), absent("/home/oracle/.tcshrc"), read("/home/oracle/.cshrc")];
const guards: ModeFacts["guards"] = [{ where: cshrc(22), text: "if ($?prompt) then", form: "block" }];
const planted: Partial<ModeFacts> = {
  startupFiles: files,
  guards,
  aliases: [{ name: "cp", value: "cp -i", effective: true, where: cshrc(14), line }],
  commands: [{ ...named("cp", "alias", "/usr/bin/cp", cshrc(14)), line }],
  tried: [{ ...cpWaits, advice }],
};

const story: World = { accounts: [root, oracle, postgres], facts: () => planted };

const openedAt = "2026-11-23T08:14:08Z";
const finding = { ...storyFinding, change: advice, openedAt, since: openedAt, masked: [] };

function answering(sessions: readonly string[]): NonNullable<World["ask"]> {
  const hint = { file: "/home/oracle/.cshrc", ownerUid: 501, modified: "2026-11-23T08:14:07.000Z", sessions };
  const event = {
    specversion: "1.0",
    id: "1.0123abcd-7",
    source: "rcwarden://6f2c/host",
    type: "dev.rcwarden.finding.opened",
    subject: finding.fingerprint,
    time: "2026-11-23T08:14:08Z",
    datacontenttype: "application/json",
    dataschema: "urn:rcwarden:v1:finding",
    data: { first: false, finding, hint },
  };
  const baseline = { account: "oracle", acceptedAt: "2026-11-20T10:00:00Z", reason: "CHG0012345", items: [] };
  const item = { kind: "alias", name: "cp", mode: "ssh-command", digest: `sha256:${"d".repeat(64)}`, where: null };
  return (sockets, { path }): Told => {
    const { pathname, searchParams } = new URL(path, "http://rcwarden");
    const after = "1.0123abcd-9";
    const items = searchParams.get("after") === after ? [] : [event];
    const bodies: Readonly<Record<string, unknown>> = {
      "/v1/findings": { items: [finding], next: null },
      "/v1/events": { items, next: after, through: after },
      "/v1/baseline": { account: "oracle", baseline, changes: [{ change: "added", item }], now: [] },
    };
    return { kind: "answer", socket: sockets[0] ?? "", status: 200, body: bodies[pathname] };
  };
}

const bashFiles = [read("/etc/bash.bashrc"), read("/var/lib/postgresql/.bashrc")];
const bashrc = (at: number) => ({ file: "/var/lib/postgresql/.bashrc", line: at, column: 1, through: [] });

const aliased = "alias cp='cp -i'";

/** By way of a terminal a guard lets the alias through, and there it bites; without one it is defined and does not. */
const several: World = {
  accounts: [root, postgres],
  facts: ({ mode }) => {
    const bites = mode === "ssh-command-pty";
    return {
      startupFiles: bashFiles,
      aliases: [{ name: "cp", value: "cp -i", effective: bites, where: bashrc(3), line: aliased }],
      commands: [{ ...named("cp", bites ? "alias" : "file", "/usr/bin/cp", bites ? bashrc(3) : null), line: aliased }],
      tried: [bites ? { ...cpWaits, where: bashrc(3), line: aliased } : tried("cp -f {file} {existing}")],
    };
  },
};

const hangs: World = {
  accounts: [root, oracle],
  facts: () => ({
    startupFiles: files,
    startup: {
      ended: "hang",
      seconds: 0.1,
      prompt: "ORACLE_SID? ",
      waiting: { for: "input", command: "tcsh", says: "waits for input" },
      exit: null,
      became: null,
      lost: [],
      held: [],
      where: cshrc(3),
      line: "set sid = $<",
      advice: "put line 3 behind a guard for people (if ($?prompt)), or delete it",
    },
    tried: [],
    gaps: [
      { code: "not-reached", message: "startup did not come to an end, so that no command ran", change: "", of: [] },
    ],
  }),
};

const odd: World = {
  accounts: [root, account("jenkins", 340, "/opt/odd/sh")],
  facts: () => ({
    sandbox: "none",
    startup: null,
    shell: { path: "/opt/odd/sh", personality: null },
    tried: [],
    gaps: [
      {
        code: "unknown-shell",
        message: "/opt/odd/sh is no shell that rcwarden knows (bash, zsh, tcsh)",
        change: "give the account one of them",
        of: ["startup", "commands", "tried"],
      },
    ],
  }),
};

const all: World = {
  accounts: [root, oracle],
  facts: ({ mode }) => ({
    startupFiles: files,
    guards,
    aliases: [
      { name: "cp", value: "cp -i", effective: true, where: cshrc(14), line },
      { name: "same", value: "as before", effective: true, where: null },
    ],
    functions: [{ name: "rm", effective: true, where: cshrc(15) }],
    options: [
      { name: "noclobber", value: "on", where: cshrc(5) },
      { name: "echo", value: "off", where: null },
    ],
    variables: [
      { name: "ORACLE_SID", exported: true, value: "PROD", where: cshrc(6) },
      { name: "history", exported: false, value: "100", where: null },
      { name: "HOME", exported: true, value: "/home/oracle", where: null },
      { name: "PWD", exported: true, value: "/u01", where: null },
    ],
    traps: [{ signal: "EXIT", action: "echo bye", effect: null, where: cshrc(9) }],
    umask: "0027",
    umaskFrom: { where: cshrc(2) },
    cwd: "/u01",
    cwdFrom: { where: cshrc(8) },
    limits: { nofile: 512, core: 0 },
    limitsFrom: { where: cshrc(7) },
    bare: {
      aliases: [{ name: "same", value: "as before" }],
      functions: [],
      options: [{ name: "echo", value: "off" }],
      variables: [
        { name: "HOME", exported: true, value: "/home/oracle" },
        { name: "GONE", exported: true, value: "x" },
      ],
      umask: "0022",
      cwd: "/home/oracle",
      limits: { nofile: 1024, core: 0 },
    },
    leftRunning: [{ command: "ssh-agent -s", holds: ["stdout"], where: cshrc(10) }],
    output:
      mode === "ssh-command-pty"
        ? [{ stream: "stdout", bytes: 8, head: "welcome\n", guard: "", where: cshrc(11), line: "echo welcome" }]
        : [],
  }),
};

const evil: World = {
  accounts: [root, oracle],
  ask: answering([hostile]),
  facts: () => ({
    startupFiles: [read(`/home/oracle/${hostile}`), read("/home/oracle/.cshrc", hostile)],
    guards: [{ where: cshrc(22), text: hostile, form: "return" }],
    aliases: [{ name: "cp", value: hostile, effective: true, where: cshrc(14), line: hostile }],
    functions: [{ name: hostile, effective: true, where: { ...cshrc(4), file: hostile } }],
    variables: [{ name: hostile, exported: true, value: hostile, where: cshrc(5) }],
    options: [{ name: hostile, value: hostile, where: cshrc(6) }],
    traps: [{ signal: hostile, action: hostile, effect: null, where: cshrc(7) }],
    output: [{ stream: "stderr", bytes: 9, head: hostile, guard: "", where: cshrc(8) }],
    leftRunning: [{ command: hostile, holds: [], where: null }],
    commands: [named("cp", "alias", hostile, cshrc(14))],
    tried: [{ ...cpWaits, prompt: hostile, line: hostile, advice: hostile }],
    gaps: [{ code: "probe-limited", message: hostile, change: hostile, of: ["tried"] }],
  }),
};

const sends = ["rm -f {file}", "rm -rf {folder}", "\\rm -f {file}"].map((command) => {
  return { command, try: "effect" } as const;
});

const cpOracle = ["explain", "cp", "--account", "oracle"];

export const explainCases: readonly Case[] = [
  { name: "explain-help", story: "how to ask for a name", argv: ["explain", "--help"], world: story },
  {
    name: "explain-name",
    story: "why cp -f waits, in each way of coming in, and since when",
    argv: cpOracle,
    world: { ...story, ask: answering(["jdoe"]) },
  },
  { name: "explain-no-agent", story: "the same without an agent", argv: cpOracle, world: story },
  {
    name: "explain-several",
    story: "it bites in one way of coming in and not in the other",
    argv: ["explain", "cp", "--account", "postgres"],
    world: several,
  },
  {
    name: "explain-builtin",
    story: "a name that the shell itself knows",
    argv: ["explain", "echo", "--account", "oracle", "--mode", "ssh-command"],
    world: { ...story, facts: () => ({ startupFiles: files, commands: [named("echo", "builtin", null)], tried: [] }) },
  },
  {
    name: "explain-program",
    story: "nothing but PATH decides",
    argv: ["explain", "sqlplus", "--account", "oracle", "--mode", "ssh-command"],
    world: {
      ...story,
      facts: () => ({ startupFiles: [], commands: [named("sqlplus", "file", "/u01/bin/sqlplus")], tried: [] }),
    },
  },
  {
    name: "explain-nothing",
    story: "a name that nothing defines",
    argv: ["explain", "sqlpluss", "--account", "oracle", "--mode", "ssh-command"],
    world: { ...story, facts: () => ({ startupFiles: files, commands: [named("sqlpluss", "none", null)], tried: [] }) },
  },
  {
    name: "explain-many-sends",
    story: "more commands than fit beside each other",
    argv: ["explain", "rm", "--account", "oracle", "--mode", "ssh-command"],
    world: {
      ...story,
      documents: { kind: "documents", set: { ...documents, engines: [{ ...execChannel, sends }] }, host: noHost },
      facts: () => ({ commands: [named("rm", "file", "/usr/bin/rm")] }),
    },
  },
  { name: "explain-hangs", story: "startup waits, so nothing is reached", argv: cpOracle, world: hangs },
  {
    name: "explain-unknown-shell",
    story: "a shell that is not known",
    argv: ["explain", "cp", "--account", "jenkins"],
    world: odd,
  },
  {
    name: "explain-all",
    story: "everything that startup makes otherwise",
    argv: ["explain", "--account", "oracle"],
    world: all,
  },
  {
    name: "explain-all-nothing",
    story: "an untouched account",
    argv: ["explain", "--account", "oracle"],
    world: {
      accounts: [root, oracle],
      facts: () => ({
        bare: {
          aliases: [],
          functions: [],
          options: [],
          variables: [],
          umask: "0022",
          cwd: "/home/oracle",
          limits: { nofile: 1024 },
        },
      }),
    },
  },
  {
    name: "explain-json",
    story: "all facts as JSON",
    argv: ["explain", "--account", "oracle", "--mode", "ssh-command", "--json"],
    world: all,
    wide: true,
  },
  { name: "explain-hostile", story: "nothing that the host says reaches a terminal raw", argv: cpOracle, world: evil },
  {
    name: "explain-all-hostile",
    story: "the same without a name",
    argv: ["explain", "--account", "oracle", "--mode", "ssh-command"],
    world: evil,
  },
  {
    name: "explain-mistyped",
    story: "every mistyped value is said at once",
    argv: ["explain", "cp", "mv", "--mode", "ssh-comand", "--within", "5", "--account", "oracle"],
    world: story,
  },
  {
    name: "explain-mistyped-account",
    story: "a mistyped account",
    argv: ["explain", "cp", "--account", "oracel"],
    world: story,
  },
  {
    name: "explain-odd-name",
    story: "what is no name of a command",
    argv: ["explain", "cp -f\u001b[2J", "--account", "oracle"],
    world: story,
  },
  {
    name: "explain-not-root",
    story: "another's account, without root",
    argv: cpOracle,
    world: { ...story, callerUid: 105 },
  },
  {
    name: "explain-not-granted",
    story: "an account that the host's owner has not granted",
    argv: cpOracle,
    world: {
      ...story,
      host: {
        ...noHost,
        grant: {
          kind: "grant",
          grant: {
            kind: "Grant",
            name: "db07",
            description: "",
            measure: { accounts: ["postgres"], how: "running", notBetween: [] },
            local: "names",
            share: "names",
            remove: [],
            origin: {
              file: "/etc/rcwarden/grant.yaml",
              digest: `sha256:${"a".repeat(64)}`,
              shipped: false,
              given: true,
            },
          },
        },
      },
    },
  },
];
