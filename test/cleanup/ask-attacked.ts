// Among mounts of its own: sweeps a root as the account that the first word says, while folders of it are mounted over. The
// second word is the seed. Prints how that went.
import { join } from "node:path";
import {
  attack,
  folders,
  iterations,
  layFile,
  layPlanned,
  type Owner,
  planFolders,
  spareFolders,
  told,
} from "./attacking.ts";

const [text = "{}", seed = "1"] = process.argv.slice(2);
const owner: Owner = JSON.parse(text);
const tally = await attack(
  {
    lay(layout, tree, away, files) {
      // Many folders, for each is entered once; and files, each of which is taken.
      const prefixes = ["a", "b", "c"];
      for (const prefix of prefixes) {
        planFolders(layout, tree, files / 5, prefix);
        spareFolders(layout, away, files / 5, prefix);
      }
      for (let at = 0; at < (2 * files) / 5; at++) {
        layPlanned(tree, `m${at}`, layout);
        layFile(away, `m${at}`, layout.outside);
      }
      const between = (prefix: string) => [join(tree.root, prefix), join(away.root, prefix)] as const;
      return [
        ...prefixes.map((prefix) => ["mount", folders, ...between(prefix)] as const),
        ["mount", (2 * files) / 5, ...between("m")],
      ];
    },
  },
  owner,
  { uid: 0, gid: 0 },
  { iterations, seed: Number(seed), by: "sweeper" },
);
const { iterations: done, attacks, wrong } = tally;
console.log(JSON.stringify({ told: told(tally), iterations: done, attacks, wrong }));
