/** The documents as they lie on this host, and those that came with the program. */
import { fileURLToPath } from "node:url";
import { checkKinds } from "../checks/index.ts";
import { type Loaded, loadDocuments } from "../documents/index.ts";
import { readDocumentFiles } from "../host/document-files.ts";

declare const __VERSION__: string | undefined;

const installedAt = "/etc/rcwarden/policies";
/** Bundled, the shipped documents lie beside the program; from source they lie in the repository. */
const shippedAt = typeof __VERSION__ === "string" ? "./policies" : "../../policies";

/** Those at these paths and what they name; without paths those of the host, else the shipped ones. */
export function documentsAt(paths: readonly string[]): Loaded {
  const folder = fileURLToPath(new URL(shippedAt, import.meta.url));
  const shipped = readDocumentFiles(folder, { shipped: true });
  const installed = readDocumentFiles(installedAt, { owners: "strict", mayBeMissing: true });
  if (paths.length === 0) return loadDocuments(installed, { checks: checkKinds, shipped });
  const named = paths.flatMap((path) => readDocumentFiles(path, { owners: "named" }));
  return loadDocuments(named, { checks: checkKinds, shipped, installed });
}
