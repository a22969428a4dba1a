import { sshd } from "../../agent/checks/example-facts.ts";
import type { CheckFacts, Sends } from "../../agent/checks/index.ts";
import type { Account, Gap, ModeFacts, Startup, Tried } from "../../agent/facts/index.ts";

/** An account whose startup does nothing: what a test changes stands out. */
export const account: Account = {
  name: "oracle",
  uid: 501,
  gid: 501,
  groups: [501],
  home: "/home/oracle",
  shell: "/bin/tcsh",
};

export const ready: Startup = {
  ended: "ready",
  seconds: 0.02,
  prompt: null,
  waiting: null,
  exit: null,
  became: null,
  lost: [],
  held: [],
  where: null,
};

export function modeFacts(other: Partial<ModeFacts> = {}): ModeFacts {
  return {
    mode: "ssh-command",
    sandbox: "whole-root",
    evidence: "limits from the running sshd",
    seconds: 0.14,
    shell: { path: "/bin/tcsh", personality: "tcsh" },
    startup: ready,
    startupFiles: [{ path: "/home/oracle/.cshrc", state: "read", digest: "sha256:00", through: [] }],
    aliases: [],
    functions: [],
    options: [],
    variables: [],
    traps: [],
    commands: [],
    umask: "0022",
    cwd: "/home/oracle",
    home: "/home/oracle",
    limits: {},
    output: [],
    leftRunning: [],
    tried: [],
    mismatches: [],
    gaps: [],
    asked: ["sshServer", "stdin"],
    stdin: { sentBytes: 2400, arrivedBytes: 2400, isTail: true, where: null },
    sshServer: sshd({}),
    ...other,
  };
}

/** The same as a check sees it. */
export function checkFacts(other: Partial<CheckFacts> = {}): CheckFacts {
  return {
    ...modeFacts(),
    sshServer: sshd({}),
    account,
    sends: [],
    watching: null,
    exceptions: null,
    backlog: null,
    sessions: null,
    reviewed: null,
    stdin: null,
    standings: null,
    sudo: null,
    locales: null,
    accountUse: null,
    ...other,
  };
}

/** What is tried for its effect. */
export function sends(...commands: readonly string[]): Sends[] {
  return commands.map((command) => ({ command, try: "effect" }));
}

export function tried(command: string, other: Partial<Tried> = {}): Tried {
  return {
    command,
    outcome: "done",
    prompt: null,
    waiting: null,
    exit: { status: 0, signal: null },
    stderr: "",
    stdout: "",
    missing: "",
    held: [],
    seconds: 0.01,
    atEnd: null,
    where: null,
    line: null,
    ...other,
  };
}

export function gap(code: Gap["code"], of: Gap["of"], message = `a gap: ${code}`, change = ""): Gap {
  return { code, message, change, of };
}

export function at(line: number, file = "/home/oracle/.cshrc") {
  return { file, line, column: 1, through: [] };
}
