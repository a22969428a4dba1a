/** Somebody exchanges folders with links while a look is under way; judged by what each file is, not by its name. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, lchownSync, lstatSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { builtSweeper, lookAt, makeTree } from "./looking.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-swap-"));
const program = join(folder, "swap");
const pairs = 200;
const rounds = 12;

before(async () => {
  chmodSync(folder, 0o755);
  execFileSync("cc", ["-O1", "-o", program, join(import.meta.dirname, "swap.c")]);
  await builtSweeper();
});
after(() => rmSync(folder, { recursive: true, force: true }));

const identity = (path: string) => {
  const { dev, ino } = lstatSync(path, { bigint: true });
  return `${dev}:${ino}`;
};

test("nothing outside of the root is ever reported, which a walk by paths does report", {
  skip: noAccounts,
}, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  using away = makeTree(account);
  const inside = new Set<string>();
  const outside = new Set<string>();
  for (let at = 0; at < pairs; at++) {
    inside.add(identity(tree.file(`cur${at}/in.arc`)));
    const link = join(tree.root, `link${at}`);
    symlinkSync(join(away.root, `${at}`), link);
    lchownSync(link, account.uid, account.gid);
    for (const path of [link, join(tree.root, `cur${at}`)]) inside.add(identity(path));
    outside.add(identity(away.file(`${at}/out.arc`)));
  }
  const words = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups", program, "swap", tree.root];
  const attacker = spawn("setpriv", [...words, `${pairs}`], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => attacker.once("close", resolve));
  try {
    await new Promise((resolve) => attacker.stdout.once("data", resolve));
    let [files, escapes] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const { seen, looked } = await lookAt({ root: tree.root, depth: 3 }, account);
      assert.equal(looked.kind, "looked");
      for (const { type, identity: found } of seen) {
        assert.ok(inside.has(`${found.dev}:${found.ino}`), "an entry that was not made below the root");
        if (type === "file") files += 1;
      }
      escapes += byPaths(tree.root).filter((one) => outside.has(one)).length;
    }
    assert.ok(files > 0, "no file was seen: the run is void");
    assert.ok(escapes > 0, "a walk by paths was not led outside: the run is void");
    assert.equal(attacker.exitCode, null, "the attacker ended early: the run is void");
  } finally {
    attacker.kill("SIGKILL");
    await ended;
  }
});

/** What nobody should do: it looks and then goes by the same path. */
function byPaths(root: string): string[] {
  const found: string[] = [];
  for (const name of readdirSync(root)) {
    const path = join(root, name);
    try {
      if (!lstatSync(path).isDirectory()) continue;
      for (const file of readdirSync(path)) found.push(identity(join(path, file)));
    } catch {
      // It was exchanged meanwhile.
    }
  }
  return found;
}
