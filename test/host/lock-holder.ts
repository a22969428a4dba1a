// Takes the folder's lock, starts a child that stays, says its pid, and stays as well. Its words: the addon, the folder.
import { spawn } from "node:child_process";
import { lockFolder } from "../../agent/host/lock.ts";
import { setAddon } from "../../agent/host/native.ts";

const [addon = "", folder = ""] = process.argv.slice(2);
setAddon(addon);
const lock = lockFolder(folder);
// Its stdin ends with whoever started us.
const child = spawn("cat", { stdio: ["inherit", "ignore", "ignore"] });
console.log(JSON.stringify({ kind: lock.kind, child: child.pid }));
