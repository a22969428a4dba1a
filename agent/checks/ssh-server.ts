import * as z from "zod";
import { type FactName, modeOf, type Place, type SshServerFacts, type SshSettings } from "../facts/index.ts";
import { type Consequence, checkKind, type Judgement, type Needed } from "./check-kind.ts";
import { cshrc, oracle, sshd } from "./example-facts.ts";
import { doubtsAbout, entering, forcedCommand, hiddenKeys, keysOf, lockedOut, type Obstacle } from "./ssh-wording.ts";

const needs = ["sshServer"] as const satisfies readonly FactName[];
type Facts = Needed<"sshServer">;

interface Asked {
  readonly server: SshServerFacts;
  readonly settings: SshSettings;
  readonly atLeast: number;
}

/** One thing that sshd decides. `settings`: what a doubt about it leaves undecided. */
interface Topic {
  readonly settings: readonly string[];
  readonly consequence: Consequence;
  readonly holds: string;
  /** Only where a terminal is asked for. */
  readonly ofTerminals?: boolean;
  fault(asked: Asked): Obstacle | null;
  /** Why it cannot be told although every setting is known; null where it can. */
  open?(asked: Asked): string | null;
}

function fault(keyword: string, { server }: Asked, message: string, change: string): Obstacle {
  return { message, where: server.places.get(keyword) ?? null, change };
}

const topics = {
  login: {
    settings: [...entering, "authenticationmethods"],
    consequence: "lock-out",
    holds: "sshd lets the account in",
    fault: ({ server }) => lockedOut(server),
    open: ({ server }) => hiddenKeys(server)[0]?.why ?? null,
  },
  command: {
    settings: ["forcecommand", "chrootdirectory", "keys"],
    consequence: "silent-success",
    holds: "sshd runs what is sent",
    fault: ({ server }) => forcedCommand(server),
    open: ({ server, settings }) => {
      if (settings.chroot !== null) return `sshd shuts the session into ${settings.chroot} (ChrootDirectory)`;
      return hiddenKeys(server)[0]?.why ?? null;
    },
  },
  terminal: {
    settings: ["permittty", "keys"],
    consequence: "failed-command",
    holds: "sshd gives a terminal",
    ofTerminals: true,
    fault: (asked) => {
      if (!asked.settings.permitsTerminal) {
        return fault("permittty", asked, "sshd gives no terminal (PermitTTY)", "let sshd_config say: PermitTTY yes");
      }
      const keys = keysOf(asked.server);
      const [first] = keys;
      if (first === undefined || keys.some(({ permitsTerminal }) => permitsTerminal)) return null;
      const change = "give the engine a key without no-pty, or let pty follow restrict";
      return { message: "sshd gives no terminal to any key of the account (no-pty)", where: first.where, change };
    },
  },
  rc: {
    settings: ["permituserrc"],
    consequence: "corrupted-stream",
    holds: "nothing runs before what is sent",
    fault: ({ server: { rc } }) =>
      rc === null
        ? null
        : {
            message: `sshd runs ${rc.path} before every command, with its stdout`,
            where: null,
            change: rc.of === "account" ? "delete it, or set PermitUserRC to no" : "delete it",
          },
  },
  environment: {
    settings: ["permituserenvironment"],
    consequence: "security",
    holds: "the account's files set no variable before its shell starts",
    fault: (asked) => {
      const { permitsUserEnvironment: permits } = asked.settings;
      if (permits === "no") return null;
      const message = `~/.ssh/environment may set variables (PermitUserEnvironment ${permits})`;
      return fault("permituserenvironment", asked, message, "let sshd_config say: PermitUserEnvironment no");
    },
  },
  forwarding: {
    settings: ["allowstreamlocalforwarding", "disableforwarding", "keys"],
    consequence: "failed-command",
    holds: "an engine can reach a socket of the host",
    fault: (asked) => {
      const change = "let sshd_config say: AllowStreamLocalForwarding local";
      if (!asked.settings.forwardsSockets) {
        return fault("allowstreamlocalforwarding", asked, "sshd forwards no socket", change);
      }
      const keys = keysOf(asked.server);
      const [first] = keys;
      if (first === undefined || keys.some(({ forwardsSockets }) => forwardsSockets)) return null;
      const message = "sshd forwards no socket for any key of the account";
      return { message, where: first.where, change: "let port-forwarding follow restrict" };
    },
  },
  sessions: {
    settings: ["maxsessions"],
    consequence: "slow",
    holds: "one connection carries as many sessions as the rule asks for",
    fault: (asked) => {
      const { maxSessions } = asked.settings;
      if (maxSessions >= asked.atLeast) return null;
      const message = `one connection carries ${maxSessions} sessions (MaxSessions), not ${asked.atLeast}`;
      return fault("maxsessions", asked, message, `let sshd_config say: MaxSessions ${asked.atLeast}`);
    },
  },
  idle: {
    settings: ["channeltimeout"],
    consequence: "leak",
    holds: "a silent command keeps its session",
    fault: (asked) => {
      const { endsIdleAfter } = asked.settings;
      if (endsIdleAfter === null) return null;
      const message = `sshd ends a session that is silent for ${endsIdleAfter} s, and its command runs on (ChannelTimeout)`;
      return fault("channeltimeout", asked, message, "take sessions from ChannelTimeout");
    },
  },
} as const satisfies Readonly<Record<string, Topic>>;

type TopicName = keyof typeof topics;
const names: readonly [TopicName, ...TopicName[]] = [
  "login",
  "command",
  "terminal",
  "rc",
  "environment",
  "forwarding",
  "sessions",
  "idle",
];

function topicsIn(asked: readonly TopicName[], mode: Facts["mode"]): TopicName[] {
  const { by, terminal } = modeOf(mode);
  if (by !== "sshd") return [];
  return [...new Set(asked)].filter((name) => {
    const topic: Topic = topics[name];
    return topic.ofTerminals !== true || terminal;
  });
}

function judgeTopic(subject: TopicName, server: SshServerFacts | null, atLeast: number): Judgement {
  const topic: Topic = topics[subject];
  if (server === null) return { subject, status: "unknown", message: "nobody looked at sshd" };
  if (!server.isInstalled) return { subject, status: "unknown", message: "no sshd is installed here" };
  const evidence = { settings: server.evidence };
  const [doubt] = doubtsAbout(server, topic.settings);
  if (server.settings === null || doubt !== undefined) {
    const message = doubt?.says ?? "sshd's settings are not known";
    return { subject, status: "unknown", message, change: doubt?.change ?? "", evidence };
  }
  const asked = { server, settings: server.settings, atLeast };
  const found = topic.fault(asked);
  if (found !== null) {
    const { message, where, change } = found;
    const { consequence } = topic;
    return { subject, status: "fail", consequence, message, where, change, evidence };
  }
  const open = topic.open?.(asked) ?? null;
  if (open !== null) return { subject, status: "unknown", message: open, evidence };
  return { subject, status: "pass", message: topic.holds, evidence };
}

const forced: Place = { file: "/etc/ssh/sshd_config", line: 40, column: 3, through: [] };
const restricted = {
  path: "/home/oracle/.ssh/authorized_keys",
  why: "",
  change: "",
  state: "read",
  keys: [{ where: cshrc(1), command: "/opt/menu", permitsTerminal: true, permitsUserRc: true, forwardsSockets: true }],
} as const;

export const sshServer = checkKind({
  id: "ssh-server",
  summary: "sshd lets the account in and does with its sessions what the rule asks for.",
  why: "What sshd refuses or runs instead never reaches the shell, and the client seldom says that it was sshd.",
  consequence: "lock-out",
  asksAbout: "mode",
  needs,
  afterStartup: false,
  parameters: z.strictObject({
    asks: z
      .array(z.enum(names))
      .min(1)
      .default(["login", "command", "terminal"])
      .describe(
        "login: the account is let in; command: what is sent is run, not ForceCommand or command=; terminal: one is given to who asks for it; rc: no ~/.ssh/rc or sshrc; environment: PermitUserEnvironment is no; forwarding: sockets can be reached; sessions: MaxSessions; idle: no ChannelTimeout.",
      ),
    maxSessions: z
      .string()
      .regex(/^[1-9]\d{0,5}$/)
      .default("10")
      .describe("Sessions at once that an engine has over one connection, for the topic sessions."),
  }),
  subjects: ({ asks }, { mode }) => topicsIn(asks, mode),
  judge: ({ asks, maxSessions }, { mode, sshServer: server }) =>
    topicsIn(asks, mode).map((name) => judgeTopic(name, server, Number(maxSessions))),
  examples: [
    { says: "an sshd as Debian sets it up holds", with: {}, facts: { ...oracle, sshServer: sshd({}) }, fails: [] },
    {
      says: "a banner is harmless: clients print it to stderr",
      with: {},
      facts: { ...oracle, sshServer: sshd({ banner: "/etc/issue.net" }) },
      fails: [],
    },
    {
      says: "ForceCommand answers instead",
      with: {},
      facts: {
        ...oracle,
        sshServer: { ...sshd({ forceCommand: "/opt/menu" }), places: new Map([["forcecommand", forced]]) },
      },
      fails: ["command"],
    },
    {
      says: "command= of the only key answers instead",
      with: {},
      facts: { ...oracle, sshServer: { ...sshd({}), keyFiles: [restricted] } },
      fails: ["command"],
    },
    {
      says: "an account that DenyUsers names is locked out",
      with: { asks: ["login"] },
      facts: { ...oracle, sshServer: sshd({ refuses: "DenyUsers names it" }) },
      fails: ["login"],
    },
    {
      says: "keys that StrictModes passes over lock out",
      with: {},
      facts: {
        ...oracle,
        sshServer: {
          ...sshd({}),
          keyFiles: [
            {
              ...restricted,
              state: "unsafe",
              why: "/home/oracle may be written by others (mode 0777)",
              change: "chmod o-w /home/oracle",
            },
          ],
        },
      },
      fails: ["login"],
    },
    {
      says: "PermitTTY no fails where a terminal is asked for",
      with: {},
      facts: { ...oracle, mode: "ssh-command-pty", sshServer: sshd({ permitsTerminal: false }) },
      fails: ["terminal"],
    },
    {
      says: "settings that changed after sshd was started are undecided",
      with: { asks: ["command"] },
      facts: {
        ...oracle,
        sshServer: {
          ...sshd({}),
          doubts: [{ about: [], says: "/etc/ssh/sshd_config changed after sshd was started", change: "reload sshd" }],
        },
      },
      fails: [],
      unknown: ["command"],
    },
    {
      says: "a session in a ChrootDirectory is undecided",
      with: { asks: ["command"] },
      facts: { ...oracle, sshServer: sshd({ chroot: "/srv/jail" }) },
      fails: [],
      unknown: ["command"],
    },
  ],
});
