/** The built agent on a host in trouble: it goes on and says so, or refuses and says why; nothing is lost, nothing is `go`. */
import assert from "node:assert/strict";
import {
  closeSync,
  cpSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { tried } from "../../agent/checks/example-facts.ts";
import type { ModeFacts } from "../../agent/facts/index.ts";
import type { MeasureRequest } from "../../agent/runs/world.ts";
import { schemaVersion } from "../../agent/store/database.ts";
import { goodFacts, oracle } from "../cli/support/world.ts";
import { type TestWorld, testWorld } from "../daemon/world.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
import { startEngine } from "../support/engine/engine.ts";
import { type ArrivedEvent, placeOf } from "../support/engine/ledger.ts";
import { assertWhole, luck, missingFrom, streamOf } from "../support/nothing-lost.ts";
import {
  agentFolder,
  assertSameState,
  documentsFor,
  type Item,
  nothing,
  policy,
  type Status,
  settled,
  speaks,
  waits,
} from "../support/nothing-lost-agent.ts";
import { amongMountsOf, childrenOf, commandOf, processesOf, withMounts } from "../support/nothing-lost-host.ts";

interface Found {
  readonly items: readonly Item[];
}

interface Verdict {
  readonly measuredAt: string | null;
  readonly verdict: string;
  readonly reasons: readonly { readonly code: string }[];
}

const isWaiting = ({ items }: Found) =>
  items.some(({ subject, status }) => subject.startsWith("cp") && status === "fail");

async function verdictOf(agent: TestAgent, account: TestAccount): Promise<Verdict> {
  return (await agent.ask(`/v1/accounts/${account.name}`)).json;
}

/** The agent ends by itself; its exit status. */
async function ended(agent: TestAgent): Promise<number | string | null> {
  const late = setTimeout(() => agent.child.kill("SIGKILL"), 30_000);
  if (agent.child.exitCode === null && agent.child.signalCode === null)
    await new Promise((resolve) => agent.child.once("close", resolve));
  clearTimeout(late);
  return agent.child.exitCode ?? agent.child.signalCode;
}

/** Writes until the file system takes not one byte more. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (const bytes of [65_536, 4_096, 1]) {
      try {
        for (;;) writeSync(file, Buffer.alloc(bytes, 1));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, "ENOSPC");
      }
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Has the account measured until its store found no room. SQLite's log was copied back perhaps, and is then written over
 * from its beginning, which needs none for a while.
 */
async function useUpTheLog(agent: TestAgent, account: TestAccount): Promise<Status> {
  for (;;) {
    const { measuredAt } = await verdictOf(agent, account);
    assert.equal((await agent.ask("/v1/run", { account: account.name })).status, 202);
    const status = await agent.until<Status>(
      "/v1/status",
      ({ store, accounts: [first] }) => store.problem !== null || first?.measuredAt !== measuredAt,
      "a run, or a problem",
    );
    if (status.store.problem !== null) return status;
  }
}

describe("a disk", { skip: noAccounts }, () => {
  test("that is full keeps no verdict `go`; what was found is told when there is room", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": nothing } });
    await using engine = await startEngine();
    using place = agentFolder();
    await using agent = await startAgent({
      accounts: [account.name],
      folder: place.path,
      documents: documentsFor(place.path, engine),
      as: withMounts(`mkdir ${place.path}/state; mount -t tmpfs -o size=3m,mode=700 tmpfs ${place.path}/state`),
    });
    await settled(agent);
    assert.equal((await verdictOf(agent, account)).verdict, "go");
    const filler = `/proc/${agent.pid}/root${place.path}/state/filler`;
    fill(filler);
    const full = await useUpTheLog(agent, account);
    assert.equal(full.store.problem?.code, "store-full");

    account.write(".bashrc", waits);
    // Longer than the time between two tries.
    for (let look = 0; look < 60; look++) {
      assert.notEqual((await verdictOf(agent, account)).verdict, "go");
      await pause(100);
    }
    assert.equal((await agent.ask("/v1/status")).json.store.problem?.code, "store-full");
    assert.deepEqual((await agent.ask("/v1/findings")).json.items, []);

    rmSync(filler);
    await agent.until<Found>("/v1/findings", isWaiting, "cp to wait");
    await agent.until<Status>("/v1/status", ({ store }) => store.problem === null, "no problem");
    assert.equal((await verdictOf(agent, account)).verdict, "no-go");
    await assertSameState(agent, engine, `${place.path}/events.jsonl`);
    const stream = await streamOf(agent);
    assertWhole(stream);
    assert.deepEqual(missingFrom(engine.ledger().events, stream), []);
    assert.equal(stream.filter(({ type }) => type === "dev.rcwarden.finding.opened").length, 1);
    assert.equal(agent.child.exitCode, null);
    assert.equal(await agent.end("SIGTERM"), 0, agent.stderr());
  });

  for (const [how, mount, found] of [
    ["may only be read", "mount -t tmpfs -o ro,mode=700 tmpfs", /found EROFS; .*read-only/],
    ["has no room at all", "mount -t tmpfs -o size=4k,mode=700 tmpfs", /found .*(ENOSPC|full).*; make room/],
  ] as const) {
    test(`that ${how} ends the start, with a clear word`, async () => {
      await using account = await makeAccount({ home: "empty" });
      using place = agentFolder();
      await using agent = await startAgent({
        accounts: [account.name],
        folder: place.path,
        as: withMounts(`mkdir ${place.path}/state; ${mount} ${place.path}/state`),
        waitFor: "nothing",
      });
      assert.equal(await ended(agent), 2, agent.stderr());
      assert.match(agent.stderr(), found);
      assert.ok(agent.stderr().includes(`${place.path}/state`), agent.stderr());
      assert.doesNotMatch(agent.stderr(), /\n\s+at /, "a stack trace");
    });
  }
});

/** What may befall a database of which nobody thinks well; each gets its size. */
const damages: Readonly<Record<string, (path: string, bytes: number) => void>> = {
  "is cut to a half": (path, bytes) => truncateSync(path, Math.floor(bytes / 2)),
  "has no header any more": (path) => scribble(path, 0, 100),
  "was scribbled on"(path, bytes) {
    const lot = luck();
    console.log(`seed ${lot.seed}`);
    for (let at = 4096; at < bytes; at += 4096) if (lot.below(2) === 0) scribble(path, at, 4096, lot.below(256));
  },
};

function scribble(path: string, at: number, bytes: number, byte = 0x5a): void {
  const file = openSync(path, "r+");
  try {
    writeSync(file, Buffer.alloc(bytes, byte), 0, bytes, at);
  } finally {
    closeSync(file);
  }
}

describe("a database", { skip: noAccounts }, () => {
  for (const [how, damage] of Object.entries(damages)) {
    test(`that ${how} is set aside, and what is missing is said, found and told again`, async () => {
      await using account = await makeAccount({ home: "empty", files: { ".bashrc": waits + speaks } });
      await using engine = await startEngine();
      using place = agentFolder();
      const start = () =>
        startAgent({ accounts: [account.name], folder: place.path, documents: documentsFor(place.path, engine) });
      for (let life = 0; life < 2; life++) {
        await using agent = await start();
        await settled(agent);
        assert.equal(await agent.end("SIGTERM"), 0, agent.stderr());
      }
      const { digest } = engine.ledger();
      const last = engine.ledger().through;
      const path = `${place.path}/state/state.db`;
      damage(path, statSync(path).size);

      await using agent = await start();
      const status: Status = (await agent.ask("/v1/status")).json;
      assert.match(status.store.notices.join("\n"), /state\.db: expected the database, found that /);
      assert.match(agent.stderr(), /state\.db: expected the database, found that /);
      assert.ok((placeOf(status.store.head)?.n ?? 0) > (last?.n ?? 0), "no new epoch");
      assert.equal((await verdictOf(agent, account)).verdict, "no-go");
      await assertSameState(agent, engine, null);
      assert.equal(engine.ledger().digest, digest, "what is found is another thing than before");
      const stream = await streamOf(agent);
      const lost = stream.filter(({ type }) => type === "dev.rcwarden.events.lost");
      assert.deepEqual(
        lost.map(({ id, data }) => [id, data.why]),
        [[`${status.store.epoch}-1`, "database-damaged"]],
      );
      assert.deepEqual(missingFrom(engine.ledger().events, stream), []);
      assert.deepEqual(engine.violations, []);
    });
  }

  test("of a newer version is refused, with both versions, and stays as it is", async () => {
    await using account = await makeAccount({ home: "empty" });
    using place = agentFolder();
    {
      await using agent = await startAgent({ accounts: [account.name], folder: place.path });
      assert.equal(await agent.end("SIGTERM"), 0);
    }
    const path = `${place.path}/state/state.db`;
    {
      using database = new DatabaseSync(path);
      database.exec("PRAGMA user_version = 17");
    }
    const before = readFileSync(path);
    await using agent = await startAgent({ accounts: [account.name], folder: place.path, waitFor: "nothing" });
    assert.equal(await ended(agent), 2, agent.stderr());
    const versions = new RegExp(
      `state\\.db: expected a database of version ${schemaVersion} or lower.*, found version 17`,
    );
    assert.match(agent.stderr(), versions);
    assert.ok(readFileSync(path).equals(before), "the newer database was written to");
    assert.equal(statSync(`${path}-wal`, { throwIfNoEntry: false }), undefined);
  });
});

describe("a clock", () => {
  // In one process, with a clock of the test's own: the host's is not for tests to set.
  for (const days of [365, -365]) {
    test(`that jumps ${days} days and back, while the agent runs and between its starts, drops and reorders nothing`, async () => {
      using place = agentFolder();
      const jump = days * 86_400_000;
      const first = testWorld({ accounts: [oracle], folder: place.path });
      try {
        await first.agent.start();
        await first.agent.firstFullRun;
        await turned(first, "hang", jump);
        await turned(first, "good", -jump);
        await turned(first, "hang", jump);
      } finally {
        await first[Symbol.asyncDispose]();
      }
      // A start at the hour from which the other one jumped.
      await using second = testWorld({ accounts: [oracle], folder: place.path });
      second.measure = hanging;
      await second.agent.start();
      await second.agent.firstFullRun;
      await turned(second, "good", jump);
      await turned(second, "hang", -2 * jump);
      const { store } = second;
      const { events, more } = store.events(null);
      assert.equal(more, false);
      assertWhole(
        events.map(({ type, subject, data, ...place }) => ({
          id: `${place.n}.${place.r}-${place.seq}`,
          source: "",
          type: `dev.rcwarden.${type}`,
          subject,
          data: { ...data },
        })),
      );
      const turns = events.filter(({ type }) => type.startsWith("finding.")).map(({ type }) => type.slice(8));
      assert.deepEqual(turns, ["opened", "resolved", "opened", "resolved", "opened"]);
      assert.equal(store.size.lost, 0);
      assert.equal(store.findings().length, 1);
    });
  }
});

/** The clock jumps; the account's startup files do something else; the agent sees it, and keeps house. */
async function turned(world: TestWorld, to: "good" | "hang", jumpMs: number): Promise<void> {
  world.clock.now += jumpMs;
  world.clock.monotonic += 60_000;
  world.measure = to === "hang" ? hanging : good;
  world.changed([`${oracle.home}/.bashrc`], "watch");
  await world.agent.queue.settled();
  assert.equal(world.store.findings().length, to === "hang" ? 1 : 0);
  const kept = world.store.housekeeping(world.clock.now, 64 << 20);
  assert.deepEqual(kept, { kind: "committed", events: [] });
}

async function good({ account, mode, sends }: MeasureRequest): Promise<ModeFacts> {
  const commands = sends.map(({ command }) => command);
  return goodFacts(account, mode, commands);
}

async function hanging(request: MeasureRequest): Promise<ModeFacts> {
  const outcome = (command: string) =>
    command.startsWith("cp") ? tried(command, { outcome: "hang", prompt: "cp: overwrite?" }) : tried(command);
  return { ...(await good(request)), tried: request.sends.map(({ command }) => outcome(command)) };
}

describe("a name service", { skip: noAccounts }, () => {
  test("that forgets an account resolves nothing, and its account is no `go`; both is told", async () => {
    await using bad = await makeAccount({ home: "empty", files: { ".bashrc": waits } });
    await using good = await makeAccount({ home: "empty", files: { ".bashrc": nothing } });
    await using engine = await startEngine();
    using place = agentFolder();
    // All of /etc: who makes an account meanwhile puts another passwd in its place, and takes a mount over it away.
    const etc = `${place.path}/own-etc`;
    cpSync("/etc", etc, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    const own = `${etc}/passwd`;
    const entries = readFileSync(own, "utf8");
    await using agent = await startAgent({
      accounts: [bad.name, good.name],
      folder: place.path,
      documents: documentsFor(place.path, engine),
      as: withMounts(`mount --bind ${etc} /etc`),
    });
    await agent.until<Found>("/v1/findings", isWaiting, "cp to wait");
    const others = entries.split("\n").filter((line) => ![bad, good].some(({ name }) => line.startsWith(`${name}:`)));
    writeFileSync(own, others.join("\n"));
    await areSaid(agent, [bad, good], "unavailable");
    assert.equal((await verdictOf(agent, bad)).verdict, "no-go");
    const doubt = await verdictOf(agent, good);
    assert.equal(doubt.verdict, "unknown");
    assert.ok(doubt.reasons.some(({ code }) => code === "account-unavailable"));

    writeFileSync(own, entries);
    await areSaid(agent, [bad, good], "measured");
    for (const account of [bad, good]) await measuredAgain(agent, account);
    await assertSameState(agent, engine, null);
    assert.deepEqual(await toldOf(agent, bad), ["watched", "finding.opened", "unavailable", "available"]);
    assert.deepEqual(await toldOf(agent, good), ["watched", "unavailable", "available"]);
  });

  test("that does not answer any more resolves nothing", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": waits } });
    await using engine = await startEngine();
    using place = agentFolder();
    await using agent = await startAgent({
      accounts: [account.name],
      folder: place.path,
      documents: documentsFor(place.path, engine),
      as: withMounts(""),
    });
    await agent.until<Found>("/v1/findings", isWaiting, "cp to wait");
    const silent = `${place.path}/getent`;
    writeFileSync(silent, "#!/bin/sh\nexec sleep 20\n", { mode: 0o755 });
    amongMountsOf(agent.pid, "mount", "--bind", silent, "/usr/bin/getent");
    account.write(".bashrc", nothing);
    await areSaid(agent, [account], "unavailable");
    const isTold = ({ items }: { items: readonly ArrivedEvent[] }) =>
      items.some(({ subject, data }) => subject === account.name && data.change === "unavailable");
    await agent.until("/v1/events", isTold, "to be told that it is unavailable");
    assert.ok(isWaiting((await agent.ask("/v1/findings")).json), "a silent name service resolved a finding");
    amongMountsOf(agent.pid, "umount", "/usr/bin/getent");
    // It would ask again by itself, half a minute later.
    assert.equal((await agent.ask("/v1/run", { account: account.name })).status, 202);
    await agent.until<Found>("/v1/findings", ({ items }) => items.length === 0, "nothing to be found");
    await assertSameState(agent, engine, null);
    const told = await toldOf(agent, account);
    // Others make and remove accounts of this host meanwhile: it may have been asked, and silent, more than once.
    assert.deepEqual(told.slice(0, 3), ["watched", "finding.opened", "unavailable"]);
    assert.deepEqual(told.slice(-2), ["available", "finding.resolved"]);
    assert.deepEqual(
      told.filter((word) => word.startsWith("finding.")),
      ["finding.opened", "finding.resolved"],
    );
  });
});

async function areSaid(agent: TestAgent, accounts: readonly TestAccount[], word: string): Promise<void> {
  await agent.until<Status>(
    "/v1/status",
    (status) => accounts.every(({ name }) => status.accounts.some((each) => each.name === name && each.state === word)),
    `accounts to be ${word}`,
  );
}

/** What the stream tells of an account, in order: of itself, and of its findings. */
async function toldOf(agent: TestAgent, { name }: TestAccount): Promise<string[]> {
  const told: string[] = [];
  for (const { type, subject, data } of await streamOf(agent)) {
    const word = type.replace("dev.rcwarden.", "");
    const finding: unknown = data.finding;
    const of = typeof finding === "object" && finding !== null && "account" in finding ? finding.account : null;
    if (word === "account.changed" && subject === name) told.push(String(data.change));
    if (word.startsWith("finding.") && of === name) told.push(word);
  }
  return told;
}

describe("a busy host", { skip: noAccounts }, () => {
  test("20,000 file events while the agent stands still hide no change: a sweep finds it", async (at) => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": nothing } });
    await using engine = await startEngine();
    using place = agentFolder();
    await using agent = await startAgent({
      accounts: [account.name],
      folder: place.path,
      documents: documentsFor(place.path, engine),
    });
    await settled(agent);
    const { watching: before }: Status = (await agent.ask("/v1/status")).json;
    agent.child.kill("SIGSTOP");
    for (let file = 0; file < 10_000; file++) {
      const path = `${account.home}/.${file}`;
      writeFileSync(path, "");
      rmSync(path);
    }
    account.write(".bashrc", waits);
    agent.child.kill("SIGCONT");

    const sweeps = new Set<string | null>();
    const degraded = new Set<string>();
    await agent.until<Status>(
      "/v1/status",
      ({ accounts, watching }) => {
        if (watching.lastSweep !== before.lastSweep) sweeps.add(watching.lastSweep);
        for (const { code } of watching.degraded) degraded.add(code);
        return accounts.some(({ pending }) => pending);
      },
      "a run",
    );
    await agent.until<Found>("/v1/findings", isWaiting, "cp to wait");
    at.diagnostic(`found after ${sweeps.size} sweeps; degraded meanwhile: ${[...degraded].join(", ") || "nothing"}`);
    assert.ok(sweeps.size <= 2, `${sweeps.size} sweeps passed before it was seen`);
    await assertSameState(agent, engine, null);
  });

  test("shells that never end leave no process behind, whether the agent goes on, stands still or is killed", async () => {
    await using account = await makeAccount({ home: "empty", files: { ".bashrc": "cat\n" } });
    using place = agentFolder();
    const documents = { "policies/lost.yaml": policy };
    const start = (waitFor: "ready" | "answers") =>
      startAgent({ accounts: [account.name], folder: place.path, documents, waitFor });
    await using agent = await start("ready");
    for (let run = 0; run < 20; run++) await measuredAgain(agent, account);
    await nothingLeft(account);
    assert.deepEqual(
      [...childrenOf(agent.pid).values()].filter((state) => state === "Z"),
      [],
      "zombies",
    );

    account.write(".bashrc", "sleep 1000\n");
    await sleeping(account);
    agent.child.kill("SIGSTOP");
    await pause(3_000);
    agent.child.kill("SIGCONT");
    await agent.ask("/healthz");
    await sleeping(account);
    assert.equal(await agent.end("SIGKILL"), "SIGKILL");
    await nothingLeft(account);
  });
});

/** One more run, from its wish to its end. */
async function measuredAgain(agent: TestAgent, { name }: TestAccount): Promise<void> {
  interface Runs {
    readonly items: readonly { readonly startedAt: string }[];
  }
  const newest = ({ items }: Runs) => items[0]?.startedAt;
  const before = newest((await agent.ask("/v1/runs")).json);
  assert.equal((await agent.ask("/v1/run", { account: name })).status, 202);
  await agent.until<Runs>("/v1/runs", (runs) => newest(runs) !== before, "another run");
}

/** Less than the launcher's own last resort takes. */
const goneWithinMs = 15_000;

async function nothingLeft({ uid }: TestAccount): Promise<void> {
  const deadline = performance.now() + goneWithinMs;
  while (processesOf(uid).length > 0) {
    assert.ok(performance.now() < deadline, `processes of the account are left: ${processesOf(uid)}`);
    await pause(20);
  }
}

/** Its shell has come to the line that never ends. */
async function sleeping({ uid }: TestAccount): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!processesOf(uid).some((pid) => commandOf(pid) === "sleep 1000")) {
    assert.ok(performance.now() < deadline, "no shell of the account was started");
    await pause(5);
  }
}
