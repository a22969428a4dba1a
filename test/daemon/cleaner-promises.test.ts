/** What somebody was promised holds whatever comes in between: a release that waits, a Grant that is withdrawn, a word that was given. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Seen } from "../../agent/cleanup/index.ts";
import { cleanupViewOf } from "../../agent/daemon/cleanup-view.ts";
import { rootIdentity, seenOf } from "../cleanup/support.ts";
import { useBuiltAddon } from "../support/addon.ts";
import { automatic, type CleanerTest, cleanerTest, grantOf } from "./cleaner-world.ts";

useBuiltAddon();

const never = { everyMs: null, whenFreeBelowPercent: null };
const byAccount = { kind: "account", name: "oracle" } as const;
/** By release, and without a schedule. */
const released = automatic({
  ...{ after: "release", releasedBy: ["account"], plan: never },
  keep: { newest: 0, youngerThanMs: null },
});

async function started(wish: Parameters<typeof cleanerTest>[0], prepare: (test: CleanerTest) => void = () => {}) {
  const cleaning = cleanerTest(wish);
  prepare(cleaning);
  cleaning.cleaner.start();
  await cleaning.settled();
  return cleaning;
}

function asked(path: string) {
  const { identity } = seenOf(path);
  const content = { kind: "mtime", ns: identity.mtimeNs, precisionNs: "1" } as const;
  return { retention: "engine-staging", path: [Buffer.from(path).toString("hex")], size: "1024", content };
}

/** Its last answer, as told. */
function answerTo(agent: CleanerTest, path: string): string | undefined {
  return agent
    .events()
    .flatMap(({ type, data }) => {
      if (type !== "release.answered") return [];
      return (data as { answers: { path: string; answer: string }[] }).answers;
    })
    .findLast((each) => each.path === path)?.answer;
}

describe("what was released and had to stay goes later, without a schedule", () => {
  test("beyond the limits of one run: with the next", async () => {
    const retention = { ...released, limits: { ...released.limits, files: 2 } };
    const names = ["a.arc", "b.arc", "c.arc", "d.arc", "e.arc"];
    await using agent = await started({ retentions: [retention] }, (each) => each.put(retention, ...names));
    agent.cleaner.release(byAccount, names.map(asked));
    for (let minute = 0; minute < 4; minute++) await agent.live(1);
    assert.deepEqual(agent.lies(retention), [], `${agent.performed}`);
  });

  test("held open, or too young: within the hour after that is over", async () => {
    await using agent = await started({ retentions: [released] }, (each) => each.put(released, "a.arc"));
    const files = agent.disk.get(released.root) ?? new Map<string, Seen>();
    const free = files.get("a.arc") ?? seenOf("a.arc");
    files.set("a.arc", { ...free, guard: { code: "held-open", message: "" } });
    agent.cleaner.release(byAccount, [asked("a.arc")]);
    await agent.live(1);
    assert.deepEqual(agent.lies(released), ["a.arc"]);
    files.set("a.arc", free);
    await agent.live(60);
    await agent.live(1);
    assert.deepEqual(agent.lies(released), [], `${agent.performed}`);
  });
});

test("a Grant that is withdrawn while the run still prepares lets nothing go", async () => {
  const retention = automatic();
  const [asking, answering] = [Promise.withResolvers<void>(), Promise.withResolvers<null>()];
  await using agent = cleanerTest({
    retentions: [retention],
    cleanup: {
      spaceOf: () => {
        asking.resolve();
        return answering.promise;
      },
    },
  });
  agent.put(retention, "a.arc");
  agent.cleaner.look();
  await asking.promise;
  agent.granted = { kind: "none" };
  agent.cleaner.reloaded();
  answering.resolve(null);
  await agent.settled();
  assert.deepEqual(agent.lies(retention), ["a.arc"]);
});

test("a Grant that says by hand from now on calls off what goes by itself", async () => {
  const retention = automatic();
  const begun = Promise.withResolvers<void>();
  await using agent = cleanerTest({ retentions: [retention] });
  agent.put(retention, "a.arc");
  agent.child = () => {
    begun.resolve();
    return new Promise(() => {});
  };
  agent.cleaner.start();
  await begun.promise;
  const calledOff = agent.cleaner.all[0]?.calledOff;
  agent.granted = grantOf({ apply: "by-hand" });
  agent.cleaner.reloaded();
  assert.equal(calledOff?.signal.aborted, true);
});

test("what was removed is never answered as absent, also where the store took that late", async () => {
  let isFull = false;
  await using agent = await started(
    {
      retentions: [released],
      store: (store) =>
        new Proxy(store, {
          get(target, name) {
            const value: unknown = Reflect.get(target, name);
            if (name === "commit")
              return (change: { events?: { type: string }[] }) =>
                isFull && change.events?.some(({ type }) => type === "cleanup.completed")
                  ? { kind: "refused", code: "full", message: "full" }
                  : target.commit(change as never);
            return typeof value === "function" ? value.bind(target) : value;
          },
        }),
    },
    (each) => each.put(released, "a.arc"),
  );
  isFull = true;
  agent.cleaner.release(byAccount, [asked("a.arc")]);
  await agent.live(1);
  assert.deepEqual(agent.lies(released), []);
  await agent.live(60);
  await agent.live(1);
  isFull = false;
  agent.keeper.retry();
  await agent.live(60);
  await agent.live(1);
  assert.equal(answerTo(agent, "a.arc"), "removed");
});

test("what goes for want of room goes only while there is want of room", async () => {
  const retention = automatic({
    plan: { everyMs: null, whenFreeBelowPercent: 20 },
    limits: { ...automatic().limits, files: 1 },
  });
  await using agent = cleanerTest({ retentions: [retention] });
  agent.put(retention, "a.arc", "b.arc", "c.arc");
  agent.space = { freeBytes: 19, totalBytes: 100 };
  const { child } = agent;
  agent.child = (applying, root) => {
    agent.space = { freeBytes: 50, totalBytes: 100 };
    return child(applying, root);
  };
  agent.cleaner.start();
  await agent.settled();
  await agent.live(1);
  await agent.live(1);
  assert.equal(agent.lies(retention).length, 2, `${agent.performed}`);
  assert.equal(agent.cleaner.all[0]?.backlog?.freeBytes, 50);
  // The next time it is not held for fruitless.
  agent.space = { freeBytes: 19, totalBytes: 100 };
  agent.cleaner.reloaded();
  await agent.live(1);
  assert.equal(agent.lies(retention).length, 1, `${agent.performed}`);
});

test("who applies a plan of which nothing goes any more is told of no other run", async () => {
  const retention = automatic({ plan: { everyMs: 900_000, whenFreeBelowPercent: null } });
  await using agent = cleanerTest({ retentions: [retention], granted: grantOf({ apply: "by-hand" }) });
  agent.put(retention, "a.arc");
  agent.cleaner.start();
  await agent.settled();
  const hash = agent.cleaner.all[0]?.plan?.hash ?? "";
  const { cleaner, cleanup, store, clock } = agent;
  const view = cleanupViewOf({ cleaner, cleanup, store, nowMs: () => clock.now });
  const [first, second] = await Promise.all([view.applyPlan(hash), view.applyPlan(hash)]);
  assert.equal(first.kind === "applied" && first.row.run?.outcomes[0]?.files, 1);
  assert.equal(second.kind === "applied" && second.row.run, null);
});

for (const [says, plan] of [
  ["on a schedule", { everyMs: 86_400_000, whenFreeBelowPercent: null }],
  ["for want of room", { everyMs: null, whenFreeBelowPercent: 60 }],
] as const)
  test(`a run ${says} that failed is tried again soon`, async () => {
    const retention = automatic({ plan });
    let answers = false;
    const disk: CleanerTest["disk"] = new Map();
    await using other = cleanerTest({ disk });
    await using agent = await started(
      {
        ...{ retentions: [retention], disk },
        cleanup: {
          perform: (performing) =>
            answers
              ? other.cleanup.perform(performing)
              : Promise.resolve({ kind: "none", code: "failed", because: "it was killed" }),
        },
      },
      (each) => each.put(retention, "a.arc"),
    );
    await agent.live(1);
    answers = true;
    await agent.live(1);
    assert.deepEqual(agent.lies(retention), []);
  });

test("what the system refused is said, until it goes", async () => {
  const retention = automatic();
  await using agent = cleanerTest({ retentions: [retention] });
  agent.put(retention, "a.arc");
  const { child } = agent;
  agent.child = (applying) => {
    const intent = applying.intend(applying.decide(rootIdentity)) ?? -1;
    applying.settle(intent, [{ at: 0, outcome: "kept", code: "refused", detail: "rename: EROFS", sha256: null }]);
    return { kind: "looked", message: "", root: rootIdentity, unseen: "", applied: true };
  };
  agent.cleaner.start();
  await agent.settled();
  assert.equal(
    agent.cleaner.all[0]?.refused?.message,
    "1 file that was to go stays, for the system refused it; rcwarden cleanup journal says why",
  );
  agent.child = child;
  await agent.live(15);
  assert.equal(agent.cleaner.all[0]?.refused, null);
});

test("what lies below a root that no Retention has any more is settled as soon as its mount is free", async () => {
  const [gone, other] = [automatic(), automatic({ name: "other", root: "/u01/other" })];
  const folder = mkdtempSync(join(tmpdir(), "rcw-cleaner-"));
  try {
    const begun = Promise.withResolvers<void>();
    {
      const recover = () => Promise.resolve({ kind: "failed", message: "it was killed" } as const);
      await using agent = cleanerTest({ retentions: [gone], folder, cleanup: { recover } });
      agent.put(gone, "a.arc");
      agent.child = (applying) => {
        applying.intend(applying.decide(rootIdentity));
        begun.resolve();
        return new Promise(() => {});
      };
      agent.cleaner.start();
      await begun.promise;
    }
    await using again = await started({ retentions: [other], folder });
    assert.deepEqual(again.performed, ["other schedule"]);
    assert.equal(again.cleaner.journal.journal?.state().openIntents, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what lies in quarantine is said as long as it lies there, by the next process too", async () => {
  const retention = automatic();
  const folder = mkdtempSync(join(tmpdir(), "rcw-cleaner-"));
  let lying = 0;
  const recover = () =>
    Promise.resolve({ kind: "recovered", outcomes: new Map(), strangers: [], strangersInAll: lying } as const);
  const said = (agent: CleanerTest) => agent.cleaner.all[0]?.refused?.message.split(" ", 1)[0];
  try {
    {
      await using agent = cleanerTest({ retentions: [retention], folder, cleanup: { recover } });
      agent.put(retention, "a.arc");
      agent.child = (applying) => {
        lying = 3;
        const intent = applying.intend(applying.decide(rootIdentity)) ?? -1;
        applying.settle(intent, [{ at: 0, outcome: "in-quarantine", code: "moved", detail: "", sha256: null }]);
        agent.disk.clear();
        return { kind: "looked", message: "", root: rootIdentity, unseen: "", applied: true };
      };
      agent.cleaner.start();
      await agent.settled();
      assert.equal(said(agent), "3");
      agent.child = () => ({ kind: "looked", message: "", root: rootIdentity, unseen: "", applied: true });
      lying = 2;
      await agent.live(15);
      assert.equal(said(agent), "2");
    }
    await using again = await started({ retentions: [retention], folder, cleanup: { recover } });
    assert.equal(said(again), "2");
    lying = 0;
    await again.live(15);
    assert.equal(said(again), undefined);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
