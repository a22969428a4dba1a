// Looks below a root whose file system never answers, then below one that does, and says what came, how soon.
// Its words: the launcher, the addon, the sweeper's script, the dead folder, a folder that answers.
import { sweepBelow } from "../../agent/cleanup/sweep.ts";
import type { Account } from "../../agent/facts/index.ts";
import { setLauncher } from "../../agent/host/enter.ts";
import { setAddon } from "../../agent/host/native.ts";

const [enter = "", addon = "", script = "", dead = "", alive = ""] = process.argv.slice(2);
setLauncher(enter);
setAddon(addon);
const account: Account = { name: "nobody", uid: 65534, gid: 65534, groups: [65534], home: "/", shell: "/bin/sh" };
const look = async (root: string, deadlineMs: number) => {
  const started = performance.now();
  const { kind, message } = await sweepBelow({ root, depth: 2, match: ["*"] }, account, {
    ...{ script, deadlineMs },
    take: () => {},
  });
  return { kind, message, ms: Math.round(performance.now() - started) };
};
const first = await look(`${dead}/x`, 3_000);
const second = await look(`${dead}/y`, 3_000);
const other = await look(alive, 30_000);
console.log(JSON.stringify({ first, second, other }));
process.exit(0);
