import {
  chmodSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  type Stats,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, isAbsolute } from "node:path";
import { errnoOf, failure, triedToWrite } from "./problem.ts";
import type { StoreRefusal } from "./store.ts";

/** Everything that the store keeps in its folder; `NAME.WHY-TIME` are those that were set aside. */
export const files = {
  database: "state.db",
  wal: "state.db-wal",
  journal: "state.db-journal",
  beside: "epoch",
  lock: "state.lock",
  mending: "state.db.mending",
} as const;

/** Newest of each that were set aside and stay. */
const keptAside = 3;

/**
 * Null where the folder may be used: a real folder of ours in which nobody else may write, made (0700) if it was not
 * there, with nothing but regular files of ours (0600) where the store's own are. Whatever the umask is.
 */
export function refusedFolder(folder: string): StoreRefusal | null {
  if (!isAbsolute(folder))
    return refused("no-folder", folder, "an absolute path", "a relative one", "give the whole path");
  try {
    makeFolder(folder);
    return wrongFolder(folder, lstatSync(folder)) ?? wrongFiles(folder) ?? notWritable(folder);
  } catch (error) {
    return cannotUse(folder, error);
  }
}

/** With its parents (0700 each, whatever the umask is). Node's own way says ENOENT where the file system is read-only. */
function makeFolder(folder: string): void {
  if (statusOf(folder) !== null) return;
  makeFolder(dirname(folder));
  mkdirSync(folder, 0o700);
  chmodSync(folder, 0o700);
}

function wrongFolder(folder: string, status: Stats): StoreRefusal | null {
  const expected = "a folder of this account in which nobody else may write";
  if (!status.isDirectory() && !status.isSymbolicLink())
    return refused("no-folder", folder, expected, "no folder", "use another path (--state) or move this away");
  const found = status.isSymbolicLink()
    ? "a link"
    : status.uid !== ownUid()
      ? `a folder of uid ${status.uid}`
      : (status.mode & 0o022) !== 0
        ? `mode ${(status.mode & 0o7777).toString(8)}`
        : null;
  return found === null
    ? null
    : refused("not-ours", folder, expected, found, "use another folder (--state) or mend this one");
}

function wrongFiles(folder: string): StoreRefusal | null {
  for (const path of Object.values(files).map((name) => `${folder}/${name}`)) {
    const status = statusOf(path);
    if (status === null) continue;
    if (!status.isFile() || status.uid !== ownUid() || status.nlink !== 1)
      return refused("not-ours", path, "a regular file of this account with one name", kindOf(status), "move it away");
    if ((status.mode & 0o777) !== 0o600) chmodSync(path, 0o600);
  }
  return null;
}

function notWritable(folder: string): StoreRefusal | null {
  const error = triedToWrite(folder);
  return error === null ? null : failure(folder, error);
}

function cannotUse(folder: string, error: unknown): StoreRefusal {
  const { code, message } = failure(folder, error);
  if (code === "full" || errnoOf(error) === "EROFS") return { kind: "refused", code, message };
  const found = error instanceof Error ? error.message : String(error);
  return refused(
    "no-folder",
    folder,
    "a folder, or to make one",
    `"${found}"`,
    "make it, or use another one (--state)",
  );
}

export function refused(
  code: StoreRefusal["code"],
  where: string,
  expected: string,
  found: string,
  advice: string,
): StoreRefusal {
  return { kind: "refused", code, message: `${where}: expected ${expected}, found ${found}; ${advice}` };
}

/** Null where nothing has that name. */
export function statusOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

function kindOf(status: Stats): string {
  if (status.isSymbolicLink()) return "a link";
  if (!status.isFile()) return "no regular file";
  return status.uid === ownUid() ? `${status.nlink} names of one file` : `a file of uid ${status.uid}`;
}

function ownUid(): number {
  return process.geteuid?.() ?? -1;
}

/** Makes an empty file (0600, whatever the umask) where none is. */
export function makeFile(path: string): void {
  const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
  if (statusOf(path) !== null) return;
  closeSync(openSync(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, 0o600));
  chmodSync(path, 0o600);
}

/** The whole file at once or not at all, and durable: written beside, synced, renamed, the folder synced. */
export function replaceFile(folder: string, name: string, text: string): void {
  const beside = `${folder}/${name}.new`;
  if (statusOf(beside) !== null) unlinkSync(beside);
  makeFile(beside);
  const descriptor = openSync(beside, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  rename(folder, `${name}.new`, name);
}

export function rename(folder: string, from: string, to: string): void {
  renameSync(`${folder}/${from}`, `${folder}/${to}`);
  syncFolder(folder);
}

export function syncFolder(folder: string): void {
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Text of a small file of ours; null where there is none or it is no text. */
export function smallFile(path: string): string | null {
  const status = statusOf(path);
  return status?.isFile() && status.size <= 65_536 ? readFileSync(path, "utf8") : null;
}

/**
 * Moves the database away as `state.db.WHY-TIME`, its log after it under the name by which SQLite finds it, and removes the
 * oldest of more than three such. Says the new path; null where there is nothing of it.
 */
export function setAside(folder: string, why: "corrupt" | "other-host", nowMs: number): string | null {
  const parts = databaseFiles.filter((name) => statusOf(`${folder}/${name}`) !== null);
  if (parts.length === 0) return null;
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  const first = `${folder}/${files.database}.${why}-${time}`;
  let path = first;
  for (let again = 2; statusOf(path) !== null; again++) path = `${first}-${again}`;
  for (const name of parts) renameSync(`${folder}/${name}`, `${path}${name.slice(files.database.length)}`);
  syncFolder(folder);
  removeOldest(folder, path.slice(folder.length + 1));
  return path;
}

/** The database first: a log alone is none, but a database without its log would pass for a whole one. */
const databaseFiles = [files.database, files.wal, files.journal];

export function removeDatabase(path: string): void {
  for (const name of [path, `${path}-wal`, `${path}-journal`, `${path}-shm`])
    if (statusOf(name) !== null) unlinkSync(name);
}

function removeOldest(folder: string, newest: string): void {
  const aside = readdirSync(folder).filter((name) => /^state\.db\.(corrupt|other-host)-\w+(-\d+)?$/.test(name));
  const age = (name: string) =>
    name === newest ? Number.POSITIVE_INFINITY : (statusOf(`${folder}/${name}`)?.ctimeMs ?? 0);
  for (const name of aside.sort((a, b) => age(b) - age(a)).slice(keptAside)) {
    removeDatabase(`${folder}/${name}`);
  }
}
