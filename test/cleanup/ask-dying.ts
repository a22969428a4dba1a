// Removes `*.arc` below a root in groups, each told to a journal on the disk, and kills itself before one call to the disk:
// `node ask-dying.ts ROOT ACCOUNT JOURNAL CALL SWEEPER ADDON LAUNCHER`. Says how many calls there were where it does not.
import { type Disk, realDisk } from "../../agent/cleanup/journal-disk.ts";
import { openJournal } from "../../agent/cleanup/journal-writer.ts";
import { perform } from "../../agent/cleanup/perform.ts";
import { sweepBelow } from "../../agent/cleanup/sweep.ts";
import { setLauncher } from "../../agent/host/enter.ts";
import { setAddon } from "../../agent/host/native.ts";
import { minuteMs, retentionOf } from "./support.ts";

const [root = "", text = "{}", folder = "", call = "0", script = "", addon = "", launcher = ""] = process.argv.slice(2);
const account: { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string } =
  JSON.parse(text);
setAddon(addon);
setLauncher(launcher);

// That a journal that is being made can be made again is shown elsewhere.
let isMade = false;
let calls = 0;
const dying = new Proxy<Disk>(realDisk, {
  get(disk, name) {
    if (isMade) calls += 1;
    if (calls === Number(call)) process.kill(process.pid, "SIGKILL");
    return Reflect.get(disk, name);
  },
});

const opened = openJournal(folder, { disk: dying });
if (opened.kind !== "journal") throw new Error(opened.message);
isMade = true;
const performed = await perform(
  {
    retention: retentionOf({ account: account.name, root, match: ["*.arc"] }),
    account: { ...account, groups: [account.gid], shell: "/bin/sh" },
    releases: [],
    moment: { nowMs: Date.now() + 120 * minuteMs, clock: "trusted" },
    apply: { journal: opened.journal, run: "run", because: "by-hand", only: null },
    isListed: false,
    prepare: true,
    deadlineMs: 60_000,
  },
  (toLookAt, as, sweeping) => sweepBelow(toLookAt, as, { ...sweeping, script }),
);
if (performed.kind !== "planned" || performed.applied?.unfinished !== "")
  throw new Error(JSON.stringify(performed.kind));
console.log(calls);
