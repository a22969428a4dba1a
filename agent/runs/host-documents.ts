/** The documents as they lie on this host, and those that came with the program. */
import { existsSync, lstatSync, readdirSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { checkKinds } from "../checks/index.ts";
import { type DocumentSet, type Loaded, loadDocuments, type SourceFile } from "../documents/index.ts";
import { readDocumentFiles } from "../host/document-files.ts";

declare const __VERSION__: string | undefined;

/** The host owner's documents lie in this folder, and in no folder below it; policies lie below `policies`. */
export const hostFolder = "/etc/rcwarden";
const policiesBelow = "policies";
/** Bundled, the shipped documents lie beside the program, or a link to them; from source they lie in the repository. */
const shippedAt = typeof __VERSION__ === "string" ? "./policies" : "../../policies";

/**
 * Those at these paths and what they name, under what the owner of this host says; without paths those of the host, else
 * the shipped ones.
 */
export function documentsAt(paths: readonly string[], nowMs: number): Loaded {
  const { host, policies } = installedIn(hostFolder, "strict");
  const context = { checks: checkKinds, shipped: shipped(), host, nowMs };
  if (paths.length === 0) return loadDocuments(policies, context);
  const named = paths.flatMap((path) => readDocumentFiles(path, { owners: "named" }));
  return loadDocuments(named, { ...context, installed: policies });
}

/** Documents, or what is wrong with them, and every file and folder to watch because of them, there or not. */
export type Configuration = Loaded & { readonly paths: readonly string[] };

/**
 * What an agent goes by: everything below /etc/rcwarden, or instead of that what lies at `path`, which is a folder laid out
 * like it or a single file of documents.
 */
export function configAt(path: string | null, nowMs: number): Configuration {
  const at = path === null ? hostFolder : resolve(path);
  const { host, policies } = installedIn(at, path === null ? "strict" : "named");
  // What was asked for by name must be there; /etc/rcwarden need not.
  const missing = path === null || existsSync(at) ? [] : readDocumentFiles(at);
  const loaded = loadDocuments(policies, {
    checks: checkKinds,
    shipped: shipped(),
    host: [...host, ...missing],
    nowMs,
  });
  return { ...loaded, paths: watchedFor(at, [...host, ...policies]) };
}

/** What holds where nothing that was written for this host can be taken. */
export function shippedAlone(nowMs: number): DocumentSet {
  const loaded = loadDocuments([], { checks: checkKinds, shipped: shipped(), host: [], nowMs });
  if (loaded.kind === "problems") throw new Error("the shipped documents are broken");
  return loaded.set;
}

interface Installed {
  readonly host: readonly SourceFile[];
  readonly policies: readonly SourceFile[];
}

function installedIn(folder: string, owners: "strict" | "named"): Installed {
  const reading = { owners, mayBeMissing: true };
  return {
    host: readDocumentFiles(folder, { ...reading, below: false }),
    policies: readDocumentFiles(join(folder, policiesBelow), reading),
  };
}

function shipped(): readonly SourceFile[] {
  const beside = fileURLToPath(new URL(shippedAt, import.meta.url));
  return readDocumentFiles(leadingTo(beside)[0] ?? beside, { shipped: true });
}

/** Folders, because a document may come; files, and what a link leads to, because one may change in place. */
function watchedFor(folder: string, files: readonly SourceFile[]): readonly string[] {
  const policies = join(folder, policiesBelow);
  const paths = [folder, policies, ...foldersBelow(policies), ...files.map(({ file }) => file)];
  return [...new Set(paths.flatMap((path) => [path, ...leadingTo(path)]))];
}

/** Links are not followed, as when documents are read. What cannot be read has nothing below it: that is told there. */
function foldersBelow(folder: string): readonly string[] {
  try {
    if (!lstatSync(folder).isDirectory()) return [];
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

function leadingTo(path: string): readonly string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}
