/** Whose word counts, for what and for how long. Kept in memory here; test/store has what keeps it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Allowed,
  answeredEvents,
  countingReleases,
  endReleases,
  followReleases,
  mostPageBytes,
  type ReleaseChange,
  takeReleases,
} from "../../agent/cleanup/index.ts";
import { mostOfInstance, mostOfRetention } from "../../agent/cleanup/releases.ts";
import type { Removal } from "../../agent/documents/index.ts";
import type { EventDraft } from "../../agent/drift/index.ts";
import { type AskedRelease, type ReleaseCount, releaseKey, type StoredRelease } from "../../agent/store/index.ts";
import { hexPath, retentionOf, seenOf } from "./support.ts";

const startMs = Date.UTC(2026, 10, 23, 2, 0, 0);
const dayMs = 86_400_000;
const second = 1_000_000_000n;
const digest = "ab".repeat(32);

const engine = { kind: "engine", name: "engine" } as const;
const account = { kind: "account", name: "oracle" } as const;
const removal: Removal = {
  kind: "granted",
  account: "oracle",
  below: "/u01/staging",
  apply: "automatically",
  releasesFrom: "engine",
};

function allowedBy(releasedBy: readonly ("engine" | "account")[], others: Partial<Allowed> = {}): Allowed {
  const retention = retentionOf({ name: "staging", account: "oracle", after: "release", depth: 2, releasedBy });
  return { retention, removal, ...others };
}
const both = allowedBy(["engine", "account"]);

/** What is kept between calls, as the store would. */
class Kept {
  readonly rows = new Map<string, StoredRelease>();
  readonly events: EventDraft[] = [];
  readonly marks = new Map<string, string>();
  /** Rows that are there besides, and their answer. */
  others = 0;
  othersAnswer: ReleaseCount["answer"] = "accepted";

  release(key: string): StoredRelease | null {
    return this.rows.get(key) ?? null;
  }
  releaseCounts(): ReleaseCount[] {
    return [
      { retention: "staging", answer: "accepted", rows: this.rows.size },
      { retention: "staging", answer: this.othersAnswer, rows: this.others },
    ];
  }
  mark(name: string): string | null {
    return this.marks.get(name) ?? null;
  }
  keep({ releases, removeReleases, events, marks }: ReleaseChange): EventDraft[] {
    for (const key of removeReleases) this.rows.delete(key);
    for (const row of releases) this.rows.set(row.key, row);
    for (const [name, value] of Object.entries(marks)) this.marks.set(name, value);
    this.events.push(...events);
    return [...events];
  }
  /** Answers of one asking, and what was told of it. */
  ask(by: StoredRelease["by"], asked: readonly AskedRelease[], nowMs = startMs, allowed: Allowed | null = both) {
    const find = (name: string) => (name === "staging" ? allowed : null);
    const taken = takeReleases(by, asked, find, this, nowMs);
    const told = words(this.keep(taken.change));
    return { answers: taken.answers.map(({ answer }) => answer), messages: taken.answers, told, due: taken.due };
  }
  counting(nowMs = startMs, allowed: Allowed = both): string[] {
    return countingReleases(this.rows.values(), allowed, nowMs).map(({ path }) => path.map(text).join("/"));
  }
}

function text(hex: string): string {
  return Buffer.from(hex, "hex").toString();
}

/** `PATH ANSWER` of all that these events tell. */
function words(events: readonly EventDraft[]): string[] {
  return events.flatMap(({ type, data }) => {
    assert.equal(type, "release.answered");
    const { answers } = JSON.parse(JSON.stringify(data));
    return answers.map(({ path, answer }: { path: string; answer: string }) => `${path} ${answer}`);
  });
}

function sha(path: string, size = 7, of = digest): AskedRelease {
  return { retention: "staging", path: hexPath(path), size: String(size), content: { kind: "sha256", digest: of } };
}

function written(path: string, ns: bigint, precisionNs: bigint, size = 7): AskedRelease {
  const content = { kind: "mtime", ns: String(ns), precisionNs: String(precisionNs) } as const;
  return { retention: "staging", path: hexPath(path), size: String(size), content };
}

const removedOf = (path: string, sha256: string | null, size = 7, mtime = "5000000000") =>
  ({ path, size: String(size), mtime, outcome: "removed", code: null, detail: "", sha256 }) as const;

test("the engine's word counts where Retention and Grant name it, the account's where the Retention is its own", () => {
  const onlyEngine = allowedBy(["engine"]);
  const onlyAccount = allowedBy(["account"]);
  const cases: readonly (readonly [StoredRelease["by"], Allowed | null, string])[] = [
    [engine, both, "accepted"],
    [engine, onlyEngine, "accepted"],
    [engine, onlyAccount, "not-allowed"],
    [{ kind: "engine", name: "file" }, both, "not-allowed"],
    [engine, { ...both, removal: { ...removal, releasesFrom: null } }, "not-allowed"],
    [engine, { ...both, removal: { kind: "not-granted" } }, "not-allowed"],
    [engine, { ...both, removal: { kind: "no-grant" } }, "not-allowed"],
    [account, both, "accepted"],
    [account, onlyAccount, "accepted"],
    [account, { ...both, removal: { kind: "no-grant" } }, "accepted"],
    [account, onlyEngine, "not-allowed"],
    [{ kind: "account", name: "postgres" }, both, "not-allowed"],
    [{ kind: "account", name: "" }, both, "not-allowed"],
    [{ kind: "account", name: "engine" }, both, "not-allowed"],
    [{ kind: "engine", name: "oracle" }, both, "not-allowed"],
    [account, null, "not-allowed"],
    [account, { ...both, retention: { ...both.retention, after: "age", releasedBy: [] } }, "not-allowed"],
  ];
  for (const [by, allowed, answer] of cases) {
    const kept = new Kept();
    assert.deepEqual(kept.ask(by, [sha("a.arc")], startMs, allowed).answers, [answer], JSON.stringify([by, allowed]));
    assert.equal(kept.rows.size, answer === "accepted" ? 1 : 0, "what does not count is not kept");
  }
});

test("an account learns of another's Retention no more than that there is none", () => {
  const kept = new Kept();
  const other = kept.ask({ kind: "account", name: "postgres" }, [sha("a.arc")]).messages;
  const none = kept.ask({ kind: "account", name: "postgres" }, [sha("a.arc")], startMs, null).messages;
  assert.deepEqual(other, none);
});

test("what was accepted counts no longer once Retention or Grant no longer let it, and again when they do", () => {
  const kept = new Kept();
  kept.ask(engine, [sha("a.arc")]);
  kept.ask(account, [sha("b.arc")]);
  assert.deepEqual(kept.counting(), ["a.arc", "b.arc"]);
  assert.deepEqual(kept.counting(startMs, allowedBy(["account"])), ["b.arc"]);
  assert.deepEqual(kept.counting(startMs, allowedBy(["engine"])), ["a.arc"]);
  assert.deepEqual(kept.counting(startMs, { ...both, removal: { ...removal, releasesFrom: "another" } }), ["b.arc"]);
  const anothers = { ...both, retention: { ...both.retention, account: "postgres" } };
  assert.deepEqual(kept.counting(startMs, anothers), [], "the same name, now of another account");
  assert.deepEqual(kept.counting(), ["a.arc", "b.arc"]);
});

test("the same again is one row, told once, and counts for 30 days from the last time", () => {
  const kept = new Kept();
  assert.deepEqual(kept.ask(engine, [sha("a.arc"), sha("a.arc")]).told, ["a.arc accepted"]);
  assert.deepEqual(kept.ask(engine, [sha("a.arc")], startMs + 29 * dayMs).told, []);
  assert.equal(kept.rows.size, 1);
  assert.deepEqual(kept.counting(startMs + 58 * dayMs), ["a.arc"]);
  assert.deepEqual(kept.counting(startMs + 59 * dayMs), []);
  const ended = endReleases([...kept.rows.values()], startMs + 59 * dayMs);
  assert.deepEqual(words(kept.keep(ended)), ["a.arc expired"]);
  assert.equal(kept.rows.size, 0);
});

test("one from the future of a clock that was set back does not count", () => {
  const kept = new Kept();
  kept.ask(engine, [sha("a.arc")]);
  assert.deepEqual(kept.counting(startMs - 60_000), ["a.arc"], "clocks differ a little");
  assert.deepEqual(kept.counting(startMs - dayMs), []);
});

test("a path deeper than the Retention looks does not count, and a full store of releases refuses with a word", () => {
  const kept = new Kept();
  assert.deepEqual(kept.ask(engine, [sha("x/a.arc"), sha("x/y/a.arc")]).answers, ["accepted", "not-allowed"]);
  kept.others = mostOfRetention - 2;
  const { answers, told } = kept.ask(engine, [sha("x/a.arc"), sha("b.arc"), sha("c.arc"), sha("b.arc")]);
  assert.deepEqual(answers, ["accepted", "accepted", "too-many", "accepted"], "what is kept already has its place");
  assert.deepEqual(told, ["b.arc accepted", "c.arc too-many"]);
  kept.othersAnswer = "removed";
  assert.deepEqual(kept.ask(engine, [sha("c.arc")]).answers, ["accepted"], "what was answered waits no more");
  kept.others = mostOfInstance;
  assert.deepEqual(kept.ask(engine, [sha("c.arc"), sha("d.arc")]).answers, ["accepted", "too-many"]);
});

test("the same refusals again are not told again: an engine that repeats itself would never end", () => {
  const kept = new Kept();
  const wrong = { kind: "engine", name: "file" } as const;
  assert.deepEqual(kept.ask(wrong, [sha("a.arc"), sha("b.arc")]).told, ["a.arc not-allowed", "b.arc not-allowed"]);
  assert.deepEqual(kept.ask(wrong, [sha("b.arc"), sha("a.arc")]).told, []);
  assert.deepEqual(kept.ask(wrong, [sha("c.arc")]).told, ["c.arc not-allowed"]);
});

test("after a look: there as released stays, otherwise changed, not there absent; half a look finds nothing absent", () => {
  const kept = new Kept();
  kept.ask(engine, [
    sha("same.arc"),
    sha("larger.arc"),
    sha("gone.arc"),
    sha("link.arc"),
    sha("closed/in.arc"),
    sha("open/gone.arc"),
    written("second.arc", 5n * second, second),
    written("touched.arc", 5n * second, second),
  ]);
  const batch = [
    seenOf("same.arc", { size: 7 }),
    seenOf("larger.arc", { size: 8 }),
    { ...seenOf("link.arc", { size: 7 }), type: "link" as const },
    { ...seenOf("closed", { size: 7 }), type: "folder" as const, guard: { code: "mount", message: "" } as const },
    {
      ...seenOf("open", { size: 7 }),
      ...{ type: "folder" as const, guard: { code: "not-a-regular-file", message: "it is a folder" } as const },
    },
    timed("second.arc", 5n * second + 999_999_999n),
    timed("touched.arc", 6n * second),
    seenOf("not-released.arc", { size: 7 }),
  ];
  for (const isWhole of [false, true]) {
    const follow = followReleases([...kept.rows.values()]);
    follow.look(batch);
    const told = words(kept.keep(follow.changed(isWhole, kept, startMs)));
    const expected = isWhole
      ? ["gone.arc absent", "open/gone.arc absent"]
      : ["larger.arc changed", "link.arc changed", "touched.arc changed"];
    assert.deepEqual(told.sort(), expected);
  }
  assert.deepEqual(kept.counting(), ["same.arc", "closed/in.arc", "second.arc"]);
});

function timed(path: string, mtimeNs: bigint) {
  const seen = seenOf(path, { size: 7 });
  return { ...seen, identity: { ...seen.identity, mtimeNs: String(mtimeNs) } };
}

test("removed is said only of what went by this very release", () => {
  const kept = new Kept();
  const other = "cd".repeat(32);
  kept.ask(engine, [
    sha("a.arc"),
    sha("b.arc", 7, other),
    sha("c.arc"),
    sha("d.arc", 8),
    written("e.arc", 5n * second, second),
    written("f.arc", 4n * second, second),
    sha("g.arc"),
    sha("h.arc", 7, other),
    sha("i.arc"),
  ]);
  const follow = followReleases([...kept.rows.values()]);
  follow.settled([
    removedOf("a.arc", digest),
    removedOf("b.arc", digest),
    removedOf("c.arc", null),
    removedOf("d.arc", digest),
    removedOf("e.arc", null),
    removedOf("f.arc", null),
    { ...removedOf("g.arc", digest), outcome: "gone-unconfirmed" },
    { ...removedOf("h.arc", digest), outcome: "put-back", code: "other-content" },
    { ...removedOf("i.arc", null), outcome: "put-back", code: "held-open" },
  ]);
  const told = words(kept.keep(follow.changed(false, kept, startMs)));
  assert.deepEqual(told, ["a.arc removed", "e.arc removed", "h.arc changed"]);
  assert.deepEqual(words(kept.keep(follow.changed(false, kept, startMs))), [], "each once");
});

test("what the Retention never reaches is not accepted: too deep, or no name that it matches", () => {
  const kept = new Kept();
  const asked = ["in/a.arc", "a/b/c.arc", "a.txt", "a.arc/b.txt", "a.arc.gz"].map((path) => sha(path));
  const { answers, messages, due } = kept.ask(account, asked);
  assert.deepEqual(answers, ["accepted", "not-allowed", "not-allowed", "not-allowed", "not-allowed"]);
  assert.equal(messages[2]?.message, "expected a name that the Retention matches (*.arc), found another");
  assert.deepEqual(due, ["staging"]);
  assert.deepEqual(kept.counting(), ["in/a.arc"]);
});

test("what lies deeper than the Retention looks by now is not known to be absent", () => {
  const kept = new Kept();
  kept.ask(engine, [sha("in/a.arc"), sha("b.arc")]);
  const follow = followReleases([...kept.rows.values()], 1);
  assert.deepEqual(words(kept.keep(follow.changed(true, kept, startMs))), ["b.arc absent"]);
});

test("a file's name in hex is the same file", () => {
  const kept = new Kept();
  const path = ["ff2a", "fe2e617263"];
  kept.ask(engine, [{ ...sha("x"), path }]);
  const follow = followReleases([...kept.rows.values()]);
  const { path: _, ...others } = removedOf("x", digest);
  follow.settled([{ ...others, pathHex: path.join("2f") }]);
  assert.equal(follow.changed(false, kept, startMs).releases[0]?.answer, "removed");
});

test("what came again while a look went on is not answered by that look", () => {
  const kept = new Kept();
  kept.ask(engine, [sha("a.arc"), sha("b.arc")]);
  const follow = followReleases([...kept.rows.values()]);
  kept.ask(engine, [sha("a.arc")], startMs + 1000);
  assert.deepEqual(words(kept.keep(follow.changed(true, kept, startMs + 2000))), ["b.arc absent"]);
  assert.deepEqual(kept.counting(startMs + 2000), ["a.arc"]);
});

test("by size and time a release is spent when its file is gone; by content it can be given again, without a word twice", () => {
  const kept = new Kept();
  const byTime = written("a.arc", 5n * second, second);
  const removeBoth = () => {
    const follow = followReleases([...kept.rows.values()]);
    follow.settled([removedOf("a.arc", null), removedOf("b.arc", digest)]);
    return words(kept.keep(follow.changed(false, kept, startMs)));
  };
  kept.ask(engine, [byTime, sha("b.arc")]);
  assert.deepEqual(removeBoth(), ["a.arc removed", "b.arc removed"]);
  const again = kept.ask(engine, [byTime, sha("b.arc")]);
  assert.deepEqual(again.answers, ["removed", "accepted"]);
  assert.deepEqual(again.told, []);
  assert.deepEqual(kept.counting(), ["b.arc"]);
  assert.deepEqual(removeBoth(), [], "an engine that repeats all that it holds is told nothing new");
  kept.ask(engine, [sha("b.arc")]);
  const follow = followReleases([...kept.rows.values()]);
  assert.deepEqual(words(kept.keep(follow.changed(true, kept, startMs))), ["b.arc absent"], "another answer is news");
});

test("what no longer counts is forgotten after a day, and what is forgotten counts only when it comes again", () => {
  const kept = new Kept();
  kept.ask(engine, [sha("a.arc")]);
  kept.keep(followReleases([...kept.rows.values()]).changed(true, kept, startMs));
  const [row] = kept.rows.values();
  assert.equal(row?.answer, "absent");
  assert.equal(Date.parse(row?.expiresAt ?? ""), startMs + dayMs);
  const early = endReleases([...kept.rows.values()], startMs + dayMs - 1);
  assert.deepEqual([early.removeReleases, early.events], [[], []]);
  const late = kept.keep(endReleases([...kept.rows.values()], startMs + dayMs));
  assert.deepEqual([kept.rows.size, words(late)], [0, []]);
});

test("events are pages of at most 64 KiB, each of one Retention, account and releaser, and lose none", () => {
  const many = Array.from({ length: 3000 }, (_, at) => {
    const asked = sha(`${at}-${"\u0001".repeat(at % 250)}`);
    return { ...asked, account: at % 2 === 0 ? "oracle" : null, by: engine, answer: "accepted" as const };
  });
  const odd = { ...sha("x"), path: Array.from({ length: 16 }, () => "ff".repeat(255)), account: null, by: account };
  const events = answeredEvents([...many, { ...odd, answer: "not-allowed", message: "why" }], startMs);
  assert.ok(events.length > 5);
  for (const { data, account: whose, subject } of events) {
    assert.ok(Buffer.byteLength(JSON.stringify(data)) <= mostPageBytes);
    const { account: said, answers } = JSON.parse(JSON.stringify(data));
    assert.deepEqual([said, subject], [whose, "staging"]);
    assert.ok(answers.length > 0);
  }
  assert.equal(words(events).length, 3001);
});

// Random worlds: a few files, contents, releasers and clocks, in any order.

const names = ["a", "b", "c/d"];
const anyAsked = fc
  .record({
    path: fc.constantFrom(...names),
    size: fc.constantFrom(7, 8),
    content: fc.oneof(
      fc.constantFrom(digest, "cd".repeat(32)).map((each) => ({ kind: "sha256", digest: each }) as const),
      fc
        .constantFrom(5n, 6n)
        .map((each) => ({ kind: "mtime", ns: String(each * second), precisionNs: String(second) }) as const),
    ),
  })
  .map(({ path, size, content }): AskedRelease => ({ ...sha(path, size), content }));
const anyBy = fc.constantFrom<StoredRelease["by"]>(
  engine,
  account,
  { kind: "engine", name: "file" },
  { kind: "account", name: "postgres" },
);
const anyAsking = fc.record({ by: anyBy, asked: fc.array(anyAsked, { maxLength: 4 }) });
const anyAllowed = fc.constantFrom(both, allowedBy(["engine"]), allowedBy(["account"]));

const anyStep = fc.oneof(
  anyAsking.map((asking) => ({ kind: "ask", ...asking }) as const),
  fc.integer({ min: -40, max: 40 }).map((days) => ({ kind: "jump", days }) as const),
  fc.array(anyAsked, { maxLength: 3 }).map((files) => ({ kind: "look", files }) as const),
  fc.array(anyAsked, { maxLength: 2 }).map((files) => ({ kind: "removed", files }) as const),
  fc.constant({ kind: "end" } as const),
);

/** What was said of one content by who may: by whom and when last. */
interface Said {
  readonly by: StoredRelease["by"];
  readonly atMs: number;
}

test("never counts what nobody allowed released within 30 days, whatever is replayed, forged, removed or the clock does", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 30 }), anyAllowed, (steps, allowed) => {
      const kept = new Kept();
      const said = new Map<string, Said>();
      let nowMs = startMs;
      for (const step of steps) {
        nowMs += 1000;
        if (step.kind === "jump") nowMs += step.days * dayMs;
        else if (step.kind === "ask") {
          kept.ask(step.by, step.asked, nowMs, allowed);
          const isAllowed =
            (step.by === engine && allowed.retention.releasedBy.includes("engine")) ||
            (step.by === account && allowed.retention.releasedBy.includes("account"));
          for (const each of step.asked) if (isAllowed) said.set(releaseKey(each), { by: step.by, atMs: nowMs });
        } else if (step.kind === "look") {
          const follow = followReleases([...kept.rows.values()]);
          follow.look(step.files.map(seenAs));
          kept.keep(follow.changed(true, kept, nowMs));
          // Only what lies there as released is left.
          for (const { path, size } of countingReleases(kept.rows.values(), allowed, nowMs))
            assert.ok(step.files.some((file) => file.path.join() === path.join() && file.size === size));
        } else if (step.kind === "removed") {
          const follow = followReleases([...kept.rows.values()]);
          follow.settled(step.files.map(removedAs));
          kept.keep(follow.changed(false, kept, nowMs));
        } else kept.keep(endReleases([...kept.rows.values()], nowMs));
        for (const each of countingReleases(kept.rows.values(), allowed, nowMs)) {
          const word = said.get(releaseKey({ retention: "staging", ...each }));
          assert.ok(word !== undefined, "nobody who may has said so");
          assert.ok(nowMs - word.atMs < 30 * dayMs && word.atMs - nowMs <= 300_000, "not in its time");
        }
        for (const { answer, key } of kept.rows.values()) {
          assert.ok(said.has(key), `${answer} is kept of what nobody released who may`);
        }
      }
    }),
    { numRuns: 300 },
  );
});

function seenAs({ path, size, content }: AskedRelease) {
  const seen = seenOf("x", { size: Number(size) });
  const mtimeNs = content.kind === "mtime" ? content.ns : seen.identity.mtimeNs;
  return { ...seen, path, identity: { ...seen.identity, mtimeNs } };
}

function removedAs({ path, size, content }: AskedRelease) {
  const mtime = content.kind === "mtime" ? content.ns : "1";
  const sha256 = content.kind === "sha256" ? content.digest : null;
  return { ...removedOf(path.map(text).join("/"), sha256), size, mtime };
}

test("the order in which releases come, and how often, changes nothing that counts", () => {
  const several = fc.array(anyAsking, { maxLength: 6 });
  fc.assert(
    fc.property(
      several.chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2, maxLength: all.length * 2 }),
        ),
      ),
      anyAllowed,
      ([all, shuffled], allowed) => {
        const counted = [all, shuffled].map((order) => {
          const kept = new Kept();
          for (const { by, asked } of order) kept.ask(by, asked, startMs, allowed);
          return countingReleases(kept.rows.values(), allowed, startMs)
            .map((each) => JSON.stringify(each))
            .sort();
        });
        assert.deepEqual(counted[1], counted[0]);
      },
    ),
  );
});
