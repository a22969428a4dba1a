/** `cleanup plan` on real trees, as root and as the account itself. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, lstatSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { sweepBelow } from "../../agent/cleanup/sweep.ts";
import type { Parts } from "../../agent/cli/parts.ts";
import type { Retention } from "../../agent/documents/index.ts";
import { call, documents, noHost, partsOf } from "../cli/support/world.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { builtSweeper, makeTree, type Tree } from "./looking.ts";
import { minuteMs, retentionOf } from "./support.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };
const hourMs = 60 * minuteMs;

/** The host with one Retention and the real look. Two hours ahead, because the time at which an inode changed cannot be set. */
async function hostOf({ name, uid, gid, home }: TestAccount, retention: Retention): Promise<Parts> {
  const script = await builtSweeper();
  const account = { name, uid, gid, home, groups: [gid], shell: "/bin/sh" };
  const set = { ...documents, retentions: [retention] };
  return {
    ...partsOf({ accounts: [account], documents: { kind: "documents", set, host: noHost } }),
    now: () => new Date(Date.now() + 2 * hourMs),
    sweepBelow: (toLookAt, as, looking) => sweepBelow(toLookAt, as, { ...looking, script }),
  };
}

/** Everything about every file that a look could leave a mark on. */
function stateOf({ root: folder }: Tree): unknown {
  return readdirSync(folder, { recursive: true, encoding: "latin1" })
    .sort()
    .map((name) => Buffer.from(`${folder}/${name}`, "latin1"))
    .map((path) => {
      const { ino, mode, uid, gid, nlink, size, mtimeNs, ctimeNs, atimeNs } = lstatSync(path, { bigint: true });
      // Whoever lists a folder or reads a link leaves a mark: this very test does.
      const read = (mode & 0o170000n) === 0o100000n ? atimeNs : 0n;
      return [path.toString("latin1"), ino, mode, uid, gid, nlink, size, mtimeNs, ctimeNs, read];
    });
}

async function goesBy(parts: Parts): Promise<readonly string[]> {
  const { stdout, stderr, exit } = await call(["cleanup", "plan", "--list", "--json"], parts);
  assert.equal(exit, 0, stdout + stderr);
  const lines: readonly unknown[] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  return lines.flatMap((line) => {
    const { goes, hex } = Object(line);
    return goes === true ? [Buffer.from(hex, "hex").toString("latin1")] : [];
  });
}

test("what would go is what find finds with the same predicate, and nothing is touched", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const names = [
    "a.arc",
    "b.arc",
    "-rf.arc",
    "new\nline.arc",
    "*.arc",
    "'q'.arc",
    "c.ARC",
    "d.log",
    ".arc",
    "ends.arc.gz",
  ];
  for (const name of [...names, "deep/e.arc", "deep/deeper/f.arc"]) tree.file(name, name);
  const odd = Buffer.concat([Buffer.from(`${tree.root}/`), Buffer.from([0xff, 0xfe]), Buffer.from(".arc")]);
  writeFileSync(odd, "odd");
  chownSync(odd, account.uid, account.gid);
  execFileSync("ln", ["-s", "a.arc", join(tree.root, "link.arc")]);
  execFileSync("ln", [join(tree.root, "d.log"), join(tree.root, "hard.arc")]);
  execFileSync("mkdir", [join(tree.root, "folder.arc")]);
  const young = new Date(Date.now() + 90 * minuteMs);
  utimesSync(join(tree.root, "b.arc"), young, young);
  const before = stateOf(tree);
  for (const depth of [1, 2, 3]) {
    const retention = retentionOf({
      account: account.name,
      root: tree.root,
      depth,
      keep: { newest: 0, youngerThanMs: hourMs },
    });
    const found = execFileSync(
      "find",
      [
        tree.root,
        "-maxdepth",
        `${depth}`,
        "-type",
        "f",
        "-links",
        "1",
        "-uid",
        `${account.uid}`,
        "-name",
        "*.arc",
        "-not",
        "-name",
        "b.arc",
        "-printf",
        "%P\\0",
      ],
      { encoding: "latin1", env: { PATH: process.env.PATH, LC_ALL: "C" } },
    );
    const goes = await goesBy(await hostOf(account, retention));
    assert.deepEqual([...goes].sort(), found.split("\0").slice(0, -1).sort(), `depth ${depth}`);
    assert.ok(goes.includes("\xff\xfe.arc") && goes.includes("new\nline.arc"));
  }
  assert.deepEqual(stateOf(tree), before);
});

test("the same tree gives the same plan, and a file that was changed another", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  tree.file("a.arc");
  tree.file("b.arc");
  const parts = await hostOf(account, retentionOf({ account: account.name, root: tree.root }));
  const planned = async () => {
    const { stdout } = await call(["cleanup", "plan", "--json"], parts);
    return String(Object(JSON.parse(stdout)).plans[0].plan);
  };
  const first = await planned();
  assert.match(first, /^[0-9a-f]{64}$/);
  assert.equal(await planned(), first);
  tree.file("a.arc", "others");
  assert.notEqual(await planned(), first);
});

test("what cannot be looked at gives no plan, and exit 3 says so", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  tree.file("a.arc");
  execFileSync("ln", ["-s", tree.root, join(tree.above, "link")]);
  const parts = await hostOf(account, retentionOf({ account: account.name, root: join(tree.above, "link") }));
  const { stdout, exit } = await call(["cleanup", "plan"], parts);
  assert.equal(exit, 3);
  assert.match(stdout, /no plan\n\n.*link/);
  assert.doesNotMatch(stdout, /would go/);
});
