// Ends a sandbox that goes wild, should what is tested not do so. A process of its own that comes before all others
// where it may: a fork bomb leaves the test itself no time.
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface Watchdog extends AsyncDisposable {
  /** From now on a sandbox, by its pid 1, has three seconds. */
  watch(init: number): void;
  /** Calls it off. True if it had to end the sandbox. */
  off(): Promise<boolean>;
}

const script = `chrt -p -r 50 $$ >/dev/null 2>&1
echo ready
read -r init
read -r -t 3
(( $? > 128 )) && kill -9 "$init"`;

export async function watchdog(): Promise<Watchdog> {
  const child = spawn("/bin/bash", ["-c", script], { stdio: ["pipe", "pipe", "ignore"] });
  const ended = once(child, "close");
  child.stdin.on("error", () => {}); // it has ended the sandbox and itself
  await once(child.stdout, "data");
  const off = async () => {
    child.stdin.end();
    const [status] = await ended;
    return status === 0;
  };
  return {
    watch: (init) => void child.stdin.write(`${init}\n`),
    off,
    [Symbol.asyncDispose]: async () => void (await off()),
  };
}
