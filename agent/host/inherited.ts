import { closeSync, readdirSync, readFileSync } from "node:fs";

const closedOnExec = 0o2000000; // O_CLOEXEC, as /proc/PID/fdinfo/FD has it

/**
 * Closes what whoever called left open beyond 0 to 2 and what children would have as well: a lock, a file that only root
 * may read. Node itself marks those up to 15, and further ones up to the first gap, so that no child has them.
 */
export function closeInherited(): void {
  for (const name of readdirSync("/proc/self/fd")) {
    const fd = Number(name);
    if (fd > 2 && (flagsOf(fd) & closedOnExec) === 0) close(fd);
  }
}

function flagsOf(fd: number): number {
  try {
    return Number.parseInt(
      /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1] ?? "",
      8,
    );
  } catch {
    return closedOnExec; // the folder's own, which is closed by now
  }
}

function close(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // Nobody has it any more.
  }
}
