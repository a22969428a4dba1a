/** Run by session.test.ts as an ordinary user: asks for its own account and prints what came of it. */
import { setLauncher } from "../../agent/probe/launcher.ts";
import { command } from "./asking.ts";

const [launcher = "", account = "", ...texts] = process.argv.slice(2);
setLauncher(launcher);
// The host is shared with other tests: a bomb that is not stopped ends here.
const limits = [{ name: "nproc", soft: 2000, hard: 2000 }] as const;
const runs = [];
for (const text of texts) runs.push(await command(JSON.parse(account), text, { sandbox: "own-account", limits }));
process.stdout.write(JSON.stringify(runs));
