/** Real races: folders are exchanged, moved and mounted over while files in them are removed. Judged by inodes, never by names. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { folders, iterations, planFolders, type Scenario, spareFolders } from "./attacking.ts";
import { builtSweeper } from "./looking.ts";
import { between, bothRace, planFiles, race, seed } from "./racing.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };

const folderAndLink: Scenario = {
  lay(layout, tree, away, files) {
    planFolders(layout, tree, files);
    spareFolders(layout, away, files);
    for (let at = 0; at < folders; at++) symlinkSync(join(away.root, `cur${at}`), join(tree.root, `link${at}`));
    return [["exchange", folders, ...between(tree, "cur", "link")]];
  },
};

test("a folder that is exchanged with a link to one outside: nothing outside is touched", root, async (t) => {
  await bothRace(t, folderAndLink);
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
