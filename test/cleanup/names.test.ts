/** Files go whatever they are called and however deep they lie, and none beside them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { before, test } from "node:test";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { builtSweeper, makeTree, type Tree } from "./looking.ts";
import { everyFree, outcomesOf, sweep } from "./sweeping.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };

/** All but the ending, as latin1 text: a character a byte. */
const stems = [
  "plain",
  "-rf",
  "--",
  " ",
  "new\nline",
  "\r",
  "\t",
  "*",
  "?",
  "[a]",
  "{a,b}",
  "~",
  "$(rm -rf x)",
  "`x`",
  "'",
  '"',
  "\\",
  "a;b|c&d",
  "#",
  "%s%n",
  "caf\xc3\xa9",
  "invalid\xff\xfe",
  "\xe2\x80\xae",
  "\x1b[2J\x07",
  "\x01\x7f",
  "..",
  "...",
  "__proto__",
  "x".repeat(251),
  "\xff".repeat(251),
];

const bytes = (...parts: readonly string[]) => Buffer.from(parts.join("/"), "latin1");

function own(path: Buffer, { uid, gid }: TestAccount): void {
  writeFileSync(path, "x");
  chownSync(path, uid, gid);
}

/** Paths of files below the root; no call of ours takes the longest of them. */
function filesIn({ root: place }: Tree): readonly string[] {
  const found = execFileSync("find", [place, "-type", "f", "-printf", "%P\\0"], { encoding: "latin1" });
  return found.split("\0").slice(0, -1).sort();
}

test("files of every kind of name go, in the root and below folders of such names", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const stays: string[] = [];
  const goes: string[] = [];
  for (const stem of stems) {
    own(bytes(tree.root, `${stem}.arc`), account);
    own(bytes(tree.root, `${stem}.log`), account);
    const folder = bytes(tree.root, `in${stem}`.slice(0, 255));
    mkdirSync(folder);
    chownSync(folder, account.uid, account.gid);
    own(bytes(folder.toString("latin1"), `${stem}.arc`), account);
    goes.push(`${stem}.arc`, `in${stem}/${stem}.arc`);
    stays.push(`${stem}.log`);
  }
  const ran = await sweep({
    toLookAt: { root: tree.root, depth: 2, match: ["*.arc"] },
    account,
    decide: (seen) =>
      everyFree(seen).filter(({ path }) =>
        Buffer.from(path.at(-1) ?? "", "hex")
          .toString("latin1")
          .endsWith(".arc"),
      ),
  });
  assert.deepEqual([ran.swept.kind, "applied" in ran.swept && ran.swept.applied], ["looked", true]);
  assert.deepEqual(outcomesOf(ran), { removed: goes.sort() });
  assert.deepEqual(filesIn(tree), stays.sort());
});

test("files below paths of 4,000 bytes go, and those beside them stay", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  // By steps: no call takes a path that long.
  const script = `cd "$1" || exit 1
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
  echo x >$i.arc; echo x >$i.log; n=$(printf "%0250d" $i); mkdir $n; cd $n || exit 1
done
echo x >too-deep.arc`;
  const as = [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
  execFileSync("setpriv", [...as, "/bin/bash", "-c", script, "bash", tree.root]);
  const ran = await sweep({
    toLookAt: { root: tree.root, depth: 16, match: ["*.arc"] },
    account,
    decide: (seen) =>
      everyFree(seen).filter(({ path }) =>
        Buffer.from(path.at(-1) ?? "", "hex")
          .toString("latin1")
          .endsWith(".arc"),
      ),
  });
  const outcomes = outcomesOf(ran);
  assert.deepEqual(Object.keys(outcomes), ["removed"]);
  assert.equal(outcomes.removed?.length, 16);
  assert.ok(outcomes.removed?.some((each) => each.length > 3_750));
  const names = filesIn(tree).map((path) => path.split("/").at(-1));
  const stay = [...Array.from({ length: 16 }, (_, at) => `${at + 1}.log`), "too-deep.arc"];
  assert.deepEqual(names.sort(), stay.sort());
});
