import { randomUUID } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { type Beside, readBeside } from "./beside.ts";
import { body, brokenRows, brokenStructure, connect, makeTables, number, schemaVersion } from "./database.ts";
import {
  files,
  makeFile,
  refused,
  refusedFolder,
  removeDatabase,
  rename,
  setAside,
  statusOf,
  syncFolder,
} from "./folder.ts";
import { type HostKeys, hashedKeys, hostKeys, isSameHost } from "./host-keys.ts";
import { type Look, lookAt } from "./look.ts";
import { knowOlder, mend, owed } from "./mend.ts";
import { errnoOf, failure, resultCode, sqlite } from "./problem.ts";
import { type Owner, State } from "./state.ts";
import type { Opened, StoreRefusal } from "./store.ts";

export interface OpenOptions {
  /** Absolute; made where it is missing. */
  readonly folder: string;
  /** `host`, or an account's name. */
  readonly instance: string;
  readonly nowMs: number;
  /** This program's version: a later one's database is refused, and says so with it. */
  readonly program: string;
  /** What tells this host from its clone; as the host says where left out. */
  readonly hostKeys?: HostKeys;
  /** Milliseconds that only go forward; the monotonic clock where left out. Rows grow old by it, never by `nowMs`. */
  readonly elapsedMs?: () => number;
}

/** What opening goes by and adds to. */
interface Opening extends OpenOptions {
  readonly beside: Beside | null;
  readonly keys: HostKeys;
  readonly notices: string[];
}

/** A database that is sound, and known to be this host's and this instance's, before its new epoch after `aboveN`. */
interface Ours {
  readonly connection: DatabaseSync;
  readonly owner: Owner;
  readonly aboveN: number;
}

/**
 * Opens the state of an instance, or makes it, and begins its next epoch, durable before this returns. Expects to be the
 * only one with the folder (the caller holds the instance's lock); a second opener is refused before it touches anything.
 *
 * Who notices what: another host's state (a cloned disk), a database that is damaged, gone, or older than the file beside
 * it, are noticed here. A whole folder that was copied back is not: nothing in it is newer. The engine notices, because
 * the next epoch has an N that it knows with another R, or because it holds more of us than we do (`have`).
 */
export function openStore(options: OpenOptions): Opened {
  const { folder } = options;
  const wrong = refusedFolder(folder);
  if (wrong !== null) return wrong;
  const lock = locked(folder);
  if (lock instanceof DatabaseSync) return openLocked(options, lock);
  return lock;
}

/** An empty database that is never written: SQLite's lock on it dies with this process. */
function locked(folder: string): DatabaseSync | StoreRefusal {
  const path = `${folder}/${files.lock}`;
  let lock: DatabaseSync | null = null;
  try {
    makeFile(path);
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    if (resultCode(error) !== sqlite.busy) return failure(folder, error);
    return refused(
      "failed",
      folder,
      "to be the only one with this state",
      "that another process has it",
      "stop it first",
    );
  }
}

function openLocked(options: OpenOptions, lock: DatabaseSync): Opened {
  const { folder, nowMs, elapsedMs = () => performance.now() } = options;
  const keys = hashedKeys(options.hostKeys ?? hostKeys());
  let connection: DatabaseSync | null = null;
  try {
    const opening: Opening = { ...options, beside: readBeside(folder), keys, notices: [] };
    const found = foundDatabase(opening);
    const ours = found instanceof DatabaseSync ? ownDatabase(opening, found) : found;
    if ("kind" in ours) {
      lock.close();
      return ours;
    }
    connection = ours.connection;
    const release = () => lock.close();
    const { owner, aboveN } = ours;
    const store = new State(connection, { folder, owner, notices: opening.notices, nowMs, elapsedMs, release });
    const begun = store.begin(nowMs, aboveN, owed(connection));
    if (begun.kind === "committed") return { kind: "store", store };
    store.close();
    return begun;
  } catch (error) {
    connection?.close();
    lock.close();
    if (resultCode(error) === null && errnoOf(error) === "") throw error;
    return failure(folder, error);
  }
}

function foundDatabase(opening: Opening): DatabaseSync | StoreRefusal {
  const { folder, beside } = opening;
  const look = finished(opening);
  if (look.kind === "damaged") return replaced(opening, look.why);
  if (look.kind === "database" && look.version > schemaVersion) return newer(opening, look.version);
  if (look.kind === "absent" && beside !== null) return replaced(opening, "it is gone");
  if (look.kind === "absent" || (look.version === 0 && beside === null)) return made(folder, files.database);
  if (look.version === 0) return replaced(opening, "it is empty");
  const opened = soundOr(`${folder}/${files.database}`, look.version);
  return typeof opened === "string" ? replaced(opening, opened) : older(opening, opened);
}

/** A replacing that a kill broke off between its two renames is brought to its end. A log without its database is nobody's. */
function finished({ folder, nowMs }: Opening): Look {
  const look = lookAt(folder);
  if (look.kind !== "absent") return look;
  setAside(folder, "corrupt", nowMs);
  if (statusOf(`${folder}/${files.mending}`) === null) return look;
  rename(folder, files.mending, files.database);
  return lookAt(folder);
}

function newer({ folder, program, beside }: Opening, version: number): StoreRefusal {
  const by = beside === null ? "" : `, of rcwarden ${beside.program}`;
  const expected = `a database of version ${schemaVersion} or lower, as rcwarden ${program} knows it`;
  const found = `version ${version}${by}`;
  return refused(
    "newer",
    `${folder}/${files.database}`,
    expected,
    found,
    "install that version again, or use another folder",
  );
}

function made(folder: string, name: string): DatabaseSync {
  const path = `${folder}/${name}`;
  makeFile(path);
  const connection = connect(path);
  try {
    makeTables(connection);
    syncFolder(folder);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * The connection, with the tables of our version, or a clause that says why there is none. Nothing is written to a database
 * before its structure was looked at. Throws what is no fault of the database itself.
 */
function soundOr(path: string, version: number): DatabaseSync | string {
  const faults: readonly (number | null)[] = [sqlite.corrupt, sqlite.notADatabase, sqlite.error];
  let connection: DatabaseSync | null = null;
  try {
    connection = connect(path);
    const broken = brokenStructure(connection);
    if (broken === null) makeTables(connection, version);
    const why = broken ?? brokenRows(connection);
    if (why === null) return connection;
    connection.close();
    return why;
  } catch (error) {
    connection?.close();
    if (!(error instanceof Error) || !faults.includes(resultCode(error))) throw error;
    return `SQLite says "${error.message}"`;
  }
}

/**
 * Begins anew with what can be read of what is damaged, which is then set aside. The new one is made whole before the old
 * one is moved: where there is no room for it, nothing has changed.
 */
function replaced({ folder, nowMs, beside, notices }: Opening, why: string): DatabaseSync {
  const path = `${folder}/${files.database}`;
  const mending = `${folder}/${files.mending}`;
  removeDatabase(mending);
  let rows = 0;
  try {
    using connection = made(folder, files.mending);
    rows = mend(path, connection, beside);
  } catch (error) {
    removeDatabase(mending);
    throw error;
  }
  const aside = setAside(folder, "corrupt", nowMs);
  rename(folder, files.mending, files.database);
  const then = aside === null ? "" : `it was moved to ${aside}, and `;
  notices.push(
    `${path}: expected the database, found that ${why}; ${then}${rows} of its rows are in a new one; events.lost says what is missing`,
  );
  return connect(path);
}

/** A database that is sound but knows less than the file beside it: its log was removed, or it alone was copied back. */
function older({ folder, beside, notices }: Opening, connection: DatabaseSync): DatabaseSync {
  const last = number(connection.prepare("SELECT coalesce(max(n), 0) AS n FROM epochs").get(), "n");
  if (beside === null || beside.n <= last) return connection;
  notices.push(
    `${folder}/${files.database}: expected epoch ${beside.n}, found ${last}, an older state; what came after is missing, as events.lost says`,
  );
  try {
    knowOlder(connection, beside);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** What the database says of whose it is. */
type About = Pick<Owner, "hostId" | "instance" | "keys">;

function ownDatabase(opening: Opening, connection: DatabaseSync): Ours | StoreRefusal {
  const { folder, instance, program, keys, beside } = opening;
  const row = connection.prepare("SELECT body FROM about WHERE id = 1").get();
  const about = row === undefined ? beside : body<About>(row);
  if (about !== null && about.instance !== instance) {
    connection.close();
    const found = `that of "${about.instance}"`;
    return refused("not-ours", folder, `the state of instance "${instance}"`, found, "use another folder");
  }
  if (about !== null && !isSameHost(about.keys, keys)) return otherHost(opening, connection);
  const known: About = { hostId: about?.hostId ?? randomUUID(), instance, keys: knownKeys(about?.keys, keys) };
  const kept = JSON.stringify(known);
  if (row?.body !== kept) connection.prepare("INSERT OR REPLACE INTO about VALUES (1, ?)").run(kept);
  return { connection, owner: { ...known, program }, aboveN: beside?.n ?? 0 };
}

/** A key that cannot be read this time is not forgotten. */
function knownKeys(before: HostKeys | undefined, now: HostKeys): HostKeys {
  return {
    machineId: now.machineId ?? before?.machineId ?? null,
    productUuid: now.productUuid ?? before?.productUuid ?? null,
    productName: now.productName ?? before?.productName ?? null,
  };
}

/** A cloned disk: another host with an identity of its own, which has measured nothing yet. */
function otherHost(opening: Opening, connection: DatabaseSync): Ours | StoreRefusal {
  const { folder, nowMs, notices } = opening;
  connection.close();
  const aside = setAside(folder, "other-host", nowMs);
  notices.push(
    `${folder}/${files.database}: expected the state of this host, found another one's (a cloned disk); it was moved to ${aside}, and this host begins with an identity of its own`,
  );
  return ownDatabase({ ...opening, beside: null }, made(folder, files.database));
}
