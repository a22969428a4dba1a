/** What a shell knows when it comes to its first startup file, before anything ran: measured, see the table's rows. */
import { type ModeId, modeOf } from "../facts/index.ts";
import type { Syntax } from "../shells/shell.ts";
import { isBash, isYash, isZsh } from "./sh-dialect.ts";
import { some, type Truth, textValue, unknown, unset, type Value } from "./values.ts";

export interface Session {
  readonly mode: ModeId;
  readonly terminal: boolean;
  readonly isInteractive: boolean;
  readonly isLogin: boolean;
  /** What a name means as long as nothing set it. */
  initially(name: string): Value;
}

export interface Reader {
  readonly home: string;
  readonly uid: number;
}

/** `$-` by how the shell is started: facts/shell-truth.md 5. The last two are for a login shell with `-c`. */
const flags: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  bash: { command: "hBc", login: "himBHs", "login without terminal": "hBs", "login-command": "hBc" },
  bashsh: { command: "hBc", login: "himBHs", "login without terminal": "hBs", "login-command": "hBc" },
  dash: { command: "", login: "smi", "login without terminal": "s", "login-command": "" },
  ash: { command: "c", login: "smi", "login without terminal": "s", "login-command": "c" },
  zsh: { command: "569X", login: "569XZilms", "login without terminal": "569Xls", "login-command": "569Xl" },
  zshsh: { command: "", login: "ilms", "login without terminal": "ls", "login-command": "l" },
  zshksh: { command: "", login: "ilms", "login without terminal": "ls", "login-command": "l" },
  ksh93: { command: "chsB", login: "imsBEl", "login without terminal": "hsBl", "login-command": "chsBl" },
  mksh: { command: "hc", login: "ilms", "login without terminal": "lsh", "login-command": "lhc" },
  yash: { command: "c", login: "Cilmsu", "login without terminal": "ls", "login-command": "cl" },
  yashsh: { command: "c", login: "ilms", "login without terminal": "ls", "login-command": "cl" },
  posh: { command: "c", login: "il", "login without terminal": "l", "login-command": "cl" },
};

/** Names that sshd, su, cron and PAM always give, and those that each shell sets by itself. */
const given = ["USER", "LOGNAME", "SHELL", "PATH", "PWD", "IFS", "OPTIND", "PPID", "$", "0", "-", "HOSTNAME"];
const bashOwn = ["BASH", "BASH_VERSION", "BASH_VERSINFO", "BASHOPTS", "SHELLOPTS", "HOSTTYPE", "OSTYPE", "MACHTYPE"];
const zshOwn = ["ZSH_VERSION", "ZSH_NAME", "HOST", "OSTYPE", "MACHTYPE", "VENDOR", "FPATH", "fpath", "path", "CPUTYPE"];
const cshOwn = ["shell", "path", "home", "user", "cwd", "status", "argv"];
const tcshOwn = [
  "version",
  "uid",
  "gid",
  "HOST",
  "HOSTTYPE",
  "OSTYPE",
  "MACHTYPE",
  "VENDOR",
  "SHLVL",
  "GROUP",
  "group",
  "owd",
  "shlvl",
  "tty",
  "csubstnonl",
];
const fishOwn = ["FISH_VERSION", "version", "fish_pid", "hostname", "umask", "fish_function_path", "__fish_config_dir"];
const fishOpen = ["argv", "status", "pipestatus", "history", "CMD_DURATION", "__fish_data_dir", "__fish_sysconf_dir"];
const withoutUid = ["dash", "ash", "ksh93", "mksh", "yash", "yashsh", "posh"];
const shOwn: Readonly<Record<string, readonly string[]>> = {
  ksh93: ["KSH_VERSION"],
  mksh: ["KSH_VERSION", "USER_ID", "KSHUID", "KSHGID"],
  yash: ["YASH_VERSION"],
  yashsh: ["YASH_VERSION"],
  posh: ["POSH_VERSION"],
};
/** Set or not, as the host has it. */
const open = ["?", "_", "!", "RANDOM", "SECONDS", "LINENO", "SHLVL", "COLUMNS", "LINES", "LANG", "MAIL", "TZ", "EUID"];
const zshOpen = ["aliases", "functions", "commands", "options", "terminfo", "builtins", "signals", "parameters"];

const sshNames = ["SSH_CLIENT", "SSH_CONNECTION"];

export function sessionOf(
  shell: { readonly name: string; readonly syntax: Syntax },
  mode: ModeId,
  account: Reader,
  env: Readonly<Record<string, string>>,
): Session {
  const { start, terminal } = modeOf(mode);
  const isInteractive = start === "login" && terminal;
  const isLogin = start === "login" || start === "login-command";
  const started = start === "login" && !terminal ? "login without terminal" : start;
  const dash = flags[shell.name]?.[started] ?? (isInteractive ? "i" : "");
  const own = {
    sh: () => shNames(shell.name, isInteractive),
    csh: () => cshNames(shell.name, start, isLogin),
    fish: fishNames,
  }[shell.syntax]();
  const session = new Map<string, Value>([
    ["HOME", textValue(env.HOME ?? account.home)],
    ["UID", withoutUid.includes(shell.name) ? unset : textValue(String(account.uid))],
    ["-", textValue(dash)],
    ["#", textValue("0")],
    ["@", unset],
    ["*", unset],
    ["SSH_TTY", terminal && mode.startsWith("ssh") ? some : unset],
    ["TERM", terminal ? some : isBash(shell.name) ? textValue("dumb") : unset],
    ...sshNames.map((name): [string, Value] => [name, mode.startsWith("ssh") ? some : unset]),
    ...given.filter((name) => name !== "-").map((name): [string, Value] => [name, some]),
    ...open.map((name): [string, Value] => [name, unknown]),
    ...own,
    ...Object.entries(env).map(([name, value]): [string, Value] => [name, textValue(value)]),
  ]);
  // What only a terminal or the host's own settings bring is not known as long as nobody says what they are.
  const otherwise = /^(LC_|XDG_|SUDO_|DBUS_)/;
  const initially = (name: string) => session.get(name) ?? (otherwise.test(name) ? unknown : unset);
  return { mode, terminal, isInteractive, isLogin, initially };
}

function shNames(name: string, isInteractive: boolean): [string, Value][] {
  const zsh = isZsh(name);
  const own = isBash(name) ? bashOwn : zsh ? zshOwn : (shOwn[name] ?? []);
  const rows = own.map((one): [string, Value] => [one, some]);
  if (zsh) rows.push(...zshOpen.map((one): [string, Value] => [one, unknown]));
  if (isYash(name)) rows.push(["YASH_LOADPATH", textValue("/usr/share/yash")]);
  // facts/shell-truth.md 3.19: unset in bash and ksh93, empty in zsh; the others set it for nobody in particular.
  const quiet = isBash(name) || name === "ksh93" ? unset : zsh ? textValue("") : some;
  for (const prompt of ["PS1", "PROMPT", "prompt"])
    rows.push([prompt, prompt !== "PS1" && name !== "zsh" ? unset : isInteractive ? some : quiet]);
  return rows;
}

function cshNames(name: string, start: string, isLogin: boolean): [string, Value][] {
  const rows = [...cshOwn, ...(name === "tcsh" ? tcshOwn : [])].map((one): [string, Value] => [one, some]);
  // 3.18: set where commands come on stdin, terminal or not.
  rows.push(["prompt", start === "login" ? some : unset]);
  rows.push(["loginsh", name === "tcsh" && isLogin ? some : unset]);
  rows.push(["tcsh", name === "tcsh" ? some : unset]);
  return rows;
}

function fishNames(): [string, Value][] {
  return [
    ...fishOwn.map((one): [string, Value] => [one, some]),
    ...fishOpen.map((one): [string, Value] => [one, unknown]),
    ["PS1", unset],
  ];
}

/** Whether the descriptor is a terminal when nothing redirected it. */
export function isTerminal(session: Session, descriptor: string): Truth {
  if (!/^[012]$/.test(descriptor)) return "maybe";
  return session.terminal ? "yes" : "no";
}
