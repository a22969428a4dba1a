/** What single settings of sshd_config(5) come to for one account, whoever says their values. Pure. */
import type { Account, SshSettings } from "../facts/index.ts";
import { matchesList } from "./ssh-server-config.ts";

/** The values of a keyword in lower case, as sshd or its configuration has them; none where it is not set. */
export type Values = (keyword: string) => readonly string[];

export interface Of {
  readonly account: Account;
  /** Names of the account's groups. */
  readonly groups: readonly string[];
  /** Whether there is such a program. */
  isThere(path: string): boolean;
}

/** Defaults are upstream's, where what is not set is not printed. */
export function sshSettings(values: Values, of: Of): SshSettings {
  const first = (keyword: string, otherwise: string) => values(keyword)[0] ?? otherwise;
  const orNull = (keyword: string) => nullIfNone(first(keyword, "none"));
  const isSet = (keyword: string, otherwise: "yes" | "no") => first(keyword, otherwise).toLowerCase() === "yes";
  return {
    usesPam: isSet("usepam", "no"),
    sftp: sftpOf(values("subsystem"), of),
    forceCommand: orNull("forcecommand"),
    permitsTerminal: isSet("permittty", "yes"),
    permitsUserRc: isSet("permituserrc", "yes"),
    permitsUserEnvironment: first("permituserenvironment", "no"),
    forwardsSockets:
      ["yes", "all", "local"].includes(first("allowstreamlocalforwarding", "yes")) && !isSet("disableforwarding", "no"),
    banner: orNull("banner"),
    chroot: orNull("chrootdirectory"),
    keysCommand: orNull("authorizedkeyscommand"),
    strictModes: isSet("strictmodes", "yes"),
    refuses: refusalOf(values, of),
    maxSessions: Number(first("maxsessions", "10")),
    endsIdleAfter: idleOf(values("channeltimeout")),
  };
}

function nullIfNone(value: string): string | null {
  return value.toLowerCase() === "none" || value === "" ? null : value;
}

/** `Subsystem sftp COMMAND`; the command is handed to the login shell unless it is sshd's own. */
function sftpOf(subsystems: readonly string[], { isThere }: Of): SshSettings["sftp"] {
  const [, command] =
    subsystems.flatMap((each) => [/^sftp\s+(.*)$/.exec(each) ?? []]).find(([all]) => all !== undefined) ?? [];
  if (command === undefined) return { kind: "missing" };
  const program = command.split(/\s+/, 1)[0] ?? "";
  if (program === "internal-sftp") return { kind: "internal" };
  return { kind: "external", command, isThere: !program.startsWith("/") || isThere(program) };
}

/** In the order in which sshd asks (sshd_config(5), AllowUsers). A pattern with a host is about who connects: `*` here. */
function refusalOf(values: Values, { account, groups }: Of): string | null {
  const names = (keyword: string) =>
    values(keyword)
      .flatMap((each) => each.split(/\s+/))
      .filter((each) => each !== "");
  const isUser = (pattern: string) => matchesList(account.name, pattern.split("@", 1)[0] ?? "");
  const isGroup = (pattern: string) => groups.some((group) => matchesList(group, pattern));
  const allowUsers = names("allowusers");
  const allowGroups = names("allowgroups");
  if (names("denyusers").some((pattern) => !pattern.includes("@") && isUser(pattern))) return "DenyUsers names it";
  if (allowUsers.length > 0 && !allowUsers.some(isUser)) return "AllowUsers does not name it";
  if (names("denygroups").some(isGroup)) return "DenyGroups names a group of it";
  if (allowGroups.length > 0 && !allowGroups.some(isGroup)) return "AllowGroups names none of its groups";
  const asRoot = values("permitrootlogin")[0] ?? "prohibit-password";
  return account.uid === 0 && asRoot === "no" ? "PermitRootLogin is no" : null;
}

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** `session=5m`, `*=1h30m` (ChannelTimeout). */
function idleOf(timeouts: readonly string[]): number | null {
  const about = timeouts
    .flatMap((each) => each.split(/\s+/))
    .flatMap((each) => {
      const [, type = "", time = ""] = /^([^=]+)=(.+)$/.exec(each) ?? [];
      return /^(session|\*)/.test(type) ? [time] : [];
    });
  const seconds = about.map((time) =>
    [...time.matchAll(/(\d+)([smhdw]?)/gi)].reduce(
      (sum, [, count, unit]) => sum + Number(count) * (secondsIn[unit?.toLowerCase() || "s"] ?? 1),
      0,
    ),
  );
  const shortest = Math.min(...seconds.filter((each) => each > 0));
  return Number.isFinite(shortest) ? shortest : null;
}

/** Keywords whose patterns of names may end in `@HOST`: what they come to depends on where the client is. */
export function dependsOnHost(values: Values): readonly string[] {
  return ["allowusers", "denyusers"].filter((keyword) => values(keyword).some((each) => each.includes("@")));
}
