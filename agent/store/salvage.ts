import { closeSync, copyFileSync, openSync, readFileSync, truncateSync, unlinkSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { makeTables, type Row, text } from "./database.ts";
import { makeFile, removeDatabase, statusOf } from "./folder.ts";
import { resultCode, sqlite } from "./problem.ts";
import { releaseAnswers, releaseKey } from "./releases.ts";

// What can be read of a database that is damaged: row by row in the order of the table, stepping over what is broken.
// Nothing of it is trusted: a row counts only if it is what this program would have written.

let kept: ReturnType<typeof made> | null = null;

/** Made when there is something to salvage: hardly any agent ever needs them, and all would hold them. */
function shapes(): ReturnType<typeof made> {
  kept ??= made();
  return kept;
}

function made() {
  const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
  const time = z.iso.datetime({ offset: true });
  const decimal = z.string().regex(/^-?[0-9]{1,30}$/);
  const finding = z.looseObject({
    finding: z.looseObject({
      fingerprint: z.string().regex(/^[0-9a-f]{16}$/),
      status: z.enum(["fail", "unknown"]),
      severity: z.string(),
      consequence: z.string(),
      policy: z.string(),
      rule: z.string(),
      check: z.string(),
      account: z.string(),
      mode: z.string(),
      subject: z.string(),
      message: z.string(),
      change: z.string(),
      line: z.string().nullable(),
      openedAt: z.string(),
      since: z.string(),
    }),
    digest,
  });
  const bodies: Readonly<Record<string, z.ZodType>> = {
    about: z.union([
      z.looseObject({ hostId: z.uuid(), instance: z.string(), keys: z.looseObject({}) }),
      z.looseObject({ from: z.string().nullable(), to: z.string().nullable(), count: z.int().nullable() }),
    ]),
    findings: finding,
    accounts: z.looseObject({
      name: z.string(),
      uid: z.int(),
      shell: z.string(),
      home: z.string(),
      watchedSince: z.string(),
      unavailableSince: z.string().nullable(),
    }),
    baselines: z.looseObject({
      account: z.string(),
      acceptedAt: z.string(),
      reason: z.string(),
      items: z.array(z.looseObject({ kind: z.string(), name: z.string(), mode: z.string(), digest: z.string() })),
    }),
    releases: z
      .strictObject({
        key: z.string(),
        retention: z.string(),
        account: z.string(),
        by: z.strictObject({ kind: z.enum(["engine", "account"]), name: z.string() }),
        path: z.array(z.string().regex(/^([0-9a-f]{2})+$/)).min(1),
        size: decimal,
        content: z.discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("sha256"), digest: z.string().regex(/^[0-9a-f]{64}$/) }),
          z.strictObject({ kind: z.literal("mtime"), ns: decimal, precisionNs: decimal }),
        ]),
        receivedAt: time,
        expiresAt: time,
        answer: z.enum(releaseAnswers),
        told: z.enum(releaseAnswers).optional(),
      })
      // It lets a file go: one flipped bit in what it names must not pass for somebody's word.
      .refine((release) => release.key === releaseKey(release)),
    events: z.looseObject({
      type: z.string(),
      subject: z.string(),
      account: z.string().nullable(),
      time,
      data: z.looseObject({}),
    }),
    letters: z.looseObject({ id: z.string(), sink: z.string(), at: z.string(), why: z.string() }),
    runs: z.looseObject({
      account: z.string(),
      startedAt: z.string(),
      modes: z.array(z.looseObject({ mode: z.string() })),
      rules: z.record(z.string(), z.string()),
    }),
  };

  const count = z.int().min(0);
  const epochText = z.string().regex(/^[0-9a-f]{8}$/);
  /** Rows that hold no JSON, and the columns beside it where they must make sense. */
  const columns: Readonly<Record<string, z.ZodType>> = {
    totals: z.looseObject({ id: z.literal(1), lost: count, dropped: count, head: count, lived: count, wall: z.int() }),
    epochs: z.looseObject({ n: z.int().min(1).max(999_999_999), r: epochText, base: count, last: count.nullable() }),
    sinks: z.looseObject({
      sink: z.string(),
      n: count.nullable(),
      r: epochText.nullable(),
      seq: count.nullable(),
      place: count,
    }),
    events: z.looseObject({
      place: z.int().min(1),
      n: z.int().min(1),
      r: epochText,
      seq: z.int().min(1),
      lived: count,
      bytes: count,
    }),
    happenings: z.looseObject({ kind: z.enum(["turn", "save", "login"]), key: z.string(), at: z.int(), lived: count }),
    runs: z.looseObject({ account: z.string(), lived: count }),
    marks: z.looseObject({ name: z.string(), value: z.string() }),
  };
  return { bodies, columns };
}

/** In the order of what matters; what was sent is not brought back. */
const tables = [
  "about",
  "totals",
  "epochs",
  "findings",
  "sinks",
  "accounts",
  "baselines",
  "releases",
  "marks",
  "events",
  "letters",
  "runs",
  "happenings",
] as const;
type Table = (typeof tables)[number];

const keys: Partial<Record<Table, string>> = { events: "place", epochs: "n" };

/**
 * Copies what can be read of the database at `path` into `into`, which has our tables and nothing else, within the
 * caller's transaction. Returns the number of rows.
 */
export function salvage(path: string, into: DatabaseSync): number {
  if (statusOf(path) === null) return 0;
  try {
    return copiedFrom(path, into) || withFirstPage(path, into);
  } finally {
    if (statusOf(`${path}-shm`) !== null) unlinkSync(`${path}-shm`); // SQLite's, also where it only reads.
  }
}

/** As it lies; else, where its log is in the way, without that. */
function copiedFrom(path: string, into: DatabaseSync): number {
  return copied(path, into) || copied(`${pathToFileURL(path).href}?immutable=1`, into);
}

function copied(address: string, into: DatabaseSync): number {
  let rows = 0;
  try {
    using from = new DatabaseSync(address, { readOnly: true, timeout: 0 });
    from.exec("PRAGMA writable_schema = ON"); // Else SQLite refuses a file that is shorter than its header says.
    from.exec("PRAGMA cell_size_check = ON");
    for (const table of tables) rows += copyTable(table, from, into);
  } catch (error) {
    if (resultCode(error) === sqlite.full) throw error;
    // Else it is no database to SQLite; the caller knows another way, or has nothing.
  }
  return rows;
}

/** The names of the columns are ours, whatever the other one says. */
function copyTable(table: Table, from: DatabaseSync, into: DatabaseSync): number {
  const names = into
    .prepare(`SELECT name FROM pragma_table_info('${table}')`)
    .all()
    .map((row) => text(row, "name"));
  const put = into.prepare(`INSERT OR REPLACE INTO ${table} VALUES (${names.map(() => "?").join(", ")})`);
  let rows = 0;
  for (const row of readable(table, from)) {
    if (!isSound(table, row)) continue;
    try {
      put.run(...names.map((name) => row[name] ?? null));
      rows++;
    } catch (error) {
      if (resultCode(error) !== sqlite.constraint) throw error; // A value of another type than its column's: none of ours.
    }
  }
  return rows;
}

/** After a key that cannot be read, 1, 2, 4 ... are left out, until something can be read or the numbers end. */
const steps = 40;

function* readable(table: Table, from: DatabaseSync): Iterable<Row> {
  const key = keys[table] ?? "id";
  let next = 0;
  for (let step = 0; step < steps; ) {
    const rows = readFrom(table, key, next, from);
    for (;;) {
      const result = nextOf(rows);
      if (result === "broken") break;
      if (result === null) return;
      const at = result[key];
      if (typeof at !== "number" || at < next) break; // A page of it is no longer in order: else we went in a circle.
      next = at + 1;
      step = 0;
      yield result;
    }
    next += 2 ** step++;
  }
}

function* readFrom(table: Table, key: string, next: number, from: DatabaseSync): Iterator<Row> {
  yield* from.prepare(`SELECT * FROM ${table} WHERE ${key} >= ? ORDER BY ${key}`).iterate(next);
}

function nextOf(rows: Iterator<Row>): Row | "broken" | null {
  try {
    const { done, value } = rows.next();
    return done ? null : value;
  } catch {
    return "broken";
  }
}

function isSound(table: Table, row: Row): boolean {
  const { columns, bodies } = shapes();
  if (columns[table]?.safeParse(row).success === false) return false;
  const schema = bodies[table];
  if (schema === undefined) return true;
  try {
    return typeof row.body === "string" && schema.safeParse(JSON.parse(row.body)).success;
  } catch {
    return false;
  }
}

const pageBytes = 4096;
/** No table begins beyond: SQLite reads none of them where one begins beyond the file. */
const leastPages = 64;

/** A copy with a first page of ours: that one holds the header and where each table begins, the same in each database. */
function withFirstPage(path: string, into: DatabaseSync): number {
  const copy = `${path}-copy`;
  try {
    copyFileSync(path, copy);
    if (statusOf(`${path}-wal`) !== null) copyFileSync(`${path}-wal`, `${copy}-wal`);
    const page = ourFirstPage(`${path}-empty`);
    const pages = Math.max(leastPages, Math.ceil((statusOf(copy)?.size ?? 0) / pageBytes));
    truncateSync(copy, pages * pageBytes); // Longer, where it was cut short.
    page.writeUInt32BE(pages, 28);
    page.fill(0, 32, 40); // No list of empty pages: nothing is written to this copy.
    overwrite(copy, page);
    return copiedFrom(copy, into);
  } catch {
    return 0; // There may be no room for a copy.
  } finally {
    removeDatabase(copy);
  }
}

function ourFirstPage(path: string): Buffer {
  try {
    makeFile(path);
    {
      using empty = new DatabaseSync(path, { timeout: 0 });
      empty.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
      makeTables(empty);
    }
    return readFileSync(path).subarray(0, pageBytes);
  } finally {
    removeDatabase(path);
  }
}

function overwrite(path: string, page: Buffer): void {
  const descriptor = openSync(path, "r+");
  try {
    writeSync(descriptor, page, 0, page.length, 0);
  } finally {
    closeSync(descriptor);
  }
}
