/**
 * Memory of a process that is not ours, read by a process of its own: its owner may have laid a file system of its own over
 * it (FUSE), and who reads there waits in the kernel for as long as that owner wants, and cannot be ended.
 */
import { spawn } from "node:child_process";

export type ReadMemory = (path: string, address: bigint, bytes: number) => Promise<Buffer | null>;

const withinMs = 500;
/** Readers that did not come back: while there are so many, nobody's memory is read. */
const mostHeld = 8;

/** Null for what cannot be read in time. `path`: /proc/PID/mem. Never rejects. */
export function memoryReader(): ReadMemory {
  const held = new Map<number, string>();
  return async (path, address, bytes) => {
    if (bytes <= 0 || held.size >= mostHeld || [...held.values()].includes(path)) return null;
    const words = [`if=${path}`, "bs=4096", "iflag=skip_bytes,count_bytes", `skip=${address}`, `count=${bytes}`];
    const child = spawn("/bin/dd", [...words, "status=none"], {
      cwd: "/",
      env: {},
      stdio: ["ignore", "pipe", "ignore"],
    });
    const { promise, resolve } = Promise.withResolvers<Buffer | null>();
    const chunks: Buffer[] = [];
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      child.stdout.destroy();
      // Neither it nor whoever holds it keeps us.
      child.unref();
      if (child.pid !== undefined) held.set(child.pid, path);
      resolve(null);
    }, withinMs);
    const gone = () => void (child.pid !== undefined && held.delete(child.pid));
    child.on("exit", gone);
    child.on("error", () => resolve(null));
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("close", () => resolve(chunks.length === 0 ? null : Buffer.concat(chunks)));
    return promise.finally(() => clearTimeout(late));
  };
}
