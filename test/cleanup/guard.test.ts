/** The tables of the guard: layouts of databases as they are on disk, names, and first bytes. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { barredName, FolderMarkers, magicOf, markers, mayBeArchived } from "../../agent/cleanup/guard.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { builtSweeper, lookAt, makeTree } from "./looking.ts";

/** What lies in a folder, whom that bars (`tree` or `folder`), and by which system. */
const layouts: readonly (readonly [system: string, bars: "tree" | "folder", holds: readonly string[]])[] = [
  ["PostgreSQL", "tree", ["PG_VERSION", "base", "global", "pg_wal", "postgresql.conf"]],
  ["PostgreSQL", "tree", ["pg_xlog"]],
  ["PostgreSQL", "tree", ["base", "global"]],
  ["PostgreSQL", "tree", ["archive_status", "000000010000000000000001"]],
  ["MySQL", "tree", ["ibdata1", "ib_logfile0"]],
  ["MySQL", "tree", ["#innodb_redo"]],
  ["MySQL", "tree", ["undo_001"]],
  ["MySQL", "tree", ["aria_log_control"]],
  ["MySQL", "folder", ["accounts.ibd"]],
  ["MySQL", "folder", ["mysql-bin.000001", "mysql-bin.index"]],
  ["MySQL", "folder", ["binlog.index"]],
  ["LevelDB or RocksDB", "tree", ["CURRENT", "MANIFEST-000004", "000123.log"]],
  ["Kafka", "tree", ["meta.properties"]],
  ["Kafka", "folder", ["00000000000000000000.log", "00000000000000000000.index"]],
  ["ZooKeeper", "tree", ["version-2"]],
  ["ZooKeeper", "folder", ["log.1", "snapshot.0"]],
  ["WiredTiger", "tree", ["WiredTiger.turtle"]],
  ["etcd", "tree", ["snap", "wal"]],
  ["Cassandra", "folder", ["CommitLog-7-1700000000000.log"]],
  ["KahaDB", "folder", ["db-1.log"]],
  ["Berkeley DB", "folder", ["log.0000000001"]],
  ["Berkeley DB", "folder", ["__db.001"]],
  ["HSQLDB", "folder", ["test.script", "test.log"]],
  ["H2", "folder", ["test.mv.db"]],
  ["Derby", "tree", ["service.properties", "log"]],
  ["Redis", "tree", ["appendonlydir"]],
  ["Db2", "tree", ["SQLOGCTL.LFH.1"]],
  ["SQL Server", "folder", ["master.ldf"]],
  ["Oracle", "folder", ["control01.ctl"]],
  ["Oracle", "folder", ["o1_mf_j1x2_.ctl"]],
];

function foundIn(names: readonly string[]) {
  const found = new FolderMarkers();
  for (const name of names) found.add(name);
  return found;
}

describe("folders", () => {
  for (const [system, bars, holds] of layouts)
    test(`${holds.join(", ")}: ${system} bars the ${bars}`, () => {
      assert.equal(foundIn(holds).found(bars)?.system, system);
    });

  test("each row of the table is shown by a layout", () => {
    const shown = new Set(
      layouts.flatMap(([, , holds]) => {
        const whole = (parts: readonly (string | RegExp)[]) =>
          parts.every((part) => holds.some((name) => (typeof part === "string" ? part === name : part.test(name))));
        return markers.filter((marker) => whole(marker.holds));
      }),
    );
    const others = markers.filter((marker) => !shown.has(marker)).map(({ holds }) => holds.join());
    // The same one file with another name.
    assert.deepEqual(others, [
      "pg_control",
      "pg_clog",
      "pg_xact",
      "#innodb_temp",
      "/\\.frm$/",
      "/\\.MY[DI]$/",
      "/\\.h2\\.db$/",
    ]);
  });

  test("half a marker, and what only resembles one, bars nothing", () => {
    for (const names of [
      ["base"],
      ["CURRENT"],
      ["MANIFEST-1"],
      ["00000000000000000000.log"],
      ["wal"],
      ["log"],
      ["test.log"],
      ["log.1"],
      ["1.arc", "2.arc", "PG_VERSION.old", "xibdata1", "undo_0011"],
    ])
      assert.deepEqual([foundIn(names).found("tree"), foundIn(names).found("folder")], [null, null], names.join());
  });
});

test("names that stay", () => {
  const barred = [
    ..."a.dbf b.ctl control01.ctl redo01.log init.ora orapwX spfileX.ora x.dat s.db-wal s.db-shm s.db-journal".split(
      " ",
    ),
    ..."appendonly.aof.1.incr.aof a.pid a.sock a.lock .nfs000123 lost+found x.DBF redo\n.log".split(" "),
  ];
  for (const name of barred) assert.ok(barredName(name), name);
  for (const name of ["a.arc", "a.log", "a.dbf.gz", "x.pid.1", "nfs", "arch_1_2_3.arc", "pool.dates"])
    assert.equal(barredName(name), null, name);
});

/** [what, offset, bytes in hex, how long the file is] */
const heads: readonly (readonly [string, number, string, string])[] = [
  ["database SQLite", 0, Buffer.from("SQLite format 3\0").toString("hex"), "0"],
  ["database SQLite", 0, "377f0682", "0"],
  ["database SQLite", 0, "377f0683", "0"],
  ["database WiredTiger", 0, "41d80100", "0"],
  ["database Berkeley DB", 12, "62310500", "0"],
  ["database LMDB", 16, "dec0efbe", "0"],
  ["database Redis", 0, "5245444953", "0"],
  ["database Oracle", 28, "7d7c7b7a", "a2"],
  ["database Oracle", 28, "7a7b7c7d", "c2"],
  ["redo Oracle", 28, "7d7c7b7a", "22"],
  ["database InnoDB", 24, "0008", "0"],
];

test("first bytes", () => {
  for (const [expected, at, hex, second] of heads) {
    const head = Buffer.alloc(64, expected.endsWith("InnoDB") ? 0 : 0x58);
    if (second !== "0") head.write(second, 1, "hex");
    head.write(hex, at, "hex");
    const { kind, ...more } = magicOf(head);
    assert.equal(`${kind} ${"system" in more ? more.system : ""}`, expected);
  }
  for (const plain of [
    Buffer.alloc(0),
    Buffer.alloc(64),
    Buffer.from("SQLite"),
    Buffer.alloc(12, 0x37),
    Buffer.from("\x1f\x8b\x08"),
  ])
    assert.deepEqual(magicOf(plain), { kind: "none" });
});

test("what Oracle calls an archived log", () => {
  for (const name of ["1_64_1036964654.dbf", "1_64_1036964654.arc", "arch_7.arc"]) assert.ok(mayBeArchived(name), name);
  for (const name of ["users01.dbf", "redo01.log", "1_64.dbf", "x1_64_3.dbf"]) assert.ok(!mayBeArchived(name), name);
});

describe("databases below a root that matches everything", { skip: noAccounts }, () => {
  before(async () => {
    await builtSweeper();
  });

  test("a tree bars what lies below it, a folder what lies in it, and none its neighbours", async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    const free: string[] = [];
    for (const [at, [, , holds]] of layouts.entries()) {
      for (const name of holds) tree.file(`${at}/${name}`);
      tree.file(`${at}/a.arc`);
      tree.file(`${at}/below/b.arc`);
    }
    tree.file("beside.arc");
    const { verdicts } = await lookAt({ root: tree.root, depth: 3 }, account);
    for (const [at, [system, bars]] of layouts.entries()) {
      assert.equal(verdicts[`${at}/a.arc`], "database", `${system} ${at}`);
      assert.equal(verdicts[`${at}/below/b.arc`], bars === "tree" ? "database" : "free", `${system} ${at}`);
      free.push(...Object.keys(verdicts).filter((path) => path.startsWith(`${at}/`) && verdicts[path] === "free"));
    }
    assert.equal(verdicts["beside.arc"], "free");
    assert.deepEqual(
      free.filter((path) => !path.endsWith("/below/b.arc")),
      [],
    );
  });

  test("first bytes bar a file whatever it is called; a redo log may go only where nothing else of Oracle's lies", async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    const redo = Buffer.alloc(512);
    redo[1] = 0x22;
    redo.writeUInt32LE(0x7a7b7c7d, 28);
    const datafile = Buffer.from(redo);
    datafile[1] = 0xa2;
    tree.file("sqlite.arc", Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(4096)]));
    tree.file("data.arc", datafile);
    tree.file("redo.log", redo);
    tree.file("renamed.x", redo);
    tree.file("plain.arc", "just text");
    tree.file("short.arc", "");
    tree.file("archive/1_64_1036964654.dbf", redo);
    tree.file("archive/1_65_1036964654.arc", redo);
    tree.file("archive/1_66_1036964654.dbf", "no redo");
    for (const [at, beside] of ["redo01.log", "x.ctl", "users01.dbf"].entries()) {
      tree.file(`mixed${at}/1_64_1036964654.arc`, redo);
      tree.file(`mixed${at}/${beside}`);
    }
    const { verdicts } = await lookAt({ root: tree.root, depth: 2 }, account);
    const files = Object.fromEntries(Object.entries(verdicts).filter(([, word]) => word !== "not-a-regular-file"));
    assert.deepEqual(files, {
      "sqlite.arc": "database",
      "data.arc": "database",
      "redo.log": "database",
      "renamed.x": "database",
      "plain.arc": "free",
      "short.arc": "free",
      "archive/1_64_1036964654.dbf": "archived-log",
      "archive/1_65_1036964654.arc": "archived-log",
      "archive/1_66_1036964654.dbf": "database",
      "mixed0/1_64_1036964654.arc": "database",
      "mixed0/redo01.log": "database",
      "mixed1/1_64_1036964654.arc": "database",
      "mixed1/x.ctl": "database",
      "mixed2/1_64_1036964654.arc": "database",
      "mixed2/users01.dbf": "database",
    });
  });
});
