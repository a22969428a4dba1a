/** Bytes of the documents that a path names: the only part of reading documents that touches the world. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  type Stats,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** As documents/kinds.ts has it: bytes, or why there are none. */
export type DocumentFile =
  | { readonly file: string; readonly shipped: boolean; readonly bytes: Uint8Array }
  | { readonly file: string; readonly shipped: boolean; readonly refused: Refusal };

export interface Refusal {
  /** Stable words: `file-missing`. */
  readonly code: string;
  readonly expected: string;
  readonly found: string;
  readonly change: string;
}

export interface Reading {
  /** Whether these came with the program. */
  readonly shipped?: boolean;
  /**
   * What root asks of owners. `named`: who called may have written it (root, SUDO_UID, the caller). `strict`: only root
   * may own or write it, or the folders around it; for what is installed and applies without being named. Who is not
   * root is asked nothing: what he reads decides only about himself.
   */
  readonly owners?: "named" | "strict";
  /** Whether what lies in folders below the folder counts, too; it does where nothing is said. */
  readonly below?: boolean;
  /** Whether a path that is missing, or a folder without documents, is nothing instead of a refusal. */
  readonly mayBeMissing?: boolean;
}

const most = { bytes: 1024 * 1024, files: 1000, depth: 16, bytesInAll: 32 * 1024 * 1024 } as const;

/**
 * A file, or every `*.yaml` and `*.yml` below a folder, sorted by path; hidden names are left out, links to folders are not
 * followed. Never throws and never waits: what is no regular file is not opened. What cannot be read is an entry of its
 * own that says why.
 */
export function readDocumentFiles(path: string, reading: Reading = {}): readonly DocumentFile[] {
  const shipped = reading.shipped ?? false;
  const refuse = (file: string, refused: Refusal): DocumentFile => ({ file, shipped, refused });
  const status = attempt(() => statSync(path));
  if (status instanceof Error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(status)) && reading.mayBeMissing === true) return [];
    return [refuse(path, whyNot(status))];
  }
  if (!status.isDirectory()) return [readOne(path, shipped, reading)];
  const found: Found = { files: [], refused: [] };
  collect(path, reading.below === false ? 0 : most.depth, found);
  // Also of a folder in which nothing lies: who may write it may have taken away what did.
  const untrusted = attempt(() => whyUntrustedFolders([...foldersAround(path), realpathSync(path)], reading));
  if (untrusted !== null) return [refuse(path, untrusted instanceof Error ? whyNot(untrusted) : untrusted)];
  const unreadable = found.refused.map(({ file, refused }) => refuse(file, refused));
  if (found.files.length > most.files) {
    const refused = { code: "files-too-many", expected: `at most ${most.files} documents`, found: "more", change: "" };
    return [refuse(path, refused)];
  }
  if (found.files.length + unreadable.length === 0) {
    if (reading.mayBeMissing === true) return [];
    const expected = "a folder with documents (*.yaml, *.yml)";
    return [refuse(path, { code: "folder-without-documents", expected, found: "none", change: "" })];
  }
  let bytesInAll = 0;
  const read = found.files.map((file) => {
    if (bytesInAll > most.bytesInAll) {
      return refuse(file, { code: "files-too-big", expected: "at most 32 MiB in a folder", found: "more", change: "" });
    }
    const one = readOne(file, shipped, reading);
    bytesInAll += "bytes" in one ? one.bytes.length : 0;
    return one;
  });
  return [...unreadable, ...read].sort((a, b) => (a.file < b.file ? -1 : 1));
}

interface Found {
  readonly files: string[];
  readonly refused: { readonly file: string; readonly refused: Refusal }[];
}

/** `levels` of folders below this one are looked into; with none, what lies in them does not count. */
function collect(folder: string, levels: number, found: Found): void {
  const entries = attempt(() => readdirSync(folder, { withFileTypes: true }));
  if (entries instanceof Error) {
    found.refused.push({ file: folder, refused: whyNot(entries) });
    return;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (found.files.length > most.files) return;
    const path = join(folder, entry.name);
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory() && levels === 0) continue;
    if (entry.isDirectory() && levels > 1) collect(path, levels - 1, found);
    else if (entry.isDirectory()) {
      const expected = `at most ${most.depth} levels of folders`;
      found.refused.push({ file: path, refused: { code: "folder-too-deep", expected, found: "more", change: "" } });
    } else if (/\.ya?ml$/.test(entry.name)) found.files.push(path);
  }
}

function readOne(file: string, shipped: boolean, reading: Reading): DocumentFile {
  const refuse = (refused: Refusal): DocumentFile => ({ file, shipped, refused });
  // Looked at before it is opened: to open a device may already do something.
  const before = attempt(() => statSync(file));
  if (before instanceof Error) return refuse(whyNot(before));
  if (!before.isFile()) return refuse(notAFile(before));
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  const descriptor = attempt(() => openSync(file, flags));
  if (descriptor instanceof Error) return refuse(whyNot(descriptor));
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) return refuse(notAFile(status));
    const untrusted = whyUntrusted(file, status, reading);
    if (untrusted !== null) return refuse(untrusted);
    const bytes = readUpTo(descriptor, most.bytes + 1);
    if (bytes.length <= most.bytes) return { file, shipped, bytes };
    const found = status.size > most.bytes ? `${status.size} bytes` : "more";
    return refuse({ code: "file-too-big", expected: "at most 1 MiB", found, change: "" });
  } catch (error) {
    return refuse(whyNot(error));
  } finally {
    closeSync(descriptor);
  }
}

function readUpTo(descriptor: number, bytes: number): Uint8Array {
  const buffer = Buffer.alloc(bytes);
  let filled = 0;
  while (filled < bytes) {
    const got = readSync(descriptor, buffer, filled, bytes - filled, null);
    if (got === 0) break;
    filled += got;
  }
  return new Uint8Array(buffer.subarray(0, filled));
}

/** Whether others than those whom `owners` allows could have written what root is about to believe; null if not. */
function whyUntrusted(file: string, status: Stats, { owners }: Reading): Refusal | null {
  if (owners === undefined || process.geteuid?.() !== 0) return null;
  const trusted = owners === "strict" ? [0] : [0, Number(process.env.SUDO_UID ?? 0), process.getuid?.() ?? 0];
  if (!trusted.includes(status.uid)) {
    const expected = owners === "strict" ? "a file of root" : "a file of root, or of who called";
    return { code: "file-owner", expected, found: `one of uid ${status.uid}`, change: `chown root ${file}` };
  }
  // A group of the caller's own may write what the caller names: many systems give everybody one.
  const loose = owners === "strict" ? 0o022 : 0o002;
  if ((status.mode & loose) !== 0) return writable(file, status);
  return whyUntrustedFolders(foldersAround(file), { owners });
}

/** Whether others than root could have put something else in the place of what root is about to believe; null if not. */
function whyUntrustedFolders(folders: readonly string[], { owners }: Reading): Refusal | null {
  if (owners !== "strict" || process.geteuid?.() !== 0) return null;
  for (const folder of folders) {
    const around = statSync(folder);
    if (around.uid !== 0) {
      return {
        code: "folder-owner",
        expected: `a folder of root (${folder})`,
        found: `one of uid ${around.uid}`,
        change: `chown root ${folder}`,
      };
    }
    // In a sticky folder (/tmp) nobody can replace what is root's.
    if ((around.mode & 0o022) !== 0 && (around.mode & 0o1000) === 0) return writable(folder, around);
  }
  return null;
}

function writable(path: string, status: Stats): Refusal {
  const [who, letter] = (status.mode & 0o002) !== 0 ? ["everybody", "o"] : [`group ${status.gid}`, "g"];
  const expected = "no one but root may write";
  return { code: "file-writable", expected, found: `${who} may write ${path}`, change: `chmod ${letter}-w ${path}` };
}

/** Every folder by which the file is reached: by the name that was given, and by what its links lead to. */
function foldersAround(file: string): readonly string[] {
  const starts = [resolve(file), join(realpathSync(dirname(file)), basename(file)), realpathSync(file)];
  const folders = new Set<string>();
  for (const start of starts) {
    for (let folder = dirname(start); ; folder = dirname(folder)) {
      folders.add(folder);
      if (folder === "/") break;
    }
  }
  return [...folders];
}

function notAFile(status: Stats): Refusal {
  const kinds = [
    ["a folder", status.isDirectory()],
    ["a FIFO", status.isFIFO()],
    ["a socket", status.isSocket()],
    ["a device", status.isCharacterDevice() || status.isBlockDevice()],
  ] as const;
  const found = kinds.find(([, is]) => is)?.[0] ?? "something else";
  return { code: "file-not-regular", expected: "a regular file", found, change: "" };
}

function whyNot(error: unknown): Refusal {
  const code = codeOf(error);
  const expected = "a file that can be read";
  if (code === "ENOENT") return { code: "file-missing", expected: "a file or folder", found: "none", change: "" };
  if (code === "ENOTDIR") return { code: "file-missing", expected: "a file or folder", found: "none", change: "" };
  if (code === "EACCES" || code === "EPERM")
    return { code: "file-unreadable", expected, found: "no permission", change: "" };
  if (code === "ELOOP") return { code: "file-unreadable", expected, found: "a circle of links", change: "" };
  return { code: "file-unreadable", expected, found: code, change: "" };
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "an error";
}
