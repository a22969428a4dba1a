import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { putMetricsFile, removeMetricsFile } from "../../agent/status/metrics-file.ts";

const isRoot = process.getuid?.() === 0;
const uid = process.getuid?.() ?? -1;
const skip = isRoot ? false : "needs root, to give folders away";

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "rcw-metrics-"));
  chmodSync(folder, 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("the file is there whole, for anybody to read, whatever the umask and whatever lay there of an earlier write", async (t) => {
  const folder = folderOf(t);
  const path = join(folder, "rcwarden.prom");
  const before = process.umask(0o077);
  t.after(() => process.umask(before));
  writeFileSync(`${path}.new`, "half of a longer one that a crash left behind\n");
  assert.equal(await putMetricsFile(path, "first\n", uid), "");
  const first = statSync(path);
  assert.equal(await putMetricsFile(path, "second\n", uid), "");
  assert.equal(readFileSync(path, "utf8"), "second\n");
  assert.equal(statSync(path).mode & 0o7777, 0o644);
  // Another file in its place: whoever has the old one open reads that to its end.
  assert.notEqual(statSync(path).ino, first.ino);
  assert.deepEqual(readdirSync(folder), ["rcwarden.prom"]);
  assert.equal(await removeMetricsFile(path, uid), "");
  assert.equal(await removeMetricsFile(path, uid), "");
  assert.deepEqual(readdirSync(folder), []);
});

test("no reader ever finds half of it", async (t) => {
  const path = join(folderOf(t), "rcwarden.prom");
  const texts = ["a", "b"].map((letter) => `${letter.repeat(200_000)}\n`);
  await putMetricsFile(path, texts[0] ?? "", uid);
  const writes = { over: false };
  const writing = (async () => {
    for (let turn = 0; turn < 100; turn++) assert.equal(await putMetricsFile(path, texts[turn % 2] ?? "", uid), "");
    writes.over = true;
  })();
  let reads = 0;
  while (!writes.over) {
    assert.ok(texts.includes(readFileSync(path, "utf8")));
    reads += 1;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await writing;
  assert.ok(reads > 0);
});

const refusals: readonly (readonly [says: string, make: (folder: string) => string, found: RegExp])[] = [
  [
    "a folder that its group may write",
    (folder) => made(folder, "open", (path) => chmodSync(path, 0o775)),
    /^.*\/open: expected a folder that only root may write, found uid 0 and mode 775; name another one for metricsFile, or mend this one$/,
  ],
  [
    "a folder like /tmp",
    (folder) => made(folder, "sticky", (path) => chmodSync(path, 0o1777)),
    /found uid 0 and mode 1777/,
  ],
  [
    "a folder of somebody else",
    (folder) => made(folder, "theirs", (path) => chownSync(path, 61_001, 61_001)),
    /found uid 61001 and mode 755/,
  ],
  [
    "a folder that is a link",
    (folder) => made(folder, "real", (path) => symlinkSync(path, join(folder, "link"))).replace("/real/", "/link/"),
    /link\/a\.prom: expected its folder to be one, and no link, found ENOTDIR; name what it leads to$/,
  ],
  [
    "a folder that is not there",
    (folder) => join(folder, "none", "a.prom"),
    /none\/a\.prom: expected its folder to be there, found ENOENT; make it, or name another metricsFile$/,
  ],
  [
    "a file of somebody else",
    (folder) => {
      const path = made(folder, "taken", () => {});
      writeFileSync(path, "theirs");
      chownSync(path, 61_001, 61_001);
      return path;
    },
    /a\.prom: expected nothing, or the file as rcwarden left it, found a file of uid 61001; move it away, or name another metricsFile$/,
  ],
  [
    "a link in the file's place",
    (folder) => made(folder, "lured", (path) => symlinkSync(join(folder, "victim"), join(path, "a.prom"))),
    /found no regular file/,
  ],
  [
    "a folder in the file's place",
    (folder) => made(folder, "odd", (path) => mkdirSync(join(path, "a.prom"))),
    /found no regular file/,
  ],
];

function made(folder: string, name: string, then: (path: string) => void): string {
  mkdirSync(join(folder, name), { mode: 0o755 });
  then(join(folder, name));
  return join(folder, name, "a.prom");
}

for (const [says, make, found] of refusals) {
  test(`${says} is refused, with what to do, and left as it is`, { skip }, async (t) => {
    const folder = folderOf(t);
    writeFileSync(join(folder, "victim"), "precious");
    const path = make(folder);
    const before = listed(folder);
    for (const act of [() => putMetricsFile(path, "text\n", 0), () => removeMetricsFile(path, 0)])
      assert.match(await act(), found);
    assert.deepEqual(listed(folder), before);
    assert.equal(readFileSync(join(folder, "victim"), "utf8"), "precious");
  });
}

function listed(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

test("a folder that was looked at is the one that is written, though another took its name meanwhile", {
  skip,
}, async (t) => {
  const folder = folderOf(t);
  const [named, kept, other] = [join(folder, "named"), join(folder, "kept"), join(folder, "other")];
  for (const path of [named, other]) mkdirSync(path, { mode: 0o755 });
  chmodSync(other, 0o777);
  // Each write holds the folder; swap it in the middle of many, as who owns the folder above could.
  const swapping = { on: true };
  const swap = (async () => {
    while (swapping.on) {
      renameSync(named, kept);
      renameSync(other, named);
      await new Promise((resolve) => setImmediate(resolve));
      renameSync(named, other);
      renameSync(kept, named);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  let written = 0;
  for (let turn = 0; turn < 300; turn++) {
    const said = await putMetricsFile(join(named, "a.prom"), "text\n", 0);
    if (said === "") written += 1;
    else assert.match(said, /mode 777|ENOENT/);
  }
  swapping.on = false;
  await swap;
  assert.ok(written > 0, "no write came through");
  assert.equal(existsSync(join(other, "a.prom")), false);
  assert.deepEqual(readdirSync(other), []);
});
