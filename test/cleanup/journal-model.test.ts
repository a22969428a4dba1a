/**
 * A journal is what was written to it, in order: after any sequence of calls, ends of the process at any call to the disk and
 * losses of power, what it holds is a beginning of that, with everything in it that was synced.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import type { Journal } from "../../agent/cleanup/journal.ts";
import type { Disk } from "../../agent/cleanup/journal-disk.ts";
import { verifyJournal } from "../../agent/cleanup/journal-read.ts";
import { openJournal } from "../../agent/cleanup/journal-writer.ts";
import type { FileOutcome } from "../../agent/cleanup/outcome.ts";
import { entries, intended, kept, type Place, place, removed, watchedDisk } from "./journal-support.ts";
import { nowMs } from "./support.ts";

const sizes = { segmentBytes: 4096, leastBytes: 4096, mostBytes: 1 << 30 };

type Call =
  | { readonly does: "intend"; readonly files: number }
  | { readonly does: "settle"; readonly which: number; readonly pattern: number }
  | { readonly does: "sync" }
  | { readonly does: "reopen" };

/** `killAt`: at which call to the disk from here on the process ends; 0 is never. */
type Step = Call & { readonly killAt: number; readonly part: number; readonly cut: number | null };

const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant("intend" as const), files: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constant("settle" as const), which: fc.nat(9), pattern: fc.nat(7) }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("sync" as const) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("reopen" as const) }) },
);
const step: fc.Arbitrary<Step> = fc
  .tuple(
    call,
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 12 }) },
    ),
    fc.integer({ min: 0, max: 100 }),
    fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat() }),
  )
  .map(([does, killAt, part, cut]) => ({ ...does, killAt, part, cut }));

/** What was written: names of files by their group, and outcomes. */
type Record = { readonly group: string } & (
  | { readonly is: "intent"; readonly files: number }
  | { readonly is: "outcome"; readonly words: string }
);

/** A disk that goes on until the process ends, and remembers what is durable of it. */
class Mortal {
  killAt = 0;
  part = 0;
  isDead = false;
  #dying = false;
  readonly #paths = new Map<number, string>();
  readonly #durable = new Map<string, Buffer>();
  readonly disk: Disk;

  constructor() {
    const watched = watchedDisk((_, bytes) => {
      if (this.isDead) throw new Error("it ended");
      if (this.#dying) this.#end();
      if (this.killAt === 0) return undefined;
      this.killAt -= 1;
      if (this.killAt > 0) return undefined;
      if (bytes === 0 || this.part === 0) this.#end();
      this.#dying = true;
      return Math.ceil((bytes * this.part) / 100);
    });
    this.disk = {
      ...watched,
      open: (path, how) => {
        const fd = watched.open(path, how);
        this.#paths.set(fd, path);
        return fd;
      },
      write: (fd, bytes, at) => {
        const count = watched.write(fd, bytes, at);
        if (this.#dying) this.#end();
        return count;
      },
      syncBytes: (fd) => {
        watched.syncBytes(fd);
        this.#keep(this.#paths.get(fd) ?? "");
      },
      sync: (path) => {
        watched.sync(path);
        if (statSync(path).isFile()) this.#keep(path);
      },
      rename: (from, to) => {
        watched.rename(from, to);
        this.#durable.set(to, this.#durable.get(from) ?? Buffer.alloc(0));
        for (const [fd, path] of this.#paths) if (path === from) this.#paths.set(fd, to);
      },
    };
  }

  #keep(path: string): void {
    this.#durable.set(path, readFileSync(path));
  }

  #end(): never {
    this.isDead = true;
    throw new Error("it ended");
  }

  /** The power goes: of what was not synced any sector may be what it was before. */
  cut(folder: string, seed: number): void {
    let state = seed;
    for (const name of readdirSync(folder)) {
      const path = `${folder}/${name}`;
      const before = this.#durable.get(path);
      const now = readFileSync(path);
      if (before === undefined || !name.startsWith("journal.")) continue;
      for (let at = 0; at < now.length; at += 512) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        if (state >>> 31 === 1) before.copy(now, at, at, at + 512);
      }
      writeFileSync(path, now);
    }
  }

  revive(): void {
    this.isDead = false;
    this.#dying = false;
    this.killAt = 0;
  }
}

class Run {
  readonly #place: Place;
  readonly #mortal = new Mortal();
  #log: Record[] = [];
  #synced = 0;
  #groups = 0;
  #journal: Journal | null = null;
  kills = 0;
  cuts = 0;

  constructor(here: Place) {
    this.#place = here;
  }

  take(each: Step): void {
    this.#mortal.killAt = each.killAt;
    this.#mortal.part = each.part;
    if (this.#journal === null) this.#open();
    if (this.#journal !== null) this.#call(each, this.#journal);
    this.#mortal.killAt = 0;
    if (this.#mortal.isDead) {
      this.kills += 1;
      this.#again();
    }
    if (each.cut !== null) {
      this.cuts += 1;
      this.#end();
      this.#mortal.cut(this.#place.folder, each.cut);
      this.#again();
    }
    this.#compare();
  }

  #open(): void {
    const answer = openJournal(this.#place.folder, { sizes, nowMs: () => nowMs, disk: this.#mortal.disk });
    if (!this.#mortal.isDead) assert.ok(answer.kind === "journal", answer.kind === "refused" ? answer.message : "");
    if (answer.kind === "journal") this.#journal = answer.journal;
  }

  #end(): void {
    this.#journal?.[Symbol.dispose]();
    this.#journal = null;
  }

  /** The next process: what is there is a beginning of what was written, with all that was synced. */
  #again(): void {
    this.#end();
    this.#mortal.revive();
    this.#open();
    const found = this.#found();
    assert.ok(found.length >= this.#synced, `${found.length} records, synced ${this.#synced}`);
    assert.deepEqual(found, this.#log.slice(0, found.length));
    this.#log = this.#log.slice(0, found.length);
    this.#synced = found.length;
  }

  #call(each: Step, journal: Journal): void {
    if (each.does === "reopen") {
      this.#end();
      this.#open();
      if (!this.#mortal.isDead) this.#synced = this.#log.length;
    }
    if (each.does === "sync" && journal.sync().kind === "written") this.#synced = this.#log.length;
    if (each.does === "intend") this.#intend(journal, each.files);
    if (each.does === "settle") this.#settle(journal, each.which, each.pattern);
  }

  #intend(journal: Journal, files: number): void {
    this.#groups += 1;
    const group = `g${this.#groups}`;
    const names = Array.from({ length: files }, (_, at) => `${group}.${at}`);
    const known = [...journal.open().map(({ intent }) => intent), journal.state().head.seq];
    const answer = journal.intend(intended(names, { run: group }));
    // Whether it is there is seen by the next process.
    this.#log.push({ group, is: "intent", files });
    if (answer.kind === "written") assert.ok(answer.intent > Math.max(...known));
    else if (!this.#mortal.isDead) {
      this.#log.pop();
      assert.equal(answer.code, "failed", "so many are open that no segment holds their outcomes");
    }
  }

  #settle(journal: Journal, which: number, pattern: number): void {
    const open = journal.open();
    const chosen = open[which % Math.max(1, open.length)];
    if (chosen === undefined) return;
    const outcomes = chosen.files.map((_, at) => ((pattern >> at) & 1 ? removed(at) : kept(at)));
    const answer = journal.settle(chosen.intent, outcomes);
    this.#log.push({ group: chosen.run, is: "outcome", words: wordsOf(outcomes) });
    if (!this.#mortal.isDead) assert.equal(answer.kind, "written");
  }

  /** The journal's own records, in order: what its lines say, not what the index of open intents does. */
  #found(): Record[] {
    const found: { readonly seq: number; readonly record: Record }[] = [];
    for (const entry of entries(this.#place.folder)) {
      const { intent, intended: about, files } = entry;
      const settled = this.#log.find((each) => each.group === about.run && each.is === "intent");
      const count = settled?.is === "intent" ? settled.files : -1;
      found.push({ seq: intent, record: { group: about.run, is: "intent", files: count } });
      if (entry.settledAt === null) continue;
      assert.equal(files.length, count, "no outcome without its files");
      found.push({
        seq: seqOfOutcome(this.#place.folder, intent),
        record: { group: about.run, is: "outcome", words: wordsOf(files) },
      });
    }
    return found.sort((a, b) => a.seq - b.seq).map(({ record }) => record);
  }

  #compare(): void {
    if (this.#journal === null) return;
    assert.deepEqual(this.#found(), this.#log);
    const settled = new Set(this.#log.flatMap(({ is, group }) => (is === "outcome" ? [group] : [])));
    const open = this.#log.flatMap(({ is, group }) => (is === "intent" && !settled.has(group) ? [group] : []));
    assert.deepEqual(
      this.#journal.open().map(({ run }) => run),
      open,
    );
    const verified = verifyJournal(this.#place.folder);
    assert.ok(verified.kind === "whole", JSON.stringify(verified));
    assert.deepEqual(verified.notices, []);
    assert.deepEqual(verified.head, this.#journal.state().head);
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}

function wordsOf(outcomes: readonly Pick<FileOutcome, "at" | "outcome">[]): string {
  return outcomes.map(({ at, outcome }) => `${at} ${outcome}`).join(", ");
}

function seqOfOutcome(folder: string, intent: number): number {
  for (const name of readdirSync(folder).filter((each) => each.startsWith("journal."))) {
    const text = readFileSync(`${folder}/${name}`, "latin1");
    const found = new RegExp(`"seq":(\\d+),"durable":\\d+,"kind":"outcome","intent":${intent},`).exec(text);
    if (found !== null) return Number(found[1]);
  }
  throw new Error(`no outcome of ${intent}`);
}

test("after any calls, kills and losses of power it holds a beginning of what was written, and all that was synced", {
  timeout: 300_000,
}, () => {
  const seed = Number(process.env.RCWARDEN_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const numRuns = process.env.RCWARDEN_TEST_LONG === "1" ? 2000 : 200;
  console.log(`seed ${seed}`);
  let [kills, cuts] = [0, 0];
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      using here = place();
      using run = new Run(here);
      for (const each of steps) run.take(each);
      kills += run.kills;
      cuts += run.cuts;
    }),
    { seed, numRuns },
  );
  console.log(`${kills} kills and ${cuts} losses of power in ${numRuns} runs`);
  assert.ok(kills > numRuns / 10 && cuts > numRuns / 10);
});
