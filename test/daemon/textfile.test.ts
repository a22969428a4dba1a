import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Textfile, type TextfileWorld } from "../../agent/daemon/textfile.ts";

interface Kept {
  readonly folder: string;
  readonly textfile: Textfile;
  readonly said: string[];
  path: string | null;
  text: () => Promise<string>;
}

function kept(t: TestContext, other: Partial<TextfileWorld> = {}): Kept {
  const folder = mkdtempSync(join(tmpdir(), "rcw-textfile-"));
  chmodSync(folder, 0o755);
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const said: string[] = [];
  const test: Kept = {
    ...{ folder, said, path: join(folder, "a.prom"), text: async () => "up 1\n" },
    textfile: new Textfile({
      uid: process.getuid?.() ?? -1,
      log: (level, message) => said.push(`${level} ${message}`),
      path: () => test.path,
      text: () => test.text(),
      stoppedText: async () => "up 0\n",
      ...other,
    }),
  };
  return test;
}

const at = (folder: string, name: string) => readFileSync(join(folder, name), "utf8");

test("the file is written anew at each look, and says at the end that the agent was stopped", async (t) => {
  const test = kept(t);
  await test.textfile.look();
  assert.equal(at(test.folder, "a.prom"), "up 1\n");
  test.text = async () => "up 1\nmore 2\n";
  await test.textfile.look();
  assert.equal(at(test.folder, "a.prom"), "up 1\nmore 2\n");
  await test.textfile.stop();
  assert.equal(at(test.folder, "a.prom"), "up 0\n");
  assert.deepEqual([test.textfile.problem, test.said], ["", []]);
});

test("where the documents name another file the old one goes, for nobody would write it again", async (t) => {
  const test = kept(t);
  await test.textfile.look();
  test.path = join(test.folder, "b.prom");
  await test.textfile.look();
  assert.deepEqual([existsSync(join(test.folder, "a.prom")), at(test.folder, "b.prom")], [false, "up 1\n"]);
  test.path = null;
  await test.textfile.look();
  assert.equal(existsSync(join(test.folder, "b.prom")), false);
  await test.textfile.stop();
  assert.equal(existsSync(join(test.folder, "b.prom")), false);
});

test("what is wrong is told once, shown as long as it lasts, and no file is left by an agent that wrote none", async (t) => {
  const test = kept(t);
  chmodSync(test.folder, 0o777);
  await test.textfile.look();
  await test.textfile.look();
  const wrong = `${test.folder}: expected a folder that only`;
  assert.ok(test.textfile.problem.startsWith(wrong), test.textfile.problem);
  assert.equal(test.said.length, 1);
  await test.textfile.stop();
  assert.equal(existsSync(join(test.folder, "a.prom")), false);
  chmodSync(test.folder, 0o755);
  await test.textfile.look();
  assert.equal(test.textfile.problem, "");
});

test("one write at a time: while a file system does not answer that is said, and to stop waits for little", async (t) => {
  const hangs = Promise.withResolvers<string>();
  const test = kept(t);
  test.text = () => hangs.promise;
  const first = test.textfile.look();
  void test.textfile.look();
  assert.match(test.textfile.problem, /a\.prom: expected its file system to answer, found a write that still waits$/);
  await test.textfile.stop(10);
  assert.equal(existsSync(join(test.folder, "a.prom")), false);
  hangs.resolve("late\n");
  await first;
  assert.equal(test.textfile.problem, "");
});

test("a fault of the program is told, and the next look tries again", async (t) => {
  const test = kept(t);
  test.text = () => Promise.reject(new Error("a bug"));
  await test.textfile.look();
  assert.deepEqual(test.said, ["error metrics could not be written"]);
  test.text = async () => "up 1\n";
  await test.textfile.look();
  assert.equal(at(test.folder, "a.prom"), "up 1\n");
});
