import { DatabaseSync, type SQLOutputValue } from "node:sqlite";

/** Raised with each change to the tables; a database of a higher one is refused. Who raises it writes the change here. */
export const schemaVersion = 2;

/**
 * All tables count their rows by an integer key, so that salvage can step over what is broken. `place` is a row's number in
 * the whole stream: an epoch's events have the places `base + 1`, `base + 2` ...; `lived` is milliseconds that the program
 * has lived through (lived.ts); `body` is JSON. `about` holds whose state it is (1) and what was lost and is still to be
 * told: by salvage, with the next epoch (2); by the cap, when it is kept again (3).
 */
const firstTables = `
  CREATE TABLE about (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
  CREATE TABLE totals (id INTEGER PRIMARY KEY, events INTEGER NOT NULL, bytes INTEGER NOT NULL,
    lost INTEGER NOT NULL, dropped INTEGER NOT NULL, head INTEGER NOT NULL, lived INTEGER NOT NULL, wall INTEGER NOT NULL) STRICT;
  CREATE TABLE epochs (n INTEGER PRIMARY KEY, r TEXT NOT NULL, base INTEGER NOT NULL, last INTEGER) STRICT;
  CREATE TABLE findings (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, account TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE sinks (id INTEGER PRIMARY KEY, sink TEXT NOT NULL UNIQUE, n INTEGER, r TEXT, seq INTEGER, place INTEGER NOT NULL) STRICT;
  CREATE TABLE accounts (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
  CREATE TABLE baselines (id INTEGER PRIMARY KEY, account TEXT NOT NULL UNIQUE, body TEXT NOT NULL) STRICT;
  CREATE TABLE events (place INTEGER PRIMARY KEY, n INTEGER NOT NULL, r TEXT NOT NULL, seq INTEGER NOT NULL,
    lived INTEGER NOT NULL, bytes INTEGER NOT NULL, audience TEXT, about TEXT NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE letters (id INTEGER PRIMARY KEY, sink TEXT NOT NULL, event TEXT NOT NULL, lived INTEGER NOT NULL, body TEXT NOT NULL,
    UNIQUE (sink, event)) STRICT;
  CREATE TABLE runs (id INTEGER PRIMARY KEY, account TEXT NOT NULL, lived INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE happenings (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, lived INTEGER NOT NULL) STRICT;
  CREATE TABLE sent (id INTEGER PRIMARY KEY, sink TEXT NOT NULL, at TEXT NOT NULL, body BLOB NOT NULL) STRICT;
  CREATE INDEX findings_of_account ON findings (account);
  CREATE INDEX runs_of_account ON runs (account);
  CREATE INDEX happenings_of_key ON happenings (kind, key, at);
  INSERT INTO totals VALUES (1, 0, 0, 0, 0, 0, 0, 0);
`;

/** Version 2: what engines and accounts released, and what is remembered by name. */
const releasesAndMarks = `
  CREATE TABLE releases (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, retention TEXT NOT NULL, answer TEXT NOT NULL, expires INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
  CREATE TABLE marks (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, value TEXT NOT NULL) STRICT;
  CREATE INDEX releases_of ON releases (retention, answer);
  CREATE INDEX releases_by_end ON releases (expires);
`;

/** What makes each version of the one before, the first of nothing. What stands here is never changed, only added to. */
const versions = [firstTables, releasesAndMarks];

/**
 * Exclusive, so that SQLite keeps the log's index in memory and makes no third file, and a second opener fails at once.
 * The log is copied back at 2 MiB and keeps at most 4 MiB of disk, which can be written again when the disk is full.
 */
const settings = [
  "locking_mode = EXCLUSIVE",
  "auto_vacuum = INCREMENTAL",
  "journal_mode = WAL",
  "synchronous = FULL",
  "wal_autocheckpoint = 512",
  "journal_size_limit = 4194304",
  "cache_size = -1024",
  "mmap_size = 0",
  "temp_store = MEMORY",
  "trusted_schema = OFF",
  "cell_size_check = ON",
];

/** Throws what SQLite says, with its `errcode`. The file must be there already: SQLite's own would follow the umask. */
export function connect(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: 0 });
  try {
    for (const setting of settings) connection.exec(`PRAGMA ${setting}`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Brings an empty database (version 0), or one of an earlier version, to ours: whole or not at all. */
export function makeTables(connection: DatabaseSync, version = 0): void {
  const missing = versions.slice(version).join("");
  if (missing === "") return;
  connection.exec(`BEGIN IMMEDIATE; ${missing} PRAGMA user_version = ${schemaVersion}; COMMIT`);
}

/** A clause that says what is wrong with how the database is built, of whatever version, or null. */
export function brokenStructure(connection: DatabaseSync): string | null {
  const first = connection.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  return first === "ok" ? null : `quick_check says "${String(first).split("\n").at(-1)}"`;
}

/** The same for what its tables hold, once they are those of our version: that each body is JSON. */
export function brokenRows(connection: DatabaseSync): string | null {
  for (const table of ["about", "findings", "accounts", "baselines", "releases", "events", "letters", "runs"]) {
    const broken = connection.prepare(`SELECT count(*) AS rows FROM ${table} WHERE NOT json_valid(body)`).get();
    if (broken?.rows !== 0) return `${String(broken?.rows)} rows of ${table} are no JSON`;
  }
  if (connection.prepare("SELECT count(*) AS rows FROM totals").get()?.rows !== 1) return "its totals are gone";
  return null;
}

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** The doors through which values of the database enter; it holds what was written, so anything else is broken ground. */
export function number(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== "number")
    throw new Error(`state database: expected a number in ${column}, found ${typeof value}`);
  return value;
}

export function text(row: Row | undefined, column: string): string {
  const value = row?.[column];
  if (typeof value !== "string") throw new Error(`state database: expected text in ${column}, found ${typeof value}`);
  return value;
}

/** What was kept as `T` is `T`: this program wrote it, and `brokenRows` has looked at it. */
export function body<T>(row: Row): T {
  const value: T = JSON.parse(text(row, "body"));
  return value;
}
