import type {
  Attempt,
  BacklogFacts,
  CommandFact,
  Place,
  RetentionFacts,
  SeenGroup,
  SeenSessions,
  SshServerFacts,
  SshSettings,
  Startup,
  Tried,
  WatchingFacts,
} from "../facts/index.ts";
import type { Needed, Sends } from "./check-kind.ts";

/** What every example stands on: an account `oracle` that comes in by `ssh host CMD` with tcsh. */
export const oracle: Needed<never> = {
  mode: "ssh-command",
  shell: { path: "/bin/tcsh", personality: "tcsh" },
  home: "/home/oracle",
  account: { name: "oracle", uid: 501, gid: 501, groups: [501], home: "/home/oracle", shell: "/bin/tcsh" },
  sends: [],
};

export function cshrc(line: number): Place {
  return { file: "/home/oracle/.cshrc", line, column: 1, through: [] };
}

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

export function sending(...commands: readonly string[]): Sends[] {
  return commands.map((command) => ({ command, try: "effect" }));
}

const done: Attempt = {
  outcome: "done",
  prompt: null,
  waiting: null,
  exit: { status: 0, signal: null },
  stderr: "",
  stdout: "",
  missing: "",
  held: [],
  seconds: 0.01,
};

export function tried(command: string, other: Partial<Tried> = {}): Tried {
  return { ...done, command, atEnd: null, where: null, line: null, ...other };
}

export function attempt(other: Partial<Attempt>): Attempt {
  return { ...done, ...other };
}

/** `cp -f` under `alias cp 'cp -i'`: it waits, and with stdin at its end it says 0 and does nothing. */
export const cpWaits: Tried = tried("cp -f {file} {existing}", {
  outcome: "hang",
  prompt: "cp: overwrite 'existing.1'? ",
  waiting: { for: "input", command: "cp -i -f file.1 existing.1", says: "waits for input" },
  exit: null,
  atEnd: attempt({ outcome: "not-done", missing: "existing.1 keeps its old content" }),
  where: cshrc(14),
  line: "alias cp 'cp -i'",
});

export function named(
  name: string,
  is: CommandFact["is"],
  reaches: string | null,
  where: Place | null = null,
): CommandFact {
  // biome-ignore lint/suspicious/noThenProperty: the fact's name in the documented JSON; nobody awaits a fact
  return { name, is, then: reaches, where };
}

/** An agent that sees every change at once. */
export const watchesAll: WatchingFacts = {
  paths: 27,
  absent: 9,
  byEvents: 27,
  degraded: [],
  blind: false,
  lastSweep: "2026-11-23T09:14:07.000Z",
  lastFullRun: "2026-11-23T09:00:00.000Z",
  latencyMs: 2,
  watches: 36,
  watchLimit: 65_536,
};

/** A Retention of `oracle`, below whose root 412 files of 38 GiB wait for the engine's release, since an hour. */
export function staging(other: Partial<BacklogFacts>): RetentionFacts {
  const about = { retention: "engine-staging", account: "oracle", root: "/u01/staging/engine" };
  const backlog: BacklogFacts = {
    ...about,
    at: "2026-11-23T09:14:00.000Z",
    files: 422,
    bytes: 39 * 2 ** 30,
    oldestSeconds: 7200,
    waiting: { files: 412, bytes: 38 * 2 ** 30, oldestSeconds: 3600, mayGo: 0 },
    growthBytesPerHour: 0,
    freeBytes: 2000 * 2 ** 30,
    totalBytes: 4000 * 2 ** 30,
    fullInSeconds: null,
    nothingReclaimedHours: 1,
    stays: [{ code: "not-released", files: 412, bytes: 38 * 2 ** 30 }],
    ...other,
  };
  return { ...about, applied: "automatically", backlog, sinceSeconds: 300, everySeconds: 900, problem: "" };
}

/** 50 of `oracle`'s commands that wait for the answer to a question since half an hour. */
export const cpHangs: SeenGroup = {
  account: "oracle",
  command: "cp -i -f ... ...",
  waitsFor: "input",
  says: "input on its ssh channel",
  isStuck: true,
  from: ["10.1.2.3"],
  count: 50,
  oldestSeconds: 2220,
  startedAt: Array.from({ length: 50 }, () => "2026-11-23T08:37:07.000Z"),
  pids: Array.from({ length: 50 }, (_, at) => 4711 + at),
  prompt: "cp: overwrite '...'?",
  stillSeconds: Array.from({ length: 50 }, () => 2220),
};

/** `oracle`'s sessions, watched since an hour. */
export function seesSessions(groups: readonly SeenGroup[]): SeenSessions {
  return { at: "2026-11-23T09:14:07.000Z", groups, problem: "", accounts: ["oracle"], watchedSeconds: 3600 };
}

/** A running sshd as Debian sets it up, whose settings sshd itself told; `settings` are otherwise. */
export function sshd(settings: Partial<SshSettings>): SshServerFacts {
  return {
    evidence: "settings by sshd -T, for the running sshd (pid 812)",
    isInstalled: true,
    settings: {
      usesPam: true,
      sftp: { kind: "external", command: "/usr/lib/openssh/sftp-server", isThere: true },
      forceCommand: null,
      permitsTerminal: true,
      permitsUserRc: true,
      permitsUserEnvironment: "no",
      forwardsSockets: true,
      banner: null,
      chroot: null,
      keysCommand: null,
      strictModes: true,
      refuses: null,
      maxSessions: 10,
      endsIdleAfter: null,
      ...settings,
    },
    places: new Map(),
    keyFiles: [],
    rc: null,
    systemRc: null,
    doubts: [],
  };
}
