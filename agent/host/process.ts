import { closeSync, opendirSync, openSync, readdirSync, readlinkSync, readSync, statSync } from "node:fs";
import { latin1Of } from "./whole-file.ts";

/**
 * What /proc says about processes. Readers return null or an empty list where the process is gone or may not be looked
 * at, for both can happen between any two lines; parsers are pure. Formats: proc(5).
 */
export interface Stat {
  readonly command: string;
  /** One letter: R S D T t Z X I. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Device number of the controlling terminal, 0 without one. */
  readonly terminal: number;
  /** The terminal's foreground process group, -1 without a terminal. */
  readonly foreground: number;
  /** User and system time of all threads, in clock ticks (USER_HZ, 100 a second). */
  readonly cpuTicks: number;
  /** Since boot, in clock ticks: of two processes the younger has the greater. */
  readonly startedTicks: number;
}

export function parseStat(text: string): Stat | null {
  // The command stands in parentheses and may itself contain any of them, so the last one closes it.
  const close = text.lastIndexOf(")");
  const open = text.indexOf("(");
  if (open < 0 || close < open) return null;
  const words = text
    .slice(close + 2)
    .trim()
    .split(" ");
  const number = (index: number) => Number(words[index] ?? Number.NaN);
  return {
    command: text.slice(open + 1, close),
    state: words[0] ?? "?",
    parent: number(1),
    group: number(2),
    session: number(3),
    terminal: number(4),
    foreground: number(5),
    cpuTicks: number(11) + number(12),
    startedTicks: number(19),
  };
}

export interface Status {
  readonly state: string;
  /** Real, effective, saved and file system id. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  /** The process id as the pid namespace just below ours has it; its id here where it is in none. */
  readonly innerPid: number;
  /** Anonymous and shared memory in KiB: what is this process' own, unlike RSS, which counts libraries for each. */
  readonly ownKiB: number;
  /** `VOLUNTARY/INVOLUNTARY` context switches: a task whose text did not change did not run. */
  readonly switches: string;
}

export function parseStatus(text: string): Status {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const numbers = (name: string) =>
    (fields.get(name) ?? "")
      .split(/\s+/)
      .filter((word) => word !== "")
      .map(Number);
  const first = (name: string) => Number.parseInt(fields.get(name) ?? "0", 10);
  return {
    state: fields.get("State")?.[0] ?? "?",
    uids: numbers("Uid"),
    gids: numbers("Gid"),
    groups: numbers("Groups"),
    innerPid: numbers("NSpid")[1] ?? first("Pid"),
    ownKiB: first("RssAnon") + first("RssShmem"),
    switches: `${fields.get("voluntary_ctxt_switches") ?? "?"}/${fields.get("nonvoluntary_ctxt_switches") ?? "?"}`,
  };
}

/** A call with its six arguments; `running` has none; null: not in a call, or it may not be read. */
export type SyscallLine = { readonly number: number; readonly args: readonly bigint[] } | "running" | null;

export function parseSyscall(text: string): SyscallLine {
  const words = text.trim().split(" ");
  if (words[0] === "running") return "running";
  const number = Number(words[0]);
  if (words.length < 7 || !Number.isInteger(number) || number < 0) return null;
  return { number, args: words.slice(1, 7).map((word) => BigInt(word)) };
}

/** The descriptors that an epoll descriptor watches, from its fdinfo. */
export interface EpollTarget {
  readonly fd: number;
  readonly events: number;
  readonly inode: string;
}

export function parseEpoll(fdinfo: string): EpollTarget[] {
  return [...fdinfo.matchAll(/^tfd:\s*(\d+)\s+events:\s*([0-9a-f]+).*?(?:\sino:\s*([0-9a-f]+).*)?$/gm)].map(
    (match) => ({
      fd: Number(match[1]),
      events: Number.parseInt(match[2] ?? "0", 16),
      inode: match[3] === undefined ? "" : String(Number.parseInt(match[3], 16)),
    }),
  );
}

/** Whether the timer behind a timerfd will go off, from its fdinfo; an unknown format counts as armed. */
export function isTimerArmed(fdinfo: string): boolean {
  const value = /^it_value:\s*\((\d+),\s*(\d+)\)/m.exec(fdinfo);
  return value === null || Number(value[1]) !== 0 || Number(value[2]) !== 0;
}

/** Whether a process' auxiliary vector is made of 32-bit words: its call numbers are those of another architecture. */
export function is32Bit(auxv: Buffer): boolean {
  // The first entry's key is small; in 64-bit words the key's upper half is therefore 0, in 32-bit ones it is a value.
  return auxv.length >= 8 && auxv.readUInt32LE(4) !== 0;
}

/** One entry of /proc/locks. */
export interface HostLock {
  readonly pid: number;
  /** `MAJOR:MINOR`, decimal. */
  readonly device: string;
  readonly inode: string;
}

export function parseLocks(text: string): HostLock[] {
  const entry = /^\d+: (?:-> )?\S+\s+\S+\s+\S+\s+(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /gm;
  return [...text.matchAll(entry)].map((match) => ({
    pid: Number(match[1]),
    device: `${Number.parseInt(match[2] ?? "", 16)}:${Number.parseInt(match[3] ?? "", 16)}`,
    inode: match[4] ?? "",
  }));
}

function read(path: string): string {
  try {
    return latin1Of(path);
  } catch {
    return "";
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

export function statOf(pid: number): Stat | null {
  return parseStat(read(`/proc/${pid}/stat`));
}

export function tasksOf(pid: number): number[] {
  return list(`/proc/${pid}/task`).map(Number);
}

export function taskStatus(pid: number, task: number): Status | null {
  const text = read(`/proc/${pid}/task/${task}/status`);
  return text === "" ? null : parseStatus(text);
}

/** The raw line of /proc/PID/task/TID/syscall without its newline; "" where it may not be read. */
export function syscallText(pid: number, task: number): string {
  return read(`/proc/${pid}/task/${task}/syscall`).trim();
}

export function childrenOf(pid: number): number[] {
  const found: number[] = [];
  for (const task of tasksOf(pid)) {
    for (const word of read(`/proc/${pid}/task/${task}/children`).split(" ")) if (word !== "") found.push(Number(word));
  }
  return found;
}

/**
 * How many processes the pid namespace of `init` holds beside it. Counting stops above `most`: among tens of thousands
 * that fork it would take longer than the host has. 0 where it may not be looked at.
 */
export function countBelow(init: number, most: number): number {
  let count = -1;
  try {
    using folder = opendirSync(`/proc/${init}/root/proc`, { bufferSize: most });
    for (let entry = folder.readSync(); entry !== null && count <= most; entry = folder.readSync()) {
      if (/^\d/.test(entry.name)) count++;
    }
  } catch {
    // It is gone; nothing is more than nothing.
  }
  return Math.max(0, count);
}

/** Processes below `pid`, parents before their children; no more are looked for once there are more than `most`. */
export function descendantsOf(pid: number, most: number): number[] {
  const found = childrenOf(pid);
  for (let next = 0; next < found.length && found.length <= most; next++) found.push(...childrenOf(found[next] ?? 0));
  return found;
}

/** More of a command line says no more; a process may have megabytes of it, and there may be hundreds of them. */
const mostOfCommand = 1024;

/** The command line, words joined by spaces, cut with `...`; the name in brackets where there is none (a zombie). */
export function commandOf(pid: number): string {
  const bytes = head(`/proc/${pid}/cmdline`, mostOfCommand + 1);
  const words = Buffer.from(
    bytes.subarray(0, mostOfCommand).toString("latin1").replace(/\0+$/, "").replaceAll("\0", " "),
    "latin1",
  );
  if (words.length > 0) return `${words.toString("utf8")}${bytes.length > mostOfCommand ? "..." : ""}`;
  const stat = statOf(pid);
  return stat === null ? "" : `[${stat.command}]`;
}

/** The first bytes of a file; empty where it is not to be had. */
function head(path: string, most: number): Buffer {
  try {
    const fd = openSync(path, "r");
    try {
      const into = Buffer.alloc(most);
      return into.subarray(0, readSync(fd, into, 0, most, 0));
    } finally {
      closeSync(fd);
    }
  } catch {
    return Buffer.alloc(0);
  }
}

export function descriptorsOf(pid: number): number[] {
  return list(`/proc/${pid}/fd`).map(Number);
}

/** What a descriptor is: a path, `pipe:[INODE]`, `socket:[INODE]`, `anon_inode:[KIND]`; "" where it is not to be had. */
export function descriptorLink(pid: number, fd: number): string {
  return link(`/proc/${pid}/fd/${fd}`);
}

export function descriptorInfo(pid: number, fd: number): string {
  return read(`/proc/${pid}/fdinfo/${fd}`);
}

export function workingFolder(pid: number): string {
  return link(`/proc/${pid}/cwd`);
}

/** What all of the host holds in tmpfs and shared memory, in KiB. */
export function sharedKiB(): number {
  return Number.parseInt(/^Shmem:\s+(\d+) kB$/m.exec(read("/proc/meminfo"))?.[1] ?? "0", 10);
}

/** What a process holds in files of memory (memfd_create(2)), in KiB: as long as they are not mapped no count has them. */
export function memoryFilesKiB(pid: number): number {
  const files = descriptorsOf(pid).filter((fd) => descriptorLink(pid, fd).startsWith("/memfd:"));
  return files.reduce((sum, fd) => {
    try {
      return sum + statSync(`/proc/${pid}/fd/${fd}`).blocks / 2;
    } catch {
      return sum;
    }
  }, 0);
}

/** The kernel function that a process sleeps in, or "" where the kernel does not say. */
export function sleepsIn(pid: number, task: number): string {
  return read(`/proc/${pid}/task/${task}/wchan`);
}

export function namespaceOf(pid: number | "self", kind: "mnt" | "pid" | "net" | "ipc" | "user"): string {
  return link(`/proc/${pid}/ns/${kind}`);
}

export function runs32Bit(pid: number): boolean {
  try {
    return is32Bit(Buffer.from(latin1Of(`/proc/${pid}/auxv`), "latin1"));
  } catch {
    return false;
  }
}

export function hostLocks(): HostLock[] {
  return parseLocks(read("/proc/locks"));
}

/** Names of the abstract unix sockets of this network namespace, without their `@`. */
export function abstractSockets(): Set<string> {
  return new Set([...read("/proc/net/unix").matchAll(/ @(.+)$/gm)].map((match) => match[1] ?? ""));
}

/** A piece of a process' memory, or null. */
export function memoryOf(pid: number, address: bigint, bytes: number): Buffer | null {
  try {
    const fd = openSync(`/proc/${pid}/mem`, "r");
    try {
      const into = Buffer.alloc(bytes);
      return into.subarray(0, readSync(fd, into, 0, bytes, address));
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
