import { latin1Of } from "./whole-file.ts";

/** One resource limit of getrlimit(2), in the kernel's units: bytes, seconds, microseconds, or a count. */
export interface Limit {
  /** One of `limitNames`. */
  readonly name: string;
  readonly soft: number | "unlimited";
  readonly hard: number | "unlimited";
}

/** Rows of /proc/PID/limits (proc_pid_limits(5)), in the kernel's order, and the names that limits.conf(5) gives them. */
const rows = {
  "Max cpu time": "cpu",
  "Max file size": "fsize",
  "Max data size": "data",
  "Max stack size": "stack",
  "Max core file size": "core",
  "Max resident set": "rss",
  "Max processes": "nproc",
  "Max open files": "nofile",
  "Max locked memory": "memlock",
  "Max address space": "as",
  "Max file locks": "locks",
  "Max pending signals": "sigpending",
  "Max msgqueue size": "msgqueue",
  "Max nice priority": "nice",
  "Max realtime priority": "rtprio",
  "Max realtime timeout": "rttime",
} as const;

export const limitNames: readonly string[] = Object.values(rows);

/** The limits of a running process; null if it is gone or may not be looked at. */
export function limitsOf(pid: number | "self"): Limit[] | null {
  try {
    return parseLimits(latin1Of(`/proc/${pid}/limits`));
  } catch {
    return null;
  }
}

/** Text of /proc/PID/limits. Rows that no kernel of today has are left out. */
export function parseLimits(text: string): Limit[] {
  return text.split("\n").flatMap((line) => {
    const [, label, soft, hard] = /^(Max .*?) {2,}(\d+|unlimited) +(\d+|unlimited)(?: |$)/.exec(line) ?? [];
    const name = Object.entries(rows).find(([row]) => row === label)?.[1];
    return name === undefined || soft === undefined || hard === undefined
      ? []
      : [{ name, soft: amount(soft), hard: amount(hard) }];
  });
}

function amount(text: string): number | "unlimited" {
  return text === "unlimited" ? text : Number(text);
}
