/** Real races: what is removed while somebody attacks its name is planned, and nothing else. Judged by inodes, never by names. */
import assert from "node:assert/strict";
import { linkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { noAccounts } from "../support/accounts.ts";
import { layFile, type Scenario, told } from "./attacking.ts";
import { builtSweeper } from "./looking.ts";
import { between, bothRace, held, planFiles, race } from "./racing.ts";

before(async () => {
  await builtSweeper();
});

const root = { skip: noAccounts };

const fileAndFile: Scenario = {
  bringsIn: true,
  lay(layout, tree, _, files) {
    planFiles(layout, tree, files);
    for (let at = 0; at < files; at++) layFile(tree, `g${at}`, layout.precious);
    return [["exchange", files, ...between(tree, "f", "g")]];
  },
};

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
