import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readJournal, verifyJournal } from "../../agent/cleanup/index.ts";
import { entries, opened, place } from "./journal-support.ts";

const child = fileURLToPath(new URL("journal-kill-child.ts", import.meta.url));

/** The first life comes to its end, and leaves it; the others begin sooner by it. */
const compiled = place();
after(() => compiled[Symbol.dispose]());

interface Life {
  readonly lines: readonly string[];
  readonly isKilled: boolean;
}

function live(folder: string, call: number, part: number): Life {
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, [child, folder, `${call}`, `${part}`], {
    encoding: "utf8",
    env: { ...process.env, NODE_COMPILE_CACHE: compiled.path },
    timeout: 60_000,
  });
  assert.ok(signal === "SIGKILL" || status === 0, `${status} ${signal} ${stderr}`);
  return { lines: stdout.split("\n").slice(0, -1), isKilled: signal === "SIGKILL" };
}

/** Numbers of what was said. */
function said(lines: readonly string[], word: string): readonly number[] {
  return lines.flatMap((line) => (line.startsWith(`${word} `) ? [Number(line.split(" ")[1])] : []));
}

/** Number of the first record that is there. */
function oldest(folder: string): number {
  const [name = ""] = readdirSync(folder)
    .filter((each) => each.startsWith("journal."))
    .sort();
  return Number(/"seq":(\d+)/.exec(readFileSync(`${folder}/${name}`, "latin1"))?.[1]);
}

type Entries = ReturnType<typeof entries>;

/** What a journal holds after the life that said this; each intent absent, open or settled, and none settled that was not. */
function judge(folder: string, lines: readonly string[], entriesBefore: Entries, where: string): void {
  using journal = opened(folder);
  const all = entries(folder);
  const isHere = (each: number) => each > oldest(folder) || all.some(({ intent }) => intent === each);
  const intended = said(lines, "intend").filter(isHere);
  const settled = said(lines, "settle").filter(isHere);
  const earlier = entriesBefore.filter(({ intent }) => isHere(intent));
  const gone = said(lines, "intend").filter((each) => !isHere(each));
  for (const intent of gone)
    assert.ok(said(lines, "settle").includes(intent), `${where}: ${intent} is gone, and was open`);
  const numbersOf = (some: Entries) => some.map(({ intent }) => intent);
  const [open, closed] = [all.filter((each) => each.settledAt === null), all.filter((each) => each.settledAt !== null)];
  assert.deepEqual(
    journal.open().map(({ intent }) => intent),
    numbersOf(open),
    where,
  );
  // Of the last call alone nobody was told.
  assert.deepEqual(
    numbersOf(all).slice(0, earlier.length + intended.length),
    [...numbersOf(earlier), ...intended],
    where,
  );
  assert.ok(all.length <= earlier.length + intended.length + 1, where);
  const before = earlier.filter((each) => each.settledAt !== null);
  const told = new Set([...numbersOf(before), ...settled]);
  for (const intent of told) assert.ok(numbersOf(closed).includes(intent), `${where}: ${intent} was settled`);
  assert.ok(closed.length <= told.size + 1, `${where}: ${closed.length} settled, said ${told.size}`);
  for (const { intent, files } of closed) {
    assert.equal(files.length, 2, where);
    assert.ok([...intended, ...numbersOf(earlier)].includes(intent), `${where}: ${intent} was never told`);
  }
  const verified = verifyJournal(folder);
  assert.ok(verified.kind === "whole" && verified.notices.length === 0, where);
  assert.deepEqual(verified.head, journal.state().head);
}

test("killed at every call to the disk: it opens, and holds what was said and nothing that was not", {
  timeout: 300_000,
}, () => {
  using whole = place();
  const { lines } = live(whole.folder, 0, 0);
  const calls = (lines.at(-1) ?? "").split(" ").slice(1);
  for (const word of ["makeFolder", "open", "write", "syncBytes", "sync", "rename", "remove"])
    assert.ok(calls.includes(word), word);
  let kills = 0;
  for (const [index, call] of calls.entries()) {
    for (const part of call === "write" ? [0, 40, 100] : [0]) {
      using here = place();
      const where = `${call} ${index + 1} of ${calls.length}, ${part} hundredths`;
      const life = live(here.folder, index + 1, part);
      assert.ok(life.isKilled, where);
      judge(here.folder, life.lines, [], where);
      kills += 1;
    }
  }
  console.log(`killed ${kills} times, at each of ${calls.length} calls`);
});

test("killed while it opens what a kill left, at every call", { timeout: 300_000 }, () => {
  using torn = place();
  const calls = (live(torn.folder, 0, 0).lines.at(-1) ?? "").split(" ").slice(1);
  const lastWrite = calls.lastIndexOf("write") + 1;
  using start = place();
  assert.ok(live(start.folder, lastWrite, 40).isKilled);
  const earlier = entries(start.folder);
  assert.equal(earlier.at(-1)?.settledAt, null);
  for (let call = 1; ; call++) {
    using here = place();
    cpSync(start.folder, here.folder, { recursive: true });
    const life = live(here.folder, call, 40);
    judge(here.folder, life.lines, earlier, `call ${call}`);
    if (!life.isKilled || said(life.lines, "intend").length > 1) break;
  }
});

test("who reads while another one writes finds it whole at any time", { timeout: 120_000 }, async () => {
  using here = place();
  const script = `
    const { opened, intend, intended, removed, written } = await import(${JSON.stringify(new URL("journal-support.ts", import.meta.url).href)});
    const journal = opened(process.argv[1]);
    for (let group = 0; group < 1500; group++)
      written(journal.settle(intend(journal, intended([String(group)])), [removed(0)]));
  `;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", script, here.folder], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  let exit: number | null = null;
  const closed = new Promise<void>((resolve) => {
    writer.once("close", (code) => {
      exit = code;
      resolve();
    });
  });
  let [whole, last] = [0, 0];
  try {
    while (exit === null && writer.signalCode === null) {
      const verified = verifyJournal(here.folder);
      assert.ok(verified.kind === "whole" || verified.kind === "absent", JSON.stringify(verified));
      if (verified.kind === "whole") {
        whole += 1;
        assert.ok(verified.head.seq >= last, "a journal only grows");
        last = verified.head.seq;
      }
      const read = readJournal(here.folder, {});
      if (read.kind === "entries")
        for (const { files, settledAt } of read.entries) assert.equal(files.length, settledAt === null ? 0 : 1);
      await new Promise(setImmediate);
    }
  } finally {
    if (exit === null) writer.kill("SIGKILL");
    await closed;
  }
  assert.equal(exit, 0);
  console.log(`read ${whole} times meanwhile`);
  assert.ok(whole > 0);
});
