/** A host in trouble, for one agent alone: its own mounts, its own account database, its own processes looked at. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";

/**
 * Words before the program that give it mounts of its own, made by this shell text; they are gone with its last process.
 * The agent has the pid that was started.
 */
export function withMounts(script: string): string[] {
  return ["/usr/bin/unshare", "-m", "/bin/sh", "-ec", `${script}\nexec "$@"`, "sh"];
}

/** Runs a command among the mounts of a process. */
export function amongMountsOf(pid: number, ...command: readonly string[]): void {
  execFileSync("/usr/bin/nsenter", ["-m", "-t", String(pid), ...command], { stdio: ["ignore", "ignore", "pipe"] });
}

/** Pids with this owner. */
export function processesOf(uid: number): string[] {
  return readdirSync("/proc").filter(
    (entry) => /^\d+$/.test(entry) && statSync(`/proc/${entry}`, { throwIfNoEntry: false })?.uid === uid,
  );
}

/** Its words; "" where it is gone. */
export function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** State letter of each child, by pid. */
export function childrenOf(parent: number): ReadonlyMap<number, string> {
  const children = new Map<number, string>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const [state, ppid] = statOf(entry);
    if (Number(ppid) === parent && state !== undefined) children.set(Number(entry), state);
  }
  return children;
}

/** The fields from the third on, proc(5). */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return [];
  }
}
