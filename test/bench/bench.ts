/**
 * Speed as ratios, all measured in one run, each with its goal beside it. The machine may be busy: the two sides of a
 * ratio take turns, and the median of the rounds counts. A goal that is not met is marked, and the exit status is 1.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { sessionGround } from "../../agent/collectors/session-ground.ts";
import type { Account } from "../../agent/facts/index.ts";
import { accountByName } from "../../agent/host/accounts.ts";
import { type Asker, asker } from "../../agent/probe/asker.ts";
import { tryCommand } from "../../agent/probe/canary.ts";
import { dump, mark } from "../../agent/probe/questions.ts";
import { parsedSends } from "../../agent/probe/words-sent.ts";
import { personalityOf, type Shell } from "../../agent/shells/index.ts";
import { type Files, read } from "../../agent/startup/index.ts";
import { makeAccount } from "../support/accounts.ts";
import { dist } from "../support/rcwarden.ts";
import { bareNodeMiB, fewAccounts, manyAccounts, startsToReady } from "./agent.ts";
import { cleanupSpeed } from "./cleanup.ts";
import { sshRemoval } from "./cleanup-ssh.ts";
import { endpointSpeed } from "./endpoint.ts";
import { manyInThreeModes, waysIn } from "./modes.ts";
import { storeCommit } from "./store.ts";
import { watchLatency } from "./watch.ts";

let missed = 0;

function row(what: string, value: number, unit: string, goal: number | null, digits = 2): void {
  const isMet = goal === null || value <= goal;
  if (!isMet) missed++;
  const aim = goal === null ? "" : `goal <= ${goal}${unit}`;
  console.log(
    `${what.padEnd(66)} ${`${value.toFixed(digits)}${unit}`.padStart(10)}   ${aim}${isMet ? "" : "   MISSED"}`,
  );
}

/** Where more is better. */
function atLeast(what: string, value: number, unit: string, goal: number, digits = 2): void {
  const isMet = value >= goal;
  if (!isMet) missed++;
  console.log(
    `${what.padEnd(66)} ${`${value.toFixed(digits)}${unit}`.padStart(10)}   goal >= ${goal}${unit}${isMet ? "" : "   MISSED"}`,
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** `values` ascending. */
function percentile(values: readonly number[], part: number): number {
  return values[Math.min(values.length - 1, Math.floor(part * values.length))] ?? Number.NaN;
}

async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Milliseconds of each, in turns; the first round of all is not counted. */
async function inTurns(rounds: number, works: readonly (() => unknown)[]): Promise<number[]> {
  const times: number[][] = works.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [at, work] of works.entries()) {
      const ms = await timed(work);
      if (round > 0) times[at]?.push(ms);
    }
  }
  return times.map(median);
}

function runs(command: string, ...args: string[]): () => void {
  return () => {
    const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8" });
    if (error !== undefined || (status !== 0 && status !== 1))
      throw new Error(`${command} ${args.join(" ")}: ${status} ${stderr}`);
  };
}

async function questionsFor(account: Account, shell: Shell): Promise<Asker> {
  const ground = await sessionGround({ account, mode: "ssh-command", environmentFiles: {} });
  const { env, umask, limits } = ground;
  const common = { account, shell, mode: "ssh-command", terminal: false, sandbox: "whole-root" } as const;
  return asker({ ...common, env, umask, limits, until: performance.now() + 600_000 });
}

async function resolved(name: string): Promise<Account> {
  const found = await accountByName(name);
  if (found.kind !== "account") throw new Error(`no account ${name}`);
  return found.account;
}

async function start(): Promise<void> {
  const [bare = 1, version = 1] = await inTurns(20, [
    runs(`${dist}/bin/node`, "-e", "0"),
    runs(`${dist}/rcwarden`, "--version"),
  ]);
  row("rcwarden --version, against node -e 0", version / bare, "x", 1.3);
}

async function probe(): Promise<void> {
  await using made = await makeAccount({ shell: "/bin/bash" });
  const account = await resolved(made.name);
  const bash = personalityOf({ path: "/bin/bash", resolved: "/usr/bin/bash" });
  if (bash === null) throw new Error("no bash");
  const questions = await questionsFor(account, bash);
  const groups = account.groups.join(",");
  const [bare = 1, sandboxed = 1] = await inTurns(25, [
    runs(
      "setpriv",
      "--reuid",
      String(account.uid),
      "--regid",
      String(account.gid),
      "--groups",
      groups,
      "bash",
      "-c",
      ":",
    ),
    () => questions.ask(() => ":", "empty"),
  ]);
  row("a sandboxed run of bash -c :, against bare setpriv ... bash -c :", sandboxed / bare, "x", 3);

  const [remove] = parsedSends([{ command: "rm -f {file}", try: "effect" }]);
  if (remove === undefined) throw new Error("no command");
  const { run: baseline } = await mark(questions);
  const [canary = 0] = await inTurns(15, [
    async () => {
      await dump(questions, bash, ["rm"]);
      const { attempt } = await tryCommand(remove, questions, baseline);
      if (attempt.outcome !== "done") throw new Error(`expected done, found ${attempt.outcome}`);
    },
  ]);
  row("canary and dump of one account, with the verdict", canary, " ms", 60, 0);

  made.write(".bashrc", "shopt -s expand_aliases\nalias cp='cp -i'\n");
  const [copy] = parsedSends([{ command: "cp -f {file} {existing}", try: "effect" }]);
  if (copy === undefined) throw new Error("no command");
  const [hang = 0] = await inTurns(15, [
    async () => {
      await dump(questions, bash, ["cp"]);
      const { attempt } = await tryCommand(copy, questions, baseline);
      if (attempt.outcome !== "hang" || attempt.prompt === "")
        throw new Error(`expected a prompt, found ${attempt.outcome}`);
    },
  ]);
  row("the same where the command hangs, with its prompt and stdin at its end", hang, " ms", 150, 0);

  made.write(".bashrc", readFileSync("/etc/skel/.bashrc"));
  const [whole = 0] = await inTurns(10, [
    runs(`${dist}/rcwarden`, "check", "--account", made.name, "--mode", "ssh-command"),
  ]);
  row("a whole check of one account in ssh-command", whole / 1000, " s", 0.4);
}

async function coming(): Promise<void> {
  const ways = await waysIn();
  for (const { shell, sandboxedMs, bareMs } of ways)
    row(`a session by each of 8 ways in, ${shell}, against the bare shell`, sandboxedMs / bareMs, "x", null);
  const all = (of: (way: (typeof ways)[number]) => number) => ways.reduce((sum, way) => sum + of(way), 0);
  row("the same, all shells", all((way) => way.sandboxedMs) / all((way) => way.bareMs), "x", 3);
  const { seconds, growth } = await manyInThreeModes(100);
  row("a check of 100 accounts in 3 modes", seconds, " s", 25);
  row("memory of that, against 10 accounts", growth, "x", 1.25);
}

async function reading(): Promise<void> {
  const bash = personalityOf({ path: "/bin/bash", resolved: "/usr/bin/bash" });
  if (bash === null) throw new Error("no bash");
  const line = (n: number) =>
    `if [ -d "$HOME/tool${n}" ]; then export TOOL_${n}="$HOME/tool${n}"; alias t${n}='tool -${n}'; fi\n`;
  const text = Array.from({ length: 1000 }, (_, n) => line(n)).join("");
  const files: Files = {
    look: (path) => (path === "/home/a/.bashrc" ? { state: "text", text, digest: "" } : { state: "absent" }),
    list: () => [],
    ask: () => false,
    target: () => null,
    identity: () => "",
  };
  const [ms = 1] = await inTurns(20, [
    () => read(bash, "ssh-command", { home: "/home/a", uid: 1000 }, { SSH_CLIENT: "" }, files),
  ]);
  row("reading a startup file of 1,000 lines", text.length / 1e6 / (ms / 1000), " MB/s", null);
}

function size(): void {
  const bytes = readdirSync(dist)
    .filter((file) => file.endsWith(".cjs"))
    .map((file) => statSync(`${dist}/${file}`).size);
  row("all bundles together, without native files", bytes.reduce((sum, one) => sum + one, 0) / 1000, " kB", 800, 0);
}

async function store(): Promise<void> {
  const { medianRatio } = await storeCommit();
  row("one event committed, against 1 kB appended and fdatasync", medianRatio, "x", 2);
}

async function watching(): Promise<void> {
  const { medianRatio, medianMs, p99Ms, bareMedianMs, bareP99Ms } = await watchLatency();
  row("rename() to trigger, against a bare reader of inotify, median", medianRatio, "x", 10);
  row("the same, p99", p99Ms, " ms", 20);
  row("the same, median", medianMs, " ms", null);
  row("the bare reader's own median", bareMedianMs, " ms", null);
  row("the bare reader's own p99", bareP99Ms, " ms", null);
}

async function agent(): Promise<void> {
  const starts = await startsToReady(11);
  row("start of an agent with one account to READY", percentile(starts, 0.5), " ms", 500, 0);
  const bareMiB = await bareNodeMiB();
  const { rssMiB, cpuPercent, childrenPercent, reactions } = await fewAccounts(120_000, 40);
  row("rename() of a startup file to the event in the store, p50", percentile(reactions, 0.5), " ms", 300, 0);
  row("the same, p99", percentile(reactions, 0.99), " ms", 1200, 0);
  row("memory of an idle agent with 5 accounts, against bare node", rssMiB / bareMiB, "x", 1.6);
  row("the same", rssMiB, " MiB", 75, 0);
  row("processor that it takes while idle, of a core", cpuPercent, " %", 0.2);
  row("the same, of its children", childrenPercent, " %", null);
  const many = await manyAccounts(1000);
  row("memory of an idle agent with 1,000 accounts x 6 files", many.rssMiB, " MiB", 110, 0);
  row("its first full run, by reading alone", many.seconds, " s", null, 0);
}

async function cleanup(): Promise<void> {
  const { ground, ratios, fileMs, sweeperMiB, grownMiB } = await cleanupSpeed();
  console.log(`100,000 files on ${ground}, half of them go, against find -delete:`);
  for (const [name, { cpu, wall }] of Object.entries(ratios)) {
    const goal = name.startsWith("rcwarden,") ? 1.8 : null;
    row(`${name}: processor`, cpu, "x", goal);
    row(`${name}: time`, wall, "x", goal);
  }
  const { oneMs, eightMs } = await sshRemoval();
  row("one of these files, start and end of the program shared out", fileMs, " ms", null, 3);
  row("rm -f by ssh, one file at a time, against that", oneMs / fileMs, "x", null, 0);
  row("the same, eight at once", eightMs / fileMs, "x", null, 0);
  row("a sweeper's memory at its peak, 1,000,000 entries in one folder", sweeperMiB, " MiB", 120, 0);
  row("by how much the agent's grows meanwhile", grownMiB, " MiB", 20, 0);
}

async function endpoint(): Promise<void> {
  const { healthz, status, verbMs, nodeMs } = await endpointSpeed();
  for (const [path, goal, { bytes, ratio, ours, nginx }] of [
    ["/healthz", 0.75, healthz],
    ["/v1/status", 0.5, status],
  ] as const) {
    atLeast(`${path}, ${bytes} bytes: answers a second, against a file of nginx`, ratio, "x", goal);
    row("the same", ours.perSecond, " /s", null, 0);
    row("nginx", nginx.perSecond, " /s", null, 0);
    row("the same, p99", ours.p99Us / 1000, " ms", null);
    row("nginx, p99", nginx.p99Us / 1000, " ms", null);
  }
  row("rcwarden status, against node -e 0", verbMs / nodeMs, "x", 1.9);
}

await start();
await probe();
await coming();
await reading();
size();
await store();
await watching();
await agent();
await endpoint();
await cleanup();
process.exitCode = missed === 0 ? 0 : 1;
