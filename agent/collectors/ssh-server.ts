/**
 * What sshd does with an account that comes in by key: the settings of the sshd that takes connections, asked of sshd
 * itself where root asks (`sshd -T`), read from its configuration otherwise; and what lies in the account's home and in
 * /etc/ssh that sshd goes by.
 */
import { statSync } from "node:fs";
import {
  type Account,
  type Place,
  rfc3339,
  type SshDoubt,
  type SshServerFacts,
  type SshSettings,
} from "../facts/index.ts";
import { runCommand } from "../host/command.ts";
import { statOf } from "../host/process.ts";
import { realPath } from "../host/real-path.ts";
import { systemFile } from "../host/system-file.ts";
import { keyFiles } from "./login-keys.ts";
import { matchingPaths } from "./matching-paths.ts";
import { type ParsedConfig, parseSshdConfig } from "./ssh-server-config.ts";
import { keyFilesOf } from "./ssh-server-keys.ts";
import { dependsOnHost, sshSettings, type Values } from "./ssh-server-settings.ts";
import {
  type Started,
  sshdConfig,
  sshdConfigPaths,
  sshdListener,
  sshdProgram,
  sshdSettings,
  startedWith,
} from "./sshd.ts";

/** Another host than the one at hand: for tests. */
export interface ServerHost {
  /** The sshd that takes connections. */
  readonly listener?: { readonly pid: number; readonly ports: readonly number[] };
  /** Whether sshd itself may be asked. */
  readonly asksSshd?: boolean;
}

const systemRc = "/etc/ssh/sshrc";

/** Never rejects: what could not be had is among the doubts. */
export async function sshServerFacts(account: Account, on: ServerHost = {}): Promise<SshServerFacts> {
  const listener = on.listener ?? sshdListener();
  const started: Started = listener === null ? { config: null, options: [] } : startedWith(listener.pid);
  const config = started.config ?? sshdConfig;
  const none = { settings: null, places: new Map(), keyFiles: [], rc: null, systemRc: null, doubts: [] };
  if (listener === null && sshdProgram() === null) {
    return { ...none, isInstalled: false, evidence: "no sshd is installed: its defaults are taken" };
  }
  const groups = await groupNames(account, config);
  const port = listener?.ports.length === 1 ? (listener.ports[0] ?? null) : null;
  const parsed = parseSshdConfig(config, files, { user: account.name, groups, port });
  const told = on.asksSshd === false ? null : await sshdSettings(account.name, config, started.options);
  const values: Values =
    told?.kind === "settings"
      ? told.of
      : withOptions(started, (keyword) => parsed.of(keyword).map(({ value }) => value));
  const isKnown = told?.kind === "settings" || parsed.unread.length === 0;
  const settings = sshSettings(values, { account, groups, isThere });
  const keyPaths = keyFiles(account, { kind: "settings", of: values });
  const [own, rc] = await Promise.all([
    keyFilesOf(account, keyPaths, settings.strictModes),
    realPath(`${account.home}/.ssh/rc`),
  ]);
  const system = isThere(systemRc) ? systemRc : null;
  const ownRc = typeof rc === "string" && settings.permitsUserRc ? `${account.home}/.ssh/rc` : null;
  return {
    evidence: evidenceOf(listener?.pid ?? null, told, config),
    isInstalled: true,
    settings: isKnown ? settings : null,
    places: placesOf(parsed),
    keyFiles: own,
    rc: ownRc !== null ? { path: ownRc, of: "account" } : system === null ? null : { path: system, of: "system" },
    systemRc: system,
    doubts: [
      ...(isKnown ? [] : unread(parsed)),
      ...(listener === null ? [] : changedSince(listener.pid, config, values)),
      ...[...parsed.inDoubt].map(dependsOnClient),
      ...dependsOnHost(values).map((keyword) => hostPattern(keyword, parsed)),
      ...keysElsewhere(settings, values),
    ],
  };
}

const files = {
  text: (path: string) => systemFile(path),
  matching: (pattern: string) => (/[*?[]/.test(pattern) ? matchingPaths(pattern) : isThere(pattern) ? [pattern] : []),
};

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Asked of the name service only where a setting is about groups. */
async function groupNames(account: Account, config: string): Promise<string[]> {
  const text = sshdConfigPaths(config)
    .map((path) => systemFile(path) ?? "")
    .join("\n");
  if (!/^\s*(?:match\b.*\bgroup\b|(?:allow|deny)groups\b)/im.test(text)) return [];
  const outcome = await runCommand(["id", "-G", "-n", "-z", "--", account.name], {
    deadlineMs: 3_000,
    maxBytes: 1 << 20,
  });
  return outcome.kind === "ended"
    ? outcome.stdout
        .toString("utf8")
        .split("\0")
        .filter((name) => name !== "")
    : [];
}

/** A word of the command line wins over the file. */
function withOptions({ options }: Started, values: Values): Values {
  const said = options.flatMap((word, at) => {
    const [, keyword, value] = options[at - 1] === "-o" ? (/^([A-Za-z]+)(?:\s*=\s*|\s+)(.*)$/.exec(word) ?? []) : [];
    return keyword === undefined || value === undefined ? [] : [{ keyword: keyword.toLowerCase(), value }];
  });
  return (keyword) => {
    const own = said.filter((each) => each.keyword === keyword).map(({ value }) => value);
    return own.length > 0 ? own : values(keyword);
  };
}

function evidenceOf(pid: number | null, told: Awaited<ReturnType<typeof sshdSettings>> | null, config: string): string {
  const by = told?.kind === "settings" ? "settings by sshd -T" : `settings read from ${config}`;
  return pid === null ? `no sshd runs: ${by}, as one would start with` : `${by}, for the running sshd (pid ${pid})`;
}

function placesOf(parsed: ParsedConfig): ReadonlyMap<string, Place> {
  return new Map(
    decisive.flatMap((keyword) => {
      const [first] = parsed.of(keyword);
      return first === undefined ? [] : [[keyword, first.where]];
    }),
  );
}

/** Keywords that a finding may name. */
const decisive = [
  "forcecommand",
  "permittty",
  "permituserenvironment",
  "allowstreamlocalforwarding",
  "disableforwarding",
  "chrootdirectory",
  "subsystem",
  "allowusers",
  "denyusers",
  "allowgroups",
  "denygroups",
  "permitrootlogin",
  "maxsessions",
  "channeltimeout",
] as const;

function unread({ unread: paths }: ParsedConfig): SshDoubt[] {
  const says = `sshd's settings are not known: ${paths.join(", ")} may not be read`;
  return [{ about: [], says, change: "ask as root, or let the account read sshd's configuration" }];
}

/** Half a tick of doubt about when a process began is more than this. */
const apartMs = 100;

/** A running sshd goes by what it read when it was started, or sent SIGHUP: its pid file is written anew then. */
function changedSince(pid: number, config: string, values: Values): SshDoubt[] {
  const since = restartedAt(pid, values);
  if (since === null) return [{ about: [], says: "since when sshd runs is not known", change: "" }];
  const newer = sshdConfigPaths(config).flatMap((path) => {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined) return [];
    const changedMs = status.isDirectory() ? status.mtimeMs : status.ctimeMs;
    return changedMs > since + apartMs ? [{ path, changedMs }] : [];
  });
  const [first] = newer;
  if (first === undefined) return [];
  const says = `${first.path} changed (${rfc3339(first.changedMs)}) after sshd was started (${rfc3339(since)})`;
  return [{ about: [], says, change: "reload sshd, so that it goes by what stands there" }];
}

function restartedAt(pid: number, values: Values): number | null {
  const pidFile = values("pidfile")[0] ?? "/run/sshd.pid";
  if (pidFile !== "none" && systemFile(pidFile)?.trim() === String(pid)) {
    return statSync(pidFile, { throwIfNoEntry: false })?.mtimeMs ?? null;
  }
  const theirs = statOf(pid)?.startedTicks;
  const ours = statOf(process.pid)?.startedTicks;
  // USER_HZ is 100. By our own start, for containers show another uptime than the one that processes are counted by.
  return theirs === undefined || ours === undefined
    ? null
    : Date.now() - process.uptime() * 1000 - (ours - theirs) * 10;
}

function dependsOnClient([keyword, { file, line }]: readonly [string, Place]): SshDoubt {
  const says = `${file}:${line} sets ${keyword} for some clients only, and from where an engine comes is not known`;
  return { about: [keyword], says, change: "" };
}

function hostPattern(keyword: string, parsed: ParsedConfig): SshDoubt {
  const where = parsed.of(keyword)[0]?.where;
  const at = where === undefined ? keyword : `${where.file}:${where.line}`;
  return { about: [keyword], says: `${at} names hosts, and from where an engine comes is not known`, change: "" };
}

/** Ways in by key that no file shows. */
function keysElsewhere({ keysCommand }: SshSettings, values: Values): SshDoubt[] {
  const authorities = values("trustedusercakeys")[0] ?? "none";
  const methods = values("authenticationmethods")[0] ?? "any";
  return [
    ...(keysCommand === null ? [] : [about("keys", `sshd also asks a command for keys: ${keysCommand}`)]),
    ...(authorities === "none" ? [] : [about("keys", "sshd also lets certificates in (TrustedUserCAKeys)")]),
    ...(methods === "any" || methods.split(/\s+/).includes("publickey")
      ? []
      : [about("authenticationmethods", `sshd asks for more than a key (AuthenticationMethods ${methods})`)]),
  ];
}

function about(what: string, says: string): SshDoubt {
  return { about: [what], says, change: "" };
}
