// Looks below its first word as the account that the second says, among mounts of its own. Prints what it saw.
import { join } from "node:path";
import { lookAt } from "./looking.ts";

const [root = "", text = "{}"] = process.argv.slice(2);
const account: { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string } =
  JSON.parse(text);
const below = await lookAt({ root, depth: 3 }, account);
const system = await lookAt({ root: join(root, "bound/etc/ssh") }, account);
console.log(JSON.stringify({ below, system }));
