import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { type FolderLock, lockFolder } from "../../agent/host/lock.ts";
import { builtAddon, useBuiltAddon } from "../support/addon.ts";

before(useBuiltAddon);

async function inFolder(work: (folder: string) => unknown): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "rcwarden-lock-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function locked(lock: FolderLock): Extract<FolderLock, { kind: "locked" }> {
  assert.equal(lock.kind, "locked");
  return lock;
}

test("a folder is had once, also within one process, and again after it was let go", () =>
  inFolder((folder) => {
    const first = locked(lockFolder(folder));
    const second = lockFolder(folder);
    assert.equal(second.kind, "held");
    assert.match(second.by ?? "", new RegExp(`^pid ${process.pid}, since \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$`));
    first.release();
    {
      using again = locked(lockFolder(folder));
      first.release(); // a number that is somebody else's by now stays open
      assert.equal(lockFolder(folder).kind, "held");
      again.release();
    }
    locked(lockFolder(folder)).release();
    assert.equal(statSync(join(folder, "lock")).mode & 0o7777, 0o600);
  }));

test("it dies with a holder that is killed, though a child of the holder lives on", () =>
  inFolder(async (folder) => {
    const words = [join(import.meta.dirname, "lock-holder.ts"), builtAddon(), folder];
    const holder = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "inherit"] });
    try {
      const [line] = await once(holder.stdout, "data");
      const told: unknown = JSON.parse(String(line));
      const child = Number(Reflect.get(Object(told), "child"));
      assert.deepEqual(told, { kind: "locked", child });
      const held = lockFolder(folder);
      assert.ok(held.kind === "held" && held.by?.startsWith(`pid ${holder.pid},`), JSON.stringify(held));
      const gone = once(holder, "exit");
      holder.kill("SIGKILL");
      await gone;
      assert.ok(existsSync(`/proc/${child}`), "the holder's child lives");
      locked(lockFolder(folder)).release();
    } finally {
      holder.kill("SIGKILL");
      holder.stdin.destroy();
    }
  }));

test("who holds it is not said by a file that is about another process", () =>
  inFolder((folder) => {
    using _ = locked(lockFolder(folder));
    const text = readFileSync(join(folder, "lock"), "latin1");
    for (const other of [text.replace(/tick \d+/, "tick 1"), "pid x", ""]) {
      writeFileSync(join(folder, "lock"), other);
      assert.deepEqual(lockFolder(folder), { kind: "held", by: null });
    }
  }));

test("what is not our own closed file is refused, in words that say what to do", () =>
  inFolder((folder) => {
    const path = join(folder, "lock");
    const refusals: Record<string, unknown> = {};
    const tried = (name: string, make: () => void) => {
      rmSync(path, { recursive: true, force: true });
      make();
      const lock = lockFolder(folder);
      refusals[name] = lock.kind === "refused" ? [lock.code, lock.message.replace(path, "LOCK")] : lock.kind;
    };
    tried("link", () => symlinkSync("elsewhere", path));
    tried("folder", () => mkdirSync(path));
    tried("readable by all", () => {
      writeFileSync(path, "");
      chmodSync(path, 0o644);
    });
    assert.deepEqual(refusals, {
      link: ["ELOOP", "LOCK: expected to open it, found ELOOP; remove this link"],
      folder: ["EISDIR", "LOCK: expected to open it, found EISDIR; remove what is there"],
      "readable by all": [
        "not-ours",
        "LOCK: expected our own file with mode 0600, found one of uid 0 with mode 0644".replace(
          "uid 0",
          `uid ${process.geteuid?.()}`,
        ),
      ],
    });
    const nowhere = lockFolder(join(folder, "none"));
    assert.ok(nowhere.kind === "refused" && nowhere.code === "ENOENT");
  }));

test("another's file is refused", { skip: process.geteuid?.() === 0 ? false : "needs root" }, () =>
  inFolder((folder) => {
    const path = join(folder, "lock");
    writeFileSync(path, "", { mode: 0o600 });
    chownSync(path, 65_534, 65_534);
    const lock = lockFolder(folder);
    assert.ok(lock.kind === "refused" && /found one of uid 65534 with mode 0600$/.test(lock.message));
  }),
);
