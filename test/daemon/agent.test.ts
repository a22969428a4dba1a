import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { describe, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { tried } from "../../agent/checks/example-facts.ts";
import { type Grant, noGrant } from "../../agent/documents/index.ts";
import type { Account, ModeFacts } from "../../agent/facts/index.ts";
import type { MeasureRequest } from "../../agent/runs/world.ts";
import { account, goodFacts, oracle, postgres } from "../cli/support/world.ts";
import { documents, type TestWorld, testWorld } from "./world.ts";

const dayMs = 86_400_000;

/** What an alias does that makes `cp -f` wait. */
function hanging({ account: of, mode, sends }: MeasureRequest): ModeFacts {
  const facts = goodFacts(
    of,
    mode,
    sends.map(({ command }) => command),
  );
  return {
    ...facts,
    tried: sends.map(({ command }) =>
      command.startsWith("cp") ? tried(command, { outcome: "hang", prompt: "cp: overwrite?" }) : tried(command),
    ),
  };
}

function gone({ account: of, mode, sends }: MeasureRequest): ModeFacts {
  const facts = goodFacts(
    of,
    mode,
    sends.map(({ command }) => command),
  );
  const gap = { code: "timed-out", message: "time was over", change: "", of: ["tried", "startup"] } as const;
  return { ...facts, startup: null, tried: [], gaps: [gap] };
}

async function started(test: TestWorld): Promise<void> {
  await test.agent.start();
  await test.agent.firstFullRun;
}

/** Triggers a run and waits for its end. */
async function changes(test: TestWorld, path = "/home/oracle/.bashrc"): Promise<void> {
  test.clock.monotonic += 60_000;
  test.clock.now += 60_000;
  test.changed([path], "watch");
  await test.agent.queue.settled();
}

function grantFor(...accounts: readonly string[]): Grant {
  const origin = { file: "grant.yaml", digest: "sha256:0", shipped: false, given: true };
  const measure = { ...noGrant.measure, accounts };
  return { ...noGrant, kind: "Grant", name: "db07", description: "", measure, origin };
}

function open(test: TestWorld): string[] {
  return test.store.findings().map(({ finding }) => `${finding.status} ${finding.account} ${finding.subject}`);
}

describe("what the agent finds", () => {
  test("a change of a file is measured, and what is new is told once", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    assert.deepEqual(world.told(), ["agent.started host", "account.changed oracle watched"]);
    world.measure = async (request) => hanging(request);
    await changes(world);
    await changes(world);
    const told = world.told().slice(2);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? "", /^finding\.opened [0-9a-f]{16} host$/);
    assert.deepEqual(open(world), ["fail oracle cp -f {file} {existing}"]);
    world.measure = async (request) =>
      goodFacts(
        request.account,
        request.mode,
        request.sends.map((s) => s.command),
      );
    await changes(world);
    assert.match(world.told().at(-1) ?? "", /^finding\.resolved [0-9a-f]{16} host pass$/);
    assert.deepEqual(open(world), []);
  });

  test("a gap resolves nothing: what failed is undecided, and fails again when it can be seen", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.measure = async (request) => hanging(request);
    await started(world);
    world.measure = async (request) => gone(request);
    await changes(world);
    const [state] = world.store.findings("oracle").filter(({ finding }) => finding.subject.startsWith("cp"));
    assert.equal(state?.finding.status, "unknown");
    assert.equal(state?.finding.was, "fail");
    assert.ok(!world.told().some((line) => line.startsWith("finding.resolved")));
    world.measure = async (request) => hanging(request);
    world.clock.monotonic += 3_600_000;
    await changes(world);
    assert.deepEqual(open(world), ["fail oracle cp -f {file} {existing}"]);
  });

  test("state and stream go on after a restart, and nothing is told twice", async () => {
    const first = testWorld({ accounts: [oracle] });
    const { folder } = first;
    try {
      first.measure = async (request) => hanging(request);
      await started(first);
      await first.agent.stop();
      first.store.close();
      await using second = testWorld({ accounts: [oracle], folder });
      second.measure = async (request) => hanging(request);
      await started(second);
      const opened = second.told().filter((line) => line.startsWith("finding.opened"));
      assert.equal(opened.length, 1);
      assert.deepEqual(open(second), ["fail oracle cp -f {file} {existing}"]);
      const starts = second.told().filter((line) => line.startsWith("agent."));
      assert.deepEqual(starts, ["agent.started host", "agent.stopped host", "agent.started host"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("while a run waits or its result is not kept, the account is pending", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    const view = world.agent.view();
    assert.equal(view.account("oracle")?.account.pending, false);
    const { promise, resolve } = Promise.withResolvers<void>();
    world.measure = async (request) => {
      await promise;
      return hanging(request);
    };
    world.clock.monotonic += 60_000;
    world.changed(["/home/oracle/.bashrc"], "watch");
    assert.equal(view.account("oracle")?.account.pending, true);
    resolve();
    await world.agent.queue.settled();
    assert.equal(view.account("oracle")?.account.pending, false);
  });

  test("a change of what every session is made of measures everybody; one account's file only that account", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    await started(world);
    world.measured = [];
    await changes(world, "/home/oracle/.bashrc");
    assert.deepEqual([...new Set(world.measured.map(({ account: of }) => of.name))], ["oracle"]);
    world.measured = [];
    await changes(world, "/etc/ssh/sshd_config");
    assert.deepEqual([...new Set(world.measured.map(({ account: of }) => of.name))].sort(), ["oracle", "postgres"]);
  });
});

describe("accounts", () => {
  test("a name service that falls silent resolves nothing, for a day; then the account is gone", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.measure = async (request) => hanging(request);
    await started(world);
    world.names.set("oracle", { kind: "unavailable", why: "getent: no answer" });
    await changes(world);
    assert.deepEqual(open(world), ["fail oracle cp -f {file} {existing}"]);
    assert.ok(world.told().includes("account.changed oracle unavailable"));
    assert.equal(world.agent.view().account("oracle")?.account.state, "unavailable");
    world.names.delete("oracle");
    await changes(world);
    assert.deepEqual(open(world), ["fail oracle cp -f {file} {existing}"]);
    world.clock.monotonic += dayMs;
    await changes(world);
    assert.deepEqual(open(world), []);
    assert.ok(world.told().includes("account.changed oracle removed"));
    assert.match(world.told().find((line) => line.startsWith("finding.resolved")) ?? "", /withdrawn$/);
  });

  test("an entry that was away and comes back loses nothing", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.measure = async (request) => hanging(request);
    await started(world);
    world.names.delete("oracle");
    await changes(world);
    world.names.set("oracle", { kind: "account", account: oracle });
    await changes(world);
    assert.ok(!world.told().some((line) => line.startsWith("finding.resolved")));
    assert.ok(world.told().includes("account.changed oracle available"));
  });

  test("the machine's clock that jumps a year ends no patience and no findings", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.measure = async (request) => hanging(request);
    await started(world);
    world.names.set("oracle", { kind: "unavailable", why: "getent: no answer" });
    await changes(world);
    for (const jump of [365 * dayMs, -2 * 365 * dayMs]) {
      world.clock.now += jump;
      await changes(world);
      assert.deepEqual(open(world), ["fail oracle cp -f {file} {existing}"]);
    }
  });

  const renamed: Account = { ...account("ora19", oracle.uid), home: "/home/ora19" };
  const renaming = [
    ["its own files lead to it", {}, "/home/oracle/.bashrc"],
    ["the account database changes", {}, "/etc/passwd"],
    ["the account database changes, and the call named it", { named: ["oracle"] }, "/etc/passwd"],
  ] as const;
  for (const [when, wish, path] of renaming) {
    test(`a rename is a removal and a new account: ${when}`, async () => {
      await using world = testWorld({ accounts: [oracle], ...wish });
      world.measure = async (request) => hanging(request);
      await started(world);
      world.names.delete("oracle");
      world.names.set("ora19", { kind: "account", account: renamed });
      await changes(world, path);
      await world.agent.reload();
      await world.agent.queue.settled();
      const told = world.told().filter((line) => line.startsWith("account."));
      assert.deepEqual(told.sort(), [
        "account.changed ora19 watched",
        "account.changed oracle renamed",
        "account.changed oracle watched",
      ]);
      assert.deepEqual(open(world), ["fail ora19 cp -f {file} {existing}"]);
    });
  }

  test("a new name that the Grant does not have is not watched", async () => {
    const configuration = documents({}, { grant: { kind: "grant", grant: grantFor("oracle") } });
    await using world = testWorld({ accounts: [oracle], configuration });
    await started(world);
    world.names.delete("oracle");
    world.names.set("ora19", { kind: "account", account: renamed });
    await changes(world);
    assert.ok(world.told().includes("account.changed oracle renamed"));
    assert.equal(world.agent.accounts.get("ora19"), undefined);
  });
});

describe("the host's owner", () => {
  test("a broken Grant stops measuring and sending, and status says so; what was found stays", async () => {
    await using world = testWorld({ accounts: [oracle] });
    world.measure = async (request) => hanging(request);
    await started(world);
    const before = open(world);
    const host = { agent: null, grant: { kind: "broken" }, exceptions: [] } as const;
    world.configuration = () => ({ kind: "problems", problems: [], documents: 1, grant: "broken", host, paths: [] });
    assert.equal((await world.agent.reload()).taken, false);
    world.measured = [];
    await changes(world);
    assert.deepEqual(world.measured, []);
    assert.equal(world.agent.view().share(), null);
    const { documents: state, accounts } = world.agent.view().status();
    assert.equal(state.grant, "broken");
    assert.equal(accounts[0]?.state, "not-granted");
    assert.deepEqual(open(world), before);
  });

  test("documents that are refused leave the ones before in force, and status says what is wrong", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    const inForce = world.agent.view().status().documents.inForce;
    world.configuration = () => documents({ "mine.yaml": "kind: Policy\n" });
    const answer = await world.agent.reload();
    assert.equal(answer.taken, false);
    const { documents: state } = world.agent.view().status();
    assert.deepEqual(state.inForce, inForce);
    assert.ok(
      state.problems.some((problem) => problem.startsWith("mine.yaml:")),
      state.problems.join("\n"),
    );
    world.configuration = () => documents({});
    assert.equal((await world.agent.reload()).taken, true);
    assert.deepEqual(world.agent.view().status().documents.problems, []);
  });
});

test("an account whose probes run out of time is left alone for a while, and it shows", async () => {
  await using world = testWorld({ accounts: [oracle] });
  world.measure = async (request) => gone(request);
  await world.agent.start();
  await world.agent.queue.settled();
  for (let at = 0; at < 2; at++) {
    world.clock.monotonic += 60_000;
    world.changed(["/home/oracle/.bashrc"], "watch");
    await world.agent.queue.settled();
  }
  const state = world.agent.view().account("oracle")?.account;
  assert.equal(state?.state, "suspended");
  assert.match(state?.says ?? "", /3 times in a row; tried again in 1\d min/);
  const runs = world.measured.length;
  world.changed(["/home/oracle/.bashrc"], "watch");
  await world.agent.queue.settled();
  assert.equal(world.measured.length, runs);
});

test("logins of who is watched are counted, each once", async () => {
  const at = (hour: number) => ({ user: "oracle", atMs: Date.UTC(2026, 10, 22, hour) });
  let logins = [at(1), at(2), { user: "somebody", atMs: Date.UTC(2026, 10, 22) }];
  const first = testWorld({ accounts: [oracle], world: { logins: async () => logins } });
  const { folder } = first;
  try {
    await started(first);
    assert.equal(first.store.happenings("login", "oracle", 0).length, 2);
    await first.agent.stop();
    first.store.close();
    logins = [...logins, at(3)];
    await using second = testWorld({ accounts: [oracle], folder, world: { logins: async () => logins } });
    await started(second);
    assert.equal(second.store.happenings("login", "oracle", 0).length, 3);
    assert.equal(second.store.happenings("login", "somebody", 0).length, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("an account that another instance watches is left to it, and taken when that one ends", async () => {
  let by: string | null = "/run/user/501/rcwarden/agent.sock";
  await using world = testWorld({
    accounts: [oracle, postgres],
    world: { elsewhere: async ({ uid }) => (uid === 501 ? by : null) },
  });
  await started(world);
  const state = () =>
    world.agent
      .view()
      .status()
      .accounts.map((each) => `${each.name} ${each.state}`);
  assert.deepEqual(state().sort(), ["oracle elsewhere", "postgres measured"]);
  by = null;
  await world.agent.reload();
  await world.agent.queue.settled();
  assert.deepEqual(state().sort(), ["oracle measured", "postgres measured"]);
});

const forPostgres = `apiVersion: rcwarden/v1
kind: Engine
metadata: { name: other-engine }
spec:
  enters: [ssh-command]
  sends:
    - rm -f {file}
---
apiVersion: rcwarden/v1
kind: Policy
metadata: { name: other }
spec: { accounts: [postgres], engines: [other-engine], includes: [unattended-ssh] }
---
apiVersion: rcwarden/v1
kind: Policy
metadata: { name: own }
spec: { accounts: [oracle], engines: [exec-channel], includes: [unattended-ssh] }
`;

test("an engine that a policy names for others is none of this account's: it cannot be told to go", async () => {
  const configuration = documents({ "mine.yaml": forPostgres });
  await using world = testWorld({ accounts: [oracle, postgres], configuration });
  await started(world);
  const view = world.agent.view();
  assert.deepEqual(
    view.account("oracle")?.engines.map(({ name }) => name),
    ["exec-channel"],
  );
  assert.deepEqual(
    view.account("postgres")?.engines.map(({ name }) => name),
    ["other-engine"],
  );
});

test("what runs left behind is given back once, some seconds after the last of them", async ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let given = 0;
  let held = 70 << 20;
  const giveBack = () => {
    given += 1;
    held = 60 << 20;
  };
  const residentBytes = () => held;
  await using world = testWorld({ accounts: [oracle, postgres], world: { giveBack, residentBytes } });
  const pass = async (ms: number) => {
    world.clock.monotonic += ms;
    mock.timers.tick(10_000);
    await nextTurn();
    return given;
  };
  await started(world);
  assert.equal(await pass(0), 0);
  assert.equal(await pass(10_000), 1);
  assert.equal(await pass(10_000), 1);
  await changes(world);
  held = 70 << 20;
  assert.equal(await pass(0), 1);
  assert.equal(await pass(10_000), 2);
});

describe("exceptions and days", () => {
  const waiver = (until: string) => ({
    kind: "Exception" as const,
    name: "copy",
    description: "",
    finding: {
      policy: "unattended-ssh",
      rule: "commands-do-what-they-say",
      account: "oracle",
      mode: "ssh-command",
      subject: "cp -f {file} {existing}",
    },
    reason: "known",
    until,
    origin: { file: "exceptions.yaml", digest: "sha256:0", shipped: false, given: true },
  });

  test("a waiver ends with its day, without anybody's doing, and that is told", async () => {
    const configuration = documents({}, { exceptions: [waiver("2026-11-23")] });
    await using world = testWorld({ accounts: [oracle], configuration });
    world.measure = async (request) => hanging(request);
    await started(world);
    const waived = () => world.store.findings("oracle").map(({ finding }) => finding.waived?.exception ?? "no");
    assert.deepEqual(waived(), ["copy"]);
    world.clock.now += dayMs;
    world.clock.monotonic += dayMs;
    await world.agent.reload();
    await world.agent.queue.settled();
    assert.deepEqual(waived(), ["no"]);
    assert.match(world.told().at(-1) ?? "", /^finding\.changed [0-9a-f]{16} exception$/);
  });
});

test("reloads come one after the other, and a Grant that allows more, or less, is measured by at once", async () => {
  await using world = testWorld({ accounts: [oracle] });
  await started(world);
  const only = (how: "running" | "reading") =>
    documents(
      {},
      {
        grant: {
          kind: "grant",
          grant: {
            kind: "Grant",
            name: "db07",
            description: "",
            measure: { accounts: "all", how, notBetween: [] },
            local: "names",
            share: "names",
            remove: [],
            origin: { file: "grant.yaml", digest: "sha256:0", shipped: false, given: true },
          },
        },
      },
    );
  world.measured = [];
  world.configuration = () => only("reading");
  const answers = await Promise.all([world.agent.reload(), world.agent.reload(), world.agent.reload()]);
  assert.ok(answers.every(({ taken }) => taken));
  await world.agent.queue.settled();
  assert.ok(world.measured.length > 0);
  assert.ok(world.measured.every(({ how }) => how === "reading"));
});
