import type { EpollTarget, SyscallLine } from "./process.ts";
import { syscallName } from "./syscalls.ts";

/**
 * Is anything in a session able to move? Pure: a look at every task goes in, a judgement comes out.
 *
 * The rule: two looks in which the same tasks sit in the same calls with the same
 * switch counts prove that nobody ran in between. If, besides, every wait is *closed*, that is, only another task of the
 * same session could end it, then nothing will ever move again. Whatever is not known to be closed is open.
 */

/** What a descriptor leads to, as far as waiting for it goes. */
export type Opened = "stdin" | "terminal" | "pipe" | "event" | "epoll" | "other";

/** What a call's arguments mean, asked of the process that made it. */
export interface Inside {
  readonly arch: string;
  /** A link as /proc/PID/fd/N has it, "" if it is not to be had. */
  link(fd: number): string;
  memory(address: bigint, bytes: number): Buffer | null;
  epoll(fd: number): readonly EpollTarget[];
  kind(link: string): Opened;
}

/** What a descriptor is that is none of the session's own streams, by its link in /proc/PID/fd. */
export function kindOfLink(link: string): Opened {
  if (/^pipe:\[/.test(link) || /^\/dev\/(pts\/\d+|tty|ptmx|pts\/ptmx)$/.test(link)) return "pipe";
  if (/^anon_inode:\[(eventfd|signalfd)\]$/.test(link)) return "event";
  if (link === "anon_inode:[eventpoll]") return "epoll";
  return "other";
}

export interface Wait {
  /** The call's name; `running`, or `unknown` where it is not to be had. */
  readonly call: string;
  readonly closed: boolean;
  /** Whether the time that it waits is bounded by its own arguments. */
  readonly bounded: boolean;
  readonly on: readonly { readonly fd: number; readonly link: string; readonly kind: Opened }[];
  readonly args: readonly bigint[];
}

const endsOnlyByAnother = new Set(["wait4", "waitid", "pause", "rt_sigsuspend"]);
const reads = new Set(["read", "readv"]);
const polls = new Set(["poll", "ppoll"]);
const selects = new Set(["select", "pselect6"]);
const epolls = new Set(["epoll_wait", "epoll_pwait", "epoll_pwait2"]);
const sleeps = new Set(["nanosleep", "clock_nanosleep", "restart_syscall"]);

const readable = 0x1 | 0x2 | 0x40 | 0x80; // POLLIN POLLPRI POLLRDNORM POLLRDBAND, the same bits in epoll
const always = 0x8 | 0x10 | 0x20 | 0x2000; // POLLERR POLLHUP POLLNVAL POLLRDHUP: reported, not waited for
const epollModes = 0xf0000000; // EPOLLET, EPOLLONESHOT, EPOLLWAKEUP, EPOLLEXCLUSIVE
const mostDescriptors = 1024;
const nestedEpolls = 3;

export function waitOf(line: SyscallLine, inside: Inside): Wait {
  if (line === "running") return { call: "running", closed: false, bounded: false, on: [], args: [] };
  const call = line === null ? null : syscallName(line.number, inside.arch);
  if (line === null || call === null) return { call: "unknown", closed: false, bounded: false, on: [], args: [] };
  const args = line.args;
  const argument = (index: number) => args[index] ?? 0n;
  const wait = (closed: boolean, bounded: boolean, fds: readonly number[]): Wait => {
    const on = fds.map((fd) => ({ fd, link: inside.link(fd), kind: inside.kind(inside.link(fd)) }));
    const allClosed = closed && on.every(({ fd, kind }) => isClosedKind(kind, fd, inside, nestedEpolls));
    return { call, closed: allClosed && !bounded, bounded, on, args };
  };

  if (endsOnlyByAnother.has(call)) return wait(true, false, []);
  if (call === "rt_sigtimedwait") return wait(true, argument(2) !== 0n, []);
  if (call === "futex") {
    // FUTEX_WAIT and FUTEX_WAIT_BITSET without a time; the upper bits of the operation are flags.
    const operation = argument(1) & 0x7fn;
    return wait(operation === 0n || operation === 9n, argument(3) !== 0n, []);
  }
  if (reads.has(call)) return wait(true, false, [asFd(argument(0))]);
  if (polls.has(call)) {
    const watched = polled(inside.memory(argument(0), Math.min(asFd(argument(1)), mostDescriptors) * 8));
    const bounded = call === "poll" ? BigInt.asIntN(32, argument(2)) >= 0n : argument(2) !== 0n;
    return wait(watched.onlyReading && watched.fds.length > 0, bounded, watched.fds);
  }
  if (selects.has(call)) {
    const watched = selected(inside, asFd(argument(0)), argument(1), argument(2), argument(3));
    return wait(watched.onlyReading && watched.fds.length > 0, argument(4) !== 0n, watched.fds);
  }
  if (epolls.has(call)) {
    const watched = epolled(inside, asFd(argument(0)));
    const bounded = call === "epoll_pwait2" ? argument(3) !== 0n : BigInt.asIntN(32, argument(3)) >= 0n;
    return wait(watched.onlyReading && watched.fds.length > 0, bounded, watched.fds);
  }
  if (sleeps.has(call)) return wait(false, true, []);
  // The first argument of these is a descriptor: kept, so that words can be found for it.
  const hasFd = /^(write|writev|pread64|connect|accept|accept4|send|recv|fcntl|flock|fsync)/.test(call);
  return wait(false, false, hasFd ? [asFd(argument(0))] : []);
}

function asFd(argument: bigint): number {
  return Number(BigInt.asIntN(32, argument));
}

interface Watched {
  readonly fds: readonly number[];
  readonly onlyReading: boolean;
}

function polled(entries: Buffer | null): Watched {
  if (entries === null) return { fds: [], onlyReading: false };
  const fds: number[] = [];
  let onlyReading = true;
  for (let at = 0; at + 8 <= entries.length; at += 8) {
    const fd = entries.readInt32LE(at);
    const events = entries.readUInt16LE(at + 4);
    if (fd < 0) continue;
    fds.push(fd);
    if ((events & ~(readable | always)) !== 0) onlyReading = false;
  }
  return { fds, onlyReading };
}

function selected(inside: Inside, count: number, reading: bigint, writing: bigint, excepting: bigint): Watched {
  const bytes = Math.ceil(Math.min(Math.max(count, 0), mostDescriptors) / 64) * 8;
  const members = (address: bigint): number[] | null => {
    if (address === 0n || bytes === 0) return [];
    const bits = inside.memory(address, bytes);
    if (bits === null || bits.length < bytes) return null;
    return Array.from({ length: count }, (_, fd) => fd).filter((fd) => ((bits[fd >> 3] ?? 0) & (1 << (fd & 7))) !== 0);
  };
  const [read, write, except] = [members(reading), members(writing), members(excepting)];
  const known = read !== null && write !== null && except !== null;
  return { fds: read ?? [], onlyReading: known && write.length === 0 && except.length === 0 };
}

function epolled(inside: Inside, fd: number): Watched {
  const targets = inside.epoll(fd).filter((target) => (target.events & ~epollModes & ~always) !== 0);
  const reading = targets.every(
    (target) => (target.events & ~(readable | always | epollModes)) === 0 && isSamePipe(target, inside.link(target.fd)),
  );
  return { fds: targets.map((target) => target.fd), onlyReading: reading };
}

/** An epoll set keeps what it was given even after the number was closed and given to another file. */
function isSamePipe(target: EpollTarget, link: string): boolean {
  const inode = /^pipe:\[(\d+)\]$/.exec(link)?.[1];
  return inode === undefined || target.inode === "" || target.inode === inode;
}

function isClosedKind(kind: Opened, fd: number, inside: Inside, depth: number): boolean {
  if (kind !== "epoll") return kind !== "other";
  if (depth === 0) return false;
  const watched = epolled(inside, fd);
  return (
    watched.onlyReading &&
    watched.fds.every((inner) => isClosedKind(inside.kind(inside.link(inner)), inner, inside, depth - 1))
  );
}

export interface TaskLook {
  readonly pid: number;
  readonly task: number;
  readonly state: string;
  readonly switches: string;
  /** The raw syscall line; "" where it was not asked for. */
  readonly line: string;
  /** Null where the look had already seen that something runs. */
  readonly wait: Wait | null;
}

export interface ProcessLook {
  readonly pid: number;
  readonly innerPid: number;
  readonly parent: number;
  readonly name: string;
  readonly state: string;
  readonly group: number;
  readonly foreground: number;
  readonly terminal: number;
  readonly cpuTicks: number;
  readonly startedTicks: number;
  readonly ownKiB: number;
  /** Its call numbers belong to an architecture that the tables do not have. */
  readonly foreign: boolean;
  readonly tasks: readonly TaskLook[];
}

export interface Look {
  readonly processes: readonly ProcessLook[];
  /** Somebody vanished while it was looked at: the look proves nothing. */
  readonly torn: boolean;
}

export interface Reader {
  readonly pid: number;
  readonly task: number;
  readonly line: string;
  readonly switches: string;
}

/** `still`: nothing moved between the two looks and no task's wait can end by itself. */
export type Judgement =
  | { readonly kind: "moving" }
  | { readonly kind: "still"; readonly readers: readonly Reader[]; readonly stopped: boolean };

/** `terminal`: a reader counts only in the foreground of its terminal; elsewhere it would be stopped, not answered. */
export function judge(before: Look | null, now: Look, terminal: boolean): Judgement {
  if (before === null || keyOf(before) !== keyOf(now) || !isQuiet(now)) return { kind: "moving" };
  return {
    kind: "still",
    readers: readersIn(now, terminal),
    stopped: now.processes.some((process) => process.state === "T"),
  };
}

/** Whether every task of this look sits in a closed wait, is stopped or is dead. */
export function isQuiet(look: Look): boolean {
  return (
    !look.torn &&
    look.processes.length > 0 &&
    look.processes.every(
      (process) =>
        process.state === "Z" ||
        process.tasks.every(
          (task) =>
            task.state === "Z" ||
            task.state === "X" ||
            task.state === "T" ||
            (task.state === "S" && !process.foreign && task.wait?.closed === true),
        ),
    )
  );
}

/** Tasks that wait for what only the other end of this session could send. */
export function readersIn(look: Look, terminal: boolean): Reader[] {
  return look.processes.flatMap((process) =>
    process.state === "Z" || process.foreign || (terminal && process.group !== process.foreground)
      ? []
      : process.tasks
          .filter(
            (task) =>
              task.state === "S" &&
              task.wait?.closed === true &&
              task.wait.on.some(({ kind }) => kind === (terminal ? "terminal" : "stdin")),
          )
          .map(({ pid, task, line, switches }) => ({ pid, task, line, switches })),
  );
}

function keyOf(look: Look): string {
  return look.processes
    .flatMap((process) =>
      process.state === "Z"
        ? []
        : process.tasks.map((task) => `${task.pid} ${task.task} ${task.switches} ${task.line}`),
    )
    .join("\n");
}
