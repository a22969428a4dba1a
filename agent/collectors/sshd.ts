import { readdirSync, readlinkSync } from "node:fs";
import { dirname } from "node:path";
import { runCommand } from "../host/command.ts";
import { systemBytes, systemFile } from "../host/system-file.ts";
import { matchingPaths } from "./matching-paths.ts";

/** What the host's own sshd says about itself. */

const programs = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];

/** Where sshd lies on this host, or null. */
export function sshdProgram(): string | null {
  return programs.find((path) => systemBytes(path, 4) !== null) ?? null;
}

export const sshdConfig = "/etc/ssh/sshd_config";
const mostIncluded = 200;

/** sshd_config and what it includes, and the folders in which it looks for more; those that are not there, too. */
export function sshdConfigPaths(config: string = sshdConfig): string[] {
  const paths = new Set([config]);
  for (const path of paths) {
    if (paths.size > mostIncluded) break;
    for (const pattern of includesOf(systemFile(path) ?? "")) {
      const whole = pattern.startsWith("/") ? pattern : `/etc/ssh/${pattern}`;
      if (!/[*?[]/.test(whole)) paths.add(whole);
      else {
        // Only the last name may be a pattern for a folder to be watched; another one is followed as it is now.
        if (!/[*?[]/.test(dirname(whole))) paths.add(dirname(whole));
        for (const found of matchingPaths(whole)) paths.add(found);
      }
    }
  }
  return [...paths];
}

/** sshd_config(5): several patterns a line, in quotes where they hold blanks. */
function includesOf(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const words = /^[ \t]*include(?:[ \t]+|[ \t]*=[ \t]*)(.*)$/i.exec(line)?.[1] ?? "";
    return [...words.matchAll(/"([^"]*)"|([^\s"#]+)|#.*/g)].flatMap(([, quoted, plain]) => quoted ?? plain ?? []);
  });
}

/** A client at documentation addresses (RFC 5737), as Match blocks and SSH_CONNECTION see it. */
export const client = { address: "192.0.2.1", port: 50022, server: "192.0.2.2", serverPort: 22 } as const;

export type SshdSettings =
  | {
      readonly kind: "settings";
      /** The values of a keyword of sshd_config(5), lower case, one for each line that sshd printed. */
      of(keyword: string): readonly string[];
    }
  | { readonly kind: "unavailable"; readonly why: string };

/**
 * sshd's settings for one account that comes in by key, `Match` blocks applied: `sshd -T`. Root only, because sshd wants
 * to read its host keys. `config` is another configuration file than sshd's own, `more` further words of its command line.
 */
export async function sshdSettings(
  account: string,
  config?: string,
  more: readonly string[] = [],
): Promise<SshdSettings> {
  const program = sshdProgram();
  if (program === null) return { kind: "unavailable", why: "no sshd is installed" };
  if (process.geteuid?.() !== 0) return { kind: "unavailable", why: "only root can ask sshd for its settings" };
  // The words of -C are separated by commas.
  if (account.includes(",")) return { kind: "unavailable", why: "the account's name has a comma" };
  const who = [`user=${account}`, `host=${client.address}`, `addr=${client.address}`];
  const connection = [...who, `laddr=${client.server}`, `lport=${client.serverPort}`].join(",");
  const file = config === undefined ? [] : ["-f", config];
  const outcome = await runCommand([program, "-T", ...file, ...more, "-C", connection], {
    deadlineMs: 3_000,
    maxBytes: 1 << 20,
  });
  if (outcome.kind !== "ended") return { kind: "unavailable", why: `sshd -T: ${outcome.kind}` };
  if (outcome.status !== 0) {
    const said = outcome.stderr.toString().trim().split("\n")[0] ?? "";
    return { kind: "unavailable", why: `sshd -T: exit ${outcome.status}, ${said}` };
  }
  const rows = outcome.stdout.toString().split("\n");
  const of = (keyword: string) =>
    rows.flatMap((row) => (row.startsWith(`${keyword} `) ? [row.slice(keyword.length + 1)] : []));
  return { kind: "settings", of };
}

export interface SshdListener {
  readonly pid: number;
  /** TCP ports that it listens on; empty where that could not be seen. */
  readonly ports: readonly number[];
}

/** The running sshd that takes connections: the one on port 22 first, then the oldest; null if there is none. */
export function sshdListener(): SshdListener | null {
  const listeners = pids().filter(isListener);
  // The tables of a busy host are long.
  const sockets = listeners.length === 0 ? new Map<string, number>() : listeningSockets();
  const found = listeners
    .map((pid) => ({ pid, ports: portsOf(pid, sockets) }))
    .sort((a, b) => Number(b.ports.includes(22)) - Number(a.ports.includes(22)) || a.pid - b.pid);
  return found[0] ?? null;
}

/** With what a listener was started, as far as it decides what it does with a session. */
export interface Started {
  /** `-f`; null for its own default. */
  readonly config: string | null;
  /** `-o` and `-p`, as words for another sshd. */
  readonly options: readonly string[];
}

/** Switches of sshd(8) that take a word. */
const taking = "CEbcfghkopu";

/**
 * From the command line of a running sshd. A listener shows it as one text, in which blanks within a word cannot be told
 * from those between words: a value of `-o` goes on to the next word that begins with a dash.
 */
export function startedWith(pid: number): Started {
  const raw = systemFile(`/proc/${pid}/cmdline`) ?? "";
  const exact = raw.split("\0").filter((word) => word !== "");
  const isTitle = exact.length <= 1;
  const title = (exact[0] ?? "").replace(/^sshd: /, "").replace(/ \[listener\].*$/, "");
  const [, ...words] = isTitle ? title.split(" ") : exact;
  const said: { readonly name: string; readonly value: string }[] = [];
  for (let at = 0; at < words.length; at++) {
    const [, flags = "", name = "", attached = ""] =
      new RegExp(`^-([^${taking}]*)([${taking}])(.*)$`).exec(words[at] ?? "") ?? [];
    if (name === "" || flags.includes("-")) continue;
    let value = attached === "" ? (words[++at] ?? "") : attached;
    while (isTitle && name === "o" && words[at + 1] !== undefined && !words[at + 1]?.startsWith("-"))
      value += ` ${words[++at]}`;
    said.push({ name, value });
  }
  return {
    config: said.findLast(({ name }) => name === "f")?.value ?? null,
    options: said.filter(({ name }) => name === "o" || name === "p").flatMap(({ name, value }) => [`-${name}`, value]),
  };
}

function pids(): number[] {
  return readdirSync("/proc").flatMap((entry) => (/^\d+$/.test(entry) ? [Number(entry)] : []));
}

/** A session's process is named sshd as well; its command line says `sshd: NAME`. */
function isListener(pid: number): boolean {
  // Asked of every process of the host: of nearly all it is enough, and it costs a tenth of the status.
  if (systemFile(`/proc/${pid}/comm`) !== "sshd\n") return false;
  const status = systemFile(`/proc/${pid}/status`);
  if (status === null || !/^Name:\tsshd$/m.test(status) || !/^Uid:\t0\t0\t0\t/m.test(status)) return false;
  const line = systemFile(`/proc/${pid}/cmdline`)?.split("\0").join(" ") ?? "";
  return /^sshd: \S+ .*\[listener\]/.test(line) || /^\/\S*\/sshd( |$)/.test(line);
}

/** Port by inode of the socket. */
function listeningSockets(): Map<string, number> {
  const sockets = new Map<string, number>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const row of (systemFile(table) ?? "").split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
      // 0A is TCP_LISTEN.
      if (state === "0A" && local && inode) sockets.set(inode, Number.parseInt(local.split(":")[1] ?? "", 16));
    }
  }
  return sockets;
}

function portsOf(pid: number, sockets: ReadonlyMap<string, number>): number[] {
  try {
    const ports = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? "";
      return sockets.get(inode) ?? [];
    });
    return [...new Set(ports)];
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** PATH that sshd gives by itself, for accounts and for root; `from` says where it is known from. */
export interface CompiledPath {
  readonly account: string;
  readonly root: string;
  readonly from: "sshd" | "debian";
}

const debianPath: CompiledPath = {
  account: "/usr/local/bin:/usr/bin:/bin:/usr/games",
  root: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  from: "debian",
};

let compiled: CompiledPath | null = null;

/** sshd prints its compiled default nowhere, so it is looked for among the strings of its program. */
export function compiledPath(): CompiledPath {
  compiled ??= pathsIn([sshdProgram(), "/usr/lib/openssh/sshd-session", "/usr/libexec/openssh/sshd-session"]);
  return compiled;
}

function pathsIn(files: readonly (string | null)[]): CompiledPath {
  const text = files
    .map((file) => (file === null ? "" : (systemBytes(file, 8 << 20)?.toString("latin1") ?? "")))
    .join();
  // Copied: a piece of a text keeps all of it, megabytes of programs here.
  const copied = (path = "") => Buffer.from(path).toString();
  const all = new Set([...text.matchAll(/\0(\/[\w./-]*bin(?::\/[\w./-]+)+)\0/g)].map(([, path]) => copied(path)));
  const root = [...all].filter((path) => path.includes("sbin"));
  const account = [...all].filter((path) => !path.includes("sbin"));
  if (root.length === 1 && account.length === 1)
    return { account: account[0] ?? "", root: root[0] ?? "", from: "sshd" };
  return debianPath;
}
