/** The parts of the world as they are on this host. */
import { hostname } from "node:os";
import { systemFile } from "../host/system-file.ts";
import { documentsAt } from "../runs/host-documents.ts";
import { hostNames } from "../runs/host-names.ts";
import { measureHere, startupFilesOf } from "../runs/measuring.ts";
import type { Parts } from "./parts.ts";

export function realParts(): Parts {
  const names = hostNames();
  return {
    ...names,
    now: () => new Date(),
    hostName: hostname(),
    documents: async (paths) => documentsAt(paths, Date.now()),
    startupFiles: startupFilesOf,
    read: async (file) => systemFile(file) ?? "",
    measure: (request) => measureHere(request, names.callerUid === 0),
  };
}
