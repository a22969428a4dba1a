import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import fc from "fast-check";
import { cloudEvent, parseRelease, releaseKey, shownContent, shownPath } from "../../agent/store/index.ts";
import { answered, asVersion1, release } from "./support/releases.ts";
import { all, commitSome, committed, dayMs, open, scratch, startMs } from "./support/state.ts";

test("releases, marks and the event that tells of them are kept together, also over a start", () => {
  using place = scratch();
  const first = open(place.state);
  assert.deepEqual([first.releases(), first.mark("told"), first.releaseCounts()], [[], null, []]);
  const [a, b, c] = [release("a.arc"), release("sub/b.arc"), release("c.arc", { retention: "other" })];
  committed(first.commit({ nowMs: startMs, releases: [a, b, c], marks: { told: "7.0" }, events: [answered(a)] }));
  first.close();
  using store = open(place.state);
  assert.deepEqual(store.releases(), [a, b, c]);
  assert.deepEqual(store.releases("staging"), [a, b]);
  assert.deepEqual(store.release(b.key), b);
  assert.equal(store.release("0".repeat(64)), null);
  assert.equal(store.mark("told"), "7.0");
  assert.equal(all(store).at(-1)?.type, "release.answered");
});

test("the same key is one row, that is what was kept last, in the place where it first was", () => {
  using place = scratch();
  using store = open(place.state);
  const [a, b] = [release("a.arc"), release("b.arc")];
  committed(store.commit({ nowMs: startMs, releases: [a, b] }));
  const changed = { ...a, answer: "changed", told: "changed" } as const;
  committed(store.commit({ nowMs: startMs, releases: [changed], marks: { told: "1" } }));
  committed(store.commit({ nowMs: startMs, marks: { told: "2" } }));
  assert.deepEqual(store.releases("staging"), [changed, b]);
  assert.deepEqual(store.releases("staging", "accepted"), [b]);
  assert.deepEqual(store.releaseCounts(), [
    { retention: "staging", answer: "accepted", rows: 1 },
    { retention: "staging", answer: "changed", rows: 1 },
  ]);
  assert.equal(store.mark("told"), "2");
  committed(store.commit({ nowMs: startMs, removeReleases: [b.key, "0".repeat(64)] }));
  assert.deepEqual(store.releases(), [changed]);
});

test("those whose time is over come the earliest first, so many at a time", () => {
  using place = scratch();
  using store = open(place.state);
  const rows = [3, 1, 2].map((days) =>
    release(`${days}.arc`, { expiresAt: new Date(startMs + days * dayMs).toISOString() }),
  );
  committed(store.commit({ nowMs: startMs, releases: rows }));
  const ended = (days: number, most = 10) => store.releasesEnded(startMs + days * dayMs, most).map(({ path }) => path);
  const path = (days: number) => release(`${days}.arc`).path;
  assert.deepEqual(ended(0.9), []);
  assert.deepEqual(ended(2), [path(1), path(2)]);
  assert.deepEqual(ended(9, 1), [path(1)]);
});

test("an account sees what was answered to its own releases only", () => {
  using place = scratch();
  using store = open(place.state);
  committed(
    store.commit({
      nowMs: startMs,
      events: ["oracle", "postgres"].map((account) => answered(release("a", { account }))),
    }),
  );
  assert.deepEqual(
    all(store, null, "oracle").map(({ account }) => account),
    ["oracle"],
  );
  const [event] = all(store);
  assert.ok(event !== undefined);
  assert.equal(
    cloudEvent(event, { source: "rcwarden://a/host", share: "names" }).dataschema,
    "urn:rcwarden:v1:releases",
  );
});

test("beyond the cap each answer is of other files: none is given up for a later one of the same Retention", () => {
  using place = scratch();
  using store = open(place.state);
  const pad = "x".repeat(1000);
  for (let at = 1; at <= 20; at++)
    committed(
      store.commit({
        nowMs: startMs,
        events: [
          { ...answered(), data: { at, pad } },
          { ...answered(), type: "cleanup.planned", data: { at, pad } },
        ],
      }),
    );
  committed(store.housekeeping(startMs, 30_000));
  const left = all(store);
  assert.ok(left.filter(({ type }) => type === "cleanup.planned").length < 5, "of plans the latest is enough");
  assert.equal(left.filter(({ type }) => type === "release.answered").length, 20);
});

test("a database of the version before gets its tables, and keeps what it has", () => {
  using place = scratch();
  const first = open(place.state);
  commitSome(first, 1, 5);
  const { hostId } = first;
  first.close();
  asVersion1(place.state);
  using store = open(place.state);
  assert.deepEqual([store.hostId, store.epoch.n, store.notices], [hostId, 2, []]);
  assert.equal(store.findings().length, 5);
  committed(store.commit({ nowMs: startMs, releases: [release("a.arc")], marks: { told: "1" } }));
  assert.deepEqual([store.releases().length, store.mark("told")], [1, "1"]);
  store.close();
  const raised = readFileSync(`${place.state}/state.db`).readUInt32BE(60);
  assert.equal(raised, 2);
});

test("a damaged database of the version before is mended into one of ours", () => {
  using place = scratch();
  const first = open(place.state);
  commitSome(first, 1, 60);
  first.close();
  asVersion1(place.state);
  const bytes = readFileSync(`${place.state}/state.db`);
  bytes.fill(7, 0, 100);
  writeFileSync(`${place.state}/state.db`, bytes);
  using store = open(place.state);
  assert.equal(store.findings().length, 60);
  assert.deepEqual(store.releases(), []);
});

test("out of a damaged database releases come back, but none in which a bit was turned: it would let another file go", () => {
  using place = scratch();
  const first = open(place.state);
  const rows = ["a.arc", "b.arc", "c.arc", "d.arc", "e.arc"].map((path) => release(path));
  committed(first.commit({ nowMs: startMs, releases: rows, marks: { told: "7.0" } }));
  first.close();
  const path = `${place.state}/state.db`;
  const meddled = new DatabaseSync(path);
  const turn = (id: number, from: string, to: string) =>
    meddled.prepare("UPDATE releases SET body = replace(body, ?, ?) WHERE id = ?").run(from, to, id);
  turn(1, "abab", "abac");
  turn(2, rows[1]?.path.join() ?? "", rows[0]?.path.join() ?? "");
  turn(3, '"size":"9', '"size":"8');
  turn(4, '"accepted"', '"granted"');
  meddled.close();
  const bytes = readFileSync(path);
  bytes.fill(7, 0, 16);
  writeFileSync(path, bytes);
  using store = open(place.state);
  assert.deepEqual(store.releases(), rows.slice(4));
  assert.equal(store.mark("told"), "7.0");
});

// The door.

const digest = "ab".repeat(32);
const base = { retention: "staging", path: "a.arc", size: 7, sha256: digest };

test("what a release may look like", () => {
  const taken = (others: object) => {
    const parsed = parseRelease({ ...base, ...others }, "r");
    assert.ok(parsed.kind === "asked", parsed.kind === "wrong" ? parsed.message : "");
    return parsed.asked;
  };
  const hex = (text: string) => Buffer.from(text).toString("hex");
  assert.deepEqual(taken({ path: "ü/ -*\n.arc" }).path, [hex("ü"), hex(" -*\n.arc")]);
  assert.deepEqual(taken({ path: undefined, pathHex: "ff2ffe" }).path, ["ff", "fe"]);
  assert.deepEqual(taken({ path: undefined, pathHex: "ff/fe" }).path, ["ff", "fe"]);
  assert.deepEqual(taken({ path: undefined, pathHex: "22f2" }).path, ["22f2"], "no byte 2f");
  assert.equal(taken({ path: `${"x".repeat(255)}/`.repeat(15).concat("y") }).path.length, 16);
  assert.equal(taken({ path: "..." }).path.length, 1);
  assert.equal(taken({ size: "9223372036854775807" }).size, "9223372036854775807");
  assert.equal(taken({ size: "0007" }).size, "7");
  assert.equal(taken({ sha256: digest.toUpperCase() }).content.kind, "sha256");
  const time = (mtime: unknown, precision?: string) => {
    const { content } = taken({ sha256: undefined, mtime, ...(precision !== undefined && { precision }) });
    return content.kind === "mtime" ? `${content.ns} ${content.precisionNs}` : "";
  };
  assert.equal(time("1970-01-01T00:00:01Z"), "1000000000 1000000000");
  assert.equal(time("1970-01-01T01:00:01.5+01:00"), "1500000000 100000000");
  assert.equal(time("2026-11-23T02:00:00.123456789Z"), "1795399200123456789 1");
  assert.equal(time(1_795_399_200), "1795399200000000000 1000000000");
  assert.equal(time("1795399200.123"), "1795399200123000000 1000000");
  assert.equal(time("-1.5"), "-1500000000 100000000");
  assert.equal(time("5.999999999", "2s"), "4000000000 2000000000", "at the precision that is known");
  assert.equal(time("-0.5", "1s"), "-1000000000 1000000000", "downwards before 1970, too");
});

test("what a release may not look like says where, what was expected, what was found", () => {
  const { path: _, ...noPath } = base;
  const cases: readonly (readonly [unknown, string])[] = [
    [{ ...base, path: "" }, 'r.path: expected a path below the root, found ""'],
    [{ ...base, path: "/a" }, 'r.path: expected a path below the root, with no / before it, found "/a"'],
    [{ ...base, path: "a/" }, 'r.path: expected a name between two /, and none at the end, found "a/"'],
    [{ ...base, path: "a//b" }, 'r.path: expected a name between two /, and none at the end, found "a//b"'],
    [{ ...base, path: "a/./b" }, 'r.path: expected no . and no .. in it, found "a/./b"'],
    [{ ...base, path: "../a" }, 'r.path: expected no . and no .. in it, found "../a"'],
    [{ ...base, path: "a\0b" }, 'r.path: expected no byte 0 in it, found "a\\u0000b"'],
    [{ ...noPath, pathHex: "2e2e" }, 'r.pathHex: expected no . and no .. in it, found "2e2e"'],
    [{ ...noPath, pathHex: "61/2e" }, 'r.pathHex: expected no . and no .. in it, found "61/2e"'],
    [{ ...noPath, pathHex: "6100" }, 'r.pathHex: expected no byte 0 in it, found "6100"'],
    [{ ...noPath, pathHex: "6" }, 'r.pathHex: expected pairs of 0 to 9 and a to f, names joined by 2f or /, found "6"'],
    [{ ...noPath, pathHex: "2f61" }, 'r.pathHex: expected a path below the root, with no / before it, found "2f61"'],
    [{ ...base, path: "é".repeat(128) }, `r.path: expected names of at most 255 bytes, found "${"é".repeat(79)}...`],
    [{ ...base, path: "a/".repeat(16).concat("b") }, `r.path: expected at most 16 names, found "${"a/".repeat(16)}b"`],
    [{ ...base, path: 7 }, "r.path: expected a path below the root, found 7"],
    [noPath, "r: expected either path or pathHex, found neither"],
    [{ ...base, pathHex: "61" }, "r: expected either path or pathHex, found both"],
    [{ ...base, size: -1 }, "r.size: expected a number of bytes from 0 to 2^63 - 1, found -1"],
    [{ ...base, size: 1.5 }, "r.size: expected a number of bytes from 0 to 2^63 - 1, found 1.5"],
    [{ ...base, size: 2 ** 53 }, "r.size: expected a number of bytes from 0 to 2^63 - 1, found 9007199254740992"],
    [
      { ...base, size: "9223372036854775808" },
      'r.size: expected a number of bytes from 0 to 2^63 - 1, found "9223372036854775808"',
    ],
    [{ ...base, size: null }, "r.size: expected a number of bytes, found null"],
    [{ ...base, sha256: "ab" }, 'r.sha256: expected 64 digits of 0 to 9 and a to f, found "ab"'],
    [{ ...base, mtime: 5 }, "r: expected either sha256 or mtime, found both"],
    [{ ...base, precision: "1s" }, "r.precision: expected it beside mtime only, found it beside sha256"],
    [{ ...base, retention: "" }, 'r.retention: expected the name of a Retention, found ""'],
    [
      { ...base, other: 1, more: 2 },
      'r: expected retention, path, pathHex, size, sha256, mtime, precision, found "other", "more"',
    ],
    [null, "r: expected an object with path, size, and sha256 or mtime, found null"],
    [[], "r: expected an object with path, size, and sha256 or mtime, found a list"],
    [{ ...base, size: [[]] }, "r.size: expected a number of bytes, found a list"],
  ];
  for (const [value, message] of cases) {
    const parsed = parseRelease(value, "r");
    assert.equal(parsed.kind === "wrong" ? parsed.message : "taken", message);
  }
  const { retention: __, ...nameless } = base;
  assert.equal(parseRelease(nameless, "r", "staging").kind, "asked");
  const parsed = parseRelease(nameless, "r");
  assert.equal(
    parsed.kind === "wrong" && parsed.message,
    "r.retention: expected the name of a Retention, found nothing",
  );
  for (const mtime of [
    "yesterday",
    "2026-02-30T00:00:00Z",
    "2026-11-23",
    "2026-11-23T02:00:00",
    "1795399200123456789",
    "1.0000000001",
    1.5,
    "",
  ]) {
    const { kind } = parseRelease({ ...base, sha256: undefined, mtime }, "r");
    assert.equal(kind, "wrong", String(mtime));
  }
  for (const precision of ["0s", "61s", "1m", "s", "-1s"])
    assert.equal(parseRelease({ ...base, sha256: undefined, mtime: 5, precision }, "r").kind, "wrong", precision);
});

test("what is told of a release, sent back, is the same release", () => {
  const name = fc
    .uint8Array({ minLength: 1, maxLength: 20 })
    .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0x2f ? 1 : byte || 1))).toString("hex"));
  const ns = fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n });
  const precision = fc.constantFrom(1n, 100n, 1000n, 10n ** 6n, 10n ** 9n, 2n * 10n ** 9n);
  const content = fc.oneof(
    fc.constant({ kind: "sha256", digest } as const),
    fc.tuple(ns, precision).map(([time, of]) => {
      const over = ((time % of) + of) % of;
      return { kind: "mtime", ns: String(time - over), precisionNs: String(of) } as const;
    }),
  );
  const path = fc
    .array(name, { minLength: 1, maxLength: 16 })
    .filter((names) => !names.some((each) => /^(2e|2e2e)$/.test(each)));
  fc.assert(
    fc.property(path, fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), content, (names, size, of) => {
      const asked = { retention: "staging", path: names, size: String(size), content: of };
      const { retention } = asked;
      const parsed = parseRelease({ retention, ...shownPath(names), size: asked.size, ...shownContent(of) }, "r");
      assert.deepEqual(parsed, { kind: "asked", asked });
      assert.equal(releaseKey(asked).length, 64);
    }),
  );
});

test("nothing makes the door throw", () => {
  fc.assert(fc.property(fc.anything(), (value) => void parseRelease(value, "r")));
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(...Object.keys(base), "mtime", "precision", "pathHex", "__proto__"),
        fc.jsonValue(),
      ),
      (value) => void parseRelease(value, "r"),
    ),
  );
});
