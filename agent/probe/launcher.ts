import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { enterPath } from "../host/enter.ts";
import { encodeSpec, lines, parseSaid, type Said, type SpecWord } from "../host/launcher-words.ts";
import { statOf } from "../host/process.ts";

/** Starts the launcher `enter` and speaks with it. It is a child of this process: start it from the main thread only. */
export interface Launched {
  readonly pid: number;
  /** Lets the shell go. */
  go(): void;
  /**
   * Ends everything: the sandbox through its first process, the launcher afterwards. Resolves when the launcher is gone,
   * or after a second if it cannot be killed (a mount that does not answer holds it).
   */
  end(init: number | null): Promise<void>;
}

export interface LauncherTells {
  said(said: Said): void;
  /** The launcher ended, or could not be started (`failure`). */
  gone(failure: string | null): void;
}

const patienceMs = 500;

/** `slave`: a terminal's descriptor that becomes 0 to 2; null gives it /dev/null, for it makes pipes of its own. */
export function launch(spec: readonly SpecWord[], slave: number | null, tells: LauncherTells): Launched {
  const stdio = slave ?? ("ignore" as const);
  const child = spawn(enterPath(), [], { stdio: [stdio, stdio, stdio, "pipe"], cwd: "/", env: {} });
  const control = controlOf(child);
  let went = false;
  let ended = false;
  const gone = new Promise<void>((resolve) => {
    const finish = (failure: string | null) => {
      if (ended) return;
      ended = true;
      control?.destroy();
      tells.gone(failure);
      resolve();
    };
    child.once("error", (error) => finish(error.message));
    // `close` comes after the last line was read from the control socket, `exit` may come before.
    child.once("close", () => finish(null));
  });
  control?.on(
    "data",
    lines((line) => tells.said(parseSaid(line))),
  );
  // The launcher may be gone before all was written; that it is gone is heard by `close`.
  control?.on("error", () => {});
  control?.write(encodeSpec(spec));

  const within = (ms: number) => {
    const wait = Promise.withResolvers<void>();
    const timer = setTimeout(wait.resolve, ms);
    return Promise.race([gone, wait.promise]).finally(() => clearTimeout(timer));
  };
  return {
    pid: child.pid ?? 0,
    go: () => {
      went = true;
      control?.write("g");
    },
    async end(init) {
      if (ended) return;
      // Only if it is still the launcher's own child: the number may belong to somebody else by now.
      // Before it was told to go the launcher listens only here, and ends the sandbox itself.
      if (went && init !== null && statOf(init)?.parent === child.pid) killQuietly(init);
      else control?.destroy();
      await within(patienceMs);
      if (ended) return;
      child.kill("SIGKILL");
      await within(patienceMs);
      if (ended) return;
      control?.destroy();
      child.unref();
    },
  };
}

function controlOf(child: ChildProcess): Duplex | null {
  const control = child.stdio[3];
  return control instanceof Duplex ? control : null;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It is gone already, which was the aim.
  }
}
