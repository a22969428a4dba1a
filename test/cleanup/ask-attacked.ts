// Among mounts of its own: sweeps a root as the account that the first word says, while folders of it are mounted over. The
// second word is the seed. Prints how that went.
import { join } from "node:path";
import { attack, folders, iterations, type Owner, planFolders, spareFolders, told } from "./attacking.ts";

const [text = "{}", seed = "1"] = process.argv.slice(2);
const owner: Owner = JSON.parse(text);
const tally = await attack(
  {
    lay(layout, tree, away, files) {
      planFolders(layout, tree, files);
      spareFolders(layout, away, files);
      return [["mount", folders, join(tree.root, "cur"), join(away.root, "cur")]];
    },
  },
  owner,
  { uid: 0, gid: 0 },
  { iterations, seed: Number(seed), by: "sweeper" },
);
const { iterations: done, attacks, wrong } = tally;
console.log(JSON.stringify({ told: told(tally), iterations: done, attacks, wrong }));
