/** The parts of the world as they are on this host. */
import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { peerOf } from "../host/peer.ts";
import { systemFile } from "../host/system-file.ts";
import { configAt, documentsAt, hostFolder } from "../runs/host-documents.ts";
import { hostNames } from "../runs/host-names.ts";
import { measureHere, startupFilesOf } from "../runs/measuring.ts";
import { ask } from "./ask.ts";
import { append, create } from "./except.ts";
import type { Input, Parts } from "./parts.ts";

export function realParts(): Parts {
  const names = hostNames();
  return {
    ...names,
    now: () => new Date(),
    offsetMinutes: (at) => -at.getTimezoneOffset(),
    env: process.env,
    hostName: hostname(),
    documents: async (paths) => documentsAt(paths, Date.now()),
    hostFolder,
    configuration: async (path) => configAt(path, Date.now()),
    files: { create, append },
    input: inputOf,
    startupFiles: startupFilesOf,
    read: async (file) => systemFile(file) ?? "",
    measure: (request) => measureHere(request, names.callerUid === 0),
    sweepBelow: async (toLookAt, account, sweeping) =>
      (await import("../cleanup/index.ts")).sweepBelow(toLookAt, account, sweeping),
    cleanup: async () => (await import("./real-cleanup.ts")).realCleanup,
    ask: (sockets, question) => {
      const listenerOf = (socket: Socket) => peerOf(socket)?.uid ?? null;
      return ask({ sockets, callerUid: names.callerUid, listenerOf }, question);
    },
    runAgent: async (call) => (await import("../daemon/index.ts")).runAgent(call),
  };
}

async function inputOf(path: string): Promise<Input> {
  try {
    return { kind: "text", text: path === "-" ? await text(process.stdin) : await readFile(path, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return { kind: "unreadable", why: code === "ENOENT" ? "none" : code };
  }
}
