/** What the host's owner says holds at once, whatever else is wrong, and it is named as the reason of what follows. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tried } from "../../agent/checks/example-facts.ts";
import { type Grant, noGrant } from "../../agent/documents/index.ts";
import type { ModeFacts } from "../../agent/facts/index.ts";
import type { Configuration } from "../../agent/runs/host-documents.ts";
import type { MeasureRequest } from "../../agent/runs/world.ts";
import { goodFacts, oracle, postgres } from "../cli/support/world.ts";
import { documents, type TestWorld, testWorld } from "./world.ts";

const origin = { file: "grant.yaml", digest: "sha256:0", shipped: false, given: true };

function grant(measure: Partial<Grant["measure"]>): { readonly kind: "grant"; readonly grant: Grant } {
  const written = { ...noGrant, measure: { ...noGrant.measure, ...measure } };
  return { kind: "grant", grant: { ...written, kind: "Grant", name: "db07", description: "", origin } };
}

function policy(accounts: string): Configuration {
  return documents({
    "own.yaml": `apiVersion: rcwarden/v1
kind: Policy
metadata: { name: own }
spec: { accounts: ${accounts}, engines: [exec-channel], rules: [{ id: cmds, check: engine-commands, severity: critical }] }
`,
  });
}

/** `cp -f` waits; where only reading is granted nothing was tried. */
async function hanging({ account, mode, sends, how }: MeasureRequest): Promise<ModeFacts> {
  const commands = sends.map(({ command }) => command);
  const facts = goodFacts(account, mode, commands);
  const gap = { code: "not-granted", message: "nothing was run", change: "", of: ["tried", "startup"] } as const;
  if (how === "reading") return { ...facts, startup: null, tried: [], gaps: [gap] };
  const outcome = (command: string) => (command.startsWith("cp") ? ({ outcome: "hang", prompt: "?" } as const) : {});
  return { ...facts, tried: commands.map((command) => tried(command, outcome(command))) };
}

async function started(world: TestWorld): Promise<void> {
  world.measure = hanging;
  await world.agent.start();
  await world.agent.firstFullRun;
}

async function reloaded(world: TestWorld, configuration: Configuration) {
  world.clock.monotonic += 60_000;
  world.clock.now += 60_000;
  world.configuration = () => configuration;
  const before = world.told().length;
  const answer = await world.agent.reload();
  await world.agent.queue.settled();
  return { ...answer, told: world.told().slice(before) };
}

/** Types and reasons of events, each once. */
function kinds(told: readonly string[]): string[] {
  return [...new Set(told.map((line) => line.replace(/ [0-9a-f]{16} /, " ")))].sort();
}

describe("the Grant", () => {
  test("a narrower one holds although a policy beside it is broken, and the policies stay as they were", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    await started(world);
    const broken = documents({ "own.yaml": "kind: [" });
    assert.equal(broken.kind, "problems");
    const host = { ...broken.host, grant: grant({ accounts: ["oracle"] }) };
    const { taken, told } = await reloaded(world, { ...broken, host });
    assert.equal(taken, false);
    assert.deepEqual(
      world.agent.accounts.all.map(({ name }) => name),
      ["oracle"],
    );
    assert.deepEqual(kinds(told), ["account.changed postgres unwatched", "finding.resolved documents withdrawn"]);
    assert.equal(world.store.findings("oracle").length, 1);
  });

  test("one that is gone while something is broken leaves the one before in force", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    await started(world);
    await reloaded(world, documents({}, { grant: grant({ accounts: ["oracle"] }) }));
    await reloaded(world, documents({ "own.yaml": "kind: [" }));
    assert.equal(world.agent.configured.host.grant.kind, "grant");
  });

  test("whether shells may be run decides at once, and is the reason of what is undecided then", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    const reading = await reloaded(world, documents({}, { grant: grant({ how: "reading" }) }));
    assert.deepEqual(kinds(reading.told), ["finding.changed documents", "finding.opened documents"]);
    const running = await reloaded(world, documents({}, { grant: grant({ how: "running" }) }));
    assert.deepEqual(kinds(running.told), ["finding.changed documents", "finding.resolved documents pass"]);
    assert.deepEqual(
      world.store.findings().map(({ finding }) => `${finding.status} ${finding.subject}`),
      ["fail cp -f {file} {existing}"],
    );
  });
});

describe("who may not be measured now", () => {
  const at = (minutes: number) => {
    const now = new Date(Date.UTC(2026, 10, 23, 12) + minutes * 60_000);
    return now.getHours() * 60 + now.getMinutes();
  };
  const quiet = documents({}, { grant: grant({ notBetween: [{ from: at(-5), to: at(5) }] }) });

  test("in quiet hours nothing is known, also where nothing happened; afterwards it is again", async () => {
    const configuration = documents({}, { grant: grant({ notBetween: [{ from: at(30), to: at(40) }] }) });
    await using world = testWorld({ accounts: [oracle], configuration });
    await started(world);
    const state = () => world.agent.view().account("oracle")?.account.state;
    const states = [0, 35, 45].map((minutes) => {
      world.clock.now = Date.UTC(2026, 10, 23, 12) + minutes * 60_000;
      return state();
    });
    assert.deepEqual(states, ["measured", "quiet", "measured"]);
  });

  test("an account that the Grant does not name is known, with the reason", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    await started(world);
    await reloaded(world, documents({}, { grant: grant({ accounts: ["oracle"] }) }));
    const found = world.agent.view().account("postgres");
    assert.equal(found?.account.state, "not-granted");
    assert.deepEqual(
      found.engines.map(({ name }) => name),
      ["exec-channel"],
    );
    assert.equal(world.agent.view().account("nobody"), null);
    assert.equal(world.agent.view().run("postgres", false), null);
  });

  test("is accepted by nobody, and that is said at once", { timeout: 10_000 }, async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    await started(world);
    await reloaded(world, quiet);
    const answer = await world.agent.acceptBaseline("oracle", "CHG1");
    assert.equal(answer.kind, "refused");
    assert.match(answer.kind === "refused" ? answer.message : "", /^oracle: .*\(notBetween\)/);
    await reloaded(world, documents({}, { grant: grant({ accounts: ["oracle"] }) }));
    assert.equal((await world.agent.acceptBaseline("postgres", "CHG1")).kind, "refused");
    assert.equal(world.store.baseline("oracle"), null);
  });
});

describe("why something changed", () => {
  test("what a policy does not ask of an account any more is withdrawn because of the documents", async () => {
    await using world = testWorld({ accounts: [oracle, postgres], configuration: policy("[oracle, postgres]") });
    await started(world);
    const { told } = await reloaded(world, policy("[postgres]"));
    assert.deepEqual(kinds(told), ["finding.resolved documents withdrawn"]);
  });

  test("a finding about an exception has an exception as its reason", async () => {
    await using world = testWorld({ accounts: [oracle] });
    await started(world);
    const finding = { policy: "no", rule: "no", account: "oracle", mode: "ssh-command", subject: "no" };
    const waiver = {
      kind: "Exception",
      name: "typo",
      description: "",
      finding,
      reason: "x",
      until: "2026-12-31",
      origin,
    };
    const written = await reloaded(world, documents({}, { exceptions: [{ ...waiver, kind: "Exception" }] }));
    assert.deepEqual(kinds(written.told), ["finding.opened exception"]);
    const deleted = await reloaded(world, documents({}));
    assert.deepEqual(kinds(deleted.told), ["finding.resolved exception withdrawn"]);
  });

  test("what was accepted is compared from then on, and accepting it is the reason that a finding ends", async () => {
    await using world = testWorld({ accounts: [oracle] });
    let value = "cp -i";
    const where = { file: "/home/oracle/.cshrc", line: 1, column: 1, through: [] };
    const aliased = async ({ account, mode, sends }: MeasureRequest) =>
      goodFacts(
        account,
        mode,
        sends.map(({ command }) => command),
        { aliases: [{ name: "cp", value, effective: true, where }] },
      );
    world.measure = aliased;
    await world.agent.start();
    await world.agent.firstFullRun;
    const judged = () => world.agent.accounts.get("oracle")?.keys.some(({ rule }) => rule === "reviewed");
    assert.equal(judged(), false, "nothing was accepted, and thus nothing is judged");
    await world.agent.acceptBaseline("oracle", "CHG1");
    await world.agent.queue.settled();
    assert.equal(judged(), true);
    value = "cp -u";
    world.clock.now += 60_000;
    world.clock.monotonic += 60_000;
    world.changed(["/home/oracle/.bashrc"], "watch");
    await world.agent.queue.settled();
    assert.match(world.told().at(-1) ?? "", /^finding\.opened [0-9a-f]{16} host$/);
    await world.agent.acceptBaseline("oracle", "CHG2");
    await world.agent.queue.settled();
    assert.match(world.told().at(-1) ?? "", /^finding\.resolved [0-9a-f]{16} documents pass$/);
  });

  test("an account that no policy is for has nothing undecided about what was accepted", async () => {
    await using world = testWorld({ accounts: [oracle, postgres], configuration: policy("[oracle, postgres]") });
    await started(world);
    await reloaded(world, policy("[postgres]"));
    assert.deepEqual(world.store.findings("oracle"), []);
  });
});

test("who stops the agent before everybody was looked at is not told that everybody was", async () => {
  const logged: string[] = [];
  const world = testWorld({
    accounts: [oracle],
    world: { log: (level, message) => void logged.push(`${level} ${message}`) },
  });
  let isOver = false;
  world.measure = ({ signal }) =>
    new Promise((_, fail) => signal?.addEventListener("abort", () => fail(new Error("called off"))));
  await world.agent.start();
  void world.agent.firstFullRun.then(() => {
    isOver = true;
  });
  await world[Symbol.asyncDispose]();
  assert.equal(isOver, false);
  assert.deepEqual(logged, []);
});
