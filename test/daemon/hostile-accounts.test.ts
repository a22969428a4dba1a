/** What one account does to its own files must not decide what is said of another. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { goodFacts, oracle, postgres } from "../cli/support/world.ts";
import { readingsAt, testWorld } from "./world.ts";

const bashrc = (home: string) => `${home}/.bashrc`;

describe("one account among others", () => {
  test("whose files could change unseen makes nobody else's verdict unknown", async () => {
    await using world = testWorld({ accounts: [oracle, postgres] });
    await world.agent.start();
    await world.agent.firstFullRun;
    const view = world.agent.view();
    world.unseen = [bashrc(oracle.home)];
    assert.deepEqual([view.blind("oracle"), view.blind("postgres")], [true, false]);
    world.unseen = ["/etc/ssh/sshd_config"];
    assert.deepEqual([view.blind("oracle"), view.blind("postgres")], [true, true]);
    world.unseen = [];
    world.watching = { ...world.watching, blind: true };
    assert.deepEqual([view.blind("oracle"), view.blind("postgres")], [true, true]);
  });

  test("that names what every session is made of does not make it its own: everybody is measured", async () => {
    await using world = testWorld({
      accounts: [oracle, postgres],
      world: {
        readings: ({ name, home }) =>
          readingsAt([bashrc(home), ...(name === "oracle" ? ["/etc/ssh/sshd_config"] : [])]),
      },
    });
    await world.agent.start();
    await world.agent.firstFullRun;
    world.measured = [];
    world.clock.monotonic += 60_000;
    world.changed(["/etc/ssh/sshd_config"], "watch");
    await world.agent.queue.settled();
    assert.deepEqual([...new Set(world.measured.map(({ account }) => account.name))].sort(), ["oracle", "postgres"]);
  });

  test("that names another's file is not the one who says what it is", async () => {
    const asked: string[] = [];
    let lookElsewhere = async (_: readonly string[]): Promise<ReadonlyMap<string, string>> => new Map();
    await using world = testWorld({
      accounts: [oracle, postgres],
      world: {
        readings: ({ home }) => readingsAt([bashrc(home), bashrc(postgres.home), "/opt/shared/rc"]),
        async identitiesAs({ name }, paths) {
          asked.push(...paths.map((path) => `${name} ${path}`));
          return new Map(paths.map((path) => [path, name]));
        },
        watch(options) {
          lookElsewhere = options.lookElsewhere;
          const unseen = { everything: false, paths: [], lastSweepMs: 1 };
          const none = { paths: 0, absent: 0, byEvents: 0, degraded: [], blind: false, latencyMs: 1 };
          return {
            cover: async () => {},
            sweep: async () => [],
            prove: async () => 1,
            state: () => ({ ...none, lastSweepMs: 1, watches: 0, watchLimit: 1 }),
            unseen: () => unseen,
            async [Symbol.asyncDispose]() {},
          };
        },
      },
    });
    await world.agent.start();
    await world.agent.firstFullRun;
    const paths = [bashrc(oracle.home), bashrc(postgres.home), "/opt/shared/rc"];
    const identities = await lookElsewhere(paths);
    assert.equal(identities.get(bashrc(postgres.home)), "postgres");
    assert.deepEqual(
      asked.toSorted(),
      [`oracle ${bashrc(oracle.home)}`, "oracle /opt/shared/rc", `postgres ${bashrc(postgres.home)}`].toSorted(),
    );
  });

  test("of more paths than are watched is blind to itself alone", async () => {
    const many = Array.from({ length: 3_000 }, (_, at) => `/tmp/x${at}`);
    await using world = testWorld({
      accounts: [oracle, postgres],
      world: { readings: ({ name, home }) => readingsAt([bashrc(home), ...(name === "oracle" ? many : [])]) },
    });
    await world.agent.start();
    await world.agent.firstFullRun;
    assert.ok(world.covered.length < 2_200, `${world.covered.length} paths`);
    const view = world.agent.view();
    assert.deepEqual([view.blind("oracle"), view.blind("postgres")], [true, false]);
  });
});

describe("what is watched", () => {
  test("stays watched while nobody can say what is read, and no verdict is go meanwhile", async () => {
    let isDead = false;
    const [own, included] = [bashrc(oracle.home), "/srv/tools/rc"];
    await using world = testWorld({
      accounts: [oracle],
      world: { readings: () => (isDead ? readingsAt([own], false) : readingsAt([own, included])) },
    });
    await world.agent.start();
    await world.agent.firstFullRun;
    assert.equal(world.agent.view().blind("oracle"), false);
    const changes = async (now: boolean) => {
      isDead = now;
      world.clock.monotonic += 60_000;
      world.changed([own], "watch");
      await world.agent.queue.settled();
      return [world.covered.includes(included), world.agent.view().blind("oracle")];
    };
    assert.deepEqual(await changes(true), [true, true]);
    assert.deepEqual(await changes(true), [true, true]);
    assert.deepEqual(await changes(false), [true, false]);
  });

  test("is watched before it is measured for the first time, so that no change falls between", async () => {
    await using world = testWorld({ accounts: [oracle] });
    const before: boolean[] = [];
    const { measure } = world;
    world.measure = (request) => {
      before.push(world.covered.includes(bashrc(oracle.home)));
      return measure(request);
    };
    await world.agent.start();
    await world.agent.firstFullRun;
    assert.equal(before[0], true);
  });

  test("has the places in which PATH looks for what engines send", async () => {
    await using world = testWorld({ accounts: [oracle] });
    const PATH = "/home/oracle/bin::/usr/bin:bin";
    world.measure = async ({ account, mode, sends }) =>
      goodFacts(
        account,
        mode,
        sends.map(({ command }) => command),
        { variables: [{ name: "PATH", exported: true, value: PATH, where: null }] },
      );
    await world.agent.start();
    await world.agent.firstFullRun;
    for (const path of ["/home/oracle/bin/rm", "/usr/bin/rm", "/home/oracle/bin/cp", "/home/oracle//rm"])
      assert.ok(world.covered.includes(path), `${path} in ${world.covered.join(" ")}`);
    world.measured = [];
    world.clock.monotonic += 60_000;
    world.changed(["/home/oracle/bin/rm"], "watch");
    await world.agent.queue.settled();
    assert.ok(world.measured.length > 0);
  });
});
