import type { DatabaseSync } from "node:sqlite";
import { connect, number, type Row } from "./database.ts";
import { failure, resultCode, sqlite } from "./problem.ts";
import { type Statements, statements } from "./statements.ts";
import type { StoreFailure } from "./store.ts";

/** Numbers that change with each transaction; kept in it, so that nothing need be counted when the state is opened. */
export interface Totals {
  /** Transactions so far: tells whether the last one is there after an input/output error. */
  writes: number;
  events: number;
  bytes: number;
  lost: number;
  /** The highest place that is no longer held; a reader before it has missed something. */
  dropped: number;
  /** The last event's place. */
  head: number;
  /** lived.ts */
  lived: number;
  /** Epoch milliseconds of the last transaction that knew the time. */
  wall: number;
}

export interface Done<Value> {
  readonly kind: "done";
  readonly value: Value;
}

/** Result codes after which the connection is given up: what it holds in memory may differ from what is on the disk. */
const untrusted: readonly (number | null)[] = [sqlite.io, sqlite.corrupt, sqlite.cannotOpen];

/**
 * The one connection, its statements, and transactions that are kept whole or not at all. After a failed write or sync the
 * file is opened anew: the kernel says once that it could not write a page and then forgets it, so a second try on the
 * same descriptor would be told that all is well.
 */
export class Writer {
  readonly #folder: string;
  #connection: DatabaseSync | null;
  #statements: Statements;
  #totals: Totals;
  #isClosed = false;
  /** Called after the file was opened anew: what is remembered of it may have changed. */
  reopened: () => void = () => {};

  constructor(folder: string, connection: DatabaseSync) {
    this.#folder = folder;
    this.#connection = connection;
    this.#statements = statements(connection);
    this.#totals = totalsOf(this.#statements);
  }

  get totals(): Readonly<Totals> {
    return this.#totals;
  }

  /** The statements, on a connection that is opened again where it was given up. Throws what SQLite says. */
  now(): Statements {
    if (this.#isClosed) throw new Error("the store is closed");
    if (this.#connection === null) this.#reconnect();
    return this.#statements;
  }

  /**
   * One transaction: all that `work` writes, with the totals that it changed. Throws what is no fault of the database.
   */
  write<Value>(work: (now: Statements, next: Totals) => Value): Done<Value> | StoreFailure {
    let done: Done<Value> | null = null;
    let writes = 0;
    try {
      const now = this.now();
      const next = { ...this.#totals, writes: this.#totals.writes + 1 };
      writes = next.writes;
      now.begin.run();
      done = { kind: "done", value: work(now, next) };
      const { events, bytes, lost, dropped, head, lived, wall } = next;
      now.putTotals.run(writes, events, bytes, lost, dropped, head, lived, wall);
      now.commit.run();
      this.#totals = next;
      return done;
    } catch (error) {
      if (resultCode(error) === null) {
        this.#rollBack();
        throw error;
      }
      const refused = failure(this.#folder, error);
      return this.#isThere(error, writes) && done !== null ? done : refused;
    }
  }

  /** Runs what is no transaction (copying the log back, giving pages back). */
  tidy(pragma: string): StoreFailure | null {
    try {
      this.now();
      this.#connection?.exec(`PRAGMA ${pragma}`);
      return null;
    } catch (error) {
      if (resultCode(error) === null) throw error;
      const refused = failure(this.#folder, error);
      this.#isThere(error, -1);
      return refused;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
    this.#connection = null;
  }

  #rollBack(): void {
    if (this.#connection?.isTransaction) this.#statements.rollback.run();
  }

  /**
   * Whether the transaction of this number is kept although an error was said. A commit whose sync failed may be read from
   * the log when the file is opened anew; it is then copied into the database and synced there, which makes it true.
   */
  #isThere(error: unknown, writes: number): boolean {
    if (!untrusted.includes(resultCode(error))) {
      this.#rollBack();
      return false;
    }
    try {
      this.#connection?.close();
    } catch {
      // Closing tries the same disk again and may fail in the same way; the descriptors are closed all the same.
    }
    this.#connection = null;
    try {
      this.#reconnect();
      return this.#totals.writes === writes;
    } catch {
      return false; // Still broken: the next call tries again and says why.
    }
  }

  #reconnect(): void {
    const connection = connect(this.#folder);
    try {
      connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      this.#statements = statements(connection);
      this.#totals = totalsOf(this.#statements);
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    this.reopened();
  }
}

function totalsOf(now: Statements): Totals {
  const row: Row | undefined = now.totals.get();
  const of = (column: keyof Totals) => number(row, column);
  return {
    writes: of("writes"),
    events: of("events"),
    bytes: of("bytes"),
    lost: of("lost"),
    dropped: of("dropped"),
    head: of("head"),
    lived: of("lived"),
    wall: of("wall"),
  };
}
