/** The parts of the world as they are on this host. */
import { hostname } from "node:os";
import { fileURLToPath } from "node:url";
import { checkKinds } from "../checks/index.ts";
import { automatedAccounts } from "../collectors/automation.ts";
import { type Loaded, loadDocuments } from "../documents/index.ts";
import { accountByName, accountByUid, groupMembers, parseAccountEntry } from "../host/accounts.ts";
import { readDocumentFiles } from "../host/document-files.ts";
import { systemFile } from "../host/system-file.ts";
import { measureHere, startupFilesOf } from "./measuring.ts";
import type { Parts } from "./parts.ts";

declare const __VERSION__: string | undefined;

const installedAt = "/etc/rcwarden/policies";
/** Bundled, the shipped documents lie beside the program; from source they lie in the repository. */
const shippedAt = typeof __VERSION__ === "string" ? "./policies" : "../../policies";

export function realParts(): Parts {
  const callerUid = process.geteuid?.() ?? -1;
  return {
    now: () => new Date(),
    hostName: hostname(),
    callerUid,
    documents: async (paths) => documentsAt(paths),
    account: accountByName,
    accountOfUid: accountByUid,
    group: groupMembers,
    startupFiles: startupFilesOf,
    localNames: async () => localAccounts().map(({ name }) => name),
    read: async (file) => systemFile(file) ?? "",
    automated: async (all) => automatedAccounts({ now: new Date(), all }),
    measure: (request) => measureHere(request, callerUid === 0),
  };
}

function documentsAt(paths: readonly string[]): Loaded {
  const folder = fileURLToPath(new URL(shippedAt, import.meta.url));
  const shipped = readDocumentFiles(folder, { shipped: true });
  const installed = readDocumentFiles(installedAt, { owners: "strict", mayBeMissing: true });
  if (paths.length === 0) return loadDocuments(installed, { checks: checkKinds, shipped });
  const named = paths.flatMap((path) => readDocumentFiles(path, { owners: "named" }));
  return loadDocuments(named, { checks: checkKinds, shipped, installed });
}

function localAccounts() {
  const lines = (systemFile("/etc/passwd") ?? "").split("\n");
  return lines.flatMap((line) => parseAccountEntry(line) ?? []);
}
