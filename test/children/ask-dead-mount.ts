// Asks readers about a folder whose file system never answers, and says what came, how soon.
// Its words: the launcher, the reader's script, the dead folder, a folder that answers.
import type { Account } from "../../agent/facts/index.ts";
import { setLauncher } from "../../agent/host/enter.ts";
import { identityOf } from "../../agent/host/identity.ts";
import { identitiesAs, readStartup } from "../../agent/probe/reader.ts";
import { firstChanged } from "../../agent/probe/unchanged.ts";
import { shells } from "../../agent/shells/index.ts";

const [enter = "", script = "", dead = "", alive = ""] = process.argv.slice(2);
setLauncher(enter);
const account: Account = { name: "root", uid: 0, gid: 0, groups: [0], home: alive, shell: "/bin/bash" };
const [shell] = shells;
if (shell === undefined) throw new Error("there are no shells");

const paths = [`${dead}/a`, `${dead}/b`, `${alive}/link`, `${alive}/there`, `${alive}/absent`];
const timed = async <T>(work: () => Promise<T>) => {
  const started = performance.now();
  return { value: await work(), ms: Math.round(performance.now() - started) };
};
const asked = async () => Object.fromEntries(await identitiesAs(account, paths, { script, deadlineMs: 1_500 }));
const first = await timed(asked);
const second = await timed(asked);
const onDead = await timed(async () => {
  const reading = await readStartup({
    account: { ...account, home: dead },
    shell,
    mode: "ssh-command",
    env: {},
    script,
  });
  return reading.doubts.map(({ message }) => message);
});
// More looks than there are threads; each leads to the dead folder, by itself or by a link.
const identities = Array.from({ length: 8 }, (_, at) => ({ path: `${dead}/${at}`, identity: "ENOENT" }));
const links = Array.from({ length: 8 }, () => ({ path: `${alive}/link`, identity: "1 -> 2" }));
await firstChanged({ identities: [...identities, ...links], dependsOn: [`${dead}/behind`] }, account);
const threads = await identityOf(`${alive}/there`);
const onAlive = await readStartup({ account, shell, mode: "ssh-command", env: {}, script });
console.log(JSON.stringify({ first, second, onDead, threads, onAlive: onAlive.doubts }));
process.exit(0);
