/** Databases survive a Retention that matches everything in them, whatever was released: real ones, and layouts of others. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chownSync, globSync, lstatSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { before, test } from "node:test";
import type { Release, Seen } from "../../agent/cleanup/plan.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { builtSweeper, makeTree, pathOf, type Tree } from "./looking.ts";
import { minuteMs, retentionOf } from "./support.ts";
import { byRetention, outcomesOf, sweep } from "./sweeping.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };

/** `1.arc` and others of this name lie beside the databases, and go: a run that removes nothing shows nothing. */
const strays = ["1.arc", "logs/2.arc", "logs/old.log"];

/** Every file below a folder: what it is, and what is in it. */
function stateOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return Object.fromEntries(
    names.flatMap((name) => {
      const path = join(folder, name);
      const { ino, mode, uid, nlink, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
      const isFile = (mode & 0o170000n) === 0o100000n;
      const content = isFile ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
      return isFile ? [[name, [ino, mode, uid, nlink, size, mtimeNs, ctimeNs, content].join(" ")]] : [];
    }),
  );
}

/** Somebody's word for everything that lies there: by its digest, and by its time. */
function releasesOf(place: string, seen: readonly Seen[]): readonly Release[] {
  return seen
    .filter(({ type }) => type === "file")
    .flatMap((one) => {
      const { size, mtimeNs } = one.identity;
      const digest = createHash("sha256")
        .update(readFileSync(join(place, pathOf(one))))
        .digest("hex");
      const content = [
        { kind: "sha256", digest },
        { kind: "mtime", ns: mtimeNs, precisionNs: "1" },
      ] as const;
      return content.map((each) => ({ path: one.path, size, content: each }));
    });
}

/** Both ways of a Retention that matches everything below the root; gives what went. */
async function sweepEverything(tree: Tree, account: TestAccount, by: "age" | "release"): Promise<readonly string[]> {
  for (const path of strays) tree.file(path, path);
  const retention = retentionOf({
    account: account.name,
    root: tree.root,
    match: ["*"],
    depth: 16,
    after: by,
    releasedBy: by === "age" ? [] : ["engine"],
    limits: { files: 100_000, bytes: 2 ** 50, filesPerSecond: 10_000, readBytesPerSecond: 2 ** 40 },
  });
  // The time at which an inode changed cannot be set: two hours from now all are old.
  const moment = { nowMs: Date.now() + 120 * minuteMs, clock: "trusted" } as const;
  const ran = await sweep({
    toLookAt: { root: tree.root, depth: 16, match: ["*"] },
    account,
    decide: (seen, identity) =>
      byRetention(retention, by === "age" ? [] : releasesOf(tree.root, seen), moment)(seen, identity),
  });
  assert.deepEqual([ran.swept.kind, ran.swept.message], ["looked", ""]);
  const { removed = [], ...others } = outcomesOf(ran);
  assert.deepEqual(others, {});
  return removed;
}

async function survives(tree: Tree, account: TestAccount, database: string): Promise<void> {
  const earlier = stateOf(database);
  assert.ok(Object.keys(earlier).length > 0, "no database was made");
  for (const by of ["age", "release"] as const) {
    assert.deepEqual(await sweepEverything(tree, account, by), strays, by);
    assert.deepEqual(stateOf(database), earlier, by);
  }
}

const [newest = ""] = globSync("/usr/lib/postgresql/*/bin").sort().reverse();

/** A real server of the account's own that listens on a socket in the folder above the root. */
class Postgres {
  readonly #account: TestAccount;
  readonly #data: string;
  readonly #socket: string;

  constructor(account: TestAccount, data: string, socket: string) {
    [this.#account, this.#data, this.#socket] = [account, data, socket];
  }

  #words(program: string, words: readonly string[]): readonly string[] {
    const { uid, gid } = this.#account;
    return [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups", join(newest, program), ...words];
  }

  #run(program: string, ...words: string[]): string {
    const stdio = ["ignore", "pipe", "pipe"] as const;
    const env = { LC_ALL: "C", PATH: process.env.PATH, TZ: "UTC" };
    return execFileSync("setpriv", this.#words(program, words), {
      encoding: "utf8",
      env,
      stdio: [...stdio],
      timeout: 240_000,
      cwd: "/",
    });
  }

  make(): void {
    this.#run("initdb", "-D", this.#data, "-U", "postgres", "-A", "trust", "--no-locale", "-E", "UTF8", "-N");
  }

  /** Runs until what is given is done. */
  async whileUp<T>(use: (ask: (sql: string) => string) => T | Promise<T>): Promise<T> {
    const settings = [`unix_socket_directories=${this.#socket}`, "listen_addresses=", "fsync=off"];
    const words = ["-D", this.#data, ...settings.flatMap((each) => ["-c", each])];
    const server = spawn("setpriv", this.#words("postgres", words), {
      stdio: "ignore",
      env: { LC_ALL: "C" },
      cwd: "/",
    });
    const ended = new Promise((resolve) => server.once("close", resolve));
    const ask = (sql: string) =>
      this.#run("psql", "-h", this.#socket, "-U", "postgres", "-At", "-c", sql, "postgres").trim();
    try {
      await this.#ready(ask, () => server.exitCode);
      return await use(ask);
    } finally {
      server.kill("SIGINT"); // fast shutdown
      await ended;
    }
  }

  async #ready(ask: (sql: string) => string, exit: () => number | null): Promise<void> {
    const deadline = Date.now() + 120_000;
    for (let why = ""; ; ) {
      try {
        ask("select 1");
        return;
      } catch (error) {
        why = String(error);
      }
      assert.ok(exit() === null && Date.now() < deadline, `PostgreSQL does not answer: ${why}`);
    }
  }
}

test("PostgreSQL loses nothing while it runs or rests, and answers afterwards", {
  skip: noAccounts || (newest === "" && "needs the package postgresql"),
}, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const data = tree.folder("db/data");
  const socket = tree.folder("socket");
  const server = new Postgres(account, data, socket);
  server.make();
  await server.whileUp(async (ask) => {
    ask("create table kept as select g as n, repeat('x', 200) as text from generate_series(1, 5000) g");
    ask("select pg_switch_wal()");
    ask("insert into kept select g, 'y' from generate_series(5001, 6000) g");
    assert.deepEqual(await sweepEverything(tree, account, "age"), strays);
    assert.equal(ask("select count(*) from kept"), "6000");
  });
  await survives(tree, account, data);
  await server.whileUp((ask) => {
    assert.equal(ask("select count(*), sum(n) from kept"), "6000|18003000");
    ask("insert into kept values (0, 'z')");
    assert.equal(ask("select count(*) from kept"), "6001");
  });
});

test("SQLite loses nothing with its log beside it, in use or left behind, nor at rest", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const place = tree.folder("db");
  const own = () => {
    for (const name of readdirSync(place)) chownSync(join(place, name), account.uid, account.gid);
  };
  const path = join(place, "shop.data");
  const count = () => {
    using database = new DatabaseSync(path, { readOnly: true });
    assert.deepEqual(Object.values(database.prepare("pragma integrity_check").get() ?? {}), ["ok"]);
    return Object.values(database.prepare("select count(*) from kept").get() ?? {})[0];
  };
  {
    using database = new DatabaseSync(path);
    database.exec("pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table kept (n integer)");
    for (let n = 0; n < 100; n++) database.prepare("insert into kept values (?)").run(n);
    own();
    assert.deepEqual(readdirSync(place).sort(), ["shop.data", "shop.data-shm", "shop.data-wal"]);
    assert.deepEqual(await sweepEverything(tree, account, "age"), strays);
    assert.deepEqual(await sweepEverything(tree, account, "release"), strays);
    // What a crash leaves: the log has what the database has not. It is put under other names, too.
    for (const name of ["", "-wal"])
      execFileSync("cp", [`${path}${name}`, join(place, `crashed.data${name}`)], { stdio: "inherit" });
    execFileSync("cp", [`${path}-wal`, join(place, "renamed.log")], { stdio: "inherit" });
  }
  own();
  await survives(tree, account, place);
  assert.equal(count(), 100);
  {
    using database = new DatabaseSync(join(place, "crashed.data"));
    assert.deepEqual(Object.values(database.prepare("select count(*) from kept").get() ?? {}), [100]);
  }
});

/** A file's first bytes. */
const head = (length: number, ...parts: readonly (readonly [at: number, hex: string])[]) => {
  const made = Buffer.alloc(length, 1);
  for (const [at, hex] of parts) Buffer.from(hex, "hex").copy(made, at);
  return made;
};
const oracle = (type: string) => head(1024, [0, "00"], [1, type], [20, "00020000"], [28, "7d7c7b7a"]);
const plain = "x";

/** By system, what lies in its folder. Names are those that the system itself gives. */
const layouts: Readonly<Record<string, Readonly<Record<string, string | Buffer>>>> = {
  "Oracle's data folder": {
    "control01.ctl": oracle("c2"),
    "system01.dbf": oracle("a2"),
    "redo01.log": oracle("22"),
    "group_1.262.9876": oracle("22"),
    "spfileorcl.ora": plain,
    orapworcl: plain,
    "1_64_1036964654.dbf": oracle("22"),
    "1_65_1036964654.arc": oracle("22"),
  },
  "Oracle's files under names of somebody's own": {
    "users.data": oracle("a2"),
    "controlfile.bak": oracle("c2"),
    "online_a.log": oracle("22"),
  },
  "ASM on files": { "disk1.dat": plain },
  MySQL: {
    ibdata1: plain,
    "auto.cnf": plain,
    "binlog.000001": plain,
    "binlog.index": plain,
    "#innodb_redo/#ib_redo7": plain,
    undo_001: plain,
    "shop/orders.ibd": plain,
    "error.log": plain,
  },
  "MySQL's binary logs elsewhere": { "mysql-bin.000001": plain, "mysql-bin.index": plain, "mysql-bin.000002": plain },
  "MySQL's tables elsewhere": { "orders.ibd": plain, "orders.old": plain },
  "a tablespace under a name of somebody's own": { "orders.copy": head(64, [4, "00000000"], [24, "0008"]) },
  MariaDB: { aria_log_control: plain, "aria_log.00000001": plain, "shop/orders.MAD": plain },
  Kafka: {
    "meta.properties": plain,
    "orders-0/00000000000000000000.log": plain,
    "orders-0/00000000000000000000.index": plain,
    "orders-0/leader-epoch-checkpoint": plain,
  },
  "Kafka's topic without its folder's marker": {
    "00000000000000000000.log": plain,
    "00000000000000000000.index": plain,
    "00000000000000000000.timeindex": plain,
  },
  RocksDB: {
    CURRENT: "MANIFEST-000005\n",
    "MANIFEST-000005": plain,
    "000123.log": plain,
    "000122.sst": plain,
    "OPTIONS-000007": plain,
    "archive/000121.log": plain,
  },
  ZooKeeper: { "version-2/log.1": plain, "version-2/snapshot.0": plain, "version-2/acceptedEpoch": plain },
  WiredTiger: {
    "WiredTiger.wt": plain,
    "collection-0.wt": plain,
    "journal/WiredTigerLog.0000000001": plain,
    "mongod.log": plain,
  },
  etcd: { "member/wal/0000000000000000-0000000000000000.wal": plain, "member/snap/db": plain },
  Cassandra: { "CommitLog-7-1700000000000.log": plain, "CommitLog-7-1700000000001_cdc.idx": plain },
  KahaDB: { "db-1.log": plain, "db.data": plain, "db.redo": plain },
  "Berkeley DB": { "log.0000000001": plain, "__db.001": plain, "shop.db": head(64, [12, "00053162"]) },
  "LMDB under a name of somebody's own": { "shop.store": head(64, [16, "dec0efbe"]) },
  HSQLDB: { "shop.script": plain, "shop.log": plain, "shop.properties": plain },
  H2: { "shop.mv.db": plain, "shop.trace.db": plain },
  Derby: { "service.properties": plain, "log/log1.dat": plain, "log/log.ctrl": plain, "seg0/c10.dat": plain },
  Redis: { "appendonlydir/appendonly.aof.1.base.rdb": plain, "dump.rdb": "REDIS0011", "redis.log": plain },
  "Redis' copy under a name of somebody's own": { "monday.backup": "REDIS0011" },
  Db2: { "SQLOGCTL.GLFH.1": plain, "LOGSTREAM0000/S0000000.LOG": plain },
  "SQL Server": { "shop.mdf": plain, "shop_log.ldf": plain, "shop.old": plain },
  "PostgreSQL's log where a link led it": { "archive_status/0001.done": plain, "000000010000000000000001": plain },
  "what running programs go by": { "app.pid": plain, "app.sock": plain, "app.lock": plain, ".nfs00000001": plain },
};

for (const [system, files] of Object.entries(layouts)) {
  test(`${system}: everything stays`, root, async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    for (const [path, content] of Object.entries(files)) {
      const made = tree.file(`db/${path}`, content);
      utimesSync(made, 1_700_000_000, 1_700_000_000);
    }
    await survives(tree, account, join(tree.root, "db"));
  });
}

test(
  "archived redo logs away from Oracle's files go, once released with their digest, and not by age",
  root,
  async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    const archived = ["arch/1_64_1036964654.dbf", "arch/1_65_1036964654.arc"];
    for (const path of archived) tree.file(path, oracle("22"));
    assert.deepEqual(await sweepEverything(tree, account, "age"), strays);
    assert.deepEqual(await sweepEverything(tree, account, "release"), [...strays, ...archived].sort());
  },
);
