import { truncateSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { connect, number, type Row } from "./database.ts";
import { files, statusOf } from "./folder.ts";
import { failure, resultCode, sqlite } from "./problem.ts";
import { type Statements, statements } from "./statements.ts";
import type { StoreFailure } from "./store.ts";

/** Numbers that change with each transaction; kept in it, so that nothing need be counted when the state is opened. */
export interface Totals {
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

  get isClosed(): boolean {
    return this.#isClosed;
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
    try {
      const now = this.now();
      const next = { ...this.#totals };
      now.begin.run();
      const value = work(now, next);
      const { events, bytes, lost, dropped, head, lived, wall } = next;
      now.putTotals.run(events, bytes, lost, dropped, head, lived, wall);
      now.commit.run();
      this.#totals = next;
      return { kind: "done", value };
    } catch (error) {
      return this.#refused(error);
    }
  }

  /** Runs what is no transaction (copying the log back, giving pages back). */
  tidy(pragma: string): StoreFailure | null {
    try {
      this.now();
      this.#connection?.exec(`PRAGMA ${pragma}`);
      return null;
    } catch (error) {
      return this.#refused(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#connection?.close();
    this.#connection = null;
  }

  #refused(error: unknown): StoreFailure {
    const code = resultCode(error);
    if (untrusted.includes(code)) this.#giveUp();
    else if (this.#connection?.isTransaction) this.#statements.rollback.run();
    if (code === null) throw error;
    return failure(this.#folder, error);
  }

  /**
   * Closes the file; the next call opens it anew. A transaction whose sync failed may lie in the log whole, and whoever
   * opens it would take it for committed: closing copies back what was committed and removes the log, and where it cannot,
   * the log is cut behind the last committed frame.
   */
  #giveUp(): void {
    let frames = Number.POSITIVE_INFINITY;
    try {
      if (this.#connection?.isTransaction) this.#statements.rollback.run();
      frames = number(this.#statements.logFrames.get(), "log");
      this.#connection?.close();
    } catch {
      // The same disk fails again; closing lets go of the descriptors all the same.
    }
    this.#connection = null;
    try {
      cutLog(this.#folder, frames);
    } catch {
      // Neither can it be cut. Then what was refused may come back with the next start: finding and event together.
    }
  }

  #reconnect(): void {
    const connection = connect(`${this.#folder}/${files.database}`);
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

const logHeaderBytes = 32;
const frameBytes = 24 + 4096;

function cutLog(folder: string, frames: number): void {
  const path = `${folder}/${files.wal}`;
  const bytes = logHeaderBytes + frames * frameBytes;
  if ((statusOf(path)?.size ?? 0) > bytes) truncateSync(path, bytes);
}

function totalsOf(now: Statements): Totals {
  const row: Row | undefined = now.totals.get();
  const of = (column: keyof Totals) => number(row, column);
  return {
    events: of("events"),
    bytes: of("bytes"),
    lost: of("lost"),
    dropped: of("dropped"),
    head: of("head"),
    lived: of("lived"),
    wall: of("wall"),
  };
}
