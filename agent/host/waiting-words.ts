import type { Waiting } from "../facts/index.ts";
import type { Look, ProcessLook, TaskLook, Wait } from "./waiting.ts";

/** Says in words what a session waits for. Pure but for `Ask`, by which it looks at the processes that it names. */
export interface Ask {
  command(pid: number): string;
  memory(pid: number, address: bigint, bytes: number): Buffer | null;
  workingFolder(pid: number): string;
  /** Kernel function that the task sleeps in, or "". */
  sleepsIn(pid: number, task: number): string;
}

// timeout(1) and some shells wait for the signal that a child sends when it ends.
const waitsForChild = new Set(["wait4", "waitid", "rt_sigsuspend"]);

/**
 * The process that a person would name: from the shell down through those that wait for a child to the youngest child.
 * In a pipeline or beside background jobs the youngest is the one that was started last, so mostly the one in front.
 */
export function inFront(look: Look, shell: number): ProcessLook | null {
  const living = look.processes.filter(({ state }) => state !== "Z");
  let front = living.find(({ pid }) => pid === shell) ?? null;
  for (let depth = 0; front !== null && depth < living.length; depth++) {
    const at: ProcessLook = front;
    if (!at.tasks.some(({ wait }) => wait !== null && waitsForChild.has(wait.call))) break;
    const children = living.filter(({ parent }) => parent === at.pid);
    const youngest = children.reduce<ProcessLook | null>(
      (young, child) => (young === null || child.startedTicks >= young.startedTicks ? child : young),
      null,
    );
    if (youngest === null) break;
    front = youngest;
  }
  return front ?? living.at(-1) ?? null;
}

export function describe(process: ProcessLook, ask: Ask): Waiting {
  const command = ask.command(process.pid);
  const task = tellingTask(process);
  const said = task === null ? { for: "other" as const, says: "cannot be looked at" } : saysTask(process, task, ask);
  return { ...said, command };
}

/** In a program of many threads those that wait for another thread say nothing. */
function tellingTask(process: ProcessLook): TaskLook | null {
  return process.tasks.find(({ wait }) => wait !== null && wait.call !== "futex") ?? process.tasks[0] ?? null;
}

type Said = Pick<Waiting, "for" | "says">;

function saysTask(process: ProcessLook, task: TaskLook, ask: Ask): Said {
  if (task.state === "T" || process.state === "T")
    return { for: "stopped", says: "was stopped and nobody continues it" };
  if (task.state === "R") return { for: "cpu", says: `computes, ${seconds(process.cpuTicks * 10)} of CPU time so far` };
  if (process.foreign) return { for: "other", says: "is a 32-bit program, whose waits cannot be read" };
  if (task.wait === null) return { for: "other", says: "waits in the kernel" };
  if (task.state === "D" && task.wait.call !== "openat") {
    return { for: "other", says: `waits for a disk or a mount that does not answer (${task.wait.call})` };
  }
  return saysWait(process, task, task.wait, ask);
}

function saysWait(process: ProcessLook, task: TaskLook, wait: Wait, ask: Ask): Said {
  const { pid } = process;
  const [first] = wait.on;
  const onInput = wait.on.some(({ kind }) => kind === "stdin" || kind === "terminal");
  switch (wait.call) {
    case "wait4":
    case "waitid":
      return { for: "child", says: "waits for a child" };
    case "nanosleep":
    case "clock_nanosleep":
    case "restart_syscall":
      return { for: "time", says: saysSleep(pid, wait, ask) };
    case "pause":
    case "rt_sigsuspend":
    case "rt_sigtimedwait":
      return wait.bounded
        ? { for: "time", says: "waits for a signal, for a time" }
        : { for: "other", says: "waits for a signal" };
    case "flock":
      return { for: "lock", says: `waits for a lock on ${first?.link ?? "a file"}` };
    case "fcntl":
      return { for: "lock", says: `waits for a record lock on ${first?.link ?? "a file"}` };
    case "open":
    case "openat":
    case "openat2":
      return saysOpen(process, task, wait, ask);
    case "connect":
    case "accept":
    case "accept4":
      return { for: "network", says: `waits for a connection (${wait.call})` };
    case "write":
    case "writev":
      return { for: "other", says: `waits to write to ${first?.link ?? "a descriptor"}` };
    case "futex":
      return { for: "other", says: "waits within itself (futex)" };
    case "unknown":
      return { for: "other", says: "waits in the kernel" };
  }
  if (onInput) {
    return wait.bounded
      ? { for: "time", says: `waits for input${saysBound(pid, wait, ask)}` }
      : { for: "input", says: "waits for input" };
  }
  if (wait.on.some(({ link }) => link.startsWith("socket:")) || /^(recv|send)/.test(wait.call)) {
    return { for: "network", says: `waits for a socket (${wait.call})` };
  }
  if (wait.bounded) return { for: "time", says: `waits${saysBound(pid, wait, ask)}` };
  if (first?.kind === "pipe") return { for: "other", says: "waits for another process (a pipe)" };
  if (first !== undefined && first.link !== "") return { for: "other", says: `waits for ${first.link}` };
  return { for: "other", says: `waits in ${wait.call}` };
}

const timerAbsolute = 1n;

function saysSleep(pid: number, wait: Wait, ask: Ask): string {
  const clocked = wait.call === "clock_nanosleep";
  if (wait.call === "restart_syscall") return "sleeps";
  if (clocked && ((wait.args[1] ?? 0n) & timerAbsolute) !== 0n) return "sleeps until a set time";
  const ms = timespecMs(ask.memory(pid, wait.args[clocked ? 2 : 0] ?? 0n, 16), 1e6);
  return ms === null ? "sleeps" : `sleeps for ${seconds(ms)}`;
}

/** ", at most N s" where the call's own arguments say how long. */
function saysBound(pid: number, wait: Wait, ask: Ask): string {
  const ms = boundMs(pid, wait, ask);
  return ms === null ? ", for a time" : `, at most ${seconds(ms)}`;
}

function boundMs(pid: number, wait: Wait, ask: Ask): number | null {
  const argument = (index: number) => wait.args[index] ?? 0n;
  switch (wait.call) {
    case "poll":
      return Number(BigInt.asIntN(32, argument(2)));
    case "epoll_wait":
    case "epoll_pwait":
      return Number(BigInt.asIntN(32, argument(3)));
    case "select":
      return timespecMs(ask.memory(pid, argument(4), 16), 1e3);
    case "pselect6":
      return timespecMs(ask.memory(pid, argument(4), 16), 1e6);
    case "ppoll":
      return timespecMs(ask.memory(pid, argument(2), 16), 1e6);
    default:
      return null;
  }
}

/** Two 64-bit words: seconds, and parts of which `perMs` make a millisecond. */
function timespecMs(words: Buffer | null, perMs: number): number | null {
  if (words === null || words.length < 16) return null;
  return Number(words.readBigInt64LE(0)) * 1000 + Number(words.readBigInt64LE(8)) / perMs;
}

const longestPath = 4096;

function saysOpen(process: ProcessLook, task: TaskLook, wait: Wait, ask: Ask): Said {
  const address = wait.args[wait.call === "open" ? 0 : 1] ?? 0n;
  const path = pathAt(process.pid, address, ask);
  const named = path === null ? "a file" : path.startsWith("/") ? path : `${ask.workingFolder(process.pid)}/${path}`;
  // An open that sleeps (and is no stuck mount) waits for the other end of a FIFO; the kernel says so where it is asked.
  if (task.state === "D") return { for: "other", says: `waits for a mount that does not answer, to open ${named}` };
  const partner = /partner|fifo/.test(ask.sleepsIn(process.pid, task.task));
  return { for: "fifo", says: partner ? `waits to open the FIFO ${named}` : `waits to open ${named}` };
}

function pathAt(pid: number, address: bigint, ask: Ask): string | null {
  // Read page by page: the path may stand at the end of the last page that there is.
  let text = Buffer.alloc(0);
  for (let at = address; text.length < longestPath; ) {
    const piece = ask.memory(pid, at, 4096 - Number(at & 4095n));
    if (piece === null || piece.length === 0) return null;
    text = Buffer.concat([text, piece]);
    const end = text.indexOf(0);
    if (end >= 0) return text.toString("utf8", 0, end);
    at += BigInt(piece.length);
  }
  return null;
}

/** `60 s`, `1.5 s`, `0.2 s`. */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(ms < 10_000 ? 1 : 0))} s`;
}
