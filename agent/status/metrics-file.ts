/**
 * The file that node_exporter reads: whole at any moment, for anybody to read. Asynchronous throughout, because a file
 * system may not answer.
 *
 * The folder is held open while it is looked at and written into: who may rename a folder above it cannot put another one
 * in its place meanwhile. Wherever that leads, root alone may write there, and the file is a `.prom`.
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open, rename, unlink } from "node:fs/promises";
import { basename, dirname } from "node:path";

/** Replaces the file; "" when it is there, else why not: where, expected, found, what to do. */
export function putMetricsFile(path: string, text: string, uid: number): Promise<string> {
  return inFolder(path, uid, async (place) => {
    const beside = besideOf(place);
    await unlink(beside).catch(absent);
    const file = await open(beside, create, 0o644);
    try {
      // Whatever the umask is: node_exporter is somebody else.
      await file.chmod(0o644);
      await file.writeFile(text);
    } finally {
      await file.close();
    }
    // Not synced: after a power cut the agent writes it anew before anybody asks.
    await rename(beside, place);
  });
}

/** Takes it away where it is ours; "" when it is gone. */
export function removeMetricsFile(path: string, uid: number): Promise<string> {
  return inFolder(path, uid, (place) => unlink(place).catch(absent));
}

const create = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
const openFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

async function inFolder(path: string, uid: number, act: (place: string) => Promise<unknown>): Promise<string> {
  let folder: FileHandle | null = null;
  try {
    folder = await open(dirname(path), openFolder);
    const place = `/proc/self/fd/${folder.fd}/${basename(path)}`;
    const wrong = wrongFolder(path, await folder.stat(), uid) ?? wrongFile(path, await lstat(place).catch(absent), uid);
    if (wrong !== null) return wrong;
    await act(place);
    return "";
  } catch (error) {
    return faultOf(path, error);
  } finally {
    await folder?.close().catch(() => {});
  }
}

/** Not one that node_exporter takes for its own, which reads all that end in .prom. */
function besideOf(place: string): string {
  return `${place}.new`;
}

function wrongFolder(path: string, { uid, mode }: Stats, own: number): string | null {
  if ((uid === 0 || uid === own) && (mode & 0o022) === 0) return null;
  const who = own === 0 ? "root" : `root or uid ${own}`;
  const found = `uid ${uid} and mode ${(mode & 0o7777).toString(8)}`;
  return `${dirname(path)}: expected a folder that only ${who} may write, found ${found}; name another one for metricsFile, or mend this one`;
}

function wrongFile(path: string, file: Stats | null, own: number): string | null {
  if (file === null || (file.isFile() && file.uid === own)) return null;
  const found = file.isFile() ? `a file of uid ${file.uid}` : "no regular file";
  return `${path}: expected nothing, or the file as rcwarden left it, found ${found}; move it away, or name another metricsFile`;
}

function absent(error: unknown): null {
  if (codeOf(error) === "ENOENT") return null;
  throw error;
}

/** [what was expected, what to do] */
const faults: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ["its folder to be there", "make it, or name another metricsFile"],
  ENOTDIR: ["its folder to be one, and no link", "name what it leads to"],
  ELOOP: ["its folder to be one, and no link", "name what it leads to"],
  EACCES: ["to write it", "let who runs rcwarden write there, or name another metricsFile"],
  EPERM: ["to write it", "let who runs rcwarden write there, or name another metricsFile"],
  EROFS: ["to write it", "the file system is read-only: name another metricsFile"],
  ENOSPC: ["room for it", "make room: it is tried again"],
  EDQUOT: ["room for it", "make room: it is tried again"],
};

function faultOf(path: string, error: unknown): string {
  const code = codeOf(error);
  const [expected, advice] = faults[code] ?? ["to write it", "it is tried again"];
  return `${path}: expected ${expected}, found ${code}; ${advice}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
