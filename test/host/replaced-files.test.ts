import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accountFiles } from "../../agent/host/account-files.ts";
import { replacedFiles } from "../../agent/host/replaced-files.ts";

let home: string;
before(() => {
  home = mkdtempSync(join(tmpdir(), "rcwarden-replaced-"));
  mkdirSync(join(home, "dot"));
  mkdirSync(join(home, "rc.d"));
  writeFileSync(join(home, "dot/real"), "old\n");
  writeFileSync(join(home, "other"), "other\n");
  writeFileSync(join(home, "rc.d/a.sh"), "a\n");
  symlinkSync("dot/real", join(home, "link"));
  symlinkSync("rc.d/none", join(home, "dangling"));
  symlinkSync("loop", join(home, "loop"));
  symlinkSync(home, join(home, "again"));
});
after(() => rmSync(home, { recursive: true }));

function replaced(contents: Readonly<Record<string, string>>) {
  const byPath = Object.entries(contents).map(([name, text]) => [join(home, name), Buffer.from(text)] as const);
  return replacedFiles(accountFiles(), new Map(byPath));
}

function textOf(files: ReturnType<typeof replaced>, name: string): string {
  const look = files.look(join(home, name));
  return look.state === "text" ? look.text : look.state;
}

test("a file holds the new text by each of its names, and others what they held", () => {
  const files = replaced({ "dot/real": "new\n" });
  for (const name of ["dot/real", "link", "again/link", "again/dot/../dot/real"])
    assert.equal(textOf(files, name), "new\n");
  assert.equal(textOf(files, "other"), "other\n");
  assert.equal(textOf(files, "nothing"), "absent");
});

test("its digest is that of the new text", () => {
  const look = replaced({ "dot/real": "new\n" }).look(join(home, "link"));
  assert.ok(look.state === "text");
  assert.equal(look.digest, "sha256:7aa7a5359173d05b63cfd682e3c38487f3cb4f7f1d60659fe59fab1505977d4c");
});

test("a file that is not there is, also where a link leads to it, and its folder lists it", () => {
  const files = replaced({ "rc.d/none": "fresh\n" });
  assert.equal(textOf(files, "rc.d/none"), "fresh\n");
  assert.equal(textOf(files, "dangling"), "fresh\n");
  assert.deepEqual(files.list(join(home, "rc.d")), ["a.sh", "none"]);
  assert.deepEqual(files.list(join(home, "again/rc.d")), ["a.sh", "none"]);
  const answers = (path: string) => [..."efrsxdzwO"].map((question) => files.ask(question, path));
  assert.deepEqual(answers(join(home, "rc.d/none")), [true, true, true, true, false, false, false, true, true]);
  assert.equal(textOf(files, "loop"), "unreadable");
});

test("questions about what a file holds are about the new one, all others about the file", () => {
  const files = replaced({ "dot/real": "" });
  const path = join(home, "dot/real");
  chmodSync(path, 0o755);
  assert.deepEqual([files.ask("s", path), files.ask("z", path), files.ask("x", path)], [false, true, true]);
  assert.equal(files.ask("L", join(home, "link")), true);
});

test("without anything to replace nothing is otherwise", () => {
  const [plain, files] = [accountFiles(), replaced({})];
  for (const name of ["link", "loop", "dot", "nothing"]) {
    assert.deepEqual(files.look(join(home, name)), plain.look(join(home, name)));
  }
});
