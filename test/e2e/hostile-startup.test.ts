import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { after, before, test } from "node:test";
import { endProcesses, makeAccount, type TestAccount } from "../support/accounts.ts";
import { type Checked, check, findings } from "../support/rcwarden.ts";
import { type SshEnd, startSshd, type TestSshd } from "../support/sshd.ts";

let sshd: TestSshd;
let silent: Server;
let silentPort = 0;
before(async () => {
  sshd = await startSshd();
  silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const address = silent.address();
  silentPort = typeof address === "object" && address !== null ? address.port : 0;
});
after(async () => {
  silent.close();
  await sshd[Symbol.asyncDispose]();
});

function processesOf(uid: number): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return statSync(`/proc/${pid}`).uid === uid;
      } catch {
        return false;
      }
    })
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .filter((command) => command !== "");
}

type Real = "runs" | "hangs" | "not run" | "output lost" | "not tried";
interface Story {
  readonly says: string;
  readonly startup: string;
  /** What a real `ssh host 'echo RAN; touch ran'` gives. */
  readonly real: Real;
  /** What check must say. */
  judge(checked: Checked, account: TestAccount): void;
}

function fails(checked: Checked, subject: RegExp, line: number, consequence?: string): void {
  const found = findings(checked.report, "startup-finishes").find((finding) => finding.status === "fail");
  assert.ok(found, JSON.stringify(checked.report.findings));
  assert.match(`${found.subject} ${found.message}`, subject);
  assert.equal(found.where?.line, line, JSON.stringify(found));
  if (consequence !== undefined) assert.equal(found.consequence, consequence);
  assert.equal(checked.status, 1);
}
function passes(checked: Checked): void {
  assert.deepEqual(checked.report.findings, []);
  assert.equal(checked.status, 0);
  assert.ok(checked.report.summary.pass > 0);
}
function undecided(checked: Checked, code: string, words: RegExp): void {
  assert.equal(checked.status, 3, JSON.stringify(checked.report.findings));
  const gaps = checked.report.accounts[0]?.modes[0]?.gaps ?? [];
  const gap = gaps.find((each) => each.code === code);
  const said = JSON.stringify([gaps, checked.report.findings]);
  assert.ok(gap !== undefined || checked.report.findings.some((each) => each.status === "unknown"), said);
  assert.match(said, words);
  assert.ok(!checked.report.findings.some((finding) => finding.status === "fail"), said);
}

const stories: readonly Story[] = [
  { says: "exec zsh", startup: "exec zsh\n", real: "hangs", judge: (checked) => fails(checked, /startup/, 1) },
  {
    says: "exit 0",
    startup: "true\nexit 0\n",
    real: "not run",
    judge: (checked) => fails(checked, /exit/, 2, "silent-success"),
  },
  { says: "read x", startup: "read x\n", real: "hangs", judge: (checked) => fails(checked, /wait/, 1, "hang") },
  { says: "read -t 2 x", startup: "read -t 2 x\n", real: "runs", judge: passes },
  { says: "TMOUT=2", startup: "TMOUT=2\n", real: "runs", judge: passes },
  { says: "timeout 1 cat", startup: "timeout 1 cat\n", real: "runs", judge: passes },
  {
    says: "sleep 600",
    startup: "sleep 600\n",
    real: "hangs",
    judge: (checked) => undecided(checked, "timed-out", /sleep/),
  },
  {
    says: "sleep 300 &",
    startup: "sleep 300 &\n",
    real: "hangs",
    judge: (checked) => fails(checked, /sleep 300/, 1, "hang"),
  },
  {
    says: "exec >/dev/null",
    startup: "exec >/dev/null\n",
    real: "output lost",
    judge: (checked) => fails(checked, /stdout/, 1),
  },
  {
    says: "exec >>~/log",
    startup: "exec >>~/log\n",
    real: "output lost",
    judge: (checked) => fails(checked, /stdout/, 1),
  },
  {
    says: "a lock that is free",
    startup: "until mkdir ~/.lock; do sleep .2; done\n",
    real: "not tried",
    judge: passes,
  },
  {
    says: "a lock that a dead session left",
    startup: "mkdir -p ~/.lock; until mkdir ~/.lock 2>/dev/null; do sleep .2; done\n",
    real: "hangs",
    judge: (checked) => undecided(checked, "timed-out", /time|sleep|run/),
  },
  {
    says: "curl of a server that never answers",
    startup: "curl -s http://127.0.0.1:PORT/\n",
    real: "hangs",
    judge: (checked) => undecided(checked, "probe-limited", /network/),
  },
  {
    says: "printf 'Loading...'; sleep 3",
    startup: "printf 'Loading...'; sleep 3\n",
    real: "runs",
    judge(checked) {
      const [found] = findings(checked.report, "startup-output");
      assert.equal(found?.consequence, "corrupted-stream");
      assert.equal(found?.where?.line, 1);
      assert.equal(checked.status, 1);
    },
  },
  {
    says: "output of 1 GB",
    startup: "head -c 1000000000 /dev/zero\n",
    real: "not tried",
    judge(checked) {
      assert.notEqual(checked.status, 0);
      assert.match(JSON.stringify(checked.report), /startup-output|over-ceiling/);
    },
  },
  {
    says: "a fork bomb",
    startup: "bomb() { bomb | bomb & }; bomb\n",
    real: "not tried",
    judge(checked) {
      assert.notEqual(checked.status, 0);
      assert.match(JSON.stringify(checked.report), /over-ceiling|processes/);
    },
  },
  {
    says: "kill -STOP $$",
    startup: "kill -STOP $$\n",
    real: "hangs",
    judge: (checked) => fails(checked, /stops/, 1, "hang"),
  },
  {
    says: "kill -9 -1",
    startup: "kill -9 -1\n",
    real: "not tried",
    judge: (checked) => undecided(checked, "probe-limited", /signal/),
  },
];

function realOutcome(ended: SshEnd): Real {
  if (ended.timedOut) return "hangs";
  if (ended.stdout.includes("RAN")) return "runs";
  return ended.stderr.includes("RAN") ? "output lost" : "not run";
}

for (const story of stories) {
  test(`bash, ${story.says}: check says what a real session gives (${story.real}), in time, and leaves nothing`, async () => {
    await using account = await makeAccount({ shell: "/bin/bash", home: "empty" });
    sshd.keyFor(account.name);
    account.write(".bashrc", story.startup.replace("PORT", String(silentPort)));
    if (story.real !== "not tried") {
      const ended = await sshd.ssh(account.name, ["echo RAN; echo RAN >&2"], { timeoutMs: 5000 });
      assert.equal(realOutcome(ended), story.real, JSON.stringify(ended));
    }
    // What the real session left goes on making processes.
    await endProcesses(account.uid);
    const checked = await check(account.name);
    story.judge(checked, account);
    const [mode] = checked.report.accounts[0]?.modes ?? [];
    assert.ok(mode !== undefined && mode.seconds <= 31, `${mode?.seconds} s`);
    assert.ok(checked.peakRssKiB > 0 && checked.peakRssKiB <= 150 * 1024, `${checked.peakRssKiB} KiB`);
    assert.deepEqual(processesOf(account.uid), []);
  });
}
