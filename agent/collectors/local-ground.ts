/**
 * What su, sudo and cron hand to a session, measured with util-linux 2.38, sudo 1.9.13 and Debian's cron 3.0. What the
 * caller of su and sudo has is its own: root is taken, as a service is started, with nothing but PATH.
 */
import type { Account, ModeId } from "../facts/index.ts";
import type { Limit } from "../host/limits.ts";
import {
  type GroundWish,
  type Inherited,
  inheritedFrom,
  processNamed,
  type SessionGround,
  systemOn,
} from "./ground.ts";
import { type PamGround, type PamService, pamGround } from "./pam-ground.ts";
import { mailFolder, type SystemFiles } from "./pam-modules.ts";
import { sshdListener } from "./sshd.ts";

const superPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** What su(1) takes where login.defs(5) says nothing. */
const plainPath = "/usr/local/bin:/bin:/usr/bin";

interface Way {
  readonly service: PamService;
  env(account: Account, system: SystemFiles, pam: PamGround["env"]): Record<string, string>;
  /** What the program makes of inherited limits before PAM is asked. */
  resets?(limits: readonly Limit[]): readonly Limit[];
  /** Of what is inherited and what PAM made of it, as the program leaves it to the shell. */
  settles?(inherited: Inherited, pam: PamGround): Pick<PamGround, "umask" | "limits">;
  /** In place of the caller's folder, where the program leaves the shell there. */
  readonly cwd?: string;
}

const service = (name: string, orElse?: string): PamService => ({
  name,
  ...(orElse !== undefined && { orElse }),
  items: {},
  tells: {},
});

/** su(1), FILES: the account's PATH or root's. */
function pathOf({ uid }: Account, system: SystemFiles): string {
  const [key, usual] = uid === 0 ? ["ENV_SUPATH", superPath] : ["ENV_PATH", plainPath];
  const defined = definition(system, key) ?? (uid === 0 ? definition(system, "ENV_ROOTPATH") : null);
  return defined?.replace(/^PATH=/, "") ?? usual;
}

/** A value of login.defs(5). */
function definition(system: SystemFiles, key: string): string | null {
  const text = system.text("/etc/login.defs") ?? "";
  return new RegExp(`^[ \\t]*${key}[ \\t]+"?([^\\s"]+)`, "m").exec(text)?.[1] ?? null;
}

function named({ name, home, shell }: Account) {
  return { HOME: home, SHELL: shell, USER: name, LOGNAME: name };
}

/** su gives up what its caller was allowed beyond the usual. */
function resetBySu(limits: readonly Limit[]): readonly Limit[] {
  return limits.map((limit) => {
    if (limit.name === "nice" || limit.name === "rtprio") return { ...limit, soft: 0, hard: 0 };
    if (limit.name === "fsize" || limit.name === "as") return { ...limit, soft: "unlimited", hard: "unlimited" };
    if (limit.name !== "nofile") return limit;
    return { ...limit, soft: limit.hard === "unlimited" ? 1024 : Math.min(1024, limit.hard) };
  });
}

const ways: Partial<Readonly<Record<ModeId, Way>>> = {
  "su-command": {
    service: service("su"),
    resets: resetBySu,
    env(account, system, pam) {
      const setsPath = definition(system, "ALWAYS_SET_PATH")?.toLowerCase() === "yes";
      const { HOME, SHELL, ...names } = named(account);
      const own = { HOME, SHELL, ...(account.uid === 0 ? {} : names) };
      return { PATH: setsPath ? pathOf(account, system) : superPath, ...own, ...pam };
    },
    cwd: "/",
  },
  "su-login-command": {
    service: service("su-l", "su"),
    resets: resetBySu,
    env: (account, system, pam) => ({ ...named(account), PATH: pathOf(account, system), ...pam }),
  },
  "sudo-login": {
    service: service("sudo-i", "sudo"),
    // PAM's variables stand back behind sudo's own; secure_path is Debian's.
    env: (account, _, pam) => ({
      ...pam,
      ...named(account),
      PATH: superPath,
      MAIL: `${mailFolder()}/${account.name}`,
      TERM: "unknown",
      SUDO_COMMAND: `${account.shell} -c COMMAND`,
      SUDO_USER: "root",
      SUDO_UID: "0",
      SUDO_GID: "0",
    }),
    // It gives back the limits that it was called with, but for core files.
    settles: ({ limits }, { umask }) => ({
      umask: umask | 0o022,
      limits: limits.map((limit) => (limit.name === "core" ? { ...limit, soft: 0, hard: 0 } : limit)),
    }),
  },
  cron: {
    service: service("cron", "crond"),
    // A crontab's settings win over PAM's, and cron puts these among them.
    env: ({ name, home }, _, pam) => ({ ...pam, HOME: home, LOGNAME: name, SHELL: "/bin/sh", PATH: "/usr/bin:/bin" }),
  },
};

export const localServices: readonly PamService[] = Object.values(ways).map((way) => way.service);

/** Rejects for a mode that none of these programs starts. */
export async function localGround(
  { account, environmentFiles, on = {} }: GroundWish,
  mode: ModeId,
): Promise<SessionGround> {
  const way = ways[mode];
  if (way === undefined) throw new Error(`no ground is known for a session by ${mode}`);
  const system = systemOn(on);
  const inherited =
    mode === "cron"
      ? inheritedFrom(on.listener ?? processNamed(["cron", "crond"]), "cron")
      : inheritedFrom(on.listener ?? sshdListener()?.pid ?? null, "sshd");
  const umask = mode === "cron" ? inherited.umask : 0o022;
  const limits = way.resets?.(inherited.limits) ?? inherited.limits;
  const base = { env: {}, ...inherited, limits, umask, notes: [], doubts: [] };
  const pam = await pamGround(way.service, account, environmentFiles, base, system);
  const settled = way.settles?.(inherited, pam) ?? pam;
  const caller = mode === "cron" ? [] : ["as called by root with nothing in its environment but PATH"];
  return {
    env: way.env(account, system, pam.env),
    umask: settled.umask,
    limits: settled.limits,
    ...(way.cwd !== undefined && { cwd: way.cwd }),
    evidence: [inherited.evidence, ...pam.notes, ...caller].join("; "),
    doubts: pam.doubts,
  };
}
