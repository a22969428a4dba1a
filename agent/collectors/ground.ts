import { readdirSync } from "node:fs";
import type { Account } from "../facts/index.ts";
import { type Limit, limitsOf } from "../host/limits.ts";
import { systemFile } from "../host/system-file.ts";
import { namesIn, type SystemFiles } from "./pam-modules.ts";

/** What a session is given before the account's shell is started. */
export interface SessionGround {
  /** The whole environment of the shell. */
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly limits: readonly Limit[];
  /** A folder in place of the caller's, in which this way leaves the shell; the home if not said. */
  readonly cwd?: string;
  /** One clause: where limits and settings were taken from. */
  readonly evidence: string;
  /** What could be otherwise in a real session, a clause each; empty where everything is known. */
  readonly doubts: readonly string[];
}

/** Another host than the one at hand: for tests. */
export interface SessionHost {
  /** Text by path of system files that are otherwise there. */
  readonly instead?: Readonly<Record<string, string>>;
  /** sshd's configuration file. */
  readonly config?: string;
  /** Pid of the sshd that takes connections, or of whoever calls su and sudo, or of cron. */
  readonly listener?: number;
}

export interface GroundWish {
  readonly account: Account;
  /**
   * Text by path relative to the home, of files that sshd and pam_env may read; the host's settings decide whether they
   * count. They are the account's own, so a child with its identity reads them.
   */
  readonly environmentFiles: Readonly<Record<string, string>>;
  readonly on?: SessionHost;
}

/** The system's files, with what a test puts in their place. */
export function systemOn({ instead = {} }: SessionHost): SystemFiles {
  return {
    text: (path) => instead[path] ?? systemFile(path),
    names: (folder) => [...namesIn(folder), ...Object.keys(instead).flatMap((path) => nameIn(folder, path))].sort(),
  };
}

function nameIn(folder: string, path: string): string[] {
  return path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [];
}

export interface Inherited {
  readonly limits: readonly Limit[];
  readonly umask: number;
  readonly mayRaise: boolean;
  readonly evidence: string;
}

/** Pid of the oldest of root's processes with one of these names; null if there is none. */
export function processNamed(names: readonly string[]): number | null {
  const pids = readdirSync("/proc").flatMap((entry) => (/^\d+$/.test(entry) ? [Number(entry)] : []));
  const isOne = (pid: number) =>
    names.includes(systemFile(`/proc/${pid}/comm`)?.trimEnd() ?? "") &&
    /^Uid:\t0\t0\t/m.test(systemFile(`/proc/${pid}/status`) ?? "");
  return pids.sort((a, b) => a - b).find(isOne) ?? null;
}

/** What a session has of the process that starts it, which `as` names; of PID 1 where none runs. */
export function inheritedFrom(starter: number | null, as: string): Inherited {
  const limits = starter === null ? null : limitsOf(starter);
  if (starter === null || limits === null) {
    const limits = limitsOf(1) ?? limitsOf("self") ?? [];
    return { limits, umask: 0o022, mayRaise: true, evidence: `no ${as} runs: limits from PID 1` };
  }
  const status = systemFile(`/proc/${starter}/status`) ?? "";
  const mask = /^Umask:\t(\d+)$/m.exec(status)?.[1] ?? "022";
  // Bit 24 of capabilities(7) is CAP_SYS_RESOURCE.
  const mayRaise = (BigInt(`0x${/^CapEff:\t([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`) & (1n << 24n)) !== 0n;
  return {
    limits,
    umask: Number.parseInt(mask, 8),
    mayRaise,
    evidence: `limits from the running ${as} (pid ${starter})`,
  };
}
