import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Report } from "../../agent/evaluate/index.ts";

export const dist = fileURLToPath(new URL("../../dist", import.meta.url));
const program = `${dist}/rcwarden`;

export interface End {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The most memory that the program itself held, as the kernel counts it, looked at while it ran. */
  readonly peakRssKiB: number;
}

/** Runs the built program as its users do: by its path, from another folder, with nothing of ours in the environment. */
export function rcwarden(args: readonly string[], as: readonly string[] = []): Promise<End> {
  if (!existsSync(program)) throw new Error(`expected ${program}, found nothing; run: npm run build`);
  const [command, ...words] = [...as, program, ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(command ?? program, words, {
      cwd: "/",
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let peakRssKiB = 0;
    const watch = setInterval(() => {
      peakRssKiB = Math.max(peakRssKiB, highWater(child.pid));
    }, 25);
    child.stdout.on("data", (some: Buffer) => out.push(some));
    child.stderr.on("data", (some: Buffer) => err.push(some));
    child.on("error", reject);
    child.on("close", (status) => {
      clearInterval(watch);
      resolve({
        status,
        peakRssKiB,
        stdout: Buffer.concat(out).toString("utf8"),
        stderr: Buffer.concat(err).toString("utf8"),
      });
    });
  });
}

function highWater(pid: number | undefined): number {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

export interface Checked extends End {
  readonly report: Report;
}

/** `check --account NAME --mode MODE --json`, parsed. */
export async function check(account: string, mode = "ssh-command", more: readonly string[] = []): Promise<Checked> {
  const end = await rcwarden(["check", "--account", account, "--mode", mode, "--json", ...more]);
  try {
    return { ...end, report: JSON.parse(end.stdout) };
  } catch (cause) {
    throw new Error(`expected a report, found: ${end.stdout.slice(0, 500)} ${end.stderr.slice(0, 2000)}`, { cause });
  }
}

/** The findings of one check kind, for messages and equality. */
export function findings(report: Report, kind: string): Report["findings"] {
  return report.findings.filter((finding) => finding.check === kind);
}
