import type { DatabaseSync } from "node:sqlite";

export type Statements = ReturnType<typeof statements>;

const event = "place, n, r, seq, bytes, body";
const held = "place, n, r, seq, bytes, lived, about";

/** Everything that is asked of the database while it runs, prepared once a connection. */
export function statements(connection: DatabaseSync) {
  const prepare = (sql: string) => connection.prepare(sql);
  return {
    begin: prepare("BEGIN IMMEDIATE"),
    commit: prepare("COMMIT"),
    rollback: prepare("ROLLBACK"),

    totals: prepare("SELECT * FROM totals WHERE id = 1"),
    putTotals: prepare(
      "UPDATE totals SET events = ?, bytes = ?, lost = ?, dropped = ?, head = ?, lived = ?, wall = ? WHERE id = 1",
    ),

    forgetOwed: prepare("DELETE FROM about WHERE id = 2"),
    lastEpochs: prepare("SELECT n, r, base, last FROM epochs ORDER BY n DESC LIMIT 2"),
    epoch: prepare("SELECT n, r, base, last FROM epochs WHERE n = ?"),
    endEpoch: prepare("UPDATE epochs SET last = ? WHERE n = ?"),
    beginEpoch: prepare("INSERT INTO epochs VALUES (?, ?, ?, NULL)"),
    forgetEpochs: prepare("DELETE FROM epochs WHERE last IS NOT NULL AND base + last < ?"),

    putFinding: prepare(
      "INSERT INTO findings (fingerprint, account, body) VALUES (?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET account = excluded.account, body = excluded.body",
    ),
    removeFinding: prepare("DELETE FROM findings WHERE fingerprint = ?"),
    findings: prepare("SELECT body FROM findings ORDER BY fingerprint"),
    findingsOf: prepare("SELECT body FROM findings WHERE account = ? ORDER BY fingerprint"),

    putAccount: prepare(
      "INSERT INTO accounts (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body",
    ),
    removeAccount: prepare("DELETE FROM accounts WHERE name = ?"),
    accounts: prepare("SELECT body FROM accounts ORDER BY name"),

    putBaseline: prepare(
      "INSERT INTO baselines (account, body) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET body = excluded.body",
    ),
    baseline: prepare("SELECT body FROM baselines WHERE account = ?"),

    putRelease: prepare(
      "INSERT INTO releases (key, retention, answer, expires, body) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET answer = excluded.answer, expires = excluded.expires, body = excluded.body",
    ),
    removeRelease: prepare("DELETE FROM releases WHERE key = ?"),
    release: prepare("SELECT body FROM releases WHERE key = ?"),
    releases: prepare("SELECT body FROM releases ORDER BY id"),
    releasesOf: prepare("SELECT body FROM releases WHERE retention = ? ORDER BY id"),
    releasesAnswered: prepare("SELECT body FROM releases WHERE retention = ? AND answer = ? ORDER BY id"),
    endedReleases: prepare("SELECT body FROM releases WHERE expires <= ? ORDER BY expires LIMIT ?"),
    countReleases: prepare("SELECT retention, answer, count(*) AS rows FROM releases GROUP BY retention, answer"),

    putMark: prepare(
      "INSERT INTO marks (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    ),
    mark: prepare("SELECT value FROM marks WHERE name = ?"),

    putRun: prepare("INSERT INTO runs (account, lived, body) VALUES (?, ?, ?)"),
    lastRun: prepare("SELECT body FROM runs WHERE account = ? ORDER BY id DESC LIMIT 1"),
    runs: prepare("SELECT id, body FROM runs WHERE id < ? ORDER BY id DESC LIMIT ?"),
    runsOf: prepare("SELECT id, body FROM runs WHERE account = ? AND id < ? ORDER BY id DESC LIMIT ?"),
    runTimes: prepare("SELECT json_extract(body, '$.startedAt') AS at FROM runs WHERE account = ? ORDER BY id"),
    oldRuns: prepare(
      "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE lived < ? AND id NOT IN (SELECT max(id) FROM runs GROUP BY account) ORDER BY id LIMIT ?)",
    ),
    crowdedAccounts: prepare("SELECT account FROM runs GROUP BY account HAVING count(*) > ?"),
    crowdedRuns: prepare(
      "DELETE FROM runs WHERE account = ? AND id <= (SELECT id FROM runs WHERE account = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
    ),
    countRuns: prepare("SELECT count(*) AS rows FROM runs"),
    oldestRuns: prepare(
      "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE id NOT IN (SELECT max(id) FROM runs GROUP BY account) ORDER BY id LIMIT ?)",
    ),

    putHappening: prepare("INSERT INTO happenings (kind, key, at, lived) VALUES (?, ?, ?, ?)"),
    happenings: prepare("SELECT at FROM happenings WHERE kind = ? AND key = ? AND at >= ? ORDER BY at"),
    happened: prepare(
      "SELECT key, at FROM (SELECT id, key, at FROM happenings WHERE kind = ? AND key >= ? AND key < ? AND at >= ? ORDER BY at DESC, id DESC LIMIT ?) ORDER BY at, id",
    ),
    oldHappenings: prepare(
      "DELETE FROM happenings WHERE id IN (SELECT id FROM (SELECT id, lived FROM happenings ORDER BY id LIMIT ?) WHERE lived < ?)",
    ),

    crowdedKinds: prepare("SELECT kind, count(*) AS rows FROM happenings GROUP BY kind HAVING count(*) > ?"),
    crowdedHappenings: prepare(
      "DELETE FROM happenings WHERE id IN (SELECT id FROM happenings WHERE kind = ? ORDER BY id LIMIT ?)",
    ),

    putEvent: prepare("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    events: prepare(`SELECT ${event} FROM events WHERE place > ? AND place <= ? ORDER BY place`),
    eventsFor: prepare(
      `SELECT ${event} FROM events WHERE place > ? AND place <= ? AND (audience = ? OR audience = '') ORDER BY place`,
    ),
    eventsAbout: prepare(`SELECT ${event} FROM events WHERE about = ? ORDER BY place DESC LIMIT ?`),
    eventAt: prepare("SELECT place, n, r, seq FROM events WHERE place > ? ORDER BY place LIMIT 1 OFFSET ?"),
    nextEvent: prepare(`SELECT ${event} FROM events WHERE place > ? ORDER BY place LIMIT 1`),
    waiting: prepare("SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM events WHERE place > ?"),
    between: prepare(
      "SELECT count(*) AS events, coalesce(sum(bytes), 0) AS bytes FROM events WHERE place > ? AND place <= ?",
    ),
    held: prepare(`SELECT ${held} FROM events ORDER BY place`),
    untold: prepare("SELECT body FROM about WHERE id = 3"),
    putUntold: prepare("INSERT OR REPLACE INTO about VALUES (3, ?)"),
    forgetUntold: prepare("DELETE FROM about WHERE id = 3"),
    dropEvent: prepare("DELETE FROM events WHERE place = ?"),

    sink: prepare("SELECT n, r, seq, place FROM sinks WHERE sink = ?"),
    putSink: prepare(
      "INSERT INTO sinks (sink, n, r, seq, place) VALUES (?, ?, ?, ?, ?) ON CONFLICT (sink) DO UPDATE SET n = excluded.n, r = excluded.r, seq = excluded.seq, place = excluded.place",
    ),
    slowestSink: prepare("SELECT min(place) AS place FROM sinks"),

    putLetter: prepare("INSERT OR IGNORE INTO letters (sink, event, lived, body) VALUES (?, ?, ?, ?)"),
    letters: prepare("SELECT body FROM letters WHERE sink = ? ORDER BY id"),
    countLetters: prepare("SELECT count(*) AS rows FROM letters WHERE sink = ?"),
    oldLetters: prepare("DELETE FROM letters WHERE lived < ? OR id <= (SELECT max(id) FROM letters) - 1000"),

    putSent: prepare("INSERT INTO sent (sink, at, body) VALUES (?, ?, ?)"),
    sent: prepare("SELECT sink, at, body FROM sent ORDER BY id"),
    sentSizes: prepare("SELECT id, length(body) AS bytes FROM sent ORDER BY id DESC"),
    dropSent: prepare("DELETE FROM sent WHERE id <= ?"),

    /** Copies nothing, says how many committed frames the log has. */
    logFrames: prepare("PRAGMA wal_checkpoint(NOOP)"),
    emptyPages: prepare("PRAGMA freelist_count"),
  };
}
