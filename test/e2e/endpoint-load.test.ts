/** 200 connections of 25 users of the group: nobody else is kept out or kept waiting, and memory stays. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { limits } from "../../agent/status/admission.ts";
import { askAs } from "../status/world.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";

const isLong = process.env.RCWARDEN_TEST_LONG === "1";
const users = 25;
const connections = 200;
const loadMs = isLong ? 20_000 : 6_000;
const detectionsBefore = isLong ? 8 : 3;
/** Longer than an account rests from its last run. */
const restMs = 1_200;
/** Of the group that only this agent sees. */
const gid = 2_000_100_000;
const mostGrownMiB = 15;

const clean = "# a comment\n";
const guilty = `cp() { command cp "$@" -i; }\n${clean}`;
const callers = fileURLToPath(new URL("../support/many-callers.ts", import.meta.url));

function rssMiB({ pid }: TestAgent): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Milliseconds from rename() of the startup file to the event that tells what it does. */
async function detection(agent: TestAgent, account: TestAccount, text: string): Promise<number> {
  const fresh = account.write(".bashrc.new", text);
  let after: string = (await agent.ask("/v1/status")).json.store.head;
  const started = performance.now();
  renameSync(fresh, join(account.home, ".bashrc"));
  for (;;) {
    const { status, json } = await agent.ask(`/v1/events?after=${after}&wait=30s`);
    assert.equal(status, 200, "the owner is let in");
    const took = performance.now() - started;
    if (json.items.some(({ type }: { type: string }) => type.startsWith("dev.rcwarden.finding."))) return took;
    assert.ok(took < 60_000, "no event came");
    after = json.next;
  }
}

/** Of changes, one after the other, at least one, and the most memory that the agent had meanwhile. */
async function observed(agent: TestAgent, account: TestAccount, goesOn: (seen: number) => boolean) {
  const took: number[] = [];
  let peakMiB = 0;
  do {
    await pause(restMs);
    const isClean = readFileSync(join(account.home, ".bashrc"), "utf8") === clean;
    took.push(await detection(agent, account, isClean ? guilty : clean));
    peakMiB = Math.max(peakMiB, rssMiB(agent));
  } while (goesOn(took.length));
  const sorted = took.sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN, peakMiB };
}

/** An agent that finds group rcwarden on the host. */
async function agentWithGroup(account: TestAccount): Promise<TestAgent> {
  const groups = account.write("group", `${readFileSync("/etc/group", "utf8")}rcwarden:x:${gid}:\n`);
  const script = `mount --bind ${groups} /etc/group\nexec "$@"`;
  const as = ["/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-ec", script, "sh"];
  for (let attempt = 1; ; attempt++) {
    const agent = await startAgent({ accounts: [account.name], as });
    const { status } = await askAs({ uid: gid, gid }, agent.socket, "/readyz");
    if (status === 200) return agent;
    await agent[Symbol.asyncDispose]();
    // Another test made an account: whoever replaces /etc/group takes away what is mounted on it, here too.
    assert.ok(attempt < 10, `a member of the group was answered ${status}`);
  }
}

/** The program that calls as many users; ended with the scope. */
function load(socket: string) {
  const words = [socket, gid, users, connections / users, loadMs].map(String);
  const child = spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", process.execPath, callers, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let wrong = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    wrong += text;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async said(): Promise<Record<string, unknown>> {
      const { value, done } = await lines.next();
      assert.ok(done !== true, `it ended: ${wrong}`);
      return JSON.parse(String(value));
    },
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

test("200 connections of 25 users of the group: each is answered, a ninth gets 429, the owner gets in, changes are seen", {
  skip: noAccounts,
  timeout: 300_000,
}, async (t) => {
  await using account = await makeAccount({ home: "empty", files: { ".bashrc": clean } });
  await using agent = await agentWithGroup(account);
  const before = await observed(agent, account, (seen) => seen < detectionsBefore);
  using calling = load(agent.socket);
  assert.deepEqual(await calling.said(), { connections, more: "429" });
  let isOver = false;
  const end = calling.said().finally(() => {
    isOver = true;
  });
  const during = await observed(agent, account, () => !isOver);
  const { answers, statuses, errors } = await end;
  assert.deepEqual(errors, []);
  assert.deepEqual(statuses, [["200", answers]], "no answer but 200");
  assert.ok(Number(answers) > connections);
  const grown = Math.max(during.peakMiB, rssMiB(agent)) - before.peakMiB;
  const ms = ({ median, most }: typeof before) => `${median.toFixed(0)} ms (most ${most.toFixed(0)})`;
  t.diagnostic(`${answers} answers in ${loadMs / 1000} s on ${connections} connections`);
  t.diagnostic(`rename() to event, median: ${ms(before)} before, ${ms(during)} during`);
  t.diagnostic(`memory: ${before.peakMiB.toFixed(1)} MiB before, ${grown.toFixed(1)} MiB more in the end`);
  assert.ok(grown <= mostGrownMiB, `expected at most ${mostGrownMiB} MiB more, found ${grown}`);
  assert.ok(during.median <= 3 * before.median + 500, "changes are seen about as soon as before");
  assert.ok(limits.perUid === connections / users, "a user has all connections that he may");
  assert.equal((await agent.ask("/healthz")).status, 200);
});
