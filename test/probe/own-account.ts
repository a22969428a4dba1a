/** Run by session.test.ts as an ordinary user: asks for its own account and prints what came of it. */
import { setLauncher } from "../../agent/host/enter.ts";
import { watchdog } from "../native/watchdog.ts";
import { command } from "./asking.ts";

const [launcher = "", account = "", ...texts] = process.argv.slice(2);
setLauncher(launcher);
const runs = [];
for (const text of texts) {
  await using dog = await watchdog();
  const ready = (root: string) => dog.watch(Number(root.split("/")[2]));
  runs.push(await command(JSON.parse(account), text, { sandbox: "own-account", ready }));
  if (await dog.off()) throw new Error(`${text}: left to the watchdog`);
}
process.stdout.write(JSON.stringify(runs));
