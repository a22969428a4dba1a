import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import type { Journal } from "../../agent/cleanup/journal.ts";
import { mostPageBytes, settledSince, type Telling, type ToldPage } from "../../agent/cleanup/journal-tell.ts";
import type { FileOutcome, Intended } from "../../agent/cleanup/outcome.ts";
import { candidate, intend, intended, kept, opened, place, removed, smallSizes, written } from "./journal-support.ts";
import { nowMs } from "./support.ts";

const large = { ...smallSizes, segmentBytes: 4 << 20, mostBytes: 64 << 20 };

function settle(journal: Journal, names: readonly string[], other: Partial<Intended> = {}, outcome = removed): void {
  written(
    journal.settle(
      intend(journal, intended(names, other)),
      names.map((_, at) => outcome(at)),
    ),
  );
}

function pages(folder: string, mark: string | null): readonly ToldPage[] {
  return [...settledSince(folder, mark)].map((telling) => {
    assert.ok(telling.kind === "page", telling.kind === "missed" ? telling.message : "");
    assert.equal(telling.mark, telling.data.page);
    return telling.data;
  });
}

const pathsOf = (told: readonly ToldPage[]) =>
  told.flatMap(({ outcomes }) => outcomes.map(({ path, pathHex }) => path ?? pathHex));
const lastMark = (told: readonly Telling[]) => told.at(-1)?.mark ?? null;

test("a page says of each file what an engine can prove by it", () => {
  using here = place();
  using journal = opened(here.folder);
  const names = ["a.arc", "\xff\xfe/b.arc", "\xc3\xa4.arc"];
  const lost: FileOutcome = { at: 1, outcome: "gone-unconfirmed", code: "gone", detail: "", sha256: null };
  written(journal.settle(intend(journal, intended(names)), [{ ...removed(0), sha256: "a".repeat(64) }, lost, kept(2)]));
  const [page, ...more] = pages(here.folder, null);
  assert.deepEqual(more, []);
  const { identity } = candidate("a");
  const file = { size: identity.size, mtime: identity.mtimeNs };
  assert.deepEqual(page, {
    ...{ retention: "staging", account: "oracle", root: "/u01/staging/engine", run: "run-1", because: "schedule" },
    ...{ plan: intended([]).plan, at: new Date(nowMs).toISOString(), page: page?.page },
    outcomes: [
      { path: "a.arc", ...file, outcome: "removed", code: null, detail: "", sha256: "a".repeat(64) },
      { pathHex: "fffe2f622e617263", ...file, outcome: "gone-unconfirmed", code: "gone", detail: "", sha256: null },
      { path: "ä.arc", ...file, outcome: "kept", code: "held-open", detail: "pid 4711 has it open", sha256: null },
    ],
  });
});

test("groups of one run share a page, another run begins one; open intents are not told", () => {
  using here = place();
  using journal = opened(here.folder);
  for (const name of ["a", "b", "c"]) settle(journal, [name]);
  settle(journal, ["d"], { run: "run-2" });
  intend(journal, intended(["e"]));
  const told = pages(here.folder, null);
  assert.deepEqual(
    told.map(({ run, outcomes }) => [run, outcomes.length]),
    [
      ["run-1", 3],
      ["run-2", 1],
    ],
  );
});

test("no page is larger than 64 KiB, also with names that JSON makes long, and each mark goes on after its last file", () => {
  using here = place();
  using journal = opened(here.folder, { sizes: large });
  const folders = Array.from({ length: 15 }, () => "\x01\n".repeat(125)).join("/");
  const names = Array.from({ length: 256 }, (_, at) => `${folders}/${at}`);
  settle(journal, names);
  settle(
    journal,
    Array.from({ length: 256 }, (_, at) => `plain_${at}`),
    {},
    kept,
  );
  const whole = pages(here.folder, null);
  assert.ok(whole.length > 50, `${whole.length} pages`);
  for (const page of whole) assert.ok(Buffer.byteLength(JSON.stringify(page)) <= mostPageBytes);
  assert.equal(new Set(pathsOf(whole)).size, 512);
  for (const [at, { page }] of whole.entries()) assert.deepEqual(pages(here.folder, page), whole.slice(at + 1));
});

test("told page by page with an end in between, each file is told once and none is left out", () => {
  using here = place();
  const told: string[] = [];
  let mark: string | null = null;
  let files = 0;
  for (let life = 0; life < 12; life++) {
    using journal = opened(here.folder);
    for (let times = 0; times < 4; times++) settle(journal, [`${files++}`, `${files++}`], { run: `run-${life >> 1}` });
    for (const telling of settledSince(here.folder, mark)) {
      assert.ok(telling.kind === "page");
      told.push(...telling.data.outcomes.map(({ path }) => path ?? ""));
      mark = telling.mark;
      if (life % 3 === 0) break;
    }
  }
  for (const telling of settledSince(here.folder, mark)) {
    assert.ok(telling.kind === "page");
    told.push(...telling.data.outcomes.map(({ path }) => path ?? ""));
    mark = telling.mark;
  }
  assert.deepEqual(
    told,
    Array.from({ length: files }, (_, at) => `${at}`),
  );
  assert.deepEqual([...settledSince(here.folder, mark)], []);
});

test("what is gone before it was told is said, once, and what is there is told", () => {
  using here = place();
  using journal = opened(here.folder);
  settle(journal, ["first"]);
  const mark = lastMark([...settledSince(here.folder, null)]);
  for (let times = 0; times < 60; times++) settle(journal, [`${times}`]);
  const [missed, ...rest] = [...settledSince(here.folder, mark)];
  assert.ok(missed?.kind === "missed");
  assert.match(missed.message, /the journal begins behind record \d+, and what was told last is \d+/);
  assert.ok(rest.length > 0 && rest.every(({ kind }) => kind === "page"));
  assert.ok([...settledSince(here.folder, missed.mark)].every(({ kind }) => kind === "page"));
  assert.deepEqual([...settledSince(here.folder, lastMark(rest))], []);
});

test("a journal that begins anew, or was cut, does not keep what comes from being told", () => {
  using here = place();
  {
    using journal = opened(here.folder);
    settle(journal, ["a"]);
    settle(journal, ["b"]);
  }
  const mark = lastMark([...settledSince(here.folder, null)]);
  rmSync(here.folder, { recursive: true });
  {
    using journal = opened(here.folder, { nowMs: () => nowMs + 60_000 });
    settle(journal, ["c"]);
  }
  const anew = [...settledSince(here.folder, mark)];
  assert.deepEqual(
    anew.map(({ kind }) => kind),
    ["missed", "page"],
  );
  rmSync(here.folder, { recursive: true });
  using journal = opened(here.folder);
  settle(journal, ["d"]);
  const [cut, ...none] = [...settledSince(here.folder, lastMark(anew))];
  assert.ok(cut?.kind === "missed" && none.length === 0);
  assert.match(cut.message, /the journal ends at record \d+, and what was told last is \d+: it was cut/);
  assert.deepEqual([...settledSince(here.folder, cut.mark)], []);
  settle(journal, ["e"]);
  assert.deepEqual(pathsOf(pages(here.folder, cut.mark)), ["e"]);
});
