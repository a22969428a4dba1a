import type { Account, ModeId } from "../facts/index.ts";
import { modeOf } from "../facts/index.ts";
import { type Limit, limitsOf } from "../host/limits.ts";
import { systemFile } from "../host/system-file.ts";
import { pamGround } from "./pam-ground.ts";
import { mailFolder, namesIn, settingsOf } from "./pam-modules.ts";
import { pamStack } from "./pam-stack.ts";
import {
  client,
  compiledPath,
  type SshdSettings,
  sshdConfigPaths,
  sshdListener,
  sshdProgram,
  sshdSettings,
} from "./sshd.ts";

/** What sshd and PAM hand to a session before the account's shell is started. */
export interface SessionGround {
  /** The whole environment of the shell. */
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly Limit[];
  /** One clause: where limits and settings were taken from. */
  readonly evidence: string;
  /** What could be otherwise in a real session, a clause each; empty where everything is known. */
  readonly doubts: readonly string[];
}

export type SshMode = Extract<ModeId, "ssh-command" | "ssh-command-pty" | "ssh-login" | "ssh-login-notty">;

/** Files of the account, relative to its home, whose text belongs into `environmentFiles` where they exist. */
export const environmentFiles = [".pam_environment", ".ssh/environment"] as const;

export interface SessionWish {
  readonly account: Account;
  readonly mode: SshMode;
  /**
   * Text by path relative to the home, of files that sshd and pam_env may read; the host's settings decide whether they
   * count. They are the account's own, so a child with its identity reads them.
   */
  readonly environmentFiles: Readonly<Record<string, string>>;
  /** Another host than the one at hand: for tests. */
  readonly on?: SessionHost;
}

export interface SessionHost {
  /** Text by path of system files that are otherwise there. */
  readonly instead?: Readonly<Record<string, string>>;
  /** sshd's configuration file. */
  readonly config?: string;
  /** Pid of the sshd that takes connections. */
  readonly listener?: number;
}

/** Never rejects: what cannot be read is said in `evidence` or `doubts`. Root learns more than others. */
export async function sessionGround(wish: SessionWish): Promise<SessionGround> {
  const { account, on = {} } = wish;
  const listener = on.listener ?? sshdListener()?.pid ?? null;
  const inherited = inheritedFrom(listener);
  const base = { env: {}, ...inherited, notes: [], doubts: [] };
  const instead = on.instead ?? {};
  const system = {
    text: (path: string) => instead[path] ?? systemFile(path),
    names: (folder: string) =>
      [...namesIn(folder), ...Object.keys(instead).flatMap((path) => nameIn(folder, path))].sort(),
  };
  // Both ask other processes; what PAM would do is thrown away where sshd does not ask it.
  const [settings, byPam] = await Promise.all([
    sshdSettings(account.name, on.config),
    pamGround(account, wish.environmentFiles, base, system),
  ]);
  const usesPam = settings.kind === "unavailable" || settings.of("usepam")[0] !== "no";
  const pam = usesPam ? byPam : base;
  const env = {
    ...daemonEnvironment(account, listener, usesPam),
    ...(modeOf(wish.mode).terminal ? { TERM: "xterm-256color" } : {}),
    ...ownEnvironment(settings, wish.environmentFiles),
    ...pam.env,
    ...setByAdmin(settings),
    ...connection(wish.mode),
  };
  const unread = settings.kind === "unavailable" ? [`sshd's settings unread: ${settings.why}`] : [];
  return {
    env,
    umask: pam.umask,
    limits: pam.limits,
    evidence: [inherited.evidence, ...pam.notes, ...unread].join("; "),
    doubts: [...pathDoubt(), ...environmentDoubt(settings), ...pam.doubts],
  };
}

/**
 * The system's files and folders by which a session's ground is decided, those that are not there among them: sshd's
 * settings, PAM's stack for sshd, what its modules read.
 */
export function groundPaths(): string[] {
  const looked = new Set<string>();
  const text = (path: string) => {
    looked.add(path);
    return systemFile(path);
  };
  const { lines } = pamStack(text("/etc/pam.d/sshd") === null ? "other" : "sshd", text);
  const settings = lines.flatMap(({ module, args }) => settingsOf(module, args));
  const folders = settings.flatMap((path) => namesIn(path).map((name) => `${path}/${name}`));
  return [...new Set([...sshdConfigPaths(), sshdProgram() ?? [], ...looked, ...settings, ...folders].flat())];
}

function nameIn(folder: string, path: string): string[] {
  return path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [];
}

interface Inherited {
  readonly limits: readonly Limit[];
  readonly umask: number;
  readonly mayRaise: boolean;
  readonly evidence: string;
}

function inheritedFrom(listener: number | null): Inherited {
  const limits = listener === null ? null : limitsOf(listener);
  if (listener === null || limits === null) {
    const limits = limitsOf(1) ?? limitsOf("self") ?? [];
    return { limits, umask: 0o022, mayRaise: true, evidence: "no sshd runs: limits from PID 1" };
  }
  const status = systemFile(`/proc/${listener}/status`) ?? "";
  const mask = /^Umask:\t(\d+)$/m.exec(status)?.[1] ?? "022";
  // Bit 24 of capabilities(7) is CAP_SYS_RESOURCE.
  const mayRaise = (BigInt(`0x${/^CapEff:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`) & (1n << 24n)) !== 0n;
  // sshd never lets group and others write, whatever it was started with.
  const umask = Number.parseInt(mask, 8) | 0o022;
  return { limits, umask, mayRaise, evidence: `limits from the running sshd (pid ${listener})` };
}

/** The order of sshd's session.c: these, then the account's own file, then PAM's, then SetEnv, then the connection's. */
function daemonEnvironment(account: Account, listener: number | null, usesPam: boolean): Record<string, string> {
  const path = compiledPath();
  const inherited = listener === null ? "" : (systemFile(`/proc/${listener}/environ`) ?? "");
  const zone = inherited.split("\0").find((entry) => entry.startsWith("TZ="));
  return {
    USER: account.name,
    LOGNAME: account.name,
    HOME: account.home,
    PATH: account.uid === 0 ? path.root : path.account,
    ...(usesPam ? {} : { MAIL: `${mailFolder()}/${account.name}` }),
    SHELL: account.shell,
    ...(zone === undefined ? {} : { TZ: zone.slice("TZ=".length) }),
  };
}

/** ~/.ssh/environment, where PermitUserEnvironment allows it: `NAME=VALUE`, no quotes (sshd(8), FILES). */
function ownEnvironment(settings: SshdSettings, files: Readonly<Record<string, string>>): Record<string, string> {
  const text = files[".ssh/environment"];
  if (text === undefined || settings.kind === "unavailable" || settings.of("permituserenvironment")[0] !== "yes")
    return {};
  return Object.fromEntries(
    text.split("\n").flatMap((raw) => {
      const line = raw.replace(/^[ \t]+/, "");
      const at = line.indexOf("=");
      return line.startsWith("#") || at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
}

function setByAdmin(settings: SshdSettings): Record<string, string> {
  if (settings.kind === "unavailable") return {};
  return Object.fromEntries(
    settings.of("setenv").flatMap((entry) => {
      const at = entry.indexOf("=");
      return at <= 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]];
    }),
  );
}

function connection(mode: SshMode): Record<string, string> {
  const { address, port, server, serverPort } = client;
  return {
    SSH_CLIENT: `${address} ${port} ${serverPort}`,
    SSH_CONNECTION: `${address} ${port} ${server} ${serverPort}`,
    ...(modeOf(mode).terminal ? { SSH_TTY: "/dev/pts/0" } : {}),
  };
}

function pathDoubt(): string[] {
  if (sshdProgram() === null || compiledPath().from === "sshd") return [];
  return ["PATH: what this sshd gives by itself could not be read from its program; Debian's is taken"];
}

function environmentDoubt(settings: SshdSettings): string[] {
  if (settings.kind === "unavailable") return [];
  const permitted = settings.of("permituserenvironment")[0] ?? "no";
  if (permitted === "yes" || permitted === "no") return [];
  return [`environment: PermitUserEnvironment ${permitted} is not modelled`];
}
