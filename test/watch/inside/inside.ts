/** Runs a program of this folder in a user and mount namespace of its own, where it is root and may mount. */
import { spawnSync } from "node:child_process";

export function inside(program: string, ...args: readonly string[]): void {
  const file = new URL(`${program}.ts`, import.meta.url).pathname;
  const { status, signal, stdout, stderr, error } = spawnSync(
    "unshare",
    ["-U", "-m", "--map-root-user", "--propagation", "private", process.execPath, file, ...args],
    { encoding: "utf8", timeout: 120_000, killSignal: "SIGKILL", env: { PATH: process.env.PATH } },
  );
  if (status === 0) return;
  throw new Error(`${program}: expected it to hold, found ${error?.message ?? signal ?? status}\n${stdout}${stderr}`);
}
