import { type Account, type ModeId, modeOf } from "../facts/index.ts";
import { systemFile } from "../host/system-file.ts";
import { type GroundWish, inheritedFrom, type SessionGround, systemOn } from "./ground.ts";
import { localGround, localServices } from "./local-ground.ts";
import { type PamService, pamGround, stackOf } from "./pam-ground.ts";
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

export type { SessionGround, SessionHost } from "./ground.ts";
export type SshMode = Extract<ModeId, "ssh-command" | "ssh-command-pty" | "ssh-login" | "ssh-login-notty">;

/** Files of the account, relative to its home, whose text belongs into `environmentFiles` where they exist. */
export const environmentFiles = [".pam_environment", ".ssh/environment"] as const;

/** sshd tells PAM of the connection, and does not take it back into the session. */
const sshService: PamService = {
  name: "sshd",
  items: { PAM_RHOST: client.address, PAM_TTY: "ssh" },
  tells: { SSH_CONNECTION: `${client.address} ${client.port} ${client.server} ${client.serverPort}` },
};

export interface SessionWish extends GroundWish {
  readonly mode: ModeId;
}

/** Never rejects: what cannot be read is said in `evidence` or `doubts`. Root learns more than others. */
export function sessionGround(wish: SessionWish): Promise<SessionGround> {
  const { mode } = wish;
  if (isSsh(mode)) return sshGround({ ...wish, mode });
  return localGround(wish, mode);
}

function isSsh(mode: ModeId): mode is SshMode {
  return modeOf(mode).by === "sshd" && modeOf(mode).start !== "derived";
}

async function sshGround(wish: GroundWish & { readonly mode: SshMode }): Promise<SessionGround> {
  const { account, on = {} } = wish;
  const listener = on.listener ?? sshdListener()?.pid ?? null;
  const inherited = inheritedFrom(listener, "sshd");
  // sshd never lets group and others write, whatever it was started with.
  const base = { env: {}, ...inherited, umask: inherited.umask | 0o022, notes: [], doubts: [] };
  const system = systemOn(on);
  // Both ask other processes; what PAM would do is thrown away where sshd does not ask it.
  const [settings, byPam] = await Promise.all([
    sshdSettings(account.name, on.config),
    pamGround(sshService, account, wish.environmentFiles, base, system),
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
 * settings, login.defs, PAM's stacks, what their modules read.
 */
export function groundPaths(): string[] {
  const looked = new Set<string>();
  const text = (path: string) => {
    looked.add(path);
    return systemFile(path);
  };
  const stacks = [sshService, ...localServices].map((service) => stackOf(service, text));
  const lines = [...new Set(stacks)].flatMap((stack) => pamStack(stack, text).lines);
  const settings = lines.flatMap(({ module, args }) => settingsOf(module, args));
  const folders = settings.flatMap((path) => namesIn(path).map((name) => `${path}/${name}`));
  const others = [...sshdConfigPaths(), sshdProgram() ?? [], "/etc/login.defs"];
  return [...new Set([...others, ...looked, ...settings, ...folders].flat())];
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
