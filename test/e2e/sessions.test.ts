/** The story's other half: 50 SSH commands that wait for an answer nobody gives, over a real sshd, and others that get on. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { realSessions } from "../../agent/collectors/real-sessions.ts";
import { SessionLooks } from "../../agent/collectors/sessions.ts";
import type { SessionGroup, SessionsFacts } from "../../agent/facts/index.ts";
import { parseStat } from "../../agent/host/process.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent } from "../support/agent.ts";
import { rcwarden } from "../support/rcwarden.ts";
import { noSshd, startSshd } from "../support/sshd.ts";

const many = 50;
/** Longer than all of the test takes, on a host that has much else to do. */
const timeoutMs = 280_000;
const deadlineMs = 120_000;
const prompt = "cp: overwrite '...'?";

test("50 hung commands are one line, from the host's view and from the account's; others get on", {
  skip: noAccounts || noSshd,
  timeout: timeoutMs,
}, async (t) => {
  const files = Object.fromEntries(
    Array.from({ length: many }, (_, at) => [`in.${at}`, `out.${at}`])
      .flat()
      .map((name) => [name, name]),
  );
  await using account = await makeAccount({
    shell: "/bin/tcsh",
    home: "empty",
    files: { ".cshrc": "# site\nsetenv SITE db07\nalias cp 'cp -i'\n", ...files },
  });
  await using sshd = await startSshd();
  const sends = (command: string) => sshd.ssh(account.name, command === "" ? [] : [command], { timeoutMs });
  const hung = Array.from({ length: many }, (_, at) => sends(`cp -f in.${at} out.${at}`));
  const others = [
    "sleep 600",
    "cat /dev/zero > /dev/null",
    "tail -f in.0",
    "/usr/lib/openssh/sftp-server",
    "", // A shell that waits for its next command.
  ].map(sends);
  await until(() => programsOf(account.uid, "cp").length === many, `${many} cp that run`);
  await until(() => programsOf(account.uid, "sleep").length === 1, "a sleep that runs");

  const seen = await rcwarden(["sessions", "--account", account.name, "--json"]);
  assert.equal(seen.status, 1, seen.stderr);
  const facts: SessionsFacts = JSON.parse(seen.stdout);
  t.diagnostic(`looks at ${many + others.length} commands took ${await costs(account.uid)} ms of CPU each`);
  const stuck = holds(facts, "the CLI as root", { from: ["127.0.0.1"] });
  assert.deepEqual([...stuck.pids].sort(), programsOf(account.uid, "cp").map(parentOf).sort());
  const waitsFor = new Map(facts.groups.filter(({ isStuck }) => !isStuck).map((each) => [each.command, each.waitsFor]));
  assert.deepEqual(
    [...waitsFor].sort(),
    [
      ["-tcsh", "input"],
      ["/usr/lib/openssh/sftp-server", "input"],
      ["cat /dev/zero", "cpu"],
      ["sleep 600", "time"],
      ["tail -f in.0", "other"],
    ],
    seen.stdout,
  );

  const text = await rcwarden(["sessions", "--account", account.name]);
  assert.match(text.stdout, /^input on its ssh channel +cp -i -f \.\.\. \.\.\. +127\.0\.0\.1 +50 /m);
  assert.match(text.stdout, /the same command in the sandbox waits at: cp: overwrite '\.\.\.'\?/);
  assert.match(text.stdout, new RegExp(`change ~/\\.cshrc:3 \\(who may: ${account.name}, root\\)`));
  for (const line of text.stdout.split("\n")) assert.ok(line.length <= 100, line);

  const become = ["/usr/bin/setpriv", "--reuid", `${account.uid}`, "--regid", `${account.gid}`, "--clear-groups"];
  const own = await rcwarden(["sessions", "--json"], become);
  // Only root sees whose connections sshd's are.
  holds(JSON.parse(own.stdout), "the CLI as the account", { from: [], prompt: null });

  await using agent = await startAgent({ accounts: [account.name] });
  const told = await agent.until<SessionsFacts>(
    "/v1/sessions",
    ({ groups }) => groups.some((group) => group.isStuck && group.prompt !== null),
    "sessions that are stuck, with their question",
  );
  holds(told, "the agent", { from: ["127.0.0.1"] });
  const asked = await rcwarden(["sessions", "--json", "--socket", agent.socket], become);
  holds(JSON.parse(asked.stdout), "the agent, asked by the account", { from: ["127.0.0.1"] });

  // What is suggested is what helps: the command's first process takes the session with it.
  const listed = await rcwarden(["sessions", "--account", account.name, "--pids"]);
  const pids = listed.stdout.trim().split("\n").map(Number);
  assert.deepEqual([...pids].sort(), [...stuck.pids].sort());
  for (const pid of pids) process.kill(pid, "SIGTERM");
  for (const end of await Promise.all(hung)) assert.equal(end.timedOut, false);
  const after = await rcwarden(["sessions", "--account", account.name, "--json"]);
  assert.deepEqual(
    JSON.parse(after.stdout).groups.filter(({ isStuck }: SessionGroup) => isStuck),
    [],
  );
  assert.equal(after.status, 0, after.stdout);
  t.diagnostic(`looks with nothing that is stuck took ${await costs(account.uid)} ms of CPU each`);
  t.diagnostic(`${many} hung commands; oldest ${stuck.oldestSeconds} s when they were seen`);
  endAll(account.uid, ["sleep", "cat", "tail", "sftp-server", "tcsh"]);
  await Promise.all(others);
});

test("a command at a terminal is stuck where the sandbox waits as well; and where nobody may look, that is said", {
  skip: noAccounts || noSshd,
  timeout: timeoutMs,
}, async () => {
  await using account = await makeAccount({
    home: "empty",
    files: { ".bashrc": 'cp() { command cp -i "$@"; }\n', in: "in", out: "out" },
  });
  await using sshd = await startSshd();
  const hung = [false, true].map((tty) => sshd.ssh(account.name, ["cp -f in out"], { tty, timeoutMs }));
  const asks = sshd.ssh(account.name, ["sh -c 'read answer'"], { tty: true, timeoutMs });
  await until(() => programsOf(account.uid, "cp").length === 2, "two cp that run");
  await until(
    () => programsOf(account.uid, "dash").length + programsOf(account.uid, "sh").length > 0,
    "a sh that runs",
  );

  const words = ["sessions", "--account", account.name];
  const { groups }: SessionsFacts = JSON.parse((await rcwarden([...words, "--json"])).stdout);
  assert.deepEqual(groups.map(({ command, says, isStuck }) => `${command}: ${says}, ${isStuck}`).sort(), [
    "cp -i -f in out: input at its terminal, true",
    "cp -i -f in out: input on its ssh channel, true",
    "sh -c read answer: input at its terminal, false",
  ]);

  const without = ["/usr/bin/setpriv", "--bounding-set", "-sys_ptrace", "--inh-caps", "-sys_ptrace"];
  const blind = await rcwarden(words, without);
  assert.equal(blind.status, 3, blind.stdout);
  assert.match(blind.stdout, /^3 commands of SSH sessions run, and what they wait for is not known$/m);
  assert.match(blind.stdout, /CAP_SYS_PTRACE/);
  const become = ["/usr/bin/setpriv", "--reuid", `${account.uid}`, "--regid", `${account.gid}`, "--clear-groups"];
  const hiding = 'mount -t proc -o hidepid=2 proc /proc && exec "$@"';
  const hidden = await rcwarden(["sessions"], ["/usr/bin/unshare", "-m", "/bin/sh", "-c", hiding, "sh", ...become]);
  assert.equal(hidden.status, 3, hidden.stdout);
  assert.match(hidden.stdout, /processes of others are hidden \(\/proc is mounted with hidepid=/);
  endAll(account.uid, ["cp", "dash", "sh"]);
  await Promise.all([...hung, asks]);
});

function holds(facts: SessionsFacts, who: string, expected: { from: readonly string[]; prompt?: null }): SessionGroup {
  const stuck = facts.groups.filter(({ isStuck }) => isStuck);
  assert.equal(stuck.length, 1, `${who}: ${JSON.stringify(facts)}`);
  const [group] = stuck;
  assert.ok(group !== undefined);
  const { command, waitsFor, says, from, count, startedAt, pids, oldestSeconds } = group;
  assert.deepEqual(
    { command, waitsFor, says, from, count },
    {
      command: "cp -i -f ... ...",
      waitsFor: "input",
      says: "input on its ssh channel",
      from: expected.from,
      count: many,
    },
    who,
  );
  if (expected.prompt !== null) assert.equal(group.prompt, prompt, who);
  assert.equal(new Set(pids).size, many);
  assert.equal(startedAt.length, many);
  const oldest = Date.parse(facts.at) - Date.parse(startedAt[0] ?? "");
  assert.ok(oldest >= 0 && oldest < timeoutMs && Math.abs(oldest / 1000 - oldestSeconds) <= 1, `${who}: ${oldest} ms`);
  assert.equal(facts.problem, "", who);
  return group;
}

function programsOf(uid: number, program: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const isOwn = new RegExp(`^Uid:\\t${uid}\\t`, "m").test(readFileSync(`/proc/${name}/status`, "utf8"));
      return isOwn && readlinkSync(`/proc/${name}/exe`).endsWith(`/${program}`) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Of the first look and of later ones. */
async function costs(uid: number): Promise<string> {
  const looks = new SessionLooks(realSessions(true));
  const found: string[] = [];
  for (let at = 0; at < 5; at++) {
    const before = process.cpuUsage();
    await looks.look((each) => each === uid);
    const { user, system } = process.cpuUsage(before);
    found.push(((user + system) / 1000).toFixed(1));
  }
  return found.join(", ");
}

/** One may end with the other. */
function endAll(uid: number, programs: readonly string[]): void {
  for (const pid of programs.flatMap((program) => programsOf(uid, program))) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}

function parentOf(pid: number): number {
  return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"))?.parent ?? -1;
}

async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`expected ${what} within ${deadlineMs} ms`);
    await pause(50);
  }
}
