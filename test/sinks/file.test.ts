import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { FileSinkDocument } from "../../agent/documents/host-kinds.ts";
import { type Store, stateDigest } from "../../agent/store/index.ts";
import { open, scratch, startMs, tellSome } from "./state.ts";
import { delivered, type Ran, run, until } from "./support.ts";

function at(folder: string, others: Partial<FileSinkDocument> = {}): FileSinkDocument {
  return { name: "file", kind: "file", path: `${folder}/events.jsonl`, maxSizeBytes: 1 << 26, keep: 3, ...others };
}

/** Numbers of the events in these files, in order; lines that are no JSON as `torn`. */
function numbers(...paths: readonly string[]): (number | string)[] {
  const lines = paths.flatMap((path) => readFileSync(path, "utf8").split("\n"));
  return lines.filter((line) => line !== "").map((line) => numberIn(line));
}

function numberIn(line: string): number | string {
  try {
    const { id } = JSON.parse(line);
    return /^\d+\.\w+-\d+$/.test(id) ? Number(id.split("-")[1]) : "snapshot";
  } catch {
    return "torn";
  }
}

function count(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** A problem that names this, then the cause goes and everything is written. */
async function waits(ran: Ran, code: string, message: RegExp, mend: () => void): Promise<void> {
  ran.clock.held = true;
  await until(() => ran.sink.state().problem?.code === code);
  const { state, problem, waiting, nextTry } = ran.sink.state();
  assert.equal(state, "waiting");
  assert.match(problem?.message ?? "", message);
  assert.ok(waiting > 0 && nextTry !== null);
  mend();
  ran.clock.held = false;
  ran.clock.advance(30_000);
  await delivered(ran);
  assert.equal(ran.sink.state().problem, null);
}

test("events come as JSON lines, masked, in a file for the group to read, and are acknowledged", async () => {
  using folder = scratch();
  using store = open(folder.state);
  tellSome(store, 1, 3);
  const sink = at(folder.path);
  await using ran = run(store, sink);
  await delivered(ran);
  assert.deepEqual(numbers(sink.path), [1, 2, 3]);
  assert.equal(statSync(sink.path).mode & 0o777, 0o640);
  assert.ok(!readFileSync(sink.path, "utf8").includes("alias cp"));
  assert.equal(store.queue("file").waiting, 0);
  assert.equal(ran.sink.state().to, sink.path);
  tellSome(store, 4, 4);
  await delivered(ran);
  assert.deepEqual(numbers(sink.path), [1, 2, 3, 4]);
});

test("what is there already stays, and a line that a crash tore is ended first", async () => {
  using folder = scratch();
  using store = open(folder.state);
  const sink = at(folder.path);
  writeFileSync(sink.path, '{"id":"1.0badcafe-7"}\n{"id":"1.0badc');
  tellSome(store, 1, 2);
  await using ran = run(store, sink);
  await delivered(ran);
  assert.deepEqual(numbers(sink.path), [7, "torn", 1, 2]);
});

test("a full file is rotated, the oldest goes, and no line is broken or lost on the way", async () => {
  using folder = scratch();
  using store = open(folder.state);
  const sink = at(folder.path, { maxSizeBytes: 4_000, keep: 2 });
  await using ran = run(store, sink);
  for (let number = 1; number <= 20; number++) {
    tellSome(store, number, number);
    await delivered(ran);
  }
  const names = readdirSync(folder.path).filter((name) => name.startsWith("events"));
  assert.deepEqual(names.sort(), ["events.jsonl", "events.jsonl.1", "events.jsonl.2"]);
  const held = numbers(`${sink.path}.2`, `${sink.path}.1`, sink.path);
  assert.deepEqual(held, count(20 - held.length + 1, 20));
  assert.ok(held.length > 4);
  for (const name of names) assert.ok(statSync(`${folder.path}/${name}`).size <= 4_000);
});

test("one batch may fill several files", async () => {
  using folder = scratch();
  using store = open(folder.state);
  tellSome(store, 1, 30);
  const sink = at(folder.path, { maxSizeBytes: 8_000, keep: 9 });
  await using ran = run(store, sink);
  await delivered(ran);
  const files = count(1, 9)
    .map((number) => `${sink.path}.${number}`)
    .filter((path) => existsSync(path));
  assert.ok(files.length > 2);
  assert.deepEqual(numbers(...files.reverse(), sink.path), count(1, 30));
});

test("a file that logrotate moved away gets no more, and a new one is begun", async () => {
  using folder = scratch();
  using store = open(folder.state);
  const sink = at(folder.path);
  await using ran = run(store, sink);
  tellSome(store, 1, 2);
  await delivered(ran);
  renameSync(sink.path, `${sink.path}-20261123`);
  tellSome(store, 3, 4);
  await delivered(ran);
  assert.deepEqual(numbers(`${sink.path}-20261123`), [1, 2]);
  assert.deepEqual(numbers(sink.path), [3, 4]);
  renameSync(sink.path, `${sink.path}-20261124`);
  writeFileSync(sink.path, "", { mode: 0o600 });
  tellSome(store, 5, 5);
  await delivered(ran);
  assert.deepEqual(numbers(`${sink.path}-20261124`), [3, 4]);
  assert.deepEqual(numbers(sink.path), [5]);
});

test("a missing folder, a folder that may not be written, a link, a FIFO: it waits, says why, and drops nothing", async () => {
  using folder = scratch();
  using store = open(folder.state);
  tellSome(store, 1, 2);
  const below = `${folder.path}/logs`;
  const sink = at(below);
  {
    await using ran = run(store, sink);
    await waits(ran, "no-folder", /expected its folder to be there, found ENOENT; make the folder/, () =>
      mkdirSync(below),
    );
    assert.deepEqual(numbers(sink.path), [1, 2]);
  }
  const spoils: readonly [string, RegExp, () => void][] = [
    ["not-a-file", /it is a link/, () => symlinkSync("/etc/passwd", sink.path)],
    ["not-a-file", /expected a regular file/, () => execFileSync("mkfifo", [sink.path])],
    ["not-a-file", /it is a folder/, () => mkdirSync(sink.path)],
  ];
  for (const [index, [code, message, spoil]] of spoils.entries()) {
    rmSync(sink.path, { recursive: true });
    spoil();
    tellSome(store, 3 + index, 3 + index);
    await using ran = run(store, sink);
    await waits(ran, code, message, () => rmSync(sink.path, { recursive: true }));
    assert.deepEqual(numbers(sink.path), [3 + index]);
  }
});

/** As root a read-only folder stops nobody, so the whole run is another identity's. */
test("a folder that may not be written is said, too", async () => {
  using folder = scratch();
  const logs = `${folder.path}/logs`;
  mkdirSync(logs);
  chmodSync(logs, 0o555);
  chmodSync(folder.path, 0o755);
  if (process.geteuid?.() === 0) {
    const { LineFile } = await import("../../agent/sinks/line-file.ts");
    const before = process.geteuid();
    process.seteuid?.(65534);
    try {
      await assert.rejects(new LineFile(at(logs)).append(["{}"]), /expected to write it, found EACCES/);
    } finally {
      process.seteuid?.(before);
    }
    return;
  }
  using store = open(folder.state);
  tellSome(store, 1, 1);
  await using ran = run(store, at(logs));
  await waits(ran, "not-writable", /found EACCES/, () => chmodSync(logs, 0o755));
});

test("events that are no longer held: the state is written in their place", async () => {
  using folder = scratch();
  using store = open(folder.state);
  tellSome(store, 1, 40);
  const sink = at(folder.path);
  {
    await using ran = run(store, sink);
    await delivered(ran);
  }
  tellSome(store, 41, 80);
  store.housekeeping(startMs + 40 * 86_400_000, 1 << 10);
  rmSync(sink.path);
  assert.ok(store.events(store.cursor("file")).missed, "the test must make the store let go of events");
  await using ran = run(store, sink);
  await delivered(ran);
  assert.equal(numbers(sink.path)[0], "snapshot");
  const [first] = readFileSync(sink.path, "utf8").split("\n");
  assert.equal(JSON.parse(first ?? "").data.digest, stateDigest(store.findings()));
});

test("killed while it writes it repeats events and loses none", async (context) => {
  using folder = scratch();
  const sink = at(folder.path);
  const child = fileURLToPath(new URL("./file-writer.ts", import.meta.url));
  {
    using store = open(folder.state);
    tellSome(store, 1, 6_000);
  }
  for (let round = 1; round <= 5; round++) {
    const writer = spawn(process.execPath, [child, folder.state, JSON.stringify(sink)], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    const closed = once(writer, "close");
    await until(() => (statSync(sink.path, { throwIfNoEntry: false })?.size ?? 0) > round * 700_000);
    writer.kill("SIGKILL");
    await closed;
    // A torn line, as a crash of the whole host leaves one: a killed process' own writes are whole.
    appendFileSync(sink.path, '{"id":"1.');
  }
  using store = open(folder.state);
  await using ran = run(store, sink);
  await delivered(ran);
  const held = numbers(sink.path).filter((number) => typeof number === "number");
  assert.deepEqual([...new Set(held)], count(1, 6_000));
  context.diagnostic(`6000 events, ${held.length - 6_000} repeated`);
});

test("a disk that is full: it waits, and goes on where it was when there is room again", (context) => {
  if (process.geteuid?.() !== 0) return context.skip("mounting a small disk needs root");
  return onSmallDisk(async (disk, store) => {
    const sink = at(disk, { maxSizeBytes: 1 << 26 });
    await using ran = run(store, sink);
    await until(() => ran.sink.state().problem !== null);
    assert.equal(ran.sink.state().problem?.code, "disk-full");
    assert.match(ran.sink.state().problem?.message ?? "", /expected room for a line, found ENOSPC; make room/);
    execFileSync("mount", ["-o", "remount,size=8m", disk]);
    await delivered(ran);
    const held = numbers(sink.path);
    assert.deepEqual([...new Set(held.filter((number) => number !== "torn"))], count(1, 600));
  });
});

async function onSmallDisk(then: (disk: string, store: Store) => Promise<void>): Promise<void> {
  using folder = scratch();
  const disk = `${folder.path}/disk`;
  mkdirSync(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", disk]);
  try {
    using store = open(folder.state);
    tellSome(store, 1, 600);
    await then(disk, store);
  } finally {
    execFileSync("umount", [disk]);
  }
}
