// Applies one Retention in a process of its own, so that what it and its child take can be measured. Its words: the root,
// the account as JSON, the folder of the journal, days that the clock is ahead, and `apply`, `plan` or `memory`, which is
// a plan that looks at what both sides hold. Says how it went.
import { readFileSync } from "node:fs";
import { openJournal, perform } from "../../agent/cleanup/index.ts";
import { childrenOf } from "../../agent/host/process.ts";
import { retentionOf } from "../cleanup/support.ts";

const [root = "", account = "{}", folder = "", days = "0", word = "apply"] = process.argv.slice(2);
const dayMs = 86_400_000;

function mebibytes(pid: number | "self", what: string): number {
  return Number(new RegExp(`${what}:\\s*(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

async function main(): Promise<void> {
  const opened = openJournal(folder);
  if (opened.kind === "refused") throw new Error(opened.message);
  using journal = opened.journal;
  const retention = retentionOf({
    ...{ root, depth: 2, match: ["arch_*.arc"], keep: { newest: 0, youngerThanMs: 7 * dayMs } },
    limits: { files: 10_000_000, bytes: 2 ** 50, filesPerSecond: 1_000_000, readBytesPerSecond: 2 ** 40 },
  });
  let [peak, sweeperMiB, batches] = [0, 0, 0];
  const before = mebibytes("self", "VmRSS");
  const look = () => {
    batches += 1;
    if (word !== "memory" || batches % 20 !== 0) return;
    peak = Math.max(peak, mebibytes("self", "VmRSS"));
    for (const pid of childrenOf(process.pid)) sweeperMiB = Math.max(sweeperMiB, mebibytes(pid, "VmHWM"));
  };
  const performed = await perform({
    ...{ retention, account: JSON.parse(account), releases: [], isListed: false, prepare: true, deadlineMs: 600_000 },
    moment: { nowMs: Date.now() + Number(days) * dayMs, clock: "trusted" },
    apply: word === "apply" ? { journal, run: "bench", because: "by-hand", only: null } : null,
    progress: look,
  });
  if (performed.kind !== "planned") throw new Error(`expected a plan, found ${performed.code}: ${performed.because}`);
  const outcomes = [...(performed.applied?.outcomes.values() ?? [])];
  const became = outcomes.map(({ outcome, code, files }) => ({ outcome, code, files }));
  console.log(JSON.stringify({ became, grownMiB: peak - before, sweeperMiB }));
}

void main();
