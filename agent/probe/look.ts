import type { LeftRunning } from "../facts/index.ts";
import {
  commandOf,
  descendantsOf,
  descriptorInfo,
  descriptorLink,
  descriptorsOf,
  isTimerArmed,
  memoryOf,
  parseEpoll,
  parseSyscall,
  runs32Bit,
  statOf,
  syscallText,
  taskStatus,
  tasksOf,
} from "../host/process.ts";
import {
  type Inside,
  kindOfLink,
  type Look,
  type Opened,
  type ProcessLook,
  type TaskLook,
  waitOf,
} from "../host/waiting.ts";

/** How the session's own streams look in /proc/PID/fd. */
export interface Streams {
  /** `pipe:[INODE]` of stdin; null with a terminal. */
  readonly stdin: string | null;
  /** The session's terminal: its name inside, and its device number; null without one. */
  readonly terminal: { readonly link: string; readonly device: number } | null;
}

/** A session with more is ended, by the launcher. Among thousands that fork a look at each would never come to its end. */
export const mostProcesses = 300;

/**
 * Looks once at every process below `init`. Calls are read only if no task was seen running, because with one running
 * the look proves nothing and a busy session would be read for nothing.
 */
export function look(init: number, streams: Streams, readCalls: "if-quiet" | "always" = "if-quiet"): Look {
  let torn = false;
  let calm = true;
  const pids = descendantsOf(init, mostProcesses);
  // They became too many since they were counted: what is not looked at makes the look worthless, and says so.
  if (pids.length > mostProcesses) return { processes: [], torn: true };
  const drafts = pids.flatMap((pid) => {
    const stat = statOf(pid);
    if (stat === null) {
      torn = true;
      return [];
    }
    const tasks = tasksOf(pid).flatMap((task) => {
      const status = taskStatus(pid, task);
      if (status === null) torn = true;
      return status === null ? [] : [{ task, status }];
    });
    if (stat.state !== "Z" && tasks.some(({ status }) => !"STZX".includes(status.state))) calm = false;
    return [{ pid, stat, tasks }];
  });
  const asks = readCalls === "always" || (calm && !torn);
  const processes = drafts.map(({ pid, stat, tasks }): ProcessLook => {
    const leader = tasks.find(({ task }) => task === pid)?.status;
    const foreign = asks && stat.state !== "Z" && runs32Bit(pid);
    const inside = insideOf(pid, stat.terminal, streams);
    return {
      pid,
      innerPid: leader?.innerPid ?? 0,
      parent: stat.parent,
      name: stat.command,
      state: stat.state,
      group: stat.group,
      foreground: stat.foreground,
      terminal: stat.terminal,
      cpuTicks: stat.cpuTicks,
      startedTicks: stat.startedTicks,
      ownKiB: leader?.ownKiB ?? 0,
      foreign,
      tasks: tasks.map(({ task, status }): TaskLook => {
        const waits = asks && (status.state === "S" || status.state === "D");
        const line = waits ? syscallText(pid, task) : "";
        return {
          pid,
          task,
          state: status.state,
          switches: status.switches,
          line,
          wait: waits ? waitOf(parseSyscall(line), inside) : null,
        };
      }),
    };
  });
  return { processes, torn };
}

function insideOf(pid: number, terminal: number, streams: Streams): Inside {
  return {
    arch: process.arch,
    link: (fd) => descriptorLink(pid, fd),
    memory: (address, bytes) => memoryOf(pid, address, bytes),
    epoll: (fd) => parseEpoll(descriptorInfo(pid, fd)),
    kind: (link) => kindOf(link, terminal, streams),
  };
}

function kindOf(link: string, terminal: number, streams: Streams): Opened {
  if (link === streams.stdin) return "stdin";
  const own = streams.terminal;
  // /dev/tty is whatever terminal the process has, and that may be one that it made itself (script, expect).
  if (own !== null && (link === own.link || (link === "/dev/tty" && terminal === own.device))) return "terminal";
  return kindOfLink(link);
}

/** Whether anybody below `init` holds a timerfd that will go off. */
export function holdsArmedTimerfd(seen: Look): boolean {
  return seen.processes.some(({ pid, state }) =>
    state === "Z"
      ? false
      : descriptorsOf(pid).some(
          (fd) => descriptorLink(pid, fd) === "anon_inode:[timerfd]" && isTimerArmed(descriptorInfo(pid, fd)),
        ),
  );
}

/** Nobody reads a longer list. */
const mostNamed = 50;

/** The session's stdout and stderr as /proc/PID/fd names them. */
export interface Links {
  readonly stdout: string;
  readonly stderr: string;
}

/** Names processes, and which of the session's streams each keeps open; `links` is null where nobody can. */
export function leftRunning(pids: readonly number[], links: Links | null): LeftRunning[] {
  return pids.slice(0, mostNamed).map((pid) => {
    const open = new Set(links === null ? [] : descriptorsOf(pid).map((fd) => descriptorLink(pid, fd)));
    const holds = streams.filter((stream) => links !== null && open.has(links[stream]));
    return { command: commandOf(pid), holds };
  });
}

const streams = ["stdout", "stderr"] as const;

/** Who is still there, without the shell and the dead. */
export function leftIn(seen: Look, shell: number): number[] {
  return seen.processes
    .filter(({ pid, state }) => pid !== shell && state !== "Z" && state !== "X")
    .map(({ pid }) => pid);
}
