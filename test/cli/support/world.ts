/** A host made of values: accounts, documents and facts for `run`, and the call as a person would see it. */

import { ready, sshd, tried } from "../../../agent/checks/example-facts.ts";
import { checkKinds } from "../../../agent/checks/index.ts";
import type { Applying, Candidate, FileOutcome, RootIdentity, Seen, Swept } from "../../../agent/cleanup/index.ts";
import { mostOfGroup } from "../../../agent/cleanup/outcome.ts";
import type { Question, Told } from "../../../agent/cli/ask.ts";
import type { DoctorWorld } from "../../../agent/cli/doctor/world.ts";
import type { Written } from "../../../agent/cli/except.ts";
import { run } from "../../../agent/cli/index.ts";
import type { CleanupParts, Parts, SupportParts } from "../../../agent/cli/parts.ts";
import type { Automated, Automation } from "../../../agent/collectors/automation.ts";
import type { SessionsLook } from "../../../agent/collectors/sessions.ts";
import type { DocumentSet, Engine, HostDocuments, Loaded, Policy, Rule } from "../../../agent/documents/index.ts";
import type { Account, ModeFacts, ModeId, StartupFile } from "../../../agent/facts/index.ts";
import type { MeasureRequest } from "../../../agent/runs/world.ts";
import { doctorWorldOf } from "./doctor-world.ts";

export function account(name: string, uid: number, shell = "/bin/tcsh", home = `/home/${name}`): Account {
  return { name, uid, gid: uid, groups: [uid], home, shell };
}

export const root = account("root", 0, "/bin/bash", "/root");
export const oracle = account("oracle", 501);
export const postgres = account("postgres", 105, "/bin/bash", "/var/lib/postgresql");

export function read(path: string, ...through: readonly string[]): StartupFile {
  return { path, state: "read", digest: `sha256:${"0".repeat(64)}`, through };
}

export function absent(path: string): StartupFile {
  return { path, state: "absent", through: [] };
}

/** Facts in which nothing is wrong: startup comes to an end and says nothing, everything sent does what it says. */
export function goodFacts(
  of: Account,
  mode: ModeId,
  sends: readonly string[],
  other: Partial<ModeFacts> = {},
): ModeFacts {
  return {
    mode,
    sandbox: "whole-root",
    evidence: "limits and environment as sshd and PAM give them here",
    seconds: 0.14,
    shell: { path: of.shell, personality: of.shell.slice(of.shell.lastIndexOf("/") + 1) },
    startup: ready,
    startupFiles: [],
    aliases: [],
    functions: [],
    options: [],
    variables: [],
    traps: [],
    commands: [],
    umask: "0022",
    cwd: of.home,
    home: of.home,
    homeReal: of.home,
    limits: { nofile: 1024 },
    output: [],
    leftRunning: [],
    tried: sends.map((command) => tried(command)),
    mismatches: [],
    gaps: [],
    asked: ["sshServer", "stdin"],
    stdin: { sentBytes: 2400, arrivedBytes: 2400, isTail: true, where: null },
    sshServer: sshd({}),
    ...other,
  };
}

export function automated(of: Account, reasons: readonly string[], other: Partial<Automated> = {}): Automated {
  return { account: of, reasons, keys: 0, loginsWithoutTty: 0, lastLogin: null, cronLines: 0, ...other };
}

const shippedAt = "/usr/lib/rcwarden/policies";

export const execChannel: Engine = {
  kind: "Engine",
  name: "exec-channel",
  description: "An engine that runs one command a channel.",
  enters: ["ssh-command"],
  sends: ["rm -f {file}", "rm -rf {folder}", "cp -f {file} {existing}", "mv -f {file} {existing}"].map((command) => ({
    command,
    try: "effect",
  })),
  origin: {
    file: `${shippedAt}/engines/exec-channel.yaml`,
    digest: `sha256:${"e".repeat(64)}`,
    shipped: true,
    given: false,
  },
};

function rule(id: string, check: string, severity: Rule["severity"], parameters: unknown = {}): Rule {
  const kind = checkKinds.find((each) => each.id === check);
  return { id, check, severity, with: kind?.parameters.parse(parameters) };
}

export const unattended: Policy = {
  kind: "Policy",
  name: "unattended-ssh",
  description: "What any engine needs that comes in by ssh host CMD.",
  accounts: "all",
  engines: ["exec-channel"],
  includes: [],
  rules: [
    rule("commands-do-what-they-say", "engine-commands", "critical"),
    rule("startup-finishes", "startup-finishes", "critical"),
    rule("clean-stream", "startup-output", "high"),
    rule("starts-at-home", "working-directory", "high"),
    rule("quiet-exit", "trap", "high"),
  ],
  origin: { file: `${shippedAt}/unattended-ssh.yaml`, digest: `sha256:${"b".repeat(64)}`, shipped: true, given: false },
};

export const documents: DocumentSet = { engines: [execChannel], policies: [unattended], retentions: [] };

export const noHost: HostDocuments = { agent: null, grant: { kind: "none" }, exceptions: [] };

export const nothingUnseen: Extract<Swept, { readonly kind: "looked" }> = {
  kind: "looked",
  message: "",
  root: { dev: "2049", ino: "2" },
  unseen: "",
  applied: false,
};

/** A state folder in which plans can be kept, and nothing is. */
export const emptyState: CleanupParts = {
  keep: (_, { madeAtMs }) => ({ kind: "kept", expiresAtMs: madeAtMs + 3_600_000 }),
  kept: (_, prefix) => ({ kind: "unknown", message: `plan ${prefix}: expected one that is kept, found none` }),
  releases: () => ({ kind: "releases", releases: [] }),
  lock: () => ({ kind: "locked", release() {}, [Symbol.dispose]() {} }),
  openJournal: () => ({ kind: "refused", code: "failed", message: "no journal in a test of words" }),
  newRun: () => "5f0c1d1e-0000-4000-8000-000000000001",
  recover: async () => ({ kind: "failed", message: "nothing is left open in a test of words" }),
};

export interface World {
  readonly accounts: readonly Account[];
  readonly callerUid?: number;
  /** Names of those that look automated. */
  readonly automated?: readonly string[];
  readonly documents?: Loaded;
  /** What the host's owner says; nothing where it is left out. */
  readonly host?: HostDocuments;
  readonly automation?: Automation;
  readonly unavailable?: readonly string[];
  /** What agents answer; without it there is none. */
  ask?(sockets: readonly string[], question: Question): Told;
  /** What SSH sessions there are; by default none. */
  readonly sessions?: SessionsLook;
  /** What lies below a root, in batches; by default nothing. */
  readonly below?: Readonly<Record<string, { readonly batches: readonly (readonly Seen[])[]; readonly looked: Swept }>>;
  /** What becomes of a file that is to go; by default it is removed. */
  becomes?(file: Candidate): Partial<FileOutcome>;
  /** What clean-up keeps; by default `emptyState`. */
  readonly cleanup?: CleanupParts;
  /** Members of group rcwarden; without them there is no such group. */
  readonly viewers?: readonly string[];
  /** What the host owner's folder answers when it is written; by default all goes well. */
  readonly written?: Written;
  /** What the self-checks find otherwise than where all is in order. */
  readonly doctor?: Partial<DoctorWorld>;
  /** What a support bundle has of the host, where it differs from next to nothing. */
  readonly support?: Partial<SupportParts>;
  /** Files that the call may name, by name. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** What differs from `goodFacts` for an account and mode. */
  facts?(request: MeasureRequest): Partial<ModeFacts>;
}

/** Whether all had its turn. */
function removedBy(apply: Applying, root: RootIdentity, becomes: NonNullable<World["becomes"]>): boolean {
  const goes = apply.decide(root);
  for (let at = 0; at < goes.length; at += mostOfGroup) {
    const group = goes.slice(at, at + mostOfGroup);
    const intent = apply.intend(group);
    if (intent === null) return false;
    const outcomes = group.map((file, place) => ({ ...removed, at: place, ...becomes(file) }));
    apply.settle(intent, outcomes);
  }
  return true;
}

const removed = { outcome: "removed", code: null, detail: "", sha256: null } as const;

export function partsOf(world: World): Parts {
  const find = (is: (account: Account) => boolean) => {
    const found = world.accounts.find(is);
    return found === undefined ? ({ kind: "absent" } as const) : ({ kind: "account", account: found } as const);
  };
  const loaded: Loaded = world.documents ?? { kind: "documents", set: documents, host: world.host ?? noHost };
  return {
    now: () => new Date("2026-11-23T09:55:02Z"),
    offsetMinutes: () => 60,
    env: {},
    support: async () => ({
      host: async () => ({ kernel: { release: "6.1.0" } }),
      sshd: async () => ({ kind: "none", why: "only root can ask sshd for its settings" }),
      log: async () => ({ kind: "none", why: "the journal has no line of rcwarden's units, or not for you" }),
      limits: async () => ({ limits: "Max open files 1024" }),
      create: () => ({ kind: "written" }),
      ...world.support,
    }),
    watchFiles: () => ({ cover: async () => {}, async [Symbol.asyncDispose]() {} }),
    interrupted: () => Promise.resolve(),
    pause: async () => {},
    doctor: async () => doctorWorldOf(world.doctor),
    runAgent: async () => ({ kind: "refused", problems: ["no agent runs in a test of words"] }),
    ask: async (sockets, question) => world.ask?.(sockets, question) ?? { kind: "no-agent", sockets },
    sessions: async (isWanted) => {
      const { sessions, problem, workMs } = world.sessions ?? { sessions: [], problem: "", workMs: 0 };
      return { sessions: sessions.filter(({ uid }) => isWanted(uid)), problem, workMs };
    },
    sweepBelow: async ({ root }, _, { take, apply }) => {
      const { batches, looked } = world.below?.[root] ?? { batches: [], looked: nothingUnseen };
      for (const batch of batches) await take(batch);
      if (looked.kind !== "looked" || apply === undefined) return looked;
      return { ...looked, applied: removedBy(apply, looked.root, world.becomes ?? (() => ({}))) };
    },
    cleanup: async () => world.cleanup ?? emptyState,
    hostName: "db07",
    callerUid: world.callerUid ?? 0,
    documents: async () => loaded,
    hostFolder: "/etc/rcwarden",
    configuration: async () => ({ ...loaded, paths: ["/etc/rcwarden"] }),
    files: {
      create: () => world.written ?? { kind: "written" },
      append(_file, text, refuse) {
        const problems = refuse(new TextEncoder().encode(text));
        return problems.length > 0 ? { kind: "refused", problems } : (world.written ?? { kind: "written" });
      },
    },
    bytes: async (path, most) => {
      const text = world.inputs?.[path];
      if (text === undefined) return { kind: "unreadable", why: "none there" };
      return { kind: "bytes", bytes: Buffer.from(text).subarray(0, most + 1) };
    },
    replacement: async (of, { file, content }) => {
      const path = file.startsWith("~/") ? `${of.home}/${file.slice(2)}` : file;
      if (!path.startsWith("/")) {
        return { kind: "refused", problem: `--with: expected an absolute path or ~/..., found ${file}` };
      }
      return { kind: "replacement", replacement: { path, real: path, content } };
    },
    homeAccount: async (home, shell) => ({ kind: "account", account: { ...account("uid-1500", 1500), home, shell } }),
    input: async (path) => {
      const text = world.inputs?.[path];
      return text === undefined ? { kind: "unreadable", why: "none" } : { kind: "text", text };
    },
    account: async (name) =>
      world.unavailable?.includes(name)
        ? { kind: "unavailable", why: "getent passwd: the name service did not answer within 3 s" }
        : find((each) => each.name === name),
    accountOfUid: async (uid) => find((each) => each.uid === uid),
    group: async (name) =>
      name === "rcwarden" && world.viewers !== undefined
        ? { kind: "group", name, gid: 990, members: world.viewers }
        : { kind: "absent" },
    automated: async () =>
      world.automation ?? {
        accounts: world.accounts
          .filter(({ name }) => world.automated?.includes(name))
          .map((each) => automated(each, [])),
        root: null,
        notListed: { withoutShell: 0, withoutSign: 0 },
        doubts: [],
      },
    startupFiles: async ({ uid }) => (uid === 340 ? null : uid % 100),
    localNames: async () => world.accounts.map(({ name }) => name),
    read: async () => "",
    measure: async (request) => {
      const sends = request.sends.filter((each) => each.try === "effect").map(({ command }) => command);
      return goodFacts(request.account, request.mode, sends, world.facts?.(request));
    },
  };
}

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
}

export async function call(
  argv: readonly string[],
  parts: Parts,
  screen: { terminal?: boolean; env?: Readonly<Record<string, string>> } = {},
): Promise<Said> {
  const written = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({
    terminal: screen.terminal ?? false,
    write(text: string) {
      written[name] += text;
    },
  });
  const io = { stdout: stream("stdout"), stderr: stream("stderr"), env: screen.env ?? {} };
  const exit = await run(argv, io, async () => parts, "0.1.0");
  return { ...written, exit };
}
