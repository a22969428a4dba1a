import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { accountFiles } from "../../agent/host/account-files.ts";
import { standingOf } from "../../agent/host/standing.ts";

function below(make: (folder: string) => void): Disposable & { readonly folder: string } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "rcwarden-standing-")));
  make(folder);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Below the folder: what is found there, in the order in which the kernel comes to it. */
function stepsIn(folder: string, path: string): string[] {
  const { steps } = standingOf(path, accountFiles());
  const inside = steps.filter((step) => step.path.startsWith(folder));
  return inside.map((step) => `${step.path.slice(folder.length) || "."} ${step.is} ${step.mode.toString(8)}`);
}

describe("how a path stands", () => {
  test("every folder and link on the way, and what it leads to", () => {
    using place = below((folder) => {
      mkdirSync(join(folder, "a/real"), { recursive: true });
      writeFileSync(join(folder, "a/real/file"), "x\n", { mode: 0o640 });
      symlinkSync("a/real", join(folder, "short"));
      chmodSync(join(folder, "a/real"), 0o1777);
    });
    const { folder } = place;
    assert.deepEqual(stepsIn(folder, `${folder}/short//./file`), [
      ". folder 700",
      "/short link 777",
      "/a folder 755",
      "/a/real folder 1777",
      "/a/real/file file 640",
    ]);
    const { is, real, steps } = standingOf(`${folder}/short/../real/file`, accountFiles());
    assert.deepEqual([is, real, steps[0]?.path], ["file", `${folder}/a/real/file`, "/"]);
    assert.equal(steps.at(-1)?.path, `${folder}/a/real/file`);
  });

  test("an absolute link begins anew at the root", () => {
    using place = below((folder) => {
      writeFileSync(join(folder, "file"), "");
      symlinkSync(join(folder, "file"), join(folder, "link"));
    });
    const { folder } = place;
    assert.equal(standingOf(`${folder}/link`, accountFiles()).real, `${folder}/file`);
    assert.deepEqual(
      stepsIn(folder, `${folder}/link`).map((step) => step.split(" ")[0]),
      [".", "/link", "/file"],
    );
  });

  test("what is not there is absent, also behind a file; links that go round are unreadable", () => {
    using place = below((folder) => {
      writeFileSync(join(folder, "file"), "");
      symlinkSync("nowhere", join(folder, "dangling"));
      symlinkSync("round", join(folder, "round"));
    });
    const { folder } = place;
    for (const [name, is] of [
      ["none", "absent"],
      ["file/x", "absent"],
      ["dangling", "absent"],
      ["round", "unreadable"],
    ]) {
      const standing = standingOf(`${folder}/${name}`, accountFiles());
      assert.deepEqual([standing.is, standing.real, standing.text], [is, null, null], name);
    }
    assert.equal(standingOf(`${folder}/${"x/".repeat(400)}`, accountFiles()).is, "absent");
  });

  test("the first line with CR LF and how many, a byte order mark, NULs", () => {
    using place = below((folder) => {
      writeFileSync(join(folder, "plain"), "a\nb\rc\nlast\r");
      writeFileSync(join(folder, "windows"), "a\nb\r\nc\r\n");
      writeFileSync(join(folder, "marked"), "\ufeffa\n");
      writeFileSync(join(folder, "nul"), "a\0b\n");
      writeFileSync(join(folder, "empty"), "");
    });
    const marks = (name: string) => standingOf(`${place.folder}/${name}`, accountFiles()).text;
    const none = { crLf: null, byteOrderMark: false, nul: false };
    assert.deepEqual(marks("plain"), none);
    assert.deepEqual(marks("empty"), none);
    assert.deepEqual(marks("windows"), { ...none, crLf: { line: 2, count: 2 } });
    assert.deepEqual(marks("marked"), { ...none, byteOrderMark: true });
    assert.deepEqual(marks("nul"), { ...none, nul: true });
  });

  test("a folder has room, and says whether it is read-only", () => {
    const { room } = standingOf(tmpdir(), accountFiles());
    assert.ok(room !== null && !room.readOnly && room.freeBytes > 0);
    assert.equal(standingOf("/sys", accountFiles()).is, "folder");
    assert.equal(standingOf("/", accountFiles()).steps.length, 1);
  });
});
