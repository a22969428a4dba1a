/** The parts of the world as they are on this host. */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { systemFile } from "../host/system-file.ts";
import { configAt, documentsAt, hostFolder } from "../runs/host-documents.ts";
import { hostNames } from "../runs/host-names.ts";
import { measureHere, startupFilesOf } from "../runs/measuring.ts";
import { askingParts } from "./asking-parts.ts";
import { append, create } from "./except.ts";
import type { Input, Parts } from "./parts.ts";
import { insteadParts } from "./real-instead.ts";
import { watchFiles } from "./real-watch.ts";

export function realParts(): Parts {
  const names = hostNames();
  const parts: Parts = {
    ...names,
    ...insteadParts(names),
    ...askingParts(),
    hostName: hostname(),
    documents: async (paths) => documentsAt(paths, Date.now()),
    hostFolder,
    configuration: async (path) => configAt(path, Date.now()),
    files: { create, append },
    input: inputOf,
    startupFiles: startupFilesOf,
    read: async (file) => systemFile(file) ?? "",
    measure: (request) => measureHere(request, names.callerUid === 0),
    sessions: async (isWanted) =>
      (await import("../collectors/real-sessions.ts")).sessionsNow(names.callerUid === 0, isWanted),
    sweepBelow: async (toLookAt, account, sweeping) =>
      (await import("../cleanup/index.ts")).sweepBelow(toLookAt, account, sweeping),
    cleanup: async () => (await import("./real-cleanup.ts")).realCleanup,
    support: async () => (await import("./bundle/real-world.ts")).realSupport,
    watchFiles,
    interrupted: () =>
      new Promise((resolve) => {
        for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
      }),
    doctor: async (asked) => (await import("./doctor/real-world.ts")).doctorWorld(parts, asked),
    pause: async (ms) => void (await setTimeout(ms)),
    runAgent: async (call) => (await import("./agent-apart.ts")).runAgent(call),
  };
  return parts;
}

async function inputOf(path: string): Promise<Input> {
  try {
    return { kind: "text", text: path === "-" ? await text(process.stdin) : await readFile(path, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { kind: "unreadable", why: code === "ENOENT" ? "none" : code };
  }
}
