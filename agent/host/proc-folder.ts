/**
 * What /proc says of processes that are not ours: anyone may be gone, or be another by now, between two lines. A value that
 * cannot be had says whether the process is gone or may not be looked at, for the one is nothing and the other is a gap.
 * Formats: proc(5).
 */
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { type EpollTarget, is32Bit, parseEpoll, parseStat, type Stat } from "./process.ts";
import { memoryReader } from "./process-memory.ts";
import { systemBytes } from "./system-file.ts";
import { parseTcp } from "./tcp.ts";
import { latin1Of } from "./whole-file.ts";

/** `gone`: the process, or what was asked about. `denied`: it is there and may not be read, with the errno's name. */
export type Had<T> =
  | { readonly kind: "had"; readonly value: T }
  | { readonly kind: "gone" }
  | { readonly kind: "denied"; readonly code: string };

export interface Owner {
  /** Real, effective, saved and file system id. */
  readonly uids: readonly number[];
  /** It lives in a pid namespace below ours: a container, whose accounts are not this host's. */
  readonly isNested: boolean;
}

export interface TaskState {
  readonly state: string;
  /** `VOLUNTARY/INVOLUNTARY` context switches: a task whose text did not change did not run. */
  readonly switches: string;
}

export interface ProcFolder {
  pids(): Had<readonly number[]>;
  stat(pid: number): Had<Stat>;
  owner(pid: number): Owner | null;
  /** The path of its program. */
  program(pid: number): Had<string>;
  /** argv, of which at most 1 KiB is read; empty for a zombie, and where it is gone. */
  words(pid: number): readonly string[];
  tasks(pid: number): readonly number[];
  task(pid: number, task: number): TaskState | null;
  /** Of all its threads (of thousands the first 1,024), the oldest of each first. */
  children(pid: number): Had<readonly number[]>;
  /** The line of /proc/PID/task/TID/syscall. */
  call(pid: number, task: number): Had<string>;
  /** Where its descriptors lead, the lowest number first, at most 1,024. */
  links(pid: number): Had<readonly (readonly [descriptor: number, link: string])[]>;
  link(pid: number, descriptor: number): string;
  /** What a descriptor was opened for; "" where that is not to be had. */
  openedFor(pid: number, descriptor: number): "reading" | "writing" | "both" | "";
  epoll(pid: number, descriptor: number): readonly EpollTarget[];
  /** Null also for what does not answer in time. */
  memory(pid: number, address: bigint, bytes: number): Promise<Buffer | null>;
  sleepsIn(pid: number, task: number): string;
  workingFolder(pid: number): string;
  is32Bit(pid: number): boolean;
  networkOf(pid: number): string;
  /** The remote addresses of the TCP connections in a process' network, by the inodes of their sockets. */
  remotes(pid: number): ReadonlyMap<string, string>;
  /** Since boot, in clock ticks, as `Stat.startedTicks`; null where it is not to be had. */
  nowTicks(): number | null;
  /** The first word of a setting of the kernel: `sys/kernel/yama/ptrace_scope`; "" where there is none. */
  setting(path: string): string;
  /** `hidepid=2` and the like, where this folder is mounted with it; else "". */
  hides(): string;
}

const mostOfWords = 1024;
const mostDescriptors = 1024;
const mostThreads = 1024;
const mostOfTable = 16 * 1_048_576;
const ticksPerSecond = 100;

/** `folder`: /proc, or what stands for it in a test. */
export function procFolder(folder = "/proc"): ProcFolder {
  const text = (path: string) => had(() => latin1Of(`${folder}/${path}`));
  const textOr = (path: string) => valueOr(text(path), "");
  const link = (path: string) =>
    valueOr(
      had(() => readlinkSync(`${folder}/${path}`)),
      "",
    );
  const numbers = (path: string) =>
    had(() =>
      readdirSync(`${folder}/${path}`)
        .filter((name) => /^\d+$/.test(name))
        .map(Number),
    );
  const tasks = (pid: number) => valueOr(numbers(`${pid}/task`), []);
  const readMemory = memoryReader();
  return {
    pids: () => numbers("."),
    stat: (pid) => then(text(`${pid}/stat`), (line) => parseStat(line)),
    owner(pid) {
      const status = textOr(`${pid}/status`);
      const numbersOf = (name: string) => fieldOf(status, name).split(/\s+/).filter(Boolean).map(Number);
      const uids = numbersOf("Uid");
      return uids.length === 4 ? { uids, isNested: numbersOf("NSpid").length > 1 } : null;
    },
    program: (pid) =>
      then(
        had(() => readlinkSync(`${folder}/${pid}/exe`)),
        (path) => path.replace(/ \(deleted\)$/, ""),
      ),
    words: (pid) => wordsIn(headOf(`${folder}/${pid}/cmdline`, mostOfWords)),
    tasks,
    task(pid, task) {
      const status = textOr(`${pid}/task/${task}/status`);
      if (status === "") return null;
      const [own, others] = ["voluntary_ctxt_switches", "nonvoluntary_ctxt_switches"].map((name) =>
        fieldOf(status, name),
      );
      return { state: fieldOf(status, "State").charAt(0), switches: `${own}/${others}` };
    },
    children(pid) {
      const lists = tasks(pid)
        .slice(0, mostThreads)
        .map((task) => text(`${pid}/task/${task}/children`));
      const failed = lists.find((list) => list.kind !== "had");
      if (failed !== undefined && lists.every((list) => list.kind !== "had")) return failed;
      return { kind: "had", value: lists.flatMap((list) => valueOr(list, "").split(" ").filter(Boolean).map(Number)) };
    },
    call: (pid, task) => then(text(`${pid}/task/${task}/syscall`), (line) => line.trim()),
    links: (pid) =>
      then(numbers(`${pid}/fd`), (descriptors) =>
        descriptors
          .sort((a, b) => a - b)
          .slice(0, mostDescriptors)
          .map((descriptor) => [descriptor, link(`${pid}/fd/${descriptor}`)] as const),
      ),
    link: (pid, descriptor) => link(`${pid}/fd/${descriptor}`),
    openedFor(pid, descriptor) {
      const flags = Number.parseInt(fieldOf(textOr(`${pid}/fdinfo/${descriptor}`), "flags"), 8);
      return (["reading", "writing", "both"] as const)[flags & 3] ?? "";
    },
    epoll: (pid, descriptor) => parseEpoll(textOr(`${pid}/fdinfo/${descriptor}`)),
    memory: (pid, address, bytes) => readMemory(`${folder}/${pid}/mem`, address, bytes),
    sleepsIn: (pid, task) => textOr(`${pid}/task/${task}/wchan`),
    workingFolder: (pid) => link(`${pid}/cwd`),
    is32Bit: (pid) => is32Bit(headOf(`${folder}/${pid}/auxv`, 8)),
    networkOf: (pid) => link(`${pid}/ns/net`),
    remotes: (pid) =>
      new Map(
        ["tcp", "tcp6"].flatMap((table) => {
          const bytes = systemBytes(`${folder}/${pid}/net/${table}`, mostOfTable);
          return bytes === null ? [] : [...parseTcp(bytes.toString("latin1"))];
        }),
      ),
    nowTicks() {
      const seconds = Number.parseFloat(textOr("uptime"));
      return Number.isNaN(seconds) ? null : Math.floor(seconds * ticksPerSecond);
    },
    setting: (path) => textOr(path).split(/\s/, 1)[0] ?? "",
    hides: () => /^\S+ \S+ \S+ \S+ \/proc .*?\b(hidepid=\w+)/m.exec(textOr("self/mountinfo"))?.[1] ?? "",
  };
}

/** The errno's names of what is there no more; ESRCH while a process ends. */
const gone: readonly string[] = ["ENOENT", "ESRCH", "ENOTDIR"];

function had<T>(get: () => T): Had<T> {
  try {
    return { kind: "had", value: get() };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return gone.includes(code) ? { kind: "gone" } : { kind: "denied", code };
  }
}

function then<A, B>(first: Had<A>, make: (value: A) => B | null): Had<B> {
  if (first.kind !== "had") return first;
  const value = make(first.value);
  return value === null ? { kind: "gone" } : { kind: "had", value };
}

export function valueOr<T, O>(from: Had<T>, otherwise: O): T | O {
  return from.kind === "had" ? from.value : otherwise;
}

function fieldOf(status: string, name: string): string {
  const at = status.startsWith(`${name}:`) ? 0 : status.indexOf(`\n${name}:`) + 1;
  if (at === 0 && !status.startsWith(`${name}:`)) return "";
  const end = status.indexOf("\n", at);
  return status.slice(at + name.length + 1, end < 0 ? undefined : end).trim();
}

/** What was cut in the midst of a character ends with that character's mark for what cannot be read. */
function wordsIn(bytes: Buffer): string[] {
  const text = bytes.toString("utf8");
  if (text === "") return [];
  const words = (text.endsWith("\0") ? text.slice(0, -1) : text).split("\0");
  return bytes.length < mostOfWords ? words : [...words.slice(0, -1), `${words.at(-1)}...`];
}

function headOf(path: string, most: number): Buffer {
  return valueOr(
    had(() => pieceOf(path, most)),
    Buffer.alloc(0),
  );
}

function pieceOf(path: string, most: number): Buffer {
  const descriptor = openSync(path, "r");
  try {
    const into = Buffer.alloc(most);
    return into.subarray(0, readSync(descriptor, into, 0, most, null));
  } finally {
    closeSync(descriptor);
  }
}
