import { spawn } from "node:child_process";
import type { Readable } from "node:stream";

/** What came of a program that was started for its answer. */
export type CommandOutcome =
  | {
      readonly kind: "ended";
      /** Exit status, or null if a signal ended it. */
      readonly status: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly stdout: Buffer;
      readonly stderr: Buffer;
    }
  | { readonly kind: "timed-out" }
  | { readonly kind: "too-much" }
  | { readonly kind: "not-started"; readonly why: string };

export interface CommandLimits {
  /** From the start to the last byte, in milliseconds. */
  readonly deadlineMs: number;
  /** Bytes of stdout and of stderr, each. */
  readonly maxBytes: number;
  /** The whole environment of the program; without it a fixed PATH and the C locale, so that answers can be parsed. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the program reads; without it stdin is /dev/null. */
  readonly input?: string | Buffer;
}

const plainEnvironment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };

/**
 * Starts `argv` (never through a shell) in a session of its own, in `/`, and waits for its end and all its output.
 * Resolves at the deadline at the latest, even if the program cannot be killed (it hangs in the kernel on a dead
 * mount): its process group has then been sent SIGKILL. Never rejects.
 */
export function runCommand(argv: readonly [string, ...string[]], limits: CommandLimits): Promise<CommandOutcome> {
  const [program, ...args] = argv;
  // No argument of a program can hold a NUL; spawn would throw.
  if (argv.some((word) => word.includes("\0"))) return Promise.resolve({ kind: "not-started", why: "NUL in a word" });
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: "/",
      env: { ...(limits.env ?? plainEnvironment) },
      detached: true,
      stdio: [limits.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const end = (outcome: CommandOutcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    const kill = (outcome: CommandOutcome) => {
      killGroup(child.pid);
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
      // A process that hangs in the kernel must not keep us alive as well.
      child.unref();
      end(outcome);
    };
    const timer = setTimeout(() => kill({ kind: "timed-out" }), limits.deadlineMs);
    const tooMuch = () => kill({ kind: "too-much" });
    const stdout = gather(child.stdout, limits.maxBytes, tooMuch);
    const stderr = gather(child.stderr, limits.maxBytes, tooMuch);
    child.on("error", (error) => end({ kind: "not-started", why: error.message }));
    child.on("close", (status, signal) => {
      end({ kind: "ended", status, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
    });
    // A program may end before it has read what it was given: its status says what it thought of it.
    child.stdin?.on("error", () => {});
    child.stdin?.end(limits.input);
  });
}

function gather(stream: Readable | null, maxBytes: number, tooMuch: () => void): Buffer[] {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) tooMuch();
    else chunks.push(chunk);
  });
  return chunks;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}
