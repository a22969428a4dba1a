import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Decision,
  decide,
  type Listed,
  listingOn,
  type Moment,
  type StayCode,
} from "../../agent/cleanup/decide.ts";
import type { Release, Seen } from "../../agent/cleanup/plan.ts";
import type { Retention } from "../../agent/documents/index.ts";
import { hexPath, minuteMs, nowMs, retentionOf, rootIdentity, type SeenOptions, seenOf, textPath } from "./support.ts";

const now: Moment = { nowMs, clock: "trusted" };

/** What goes, by name, and how many stay for which reason. */
function briefly({ remove, stays }: Decision) {
  const reasons = [...stays].map(([code, { files }]) => `${code} ${files}`);
  return { goes: remove.map(({ path }) => textPath(path)), stays: reasons.sort() };
}

function decided(
  retention: Partial<Retention>,
  seen: readonly Seen[],
  moment = now,
  releases: readonly Release[] = [],
) {
  return briefly(decide(retentionOf(retention), seen, releases, moment, rootIdentity));
}

function files(...rows: readonly (readonly [name: string, options: SeenOptions])[]): readonly Seen[] {
  return rows.map(([name, options]) => seenOf(name, options));
}

/** To soon after 1970. */
const unset = 29_900_000;

const guard = (code: "database" | "held-open" | "another-owner" | "name-refused") => ({
  code,
  message: `${code}, it says`,
});

test("what matches and is old enough goes, the oldest first", () => {
  const seen = files(
    ["b.arc", { ageMinutes: 61 }],
    ["a.arc", { ageMinutes: 600 }],
    ["young.arc", { ageMinutes: 59 }],
    ["just.arc", { ageMinutes: 60 }],
    ["other.log", { ageMinutes: 600 }],
    ["below/c.arc", { ageMinutes: 600 }],
  );
  assert.deepEqual(decided({}, seen), {
    goes: ["a.arc", "b.arc", "just.arc"],
    stays: ["not-matched 2", "too-young 1"],
  });
  assert.deepEqual(decided({ depth: 2 }, seen).goes, ["a.arc", "below/c.arc", "b.arc", "just.arc"]);
});

test("age is the newer of content and inode: an unpacked old file is young", () => {
  const seen = files(
    ["unpacked.arc", { ageMinutes: 9_000_000, changedMinutes: 1 }],
    ["set.arc", { ageMinutes: 1, changedMinutes: 900 }],
  );
  assert.deepEqual(decided({}, seen), { goes: [], stays: ["too-young 2"] });
});

test("whatever the document says, what the guard keeps stays, and what is no file", () => {
  const seen = [
    seenOf("a.arc", { guard: guard("database") }),
    seenOf("b.arc", { guard: guard("held-open") }),
    seenOf("l.arc", { type: "link" }),
    seenOf("d.arc", { type: "folder" }),
    seenOf("p.arc", { type: "other" }),
  ];
  const all = { match: ["*"], keep: { newest: 0, youngerThanMs: 1 } };
  assert.deepEqual(decided(all, seen), { goes: [], stays: ["database 1", "held-open 1", "not-a-regular-file 3"] });
});

test("the newest stay even if all are old; what somebody else owns does not count among them", () => {
  const seen = files(
    ["1.arc", { ageMinutes: 500 }],
    ["2.arc", { ageMinutes: 400 }],
    ["3.arc", { ageMinutes: 300 }],
    ["theirs.arc", { ageMinutes: 200, guard: guard("another-owner") }],
    ["4.log", { ageMinutes: 100 }],
  );
  const keep = { newest: 2, youngerThanMs: minuteMs };
  assert.deepEqual(decided({ keep }, seen), {
    goes: ["1.arc"],
    stays: ["another-owner 1", "newest 2", "not-matched 1"],
  });
});

test("a file that was renamed while the folder was read takes one place among the newest, not two", () => {
  const seen = files(
    ["1.arc", { ageMinutes: 500 }],
    ["2.arc", { ageMinutes: 400 }],
    ["3.arc", { ageMinutes: 300 }],
    ["4.arc", { ageMinutes: 200 }],
  );
  const renamed = seen.map((each) => ({ ...each, path: hexPath(`new-${textPath(each.path)}`) }));
  const keep = { newest: 2, youngerThanMs: minuteMs };
  assert.deepEqual(decided({ keep }, [...seen, ...renamed.slice(3)]).goes, ["1.arc", "2.arc"]);
  assert.deepEqual(decided({ keep }, [...seen, ...renamed.slice(2)]), {
    goes: ["1.arc", "2.arc"],
    stays: ["newest 2", "over-limit 2"],
  });
  assert.deepEqual(decided({ keep: { ...keep, newest: 9 } }, [...seen, ...renamed]).goes, []);
});

test("a young file is one of the newest", () => {
  const seen = files(["1.arc", { ageMinutes: 500 }], ["2.arc", { ageMinutes: 400 }], ["3.arc", { ageMinutes: 1 }]);
  const keep = { newest: 2, youngerThanMs: 60 * minuteMs };
  assert.deepEqual(decided({ keep }, seen), { goes: ["1.arc"], stays: ["newest 1", "too-young 1"] });
});

test("a clock that jumped, or is behind the newest file, lets no age count", () => {
  const seen = files(["a.arc", {}], ["b.arc", { ageMinutes: 1 }], ["other.log", {}]);
  const stays = ["clock-not-trusted 2", "not-matched 1"];
  assert.deepEqual(decided({}, seen, { nowMs, clock: "not-trusted" }), { goes: [], stays });
  const ahead = [...files(["ahead.arc", { ageMinutes: -6 }]), ...seen];
  assert.deepEqual(decided({}, ahead), { goes: [], stays: ["clock-not-trusted 3", "not-matched 1"] });
  const { clock } = decide(retentionOf(), ahead, [], now, rootIdentity);
  assert.deepEqual(clock, { kind: "ahead", path: hexPath("ahead.arc") });
  const during = [...files(["during.arc", { ageMinutes: -4 }]), ...seen];
  assert.deepEqual(decided({}, during).goes, ["a.arc"], "a file written during the look says nothing about the clock");
  const theirs = [...files(["theirs.arc", { ageMinutes: -600, guard: guard("another-owner") }]), ...seen];
  assert.deepEqual(decided({}, theirs).goes, ["a.arc"], "somebody else's file cannot stop it");
});

test("a file that a clock wrote which was not set yet is of no known age", () => {
  const seen = files(["1970.arc", { ageMinutes: unset }], ["2000.arc", { ageMinutes: 14_100_000 }], ["a.arc", {}]);
  assert.deepEqual(decided({}, seen), { goes: ["a.arc"], stays: ["clock-not-trusted 2"] });
  const [file] = seen;
  assert.ok(file !== undefined);
  assert.deepEqual(decided(released, seen, now, [releaseOf(file)]).goes, ["1970.arc"], "no age asked for");
});

const released: Partial<Retention> = {
  after: "release",
  releasedBy: ["engine"],
  keep: { newest: 0, youngerThanMs: null },
};

function releaseOf(
  file: Seen,
  content: Release["content"] = { kind: "mtime", ns: file.identity.mtimeNs, precisionNs: "1" },
): Release {
  return { path: file.path, size: file.identity.size, content };
}

test("without a release nothing goes", () => {
  const seen = files(["a.arc", {}], ["b.arc", { ageMinutes: 1 }]);
  assert.deepEqual(decided(released, seen), { goes: [], stays: ["not-released 2"] });
  const [a] = seen;
  assert.ok(a !== undefined);
  assert.deepEqual(decided(released, seen, now, [releaseOf(a)]), { goes: ["a.arc"], stays: ["not-released 1"] });
  assert.deepEqual(
    decided(released, seen, { nowMs, clock: "not-trusted" }, [releaseOf(a)]).goes,
    ["a.arc"],
    "no age asked for",
  );
});

test("a release is of this content, at the precision that it has", () => {
  const file = seenOf("a.arc");
  const seconds = (ns: bigint) => ({ kind: "mtime", ns: ns.toString(), precisionNs: "1000000000" }) as const;
  const mtime = BigInt(file.identity.mtimeNs);
  const rows: readonly (readonly [string, Release, boolean])[] = [
    ["its size and time", releaseOf(file), true],
    ["to the second", releaseOf(file, seconds(mtime + 999_999_999n)), true],
    ["a second later", releaseOf(file, seconds(mtime + 1_000_000_000n)), false],
    ["a nanosecond before a second", releaseOf(file, seconds(mtime - 1n)), false],
    ["another size", { ...releaseOf(file), size: "1" }, false],
    ["a digest", releaseOf(file, { kind: "sha256", digest: "ab" }), true],
    ["a digest of another size", { ...releaseOf(file, { kind: "sha256", digest: "ab" }), size: "1" }, false],
    ["the same name elsewhere", { ...releaseOf(file), path: hexPath("x/a.arc") }, false],
  ];
  for (const [says, release, goes] of rows) {
    assert.equal(decide(retentionOf(released), [file], [release], now, rootIdentity).remove.length, goes ? 1 : 0, says);
  }
  const digest = (text: string) => releaseOf(file, { kind: "sha256", digest: text });
  const [candidate] = decide(
    retentionOf(released),
    [file],
    [digest("cd"), digest("ab"), digest("cd")],
    now,
    rootIdentity,
  ).remove;
  assert.deepEqual(candidate?.content, { kind: "digest", anyOf: ["ab", "cd"] });
});

test("an archived redo log goes by a release with its sha256 alone", () => {
  const log = seenOf("a.arc", { guard: { code: "archived-log", message: "it is a redo log" } });
  const stays = { goes: [], stays: ["archived-log 1"] };
  assert.deepEqual(decided({}, [log]), stays);
  assert.deepEqual(decided(released, [log]), stays);
  assert.deepEqual(decided(released, [log], now, [releaseOf(log)]), stays);
  const digest = releaseOf(log, { kind: "sha256", digest: "ab" });
  const { remove } = decide(retentionOf(released), [log], [releaseOf(log), digest], now, rootIdentity);
  assert.deepEqual(
    remove.map(({ content }) => content),
    [{ kind: "digest", anyOf: ["ab"] }],
  );
});

test("limits keep the newer ones, and one too large for any plan stops no other", () => {
  const seen = files(
    ["1.arc", { ageMinutes: 900, size: 10 }],
    ["2.arc", { ageMinutes: 800, size: 5000 }],
    ["3.arc", { ageMinutes: 700, size: 60 }],
    ["4.arc", { ageMinutes: 600, size: 60 }],
    ["5.arc", { ageMinutes: 500, size: 1 }],
  );
  const limits = { ...retentionOf().limits, bytes: 100 };
  assert.deepEqual(decided({ limits }, seen), { goes: ["1.arc", "3.arc"], stays: ["over-limit 3"] });
  assert.deepEqual(
    decided({ limits: { ...limits, bytes: 70 } }, seen).goes,
    ["1.arc", "3.arc"],
    "as much as that goes",
  );
  const few = { ...retentionOf().limits, files: 2 };
  assert.deepEqual(decided({ limits: few }, seen), { goes: ["1.arc", "2.arc"], stays: ["over-limit 3"] });
});

test("a plan that would leave nothing of what matches needs mayEmpty", () => {
  const seen = files(
    ["a.arc", {}],
    ["b.arc", {}],
    ["other.log", {}],
    ["theirs.arc", { guard: guard("another-owner") }],
  );
  const stays = ["another-owner 1", "not-matched 1"];
  assert.deepEqual(decided({ mayEmpty: true }, seen), { goes: ["a.arc", "b.arc"], stays });
  assert.deepEqual(decided({ mayEmpty: false }, seen), { goes: [], stays: [...stays, "would-empty 2"] });
  const young = [...seen, seenOf("young.arc", { ageMinutes: 1 })];
  assert.deepEqual(decided({ mayEmpty: false }, young).goes, ["a.arc", "b.arc"]);
  assert.deepEqual(decided({ mayEmpty: false }, []).goes, []);
});

test("the hash is that of the decision: of every candidate's identity and of what the Retention says", () => {
  const file = seenOf("a.arc");
  const hash = (seen: readonly Seen[], other: Partial<Retention> = {}, moment = now) =>
    decide(retentionOf(other), seen, [], moment, rootIdentity).hash;
  const whole = hash([file]);
  assert.match(whole, /^[0-9a-f]{64}$/);
  assert.equal(hash([file], {}, { ...now, nowMs: nowMs + 5000 }), whole, "not of the time");
  assert.equal(hash([file, seenOf("other.log")]), whole, "not of what stays");
  assert.equal(
    hash([file], { description: "other words", origin: { ...retentionOf().origin, digest: "sha256:1" } }),
    whole,
  );
  const identities = Object.entries({ dev: "1", ino: "1", size: "1", mtimeNs: "1", ctimeNs: "1", uid: 1, links: 2 });
  const others = [
    ...identities.map(([key, value]) => hash([{ ...file, identity: { ...file.identity, [key]: value } }])),
    hash([{ ...file, path: hexPath("b.arc") }]),
    hash([file, seenOf("b.arc")]),
    hash([]),
    hash([file], { match: ["a*"] }),
    hash([file], { limits: { ...retentionOf().limits, files: 9 } }),
    hash([file], { account: "root" }),
    decide(retentionOf(), [file], [], now, { ...rootIdentity, ino: "3" }).hash,
  ];
  assert.equal(new Set([whole, ...others]).size, others.length + 1);
});

/* The same, decided by looking at everything at once, as often as need be. */

interface Told {
  readonly path: string;
  readonly code: StayCode | null;
  /** Whether it is a file that the Retention means, and whether it is kept for its age or as one of the newest. */
  readonly isMatched: boolean;
  readonly isKept: boolean;
}

function model(
  retention: Retention,
  seen: readonly Seen[],
  releases: readonly Release[],
  moment: Moment,
): readonly Told[] {
  const { keep, limits, after } = retention;
  const aged = ({ identity: { mtimeNs, ctimeNs } }: Seen) =>
    BigInt(mtimeNs) > BigInt(ctimeNs) ? BigInt(mtimeNs) : BigInt(ctimeNs);
  const keyOf = ({ path }: Seen) => path.join("/");
  const older = (a: Seen, b: Seen) => aged(a) < aged(b) || (aged(a) === aged(b) && keyOf(a) < keyOf(b));
  const suffix = (name: string) => retention.match.some((pattern) => name.endsWith(pattern.slice(1)));
  const isFile = (each: Seen) => each.guard === null && each.type === "file";
  const isMeant = (each: Seen) => each.path.length <= retention.depth && suffix(textPath(each.path.slice(-1)));
  const matched = seen.filter((each) => isFile(each) && isMeant(each));
  const isYoung = (each: Seen) =>
    keep.youngerThanMs !== null && aged(each) > BigInt(moment.nowMs - keep.youngerThanMs) * 1_000_000n;
  const isNewest = (each: Seen) => matched.filter((other) => older(each, other)).length < keep.newest;
  const trusted =
    moment.clock === "trusted" &&
    matched.every((each) => aged(each) / 1_000_000n <= BigInt(moment.nowMs + 5 * minuteMs));
  const releasedBy = (each: Seen) => releases.filter(({ path }) => path.join("/") === keyOf(each));
  const first = (each: Seen): StayCode | null => {
    if (each.guard !== null) return each.guard.code;
    if (each.type !== "file") return "not-a-regular-file";
    if (!matched.includes(each)) return "not-matched";
    if (after === "release" && releasedBy(each).length === 0) return "not-released";
    const same = ({ size, content }: Release) =>
      size === each.identity.size && (content.kind === "sha256" || content.ns === each.identity.mtimeNs);
    if (after === "release" && !releasedBy(each).some(same)) return "released-other-content";
    if (keep.youngerThanMs !== null && !trusted) return "clock-not-trusted";
    if (isYoung(each)) return "too-young";
    if (keep.youngerThanMs !== null && aged(each) < BigInt(Date.parse("2001-01-01")) * 1_000_000n)
      return "clock-not-trusted";
    if (Number(each.identity.size) > limits.bytes) return "over-limit";
    return isNewest(each) ? "newest" : null;
  };
  const left = seen.filter((each) => first(each) === null).sort((a, b) => (older(a, b) ? -1 : 1));
  const upTo = (index: number) =>
    left.slice(0, index + 1).reduce((sum, { identity }) => sum + Number(identity.size), 0);
  const within = left.filter((_, index) => index < limits.files && upTo(index) <= limits.bytes);
  const isEmptying = within.length > 0 && within.length === matched.length && !retention.mayEmpty;
  return seen.map((each) => {
    const last = within.includes(each) ? (isEmptying ? "would-empty" : null) : "over-limit";
    const isMatched = each.type === "file" && each.guard?.code !== "name-refused" && isMeant(each);
    const isKept = isYoung(each) || (matched.includes(each) && isNewest(each));
    return { path: textPath(each.path), code: first(each) ?? last, isMatched, isKept };
  });
}

const anySeen: fc.Arbitrary<Seen> = fc
  .record({
    folder: fc.constantFrom("", "", "", "d/"),
    name: fc.integer({ min: 0, max: 40 }),
    end: fc.constantFrom(".arc", ".arc", ".arc", ".log"),
    size: fc.integer({ min: 0, max: 60 }),
    ageMinutes: fc.oneof(
      { arbitrary: fc.integer({ min: -3, max: 12 }), weight: 30 },
      { arbitrary: fc.constantFrom(5, 6, 7), weight: 30 },
      { arbitrary: fc.constantFrom(-9, unset), weight: 3 },
    ),
    changed: fc.integer({ min: 0, max: 2 }),
    type: fc.constantFrom<Seen["type"]>("file", "file", "file", "file", "file", "link"),
    guard: fc.constantFrom(
      ...[null, null, null, null, null, null],
      ...(["database", "another-owner", "held-open", "name-refused"] as const).map(guard),
    ),
  })
  .map(({ folder, name, end, changed, ageMinutes, ...rest }) =>
    seenOf(`${folder}${name}${end}`, { ...rest, ageMinutes, changedMinutes: ageMinutes + changed }),
  );
const anyTree = fc
  .uniqueArray(anySeen, { selector: ({ path }) => path.join("/"), maxLength: 40 })
  .map((seen) => seen.map((each, at) => ({ ...each, identity: { ...each.identity, ino: `${at}` } })));

const anyRetention = fc
  .record({
    after: fc.constantFrom<Retention["after"]>("release", "age"),
    depth: fc.integer({ min: 1, max: 2 }),
    newest: fc.integer({ min: 0, max: 6 }),
    youngerThanMinutes: fc.option(fc.integer({ min: 1, max: 9 })),
    files: fc.constantFrom(1, 2, 5, 100),
    bytes: fc.constantFrom(30, 50, 100, 100_000),
    mayEmpty: fc.boolean(),
    match: fc.constantFrom(["*.arc"], ["*.arc", "*.log"], ["*7.arc"]),
  })
  .map(({ newest, youngerThanMinutes, files: most, bytes, after, ...rest }) =>
    retentionOf({
      ...rest,
      after,
      keep: {
        newest,
        youngerThanMs:
          youngerThanMinutes === null ? (after === "age" ? minuteMs : null) : youngerThanMinutes * minuteMs,
      },
      limits: { ...retentionOf().limits, files: most, bytes },
    }),
  );

/** Of some files, of some as they were before, of some that are not there; twice, and in any order. */
function anyReleases(seen: readonly Seen[]): fc.Arbitrary<readonly Release[]> {
  const one = fc
    .record({
      of: fc.constantFrom(...seen, seenOf("gone.arc")),
      how: fc.constantFrom("mtime", "mtime", "sha256", "older", "smaller"),
    })
    .map(({ of, how }): Release => {
      if (how === "sha256") return releaseOf(of, { kind: "sha256", digest: "ab" });
      if (how === "older") return releaseOf(of, { kind: "mtime", ns: "1", precisionNs: "1" });
      return how === "smaller" ? { ...releaseOf(of), size: "61" } : releaseOf(of);
    });
  return fc.array(one, { maxLength: 60 });
}

const anyCase = fc
  .tuple(anyRetention, anyTree, fc.constantFrom<Moment["clock"]>("trusted", "trusted", "trusted", "not-trusted"))
  .chain(([retention, seen, clock]) =>
    anyReleases(seen).map((releases) => ({ retention, seen, releases, moment: { nowMs, clock } })),
  );

function listed({ path, code }: Listed): Pick<Told, "path" | "code"> {
  return { path: textPath(path), code };
}

test("for any tree, releases and clock it is what a plain model says, file by file and in sums", () => {
  const reached = new Set<string | null>();
  fc.assert(
    fc.property(anyCase, ({ retention, seen, releases, moment }) => {
      const expected = model(retention, seen, releases, moment);
      const listing = listingOn(retention, releases, moment);
      for (const each of seen) listing.take(each);
      const decision = listing.end(rootIdentity);
      assert.deepEqual(
        [...listing.list()].map(listed),
        expected.map(({ path, code }) => ({ path, code })),
      );
      assert.deepEqual(
        decision.remove.map(({ path }) => textPath(path)).sort(),
        expected.flatMap(({ path, code }) => (code === null ? [path] : [])).sort(),
      );
      for (const { code } of expected) reached.add(code);
      const bytesOf = (code: StayCode | null) =>
        seen
          .filter((each, index) => expected[index]?.code === code && each.type === "file")
          .map(({ identity }) => BigInt(identity.size));
      const sumOf = (code: StayCode | null) => ({
        files: expected.filter((each) => each.code === code).length,
        bytes: bytesOf(code).reduce((sum, size) => sum + size, 0n),
      });
      const codes = new Set(expected.flatMap(({ code }) => (code === null ? [] : [code])));
      assert.deepEqual(
        Object.fromEntries(decision.stays),
        Object.fromEntries([...codes].map((code) => [code, sumOf(code)])),
      );
      assert.deepEqual(decision.removed, sumOf(null));
    }),
    { numRuns: 1500 },
  );
  const all = [
    "not-matched",
    "not-released",
    "released-other-content",
    "newest",
    "too-young",
    "clock-not-trusted",
    "over-limit",
    "would-empty",
  ];
  assert.deepEqual(
    [...all, null].filter((code) => !reached.has(code)),
    [],
    "every reason was met",
  );
});

test("what matches and what waits is counted as a plain model counts it", () => {
  let waited = 0;
  let young = 0;
  fc.assert(
    fc.property(anyCase, ({ retention, seen, releases, moment }) => {
      const expected = model(retention, seen, releases, moment);
      const { matched, remove } = decide(retention, seen, releases, moment, rootIdentity);
      const those = (fits: (told: Told) => boolean) =>
        seen.filter((_, index) => {
          const told = expected[index];
          return told?.isMatched === true && fits(told);
        });
      const sumOf = (of: readonly Seen[]) => ({
        files: of.length,
        bytes: of.reduce((sum, { identity }) => sum + BigInt(identity.size), 0n),
      });
      const oldestOf = (of: readonly Seen[]) =>
        of
          .map(({ identity: { mtimeNs, ctimeNs } }) => [BigInt(mtimeNs), BigInt(ctimeNs)] as const)
          .map(([written, changed]) => (written > changed ? written : changed))
          .reduce<bigint | null>((least, each) => (least !== null && least < each ? least : each), null);
      const all = those(() => true);
      const stay = those(({ code }) => code !== null);
      const wait = those(({ code, isKept }) => code !== null && !isKept && code !== "database");
      const { files: count, bytes, oldestNs, waits, oldestStayingNs } = matched;
      assert.deepEqual({ files: count, bytes, oldestNs }, { ...sumOf(all), oldestNs: oldestOf(all) });
      assert.deepEqual({ files: waits.files, bytes: waits.bytes }, sumOf(wait));
      const { clock } = moment;
      const codeOf = (each: Seen) => expected[seen.indexOf(each)]?.code;
      // Where no clock is trusted that is the reason for all that an age would decide.
      const codes =
        clock === "trusted" && !wait.some((each) => codeOf(each) === "clock-not-trusted") ? wait.map(codeOf) : [];
      const sums = codes.map((code) => [code, sumOf(wait.filter((each) => codeOf(each) === code))] as const);
      if (codes.length > 0) assert.deepEqual(Object.fromEntries(waits.stays), Object.fromEntries(sums));
      const summed = [...waits.stays.values()];
      assert.equal(
        summed.reduce((sum, each) => sum + each.files, 0),
        wait.length,
      );
      waited += Number(wait.length > 0 && remove.length > 0);
      young += Number(stay.length > wait.length && wait.length > 0);
      // Where more may go than is held, the oldest of the others is told as no younger than the last that is held.
      const isWhole =
        expected.filter(({ code }) => code === null || code === "over-limit").length <= retention.limits.files;
      if (!isWhole) return;
      assert.equal(oldestStayingNs, oldestOf(stay));
      assert.equal(waits.oldestNs, oldestOf(wait));
    }),
    { numRuns: 1500 },
  );
  assert.ok(waited > 20 && young > 100, `all was met: ${waited}, ${young}`);
});

test("the order of the look and repeated releases change nothing", () => {
  fc.assert(
    fc.property(anyCase, ({ retention, seen, releases, moment }) => {
      const one = decide(retention, seen, releases, moment, rootIdentity);
      const other = decide(retention, seen.toReversed(), [...releases, ...releases].reverse(), moment, rootIdentity);
      assert.equal(other.hash, one.hash);
      assert.deepEqual(Object.fromEntries(other.stays), Object.fromEntries(one.stays));
      assert.deepEqual(
        { ...other.matched, waits: { ...other.matched.waits, stays: Object.fromEntries(other.matched.waits.stays) } },
        { ...one.matched, waits: { ...one.matched.waits, stays: Object.fromEntries(one.matched.waits.stays) } },
      );
    }),
    { numRuns: 500 },
  );
});
