/** Real races: what is removed while somebody attacks is planned, and nothing else. Judged by inodes, never by names. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, linkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import {
  attack,
  folders,
  iterations,
  type Layout,
  layFile,
  layPlanned,
  planFolders,
  type Scenario,
  seedOf,
  spareFolders,
  type Tally,
  told,
} from "./attacking.ts";
import { builtSweeper, type Tree } from "./looking.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };
const seed = seedOf();

/** Files `f0`, `f1`, and so on directly in the root. */
function planFiles(layout: Layout, tree: Tree, files: number): void {
  for (let at = 0; at < files; at++) layPlanned(tree, `f${at}`, layout);
}

const between = (tree: Tree, a: string, b: string) => [join(tree.root, a), join(tree.root, b)] as const;

const folderAndLink: Scenario = {
  lay(layout, tree, away, files) {
    planFolders(layout, tree, files);
    spareFolders(layout, away, files);
    for (let at = 0; at < folders; at++) symlinkSync(join(away.root, `cur${at}`), join(tree.root, `link${at}`));
    return [["exchange", folders, ...between(tree, "cur", "link")]];
  },
};

const fileAndFile: Scenario = {
  bringsIn: true,
  lay(layout, tree, _, files) {
    planFiles(layout, tree, files);
    for (let at = 0; at < files; at++) layFile(tree, `g${at}`, layout.precious);
    return [["exchange", files, ...between(tree, "f", "g")]];
  },
};

async function race(t: TestContext, scenario: Scenario, by: "sweeper" | "paths" = "sweeper"): Promise<Tally> {
  await using owner = await makeAccount({ home: "empty" });
  await using who = await makeAccount({ home: "empty" });
  const tally = await attack(scenario, owner, who, { iterations, seed, by });
  t.diagnostic(`${by}, seed ${seed}: ${told(tally)}`);
  assert.ok(tally.iterations >= iterations, `only ${told(tally)}: the run is void`);
  assert.ok(tally.attacks > tally.rounds * 10, `only ${told(tally)}: the run is void`);
  return tally;
}

/** The sweeper's race, and the one that shows that the attack is one. */
async function bothRace(t: TestContext, scenario: Scenario): Promise<void> {
  const tally = await race(t, scenario);
  assert.deepEqual(tally.wrong, []);
  assert.ok(held(tally, "put-back") > 0, `nothing was taken that was exchanged, ${told(tally)}: the run is void`);
  const naive = await race(t, scenario, "paths");
  assert.ok(naive.wrong.length > 0, "a removal by paths was not caught: the run is void");
}

const held = (tally: Tally, word: string) =>
  [...tally.outcomes].reduce((sum, [each, count]) => sum + (each.startsWith(word) ? count : 0), 0);

test("a folder that is exchanged with a link to one outside: nothing outside is touched", root, async (t) => {
  await bothRace(t, folderAndLink);
});

test("a file that is exchanged with one of the same size and time: only the planned inode goes", root, async (t) => {
  await bothRace(t, fileAndFile);
});

test("a file that is exchanged with a link to one outside: what it leads to stays", root, async (t) => {
  const tally = await race(t, {
    lay(layout, tree, away, files) {
      planFiles(layout, tree, files);
      for (let at = 0; at < files; at++) {
        const link = join(tree.root, `l${at}`);
        symlinkSync(layFile(away, `f${at}`, layout.outside), link);
        layout.precious.push(link);
      }
      return [["exchange", files, ...between(tree, "f", "l")]];
    },
  });
  assert.deepEqual(tally.wrong, []);
});

test("another name of a file outside takes a planned one's place, and names come and go", root, async (t) => {
  const tally = await race(t, {
    bringsIn: true,
    lay(layout, tree, away, files) {
      planFiles(layout, tree, files);
      for (let at = 0; at < files; at++) {
        linkSync(layFile(away, `f${at}`, layout.outside), join(tree.root, `h${at}`));
      }
      return [
        ["exchange", files, ...between(tree, "f", "h")],
        ["link", files, ...between(tree, "f", "more")],
      ];
    },
  });
  assert.deepEqual(tally.wrong, []);
});

test("a name that is taken by a new file before another is put back: nothing is written over", root, async (t) => {
  const tally = await race(t, {
    occupies: true,
    bringsIn: true,
    lay(layout, tree, _, files) {
      planFiles(layout, tree, files);
      for (let at = 0; at < files; at++) layFile(tree, `g${at}`, layout.precious);
      return [["occupy", files, ...between(tree, "f", "g")]];
    },
  });
  assert.deepEqual(tally.wrong, []);
});

test("a file that is written to meanwhile: nothing goes that is not what was planned", root, async (t) => {
  const tally = await race(t, {
    lay(layout, tree, _, files) {
      planFiles(layout, tree, files);
      return [["write", files, join(tree.root, "f"), "-"]];
    },
  });
  assert.deepEqual(tally.wrong, []);
  assert.ok(held(tally, "kept") + held(tally, "put-back") > 0, `${told(tally)}: the run is void`);
});

test("a folder that is moved out of the root and back: what lies beside the planned files stays", root, async (t) => {
  const tally = await race(t, {
    lay(layout, tree, away, files) {
      planFolders(layout, tree, files);
      return [["move", folders, join(tree.root, "cur"), join(away.root, "out")]];
    },
  });
  assert.deepEqual(tally.wrong, []);
});

test("a folder that is exchanged with one outside of the same names: those files stay", root, async (t) => {
  const tally = await race(t, {
    bringsIn: true,
    lay(layout, tree, away, files) {
      planFolders(layout, tree, files);
      spareFolders(layout, away, files);
      return [["exchange", folders, join(tree.root, "cur"), join(away.root, "cur")]];
    },
  });
  assert.deepEqual(tally.wrong, []);
});

test(
  "the quarantine folder that is renamed, or replaced by a link outside: nothing is put elsewhere",
  root,
  async (t) => {
    const tally = await race(t, {
      lay(layout, tree, away, files) {
        planFiles(layout, tree, files);
        layout.outside.push(away.folder("trap"));
        chmodSync(tree.folder(".rcwarden-quarantine"), 0o700);
        symlinkSync(join(away.root, "trap"), join(tree.root, "link"));
        return [
          ["exchange", 1, ...between(tree, ".rcwarden-quarantine", "link")],
          ["exchange", 1, ...between(tree, ".rcwarden-quarantine", "link")],
        ];
      },
    });
    assert.deepEqual(tally.wrong, []);
  },
);

test("a folder over which another one is mounted: nothing of that one is touched", root, async (t) => {
  await using owner = await makeAccount({ home: "empty" });
  const { name, uid, gid, home } = owner;
  const words = [join(import.meta.dirname, "ask-attacked.ts"), JSON.stringify({ name, uid, gid, home }), `${seed}`];
  // What is mounted there is never seen by who removes the tree.
  const inside = ["--mount", "--propagation", "private", process.execPath, ...words];
  const said: {
    readonly told: string;
    readonly iterations: number;
    readonly attacks: number;
    readonly wrong: string[];
  } = JSON.parse(execFileSync("unshare", inside, { encoding: "utf8", timeout: 280_000 }));
  t.diagnostic(`sweeper, seed ${seed}: ${said.told}`);
  assert.deepEqual(said.wrong, []);
  assert.ok(said.iterations >= iterations && said.attacks > 100, `only ${said.told}: the run is void`);
});
