/**
 * What stays whatever a document says: names, folders and first bytes of databases, as tables. Pure. Names are given as
 * latin1 text, a character a byte.
 */

export interface Marker {
  /** Whose it is, for the message. */
  readonly system: string;
  /** `tree`: everything below the folder that holds it; `folder`: what lies in that folder itself. */
  readonly bars: "tree" | "folder";
  /** What such a folder holds, all of it: names, and expressions for names. */
  readonly holds: readonly (string | RegExp)[];
}

export const markers: readonly Marker[] = [
  ...tree("PostgreSQL", "PG_VERSION", "pg_control", "pg_wal", "pg_xlog", "pg_clog", "pg_xact"),
  { system: "PostgreSQL", bars: "tree", holds: ["base", "global"] },
  // The log's own folder, wherever a link led it, and what lies in that one: it says what is to be archived yet.
  ...tree("PostgreSQL", "archive_status"),
  ...tree("MySQL", "ibdata1", "#innodb_redo", "#innodb_temp", /^ib_logfile/, /^undo_00.$/s, /^aria_log/),
  ...folder("MySQL", /\.ibd$/, /\.frm$/, /\.MY[DI]$/, /-bin\.index$/, "binlog.index"),
  { system: "LevelDB or RocksDB", bars: "tree", holds: ["CURRENT", /^MANIFEST-/] },
  ...tree("Kafka", "meta.properties"),
  { system: "Kafka", bars: "folder", holds: [/^\d{20}\.log$/, /^\d{20}\.index$/] },
  ...tree("ZooKeeper", "version-2"),
  { system: "ZooKeeper", bars: "folder", holds: [/^log\.[0-9a-f]+$/, /^snapshot\.[0-9a-f]+$/] },
  ...tree("WiredTiger", /^WiredTiger/),
  { system: "etcd", bars: "tree", holds: ["wal", "snap"] },
  ...folder("Cassandra", /^CommitLog-.*\.log$/s),
  ...folder("KahaDB", /^db-.*\.log$/s),
  ...folder("Berkeley DB", /^log\.\d{10}$/, /^__db\./),
  { system: "HSQLDB", bars: "folder", holds: [/\.script$/, /\.log$/] },
  ...folder("H2", /\.mv\.db$/, /\.h2\.db$/),
  { system: "Derby", bars: "tree", holds: ["service.properties", "log"] },
  ...tree("Redis", "appendonlydir"),
  ...tree("Db2", /^SQLOGCTL/),
  ...folder("SQL Server", /\.[lm]df$/i),
  ...folder("Oracle", /^control.*\.ctl$/s, /^o1_mf_.*\.ctl$/s),
];

/** In a folder that holds one of these no file that looks like a redo log is taken for an archived one. */
const oracleFiles: readonly RegExp[] = [
  /\.ctl$/,
  /\.ora$/,
  /^orapw/,
  /^spfile/,
  /^redo.*\.log$/s,
  /^(?!\d+_\d+_\d+\.).*\.dbf$/s,
];

const names: readonly { readonly code: Bar["code"]; readonly what: string; readonly name: RegExp }[] = [
  {
    code: "database",
    what: "is what Oracle calls its files",
    name: /\.(?:dbf|ctl|ora|dat)$|^redo.*\.log$|^orapw|^spfile/is,
  },
  { code: "database", what: "is what SQLite calls its files", name: /-(?:wal|shm|journal)$/ },
  { code: "database", what: "is what Redis calls its files", name: /^appendonly\.aof/ },
  { code: "name-refused", what: "is one that a running program goes by", name: /\.(?:pid|sock|lock)$/ },
  { code: "name-refused", what: "is one that NFS keeps for who has it open", name: /^\.nfs/ },
  { code: "name-refused", what: "belongs to the file system", name: /^lost\+found$/ },
];

export interface Bar {
  readonly code: "database" | "name-refused";
  readonly message: string;
}

/** One look tells of nearly every name that nothing bars it. */
const anyName = anyOf(names.map(({ name }) => name));

/** Whether a file's own name bars it. */
export function barredName(text: string): Bar | null {
  if (!anyName.test(text)) return null;
  const found = names.find(({ name }) => name.test(text));
  return found === undefined ? null : { code: found.code, message: `its name ${found.what}` };
}

/** Whether an archived redo log may be called that: `1_64_1036964654.dbf` is what Oracle does if nobody said anything. */
export function mayBeArchived(name: string): boolean {
  return /^\d+_\d+_\d+\.(?:dbf|arc|log)$|\.arc$/i.test(name);
}

/** What the names in one folder say of it, gathered one by one in bounded memory. */
export class FolderMarkers {
  readonly #seen = new Set<string | RegExp>();
  /** Whether one of Oracle's own files lies here. */
  isOracles = false;

  add(name: string): void {
    if (!markerNames.has(name) && !anyMarker.test(name)) return;
    for (const one of markerParts) if (typeof one === "string" ? one === name : one.test(name)) this.#seen.add(one);
    this.isOracles ||= oracleFiles.some((one) => one.test(name));
  }

  /** The first marker that is whole and bars this. */
  found(bars: Marker["bars"]): Marker | null {
    return markers.find((marker) => marker.bars === bars && marker.holds.every((one) => this.#seen.has(one))) ?? null;
  }
}

const markerParts = markers.flatMap(({ holds }) => holds);
const markerNames = new Set(markerParts.filter((one) => typeof one === "string"));
const anyMarker = anyOf([...markerParts.filter((one) => typeof one !== "string"), ...oracleFiles]);

/** The names, as such, of which a tree's markers consist: for folders that may be passed, but not listed. */
export const treeNames: readonly string[] = markers.flatMap(({ bars, holds }) =>
  bars === "tree" ? holds.filter((one) => typeof one === "string") : [],
);

/** Bytes of a file's beginning that say what it is. */
export const magicBytes = 64;

interface Magic {
  readonly system: string;
  readonly at: number;
  /** Each of them, in hex. */
  readonly bytes: readonly string[];
}

const magics: readonly Magic[] = [
  { system: "SQLite", at: 0, bytes: [Buffer.from("SQLite format 3\0").toString("hex"), "377f0682", "377f0683"] },
  { system: "WiredTiger", at: 0, bytes: ["41d80100"] },
  {
    system: "Berkeley DB",
    at: 12,
    bytes: ["00053162", "62310500", "00061561", "61150600", "00042253", "53220400", "00040988", "88090400"],
  },
  { system: "LMDB", at: 16, bytes: ["dec0efbe", "beefc0de"] },
  { system: "Redis", at: 0, bytes: [Buffer.from("REDIS").toString("hex")] },
];

const oracleMagic = ["7a7b7c7d", "7d7c7b7a"];
const redoType = 0x22;

/** What the first bytes say. `redo`: a redo log of Oracle's, of which nothing here tells whether it is archived. */
export type Magical = { readonly kind: "none" } | { readonly kind: "redo" | "database"; readonly system: string };

export function magicOf(head: Buffer): Magical {
  const has = (at: number, hex: string) => head.subarray(at, at + hex.length / 2).toString("hex") === hex;
  if (oracleMagic.some((one) => has(28, one)))
    return { kind: head[1] === redoType ? "redo" : "database", system: "Oracle" };
  const found = magics.find(({ at, bytes }) => bytes.some((one) => has(at, one)));
  if (found !== undefined) return { kind: "database", system: found.system };
  return isInnodb(head) ? { kind: "database", system: "InnoDB" } : { kind: "none" };
}

/** Page 0 of a tablespace: its number at 4, its type (FIL_PAGE_TYPE_FSP_HDR, 8) at 24. */
function isInnodb(head: Buffer): boolean {
  return head.length >= 26 && head.readUInt32BE(4) === 0 && head.readUInt16BE(24) === 8;
}

function tree(system: string, ...each: (string | RegExp)[]): Marker[] {
  return each.map((one) => ({ system, bars: "tree", holds: [one] }));
}

function folder(system: string, ...each: (string | RegExp)[]): Marker[] {
  return each.map((one) => ({ system, bars: "folder", holds: [one] }));
}

function anyOf(patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => `(?:${source})`).join("|"), "is");
}
