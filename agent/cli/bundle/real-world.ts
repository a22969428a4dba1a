/** What a bundle is made of, as it is on this host. Nothing here opens a file that an account owns. */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { arch, cpus, freemem, release, totalmem, version } from "node:os";
import { sshdProgram } from "../../collectors/sshd.ts";
import { runCommand } from "../../host/command.ts";
import { systemFile } from "../../host/system-file.ts";
import type { Stored, SupportParts } from "../parts.ts";
import type { Answered } from "./parts.ts";

export const realSupport: SupportParts = {
  host: hostFacts,
  sshd: sshdText,
  log: logText,
  limits: ownLimits,
  create: createPrivate,
};

const withinMs = 5_000;
const mostBytes = 1 << 20;

/** Standard output of a program that is no shell's; or in words why there is none. */
async function said(argv: readonly [string, ...string[]]): Promise<Answered<string>> {
  const outcome = await runCommand(argv, { deadlineMs: withinMs, maxBytes: mostBytes });
  if (outcome.kind === "not-started") return { kind: "none", why: `${argv[0]}: ${outcome.why}` };
  if (outcome.kind !== "ended") return { kind: "none", why: `${argv[0]}: ${outcome.kind}` };
  if (outcome.status !== 0) {
    const [why = ""] = outcome.stderr.toString("utf8").trim().split("\n");
    return { kind: "none", why: `${argv[0]}: exit ${outcome.status}${why === "" ? "" : `: ${why}`}` };
  }
  return { kind: "answer", value: outcome.stdout.toString("utf8") };
}

async function hostFacts(): Promise<Readonly<Record<string, unknown>>> {
  const distribution = systemFile("/etc/os-release") ?? systemFile("/usr/lib/os-release") ?? "";
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)`, "m").exec(distribution)?.[1] ?? null;
  return {
    kernel: { release: release(), version: version(), architecture: arch() },
    distribution: { name: field("PRETTY_NAME"), id: field("ID"), version: field("VERSION_ID") },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    processors: cpus().length,
    node: process.version,
    uptimeSeconds: Number((systemFile("/proc/uptime") ?? "").split(" ")[0]),
    shells: await shellVersions(),
  };
}

/** Shells that say their version without reading anything; the path is one that root wrote into /etc/shells. */
const speaking = ["bash", "zsh", "tcsh", "ksh", "ksh93", "fish"];

async function shellVersions(): Promise<Readonly<Record<string, string>>> {
  const listed = (systemFile("/etc/shells") ?? "").split("\n").filter((line) => line.startsWith("/"));
  const asked = listed.map(async (path): Promise<[string, string]> => {
    if (!speaking.includes(path.slice(path.lastIndexOf("/") + 1))) return [path, "says no version"];
    const answer = await said([path, "--version"]);
    return [path, answer.kind === "answer" ? (answer.value.split("\n", 1)[0] ?? "") : answer.why];
  });
  return Object.fromEntries(await Promise.all(asked));
}

async function sshdText(): Promise<Answered<string>> {
  const program = sshdProgram();
  if (program === null) return { kind: "none", why: "no sshd is installed" };
  if (process.geteuid?.() !== 0) return { kind: "none", why: "only root can ask sshd for its settings" };
  const answer = await said([program, "-T"]);
  return answer.kind === "none" ? answer : { kind: "answer", value: answer.value.replace(/^setenv .*$/gm, namesAlone) };
}

/** `SetEnv` gives sessions variables: their names, not their values. */
export function namesAlone(line: string): string {
  const names = [...line.matchAll(/[ "]([A-Za-z_]\w*)=/g)].map(([, name]) => `${name}=[masked]`);
  return `setenv ${names.join(" ")}`;
}

const lastLines = 1_000;

async function logText(): Promise<Answered<string>> {
  const argv = ["/usr/bin/journalctl", "--no-pager", "-q", "-o", "short-iso", "-n", String(lastLines)] as const;
  const answer = await said([...argv, "-u", "rcwarden*"]);
  if (answer.kind === "answer" && answer.value.trim() === "")
    return { kind: "none", why: "the journal has no line of rcwarden's units, or not for you" };
  return answer;
}

async function ownLimits(): Promise<Readonly<Record<string, string>>> {
  const cgroup = /^0::(\/.*)$/m.exec(systemFile("/proc/self/cgroup") ?? "")?.[1];
  const of = (name: string) => (cgroup === undefined ? null : systemFile(`/sys/fs/cgroup${cgroup}/${name}`));
  return {
    limits: systemFile("/proc/self/limits") ?? "",
    ...Object.fromEntries(
      ["memory.max", "memory.high", "pids.max", "cpu.max"].map((name) => [name, of(name) ?? "none"]),
    ),
  };
}

/** A file of this caller alone, that was not there before. */
function createPrivate(path: string, bytes: Uint8Array): Stored {
  let descriptor: number;
  try {
    descriptor = openSync(path, "wx", 0o600);
  } catch (error) {
    return refusedBy(error);
  }
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    fsyncSync(descriptor);
    return { kind: "written" };
  } catch (error) {
    return refusedBy(error);
  } finally {
    closeSync(descriptor);
  }
}

function refusedBy(error: unknown): Stored {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return { kind: "refused", found: code === "EEXIST" ? "one that is there already" : code };
}
