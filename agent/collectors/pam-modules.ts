import { readdirSync, statSync } from "node:fs";
import type { Account } from "../facts/index.ts";
import { entryByName, groupByGid, groupMembers } from "../host/accounts.ts";
import { type Limit, limitsOf } from "../host/limits.ts";
import { systemBytes } from "../host/system-file.ts";
import { whileSame } from "../host/while-same.ts";
import { applyEnvironmentFile, applyPamEnvConf, type PamEnvironment } from "./pam-env.ts";
import { applyLimits, groupsNamed } from "./pam-limits.ts";

/** The system's files, as the host has them; a test puts others in their place. */
export interface SystemFiles {
  text(path: string): string | null;
  names(folder: string): string[];
}

/** What goes from module to module. */
export interface PamSession {
  readonly account: Account;
  /** The account's own files, by path relative to its home. */
  readonly own: Readonly<Record<string, string>>;
  readonly system: SystemFiles;
  readonly env: PamEnvironment;
  /** PAM's items beside the account's name, by name. */
  readonly items: Readonly<Record<string, string>>;
  umask: number;
  limits: readonly Limit[];
  /** Whether the program that asks PAM may raise hard limits (CAP_SYS_RESOURCE). */
  readonly mayRaise: boolean;
  /** Clauses for the evidence. */
  readonly notes: string[];
  readonly doubts: string[];
}

export type PamModule = (session: PamSession, args: readonly string[]) => void | Promise<void>;

/** Modules that can change environment, umask, limits or more of a session; all others are passed over. */
export const pamModules: Readonly<Record<string, PamModule>> = {
  pam_env: environment,
  pam_limits: limits,
  pam_umask: umask,
  pam_motd: motd,
  pam_mail: mail,
  pam_systemd: systemd,
  pam_namespace: ({ doubts }) => void doubts.push("pam_namespace gives the session folders of its own"),
  pam_group: ({ doubts }) => void doubts.push("pam_group may give the session more groups"),
  pam_chroot: ({ doubts }) => void doubts.push("pam_chroot may give the session another root"),
};

/** Where a module lies on this host; null if it is not installed. */
export function moduleFile(module: string): string | null {
  const libraries = ["/lib", "/usr/lib"].flatMap((folder) => archFolders(folder) ?? []);
  const folders = [...libraries, "/lib64/security", "/usr/lib64/security", "/lib/security", "/usr/lib/security"];
  const found = folders.find((folder) => statSync(`${folder}/${module}.so`, { throwIfNoEntry: false })?.isFile());
  return found === undefined ? null : `${found}/${module}.so`;
}

const archFolders = whileSame((folder) =>
  namesIn(folder).flatMap((name) => (/-linux-gnu/.test(name) ? [`${folder}/${name}/security`] : [])),
);

/** Whether a module's file holds these bytes: versions and distributions differ, and none says its version. */
function moduleSays(module: string, text: Asked): boolean {
  const file = moduleFile(module);
  return file !== null && (textsOf(file)?.includes(text) ?? false);
}

const asked = ["\0chroot\0", "USERGROUPS_ENAB", "MOTD_SHOWN=pam"] as const;
type Asked = (typeof asked)[number];

const textsOf = whileSame((file) => {
  const bytes = systemBytes(file, 1 << 20);
  return asked.filter((text) => bytes?.includes(text));
});

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The value of the last `KEY=VALUE` among a module's arguments. */
function argument(args: readonly string[], key: string): string | null {
  return (
    args.findLast((arg) => arg.startsWith(`${key}=`) && arg.length > key.length + 1)?.slice(key.length + 1) ?? null
  );
}

const limitsFolder = "/etc/security/limits.d";

/** The system's files that a module reads with these arguments, where we know it: names of files and of folders. */
export function settingsOf(module: string, args: readonly string[]): string[] {
  const at = (key: string, usual: string) => argument(args, key) ?? usual;
  const limited = argument(args, "conf");
  const files: Readonly<Record<string, readonly string[]>> = {
    pam_env: [at("conffile", "/etc/security/pam_env.conf"), at("envfile", "/etc/environment")],
    pam_limits: limited === null ? ["/etc/security/limits.conf", limitsFolder] : [limited],
    pam_umask: ["/etc/login.defs", "/etc/default/login"],
  };
  return Object.hasOwn(files, module) ? [...(files[module] ?? [])] : [];
}

/** pam_env(8): its own configuration, the environment file, the account's file where `user_readenv=1`. */
function environment({ account, system, env, own, doubts, items }: PamSession, args: readonly string[]): void {
  const all = new Map(Object.entries({ HOME: account.home, SHELL: account.shell, PAM_USER: account.name, ...items }));
  const item = (name: string) => all.get(name) ?? null;
  const [conffile = "", envfile = ""] = settingsOf("pam_env", args);
  const configuration = system.text(conffile);
  const parts = configuration === null ? [true] : [applyPamEnvConf(env, configuration, item)];
  const file = argument(args, "readenv") === "0" ? null : system.text(envfile);
  if (file !== null) applyEnvironmentFile(env, file);
  const readsOwn = Number.parseInt(argument(args, "user_readenv") ?? "0", 10) > 0;
  const text = readsOwn ? own[argument(args, "user_envfile") ?? ".pam_environment"] : undefined;
  if (text !== undefined) parts.push(applyPamEnvConf(env, text, item));
  if (parts.includes(false)) doubts.push("pam_env: an expression without its closing brace may bar the login");
}

/** pam_limits(8): limits.conf and limits.d, or only the file that `conf=` names. */
async function limits(session: PamSession, args: readonly string[]): Promise<void> {
  const { system, doubts } = session;
  const conf = argument(args, "conf");
  const dropped = system.names(limitsFolder).filter((name) => name.endsWith(".conf") && !name.startsWith("."));
  const own = ["/etc/security/limits.conf", ...dropped.map((name) => `${limitsFolder}/${name}`)];
  const paths = conf === null ? own : [conf];
  const texts = paths.flatMap((path) => system.text(path) ?? []);
  const gids = new Map<string, number>();
  for (const name of groupsNamed(texts)) {
    const group = await groupMembers(name);
    if (group.kind === "group") gids.set(name, group.gid);
    if (group.kind === "unavailable") doubts.push(`pam_limits: group ${name}: ${group.why}`);
  }
  // An item of limits.conf that only Debian's patches know tells them from upstream's module.
  const isDebian = moduleSays("pam_limits", "\0chroot\0");
  const kernel = isDebian || args.includes("set_all") ? limitsOf(1) : null;
  session.limits = applyLimits(session.limits, texts, session.account, {
    ...{ kernel, isDebian, mayRaise: session.mayRaise, gidOf: (group) => gids.get(group) ?? null },
    mostFiles: Number(system.text("/proc/sys/fs/nr_open") ?? "1048576"),
  });
  session.notes.push("then pam_limits");
}

/** pam_umask(8): its argument, else login.defs; user private groups; what the comment field says wins. */
async function umask(session: PamSession, args: readonly string[]): Promise<void> {
  const { account, system } = session;
  const definitions = system.text("/etc/login.defs") ?? "";
  const defined = (key: string) => new RegExp(`^[ \\t]*${key}[ \\t]+"?([^\\s"]+)`, "m").exec(definitions)?.[1] ?? null;
  const given = argument(args, "umask");
  const value = given ?? defined("UMASK") ?? /^UMASK=(\S+)/m.exec(system.text("/etc/default/login") ?? "")?.[1] ?? null;
  // Versions differ in whether they look at this entry.
  const looks = given === null && defined("UMASK") !== null && moduleSays("pam_umask", "USERGROUPS_ENAB");
  const byDefinition = looks && defined("USERGROUPS_ENAB")?.toLowerCase() === "yes";
  const usergroups = !args.includes("nousergroups") && (args.includes("usergroups") || byDefinition);
  session.umask = octal(value) ?? session.umask;
  if (usergroups && account.uid !== 0) {
    const group = await groupByGid(account.gid);
    if (group.kind === "unavailable") session.doubts.push(`pam_umask: ${group.why}`);
    // The group may do what the owner may.
    const isOwn = group.kind === "group" && group.name === account.name;
    if (isOwn) session.umask = (session.umask & ~0o070) | ((session.umask >> 3) & 0o070);
  }
  const entry = await entryByName(account.name);
  const words = entry.kind === "entry" ? entry.entry.gecos.split(",") : [];
  for (const word of words) {
    const [key = "", text = ""] = word.toLowerCase().split("=");
    if (key === "umask") session.umask = octal(text) ?? session.umask;
    if (key === "ulimit" || key === "pri")
      session.doubts.push(`pam_umask: ${key}= in the comment field is not modelled`);
  }
  session.notes.push("umask from pam_umask");
}

function octal(text: string | null): number | null {
  const digits = /^[0-7]+/.exec(text ?? "")?.[0];
  return digits === undefined ? null : Number.parseInt(digits, 8) & 0o777;
}

/** Later versions of pam_motd, and Debian's, say in the environment that they ran. */
function motd({ env }: PamSession): void {
  if (moduleSays("pam_motd", "MOTD_SHOWN=pam")) env.set("MOTD_SHOWN", "pam");
}

function mail({ account, env, doubts }: PamSession, args: readonly string[]): void {
  if (args.includes("noenv")) return;
  if (argument(args, "hash") !== null) doubts.push("MAIL: pam_mail's hash= is not modelled");
  const folder = argument(args, "dir") ?? mailFolder();
  const path = folder.startsWith("~/") ? `${account.home}/${folder.slice(2)}` : folder;
  env.set("MAIL", `${path}/${account.name}`);
}

export function mailFolder(): string {
  return statSync("/var/mail", { throwIfNoEntry: false })?.isDirectory() ? "/var/mail" : "/var/spool/mail";
}

/** pam_systemd(8), where systemd runs. The session's number is made up: no two sessions have the same. */
function systemd({ account, env }: PamSession): void {
  if (!isThere("/run/systemd/system") || !isThere("/run/dbus/system_bus_socket")) return;
  const folder = `/run/user/${account.uid}`;
  env.set("XDG_SESSION_ID", "1");
  env.set("XDG_RUNTIME_DIR", folder);
  env.set("XDG_SESSION_TYPE", "tty");
  env.set("XDG_SESSION_CLASS", "user");
  if (isThere("/usr/lib/systemd/user/dbus.socket")) env.set("DBUS_SESSION_BUS_ADDRESS", `unix:path=${folder}/bus`);
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
