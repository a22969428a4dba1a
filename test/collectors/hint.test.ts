import assert from "node:assert/strict";
import { chownSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { hintOf } from "../../agent/collectors/hint.ts";
import { peopleSince } from "../../agent/collectors/people.ts";
import { recordSize, sessionsAt, terminalSpans } from "../../agent/collectors/wtmp.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-hint-"));
after(() => rmSync(folder, { recursive: true }));

type Row = readonly [type: number, line: string, user: string, seconds: number];

/** wtmp(5), as glibc lays it out here. */
function wtmp(rows: readonly Row[], arch: "x64" | "arm64"): Buffer {
  return Buffer.concat(
    rows.map(([type, line, user, seconds]) => {
      const row = Buffer.alloc(recordSize(arch) ?? 0);
      row.writeInt16LE(type, 0);
      row.write(line, 8);
      row.write(user, 44);
      if (arch === "x64") row.writeInt32LE(seconds, 340);
      else row.writeBigInt64LE(BigInt(seconds), 344);
      return row;
    }),
  );
}

const [runLevel, boot, begins, ends] = [1, 2, 7, 8];
const day: readonly Row[] = [
  [boot, "~", "reboot", 100],
  [begins, "pts/0", "kiwi", 110],
  [runLevel, "~", "runlevel", 112],
  [begins, "pts/1", "lemon", 120],
  [begins, "pts/2", "kiwi", 125],
  [ends, "pts/0", "", 130],
  [begins, "pts/1", "plum", 140],
  [runLevel, "~", "shutdown", 150],
  [boot, "~", "reboot", 160],
  [begins, "tty1", "root", 170],
];

for (const arch of ["x64", "arm64"] as const) {
  test(`who had a session at a second is told from the records of ${arch}`, () => {
    const bytes = wtmp(day, arch);
    const at = (seconds: number) => sessionsAt(bytes, seconds, arch);
    assert.deepEqual([99, 100, 109, 110, 119, 125, 131, 140, 150, 165, 1000].map(at), [
      null,
      [],
      [],
      ["kiwi"],
      ["kiwi"],
      ["kiwi", "lemon"],
      ["lemon", "kiwi"],
      ["kiwi", "plum"],
      [],
      [],
      ["root"],
    ]);
    assert.equal(sessionsAt(Buffer.alloc(0), 100, arch), null);
    assert.deepEqual(sessionsAt(bytes.subarray(0, -1), 1000, arch), []);
  });
}

test("a session lasts until its line's next record, or until the host starts or stops", () => {
  const spans = terminalSpans(wtmp(day, "x64"), "x64")?.map(({ user, from, to }) => `${user} ${from} ${to}`);
  assert.deepEqual(spans, ["kiwi 110 130", "lemon 120 140", "kiwi 125 150", "plum 140 150", "root 170 null"]);
});

test("who had a terminal lately is told from all records; where there are none it is not known", () => {
  const [older, newer] = [join(folder, "wtmp.1"), join(folder, "wtmp")];
  const here = process.arch === "arm64" ? "arm64" : "x64";
  writeFileSync(older, wtmp(day.slice(0, 5), here));
  writeFileSync(newer, wtmp(day.slice(5), here));
  const names = (sinceMs: number) => peopleSince(sinceMs, [older, newer])?.map(({ user, to }) => `${user} ${to}`);
  assert.deepEqual(names(135_000), ["lemon 140", "kiwi 150", "plum 150", "root null"]);
  assert.deepEqual(names(1e9), ["root null"]);
  assert.equal(peopleSince(0, [join(folder, "none")]), null);
  writeFileSync(newer, wtmp([[begins, "pts/9", "ghost", -5], ...day.slice(5)], here));
  assert.deepEqual(names(1e9), ["root null"], "a damaged record is no session");
});

test("of an unknown machine's records nothing is told", () => {
  assert.equal(terminalSpans(wtmp(day, "x64"), "mips"), null);
  assert.equal(sessionsAt(wtmp(day, "x64"), 120, "mips"), null);
});

const arch = process.arch === "arm64" ? "arm64" : "x64";

test("a file's owner and time are said, and who was there when the kernel saw it change", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "x");
  if (process.geteuid?.() === 0) chownSync(file, 65_001, 65_001);
  utimesSync(file, 1_600_000_000, 1_600_000_000); // anybody may say that
  const nowMs = Date.now();
  const changed = Math.floor(statSync(file).ctimeMs / 1000);
  const records = join(folder, "wtmp");
  const rows: readonly Row[] = [
    [begins, "pts/0", "kiwi", 1_600_000_000],
    [ends, "pts/0", "", changed - 10],
    [begins, "pts/1", "lemon", changed - 5],
  ];
  writeFileSync(records, wtmp(rows, arch));
  const ownerUid = statSync(file).uid;
  assert.deepEqual(await hintOf(file, nowMs, [records]), {
    file,
    ownerUid,
    modified: "2020-09-13T12:26:40.000Z",
    sessions: ["lemon"],
  });
  assert.deepEqual((await hintOf(file, nowMs, [join(folder, "none")]))?.sessions, null);
});

test("of a link its own owner is said, and of nothing nothing", async () => {
  const link = join(folder, "link");
  symlinkSync("/etc/passwd", link);
  assert.equal((await hintOf(link, Date.now(), []))?.ownerUid, process.geteuid?.());
  assert.equal(await hintOf(join(folder, "absent"), Date.now(), []), null);
});
