/** The same removal as peers do it leaves the same files: `find -delete`, tmpreaper, systemd-tmpfiles. Each on a tree of its own. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, existsSync, lutimesSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { builtSweeper, makeTree, type Tree } from "./looking.ts";
import { minuteMs, retentionOf } from "./support.ts";
import { byRetention, outcomesOf, sweep } from "./sweeping.ts";

before(async () => {
  await builtSweeper();
});

const dayMs = 24 * 60 * minuteMs;
const depth = 3;
const folders = ["", "a", "a/b", "with space", "with space/[x]"];
const names = ["1", "-rf", "*", "[a]", "new\nline", "'q\"", "$(x)", " ", "%n", "caf\xe9", "\xff\xfe", "x".repeat(200)];

/**
 * Of each name an old one and a young one, and one that another pattern means. Old was written ten days ago; young lies
 * three minutes ahead, for the time at which an inode changed is now and cannot be set.
 */
function grow({ uid, gid }: TestAccount): Tree {
  const tree = makeTree({ uid, gid });
  const [old, young] = [new Date(Date.now() - 10 * dayMs), new Date(Date.now() + 3 * minuteMs)];
  for (const folder of folders) {
    if (folder !== "") tree.folder(folder);
    for (const name of names) {
      for (const [ending, time] of [
        ["old.arc", old],
        ["young.arc", young],
        ["old.log", old],
      ] as const) {
        const path = Buffer.from(join(tree.root, folder, `${name}.${ending}`), "latin1");
        writeFileSync(path, name);
        chownSync(path, uid, gid);
        lutimesSync(path, time, time);
      }
    }
  }
  return tree;
}

function filesIn({ root }: Tree): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true, encoding: "latin1" })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** What a shell's pattern would take for more than it is. */
const literally = (path: string) => path.replace(/[*?[\]\\{}]/g, "\\$&");

const programs: Readonly<Record<string, string>> = {
  find: "/usr/bin/find",
  tmpreaper: "/usr/sbin/tmpreaper",
  "systemd-tmpfiles": "/usr/bin/systemd-tmpfiles",
};

/** Where every folder of the tree is named, patterns for the files that stay at every depth. */
const spared = ({ root }: Tree) => ["/*.log", "/*/*.log", "/*/*/*.log"].map((end) => `${literally(root)}${end}`);

const peers: Readonly<Record<string, (tree: Tree, program: string) => void>> = {
  find({ root }, program) {
    const predicate = ["-xdev", "-type", "f", "-links", "1", "!", "-newermt", "-1 day", "-name", "*.arc", "-delete"];
    execFileSync(program, [root, "-maxdepth", `${depth}`, ...predicate], {
      env: { LC_ALL: "C", PATH: process.env.PATH },
    });
  },
  tmpreaper(tree, program) {
    const protect = spared(tree).flatMap((pattern) => ["--protect", pattern]);
    execFileSync(program, ["--mtime", "--runtime=0", ...protect, "1d", tree.root], {
      stdio: ["ignore", "ignore", "inherit"],
    });
  },
  "systemd-tmpfiles"(tree, program) {
    const config = join(tree.above, "clean.conf");
    const lines = [`e ${tree.root} - - - m:1d`, ...spared(tree).map((pattern) => `x ${pattern}`)];
    writeFileSync(config, `${lines.join("\n")}\n`);
    execFileSync(program, ["--clean", config], { stdio: ["ignore", "ignore", "inherit"] });
  },
};

for (const [name, peer] of Object.entries(peers)) {
  const program = programs[name] ?? "";
  test(`what goes is what ${name} removes`, {
    skip: noAccounts || (!existsSync(program) && `needs ${program}`),
  }, async () => {
    await using account = await makeAccount({ home: "empty" });
    using ours = grow(account);
    using theirs = grow(account);
    const everything = filesIn(ours);
    assert.deepEqual(filesIn(theirs), everything);
    const retention = retentionOf({
      account: account.name,
      root: ours.root,
      depth,
      match: ["*.arc"],
      keep: { newest: 0, youngerThanMs: minuteMs },
    });
    // By our clock what is there now is older than a minute; what lies three minutes ahead is not.
    const moment = { nowMs: Date.now() + 2 * minuteMs, clock: "trusted" } as const;
    const ran = await sweep({
      toLookAt: { root: ours.root, depth, match: retention.match },
      account,
      decide: byRetention(retention, [], moment),
    });
    peer(theirs, program);
    const stay = everything.filter((path) => !path.endsWith(".old.arc"));
    assert.deepEqual(outcomesOf(ran), { removed: everything.filter((path) => path.endsWith(".old.arc")) });
    assert.deepEqual(filesIn(ours), stay);
    assert.deepEqual(filesIn(theirs), stay);
  });
}
