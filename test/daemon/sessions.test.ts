import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cpWaits } from "../../agent/checks/example-facts.ts";
import type { SeenSession, SessionsLook } from "../../agent/collectors/sessions.ts";
import { Sessions } from "../../agent/daemon/sessions.ts";
import type { HungCommand, SeenSessions } from "../../agent/facts/index.ts";
import { account, goodFacts } from "../cli/support/world.ts";
import { testWorld } from "./world.ts";

const oracle = account("oracle", 501);

function hangs(other: Partial<SeenSession> = {}): SeenSession {
  return {
    uid: 501,
    pid: 4711,
    from: "10.1.2.3",
    ageSeconds: 2220,
    stillSeconds: 2220,
    words: ["cp", "-i", "-f", "a", "b"],
    waitsFor: "input",
    says: "input on its ssh channel",
    patience: "nobody-gives",
    ...other,
  };
}

function sessionsOf(
  look: () => Promise<SessionsLook>,
  other: { hung?: () => readonly HungCommand[]; barred?: () => string } = {},
) {
  const clock = { monotonic: 5_000 };
  const told: SeenSessions[] = [];
  const asked: number[] = [];
  const stopping = new AbortController();
  const sessions = new Sessions(
    {
      looks: {
        look(isWanted) {
          asked.push(...[0, 501, 502, 505].filter(isWanted));
          return look();
        },
      },
      accounts: () => [
        { name: "oracle", uid: 501 },
        { name: "alias-of-oracle", uid: 501 },
        { name: "jo", uid: 505 },
      ],
      barred: other.barred ?? (() => ""),
      hung: other.hung ?? (() => []),
      nowMs: () => Date.UTC(2026, 10, 23, 9),
      monotonicMs: () => clock.monotonic,
      looked: (facts) => told.push(facts),
    },
    stopping.signal,
  );
  return { sessions, clock, told, asked, stopping };
}

const seen =
  (...sessions: readonly SeenSession[]) =>
  async () => ({ sessions, problem: "", workMs: 1 });

describe("the agent's looks at sessions", () => {
  test("before the first one nothing is known, and that is said", () => {
    const { sessions } = sessionsOf(seen());
    const { problem, groups, accounts, watchedSeconds } = sessions.facts();
    assert.deepEqual(
      { groups, accounts, watchedSeconds },
      { groups: [], accounts: ["oracle", "alias-of-oracle", "jo"], watchedSeconds: 0 },
    );
    assert.match(problem, /not looked at yet/);
  });

  test("ask for the watched accounts only, tell of each look, and count for how long they are watched", async () => {
    const { sessions, clock, told, asked } = sessionsOf(seen(hangs()));
    await sessions.look();
    clock.monotonic += 90_000;
    await sessions.look();
    assert.deepEqual(asked, [501, 505, 501, 505]);
    assert.equal(told.length, 2);
    const { groups, problem, watchedSeconds, accounts } = sessions.facts();
    assert.deepEqual(
      { problem, watchedSeconds, accounts: [...accounts].sort() },
      { problem: "", watchedSeconds: 90, accounts: ["jo", "oracle"] },
    );
    assert.deepEqual(
      groups.map(({ account: of, count, isStuck }) => [of, count, isStuck]),
      [["oracle", 1, true]],
    );
  });

  test("come every 30 s, less often where they are dear, never less than every 5 minutes, and no more when all ends", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    let workMs = 1;
    let looks = 0;
    const { sessions, stopping } = sessionsOf(async () => {
      looks += 1;
      return { sessions: [], problem: "", workMs };
    });
    const after = async (ms: number) => {
      t.mock.timers.tick(ms);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      return looks;
    };
    await sessions.start();
    assert.equal(await after(29_999), 1);
    workMs = 100;
    assert.equal(await after(1), 2);
    assert.equal(await after(99_999), 2);
    workMs = 60_000;
    assert.equal(await after(1), 3);
    assert.equal(await after(299_999), 3);
    assert.equal(await after(1), 4);
    stopping.abort();
    assert.equal(await after(1_000_000), 4);
  });

  test("say nothing that is a secret", async () => {
    const prompt = "password=hunter2 overwrite? ";
    const hung = [{ account: "oracle", sent: "", runs: "cp -i -f x y", prompt, where: null }];
    const { sessions } = sessionsOf(seen(hangs({ words: ["cp", "-i", "-f", "--password=hunter2"] })), {
      hung: () => hung,
    });
    await sessions.look();
    const [group] = sessions.facts().groups;
    assert.equal(group?.command, "cp -i -f --password=[masked]");
    assert.doesNotMatch(group?.prompt ?? "", /hunter2/);
  });

  test("know the question as soon as the account was measured", async () => {
    let hung: readonly HungCommand[] = [];
    const { sessions } = sessionsOf(seen(hangs()), { hung: () => hung });
    await sessions.look();
    assert.equal(sessions.facts().groups[0]?.prompt, null);
    hung = [{ account: "oracle", sent: "cp", runs: "cp -i -f x1 y1", prompt: "cp: overwrite 'y1'?", where: null }];
    assert.equal(sessions.facts().groups[0]?.prompt, null);
    sessions.measured();
    assert.equal(sessions.facts().groups[0]?.prompt, "cp: overwrite '...'?");
  });

  test("a look that fails, that is barred, or that is long ago is a problem and no host without sessions", async () => {
    const failing = sessionsOf(async () => Promise.reject(new Error("EMFILE")));
    await failing.sessions.look();
    assert.equal(failing.sessions.facts().problem, "the look failed: EMFILE");
    const barred = sessionsOf(seen(hangs()), { barred: () => "the Grant is broken" });
    await barred.sessions.look();
    assert.deepEqual([barred.sessions.facts().problem, barred.asked], ["the Grant is broken", []]);
    const old = sessionsOf(seen(hangs()));
    await old.sessions.look();
    old.clock.monotonic += 3_600_000;
    assert.match(old.sessions.facts().problem, /for 60 min/);
  });
});

describe("stuck sessions as findings", () => {
  const cpAsks = async (folder: string | null, session: SeenSession) => {
    const world = testWorld({
      accounts: [oracle],
      ...(folder !== null && { folder }),
      world: { looks: { look: seen(session) } },
    });
    world.measure = async ({ account: of, mode, sends }) =>
      goodFacts(
        of,
        mode,
        sends.map(({ command }) => command),
        { tried: [cpWaits] },
      );
    await world.agent.start();
    await world.agent.firstFullRun;
    return world;
  };
  const stuck = (world: Awaited<ReturnType<typeof cpAsks>>) =>
    world.store.findings("-").flatMap(({ finding }) => (finding.check === "sessions-stuck" ? [finding] : []));

  test("open with the account as the subject, and tell command, address, age and question", async () => {
    await using world = await cpAsks(null, hangs());
    const [finding] = stuck(world);
    assert.partialDeepStrictEqual(finding, {
      status: "fail",
      severity: "high",
      account: "-",
      mode: "-",
      subject: "oracle",
    });
    assert.match(
      finding?.message ?? "",
      /^1 command of oracle's .* 37 min: .*cp -i -f a b from 10\.1\.2\.3.*overwrite/,
    );
    assert.ok(
      world.told().some((event) => event.startsWith("finding.opened") && event.includes(finding?.fingerprint ?? "?")),
    );
    assert.equal(world.agent.view().sessions().groups[0]?.prompt, "cp: overwrite '...'?");
  });

  test("a new start resolves none before it watched for long enough", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rcw-daemon-"));
    try {
      await (await cpAsks(folder, hangs()))[Symbol.asyncDispose]();
      await using again = await cpAsks(folder, hangs({ stillSeconds: 0.3 }));
      assert.deepEqual(
        stuck(again).map(({ status, subject }) => `${subject} ${status}`),
        ["oracle unknown"],
      );
      assert.ok(!again.told().some((event) => event.startsWith("finding.resolved")));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("none where nothing is stuck, also at a new start", async () => {
    const young = hangs({ ageSeconds: 30, stillSeconds: 0.3 });
    await using world = await cpAsks(null, young);
    assert.deepEqual(stuck(world), []);
    await using old = await cpAsks(null, hangs({ stillSeconds: 0.3 }));
    assert.deepEqual(stuck(old), []);
  });
});
