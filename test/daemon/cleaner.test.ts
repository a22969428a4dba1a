/** When the agent cleans up, what it may do by itself, and what it tells; with files, clocks and a child made of values. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Applying, Seen, Swept } from "../../agent/cleanup/index.ts";
import { cleanupViewOf } from "../../agent/daemon/cleanup-view.ts";
import type { StoredEvent } from "../../agent/store/index.ts";
import { retentionOf, rootIdentity, seenOf } from "../cleanup/support.ts";
import { useBuiltAddon } from "../support/addon.ts";
import { automatic, type CleanerTest, cleanerTest, grantOf } from "./cleaner-world.ts";

useBuiltAddon();

const never = { everyMs: null, whenFreeBelowPercent: null };
const failure = { kind: "failed", message: "it was killed" } as const;

async function started(wish: Parameters<typeof cleanerTest>[0], prepare: (test: CleanerTest) => void = () => {}) {
  const cleaning = cleanerTest(wish);
  prepare(cleaning);
  cleaning.cleaner.start();
  await cleaning.settled();
  return cleaning;
}

function viewOf({ cleaner, cleanup, store, clock }: CleanerTest) {
  return cleanupViewOf({ cleaner, cleanup, store, nowMs: () => clock.now });
}

function outcomesIn(event: StoredEvent | undefined): readonly string[] {
  if (event?.type !== "cleanup.completed") return [];
  const { outcomes } = event.data as { outcomes: { path: string; outcome: string; code: string | null }[] };
  return outcomes.map(({ path, outcome, code }) => `${path} ${outcome} ${code}`);
}

describe("when", () => {
  test("a Retention is looked at when it loads, and again each time that its schedule says", async () => {
    const retention = automatic();
    await using agent = await started({ retentions: [retention] }, (each) => each.put(retention, "a.arc"));
    assert.deepEqual(agent.performed, ["engine-staging schedule"]);
    assert.deepEqual(agent.lies(retention), []);
    await agent.live(14);
    assert.equal(agent.performed.length, 1);
    agent.put(retention, "b.arc");
    await agent.live(1);
    assert.deepEqual(agent.performed.slice(1), ["engine-staging schedule"]);
    assert.deepEqual(agent.lies(retention), []);
  });

  test("one without a schedule is looked at when it loads and every hour, and nothing goes by that", async () => {
    const retention = automatic({ plan: never });
    await using agent = await started({ retentions: [retention] }, (each) => each.put(retention, "a.arc"));
    await agent.live(59);
    assert.equal(agent.performed.length, 1);
    await agent.live(1);
    assert.deepEqual(agent.performed, ["engine-staging dry", "engine-staging dry"]);
    assert.deepEqual(agent.lies(retention), ["a.arc"]);
  });

  test("less free than it wants removes at once, and is not tried all the time where that helps nothing", async () => {
    const retention = automatic({ plan: { everyMs: null, whenFreeBelowPercent: 20 } });
    await using agent = await started({ retentions: [retention] }, (each) => {
      each.put(retention, "a.arc");
      each.space = { freeBytes: 19, totalBytes: 100 };
    });
    await agent.live(1);
    assert.ok(agent.performed.includes("engine-staging pressure"), `${agent.performed}`);
    assert.deepEqual(agent.lies(retention), []);
    const runs = agent.performed.length;
    for (let minute = 0; minute < 14; minute++) await agent.live(1);
    assert.ok(agent.performed.length <= runs + 1, `${agent.performed}`);
    await agent.live(2);
    assert.ok(agent.performed.length > runs, `${agent.performed}`);
  });

  test("enough free is no reason", async () => {
    const retention = automatic({ plan: { everyMs: null, whenFreeBelowPercent: 20 } });
    await using agent = await started({ retentions: [retention] }, (each) => {
      each.put(retention, "a.arc");
      each.space = { freeBytes: 20, totalBytes: 100 };
    });
    await agent.live(5);
    assert.deepEqual(agent.performed, ["engine-staging dry"]);
  });

  test("on one mount one runs at a time, and each has its turn", async () => {
    let [running, most] = [0, 0];
    const retentions = ["one", "two", "three"].map((name) => automatic({ name, root: `/u01/${name}` }));
    await using agent = await started({ retentions }, (each) => {
      for (const retention of retentions) each.put(retention, "a.arc");
      const { child } = each;
      each.child = async (applying, root) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return child(applying, root);
      };
    });
    assert.equal(most, 1);
    assert.deepEqual(agent.performed, ["one schedule", "two schedule", "three schedule"]);
  });

  test("where the file system does not answer no second child is started, and it goes on when it answers", async () => {
    const retention = automatic();
    await using agent = await started({ retentions: [retention] }, (each) => each.stuck.add(retention.root));
    await agent.live(60);
    assert.deepEqual(agent.performed, []);
    assert.deepEqual(agent.told(), ["cleanup.refused engine-staging"]);
    agent.stuck.clear();
    await agent.live(1);
    assert.deepEqual(agent.performed, ["engine-staging schedule"]);
  });
});

describe("what goes by itself", () => {
  for (const [name, retention, granted, performed] of [
    ["both say so", automatic(), grantOf(), "engine-staging schedule"],
    ["the Retention says by hand", automatic({ apply: "by-hand" }), grantOf(), "engine-staging dry"],
    ["the Grant says by hand", automatic(), grantOf({ apply: "by-hand" }), "engine-staging dry"],
    ["the Grant is about another folder", automatic(), grantOf({ below: "/u02" }), "engine-staging dry"],
    ["the Grant is about another account", automatic(), grantOf({ account: "other" }), "engine-staging dry"],
    ["there is no Grant", automatic(), { kind: "none" }, "engine-staging dry"],
    ["the Grant is broken", automatic(), { kind: "broken" }, "engine-staging dry"],
  ] as const) {
    test(`where ${name}: ${performed}`, async () => {
      await using agent = await started({ retentions: [retention], granted }, (each) => each.put(retention, "a.arc"));
      assert.deepEqual(agent.performed, [performed]);
      assert.deepEqual(agent.lies(retention), performed.endsWith("dry") ? ["a.arc"] : []);
    });
  }

  test("a Grant that is narrowed calls off what runs, and nothing goes from then on", async () => {
    const retention = automatic();
    const begun = Promise.withResolvers<void>();
    await using agent = cleanerTest({ retentions: [retention] });
    agent.put(retention, "a.arc");
    agent.child = (applying) => {
      applying.decide(rootIdentity);
      begun.resolve();
      return new Promise<Swept>(() => {});
    };
    agent.cleaner.start();
    await begun.promise;
    agent.granted = { kind: "broken" };
    agent.cleaner.reloaded();
    await agent.settled();
    await agent.live(60);
    assert.deepEqual(agent.lies(retention), ["a.arc"]);
    assert.ok(
      agent.performed.slice(1).every((each) => each.endsWith("dry")),
      `${agent.performed}`,
    );
  });

  test("a clock that jumps makes no file old", async () => {
    const retention = automatic({ keep: { newest: 0, youngerThanMs: 20 * 3_600_000 } });
    await using agent = await started({ retentions: [retention] }, (each) => each.put(retention, "a.arc"));
    assert.deepEqual(agent.lies(retention), ["a.arc"]);
    agent.clock.now += 30 * 86_400_000;
    await agent.live(15);
    await agent.live(15);
    assert.deepEqual(agent.lies(retention), ["a.arc"]);
    assert.deepEqual(agent.cleaner.all[0]?.plan?.stays, [{ code: "clock-not-trusted", files: 1, bytes: 1024 }]);
    await agent.live(60);
    await agent.live(15);
    assert.deepEqual(agent.lies(retention), [], "the clock stood for an hour");
  });
});

describe("a release", () => {
  const retention = automatic({
    ...{ after: "release", releasedBy: ["account"] },
    keep: { newest: 0, youngerThanMs: null },
  });
  const by = { kind: "account", name: "oracle" } as const;
  const asked = (path: string, size = "1024") => {
    const { identity } = seenOf(path);
    const content = { kind: "mtime", ns: identity.mtimeNs, precisionNs: "1" } as const;
    return { retention: "engine-staging", path: [Buffer.from(path).toString("hex")], size, content };
  };
  const answers = (agent: CleanerTest) =>
    agent.events().flatMap(({ type, data }) => {
      if (type !== "release.answered") return [];
      const { answers: each } = data as { answers: { path: string; answer: string }[] };
      return each.map(({ path, answer }) => `${path} ${answer}`);
    });

  test("lets exactly its file go soon, and is answered with what became of it", async () => {
    await using agent = await started({ retentions: [retention] }, (each) =>
      each.put(retention, "a.arc", "b.arc", "c.arc"),
    );
    assert.deepEqual(agent.lies(retention), ["a.arc", "b.arc", "c.arc"]);
    const released = agent.cleaner.release(by, [
      asked("a.arc"),
      asked("b.arc", "7"),
      asked("gone.arc"),
      asked("a.arc"),
    ]);
    assert.deepEqual(released.kind === "released" && released.answers.map(({ answer }) => answer), [
      "accepted",
      "accepted",
      "accepted",
      "accepted",
    ]);
    await agent.live(1);
    assert.deepEqual(agent.lies(retention), ["b.arc", "c.arc"]);
    assert.equal(agent.cleaner.all[0]?.run?.because, "release");
    const last = new Map(answers(agent).map((each) => [each.split(" ")[0], each.split(" ")[1]]));
    assert.deepEqual(Object.fromEntries(last), { "a.arc": "removed", "b.arc": "changed", "gone.arc": "absent" });
    assert.deepEqual(agent.events().flatMap(outcomesIn), ["a.arc removed null"]);
    const told = () => agent.told().filter((each) => !each.startsWith("cleanup.planned"));
    const before = told();
    await agent.live(15);
    assert.deepEqual(told(), before, "nothing is told twice");
  });

  test("is taken before the first look", async () => {
    await using agent = cleanerTest({ retentions: [retention] });
    agent.put(retention, "a.arc");
    const released = agent.cleaner.release(by, [asked("a.arc")]);
    assert.deepEqual(released.kind === "released" && released.answers.map(({ answer }) => answer), ["accepted"]);
    agent.cleaner.start();
    await agent.settled();
    assert.deepEqual(agent.lies(retention), []);
  });

  test("waits for no schedule after a start, nor where a look begins just then", async () => {
    const unscheduled = { ...retention, plan: never };
    const folder = mkdtempSync(join(tmpdir(), "rcw-cleaner-"));
    const disk = new Map([[retention.root, new Map(["a.arc", "b.arc"].map((path) => [path, seenOf(path)]))]]);
    try {
      {
        await using agent = await started({ retentions: [unscheduled], folder, disk }, () => {});
        // Killed before anything began.
        agent.cleaner.release(by, [asked("a.arc")]);
      }
      await using agent = await started({ retentions: [unscheduled], folder, disk }, () => {});
      await agent.live(1);
      assert.deepEqual(agent.lies(retention), ["b.arc"]);
      // The hourly look is due, and the release came less than a burst ago.
      agent.clock.now += 3_600_000;
      agent.clock.monotonic += 3_600_000;
      agent.cleaner.release(by, [asked("b.arc")]);
      await agent.settled();
      await agent.live(1);
      assert.deepEqual(agent.lies(retention), []);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("counts for nobody else's word, nor when its Retention no longer says so", async () => {
    await using agent = await started({ retentions: [retention] }, (each) => each.put(retention, "a.arc"));
    for (const other of [
      { kind: "account", name: "other" },
      { kind: "engine", name: "oracle" },
    ] as const) {
      const refused = agent.cleaner.release(other, [asked("a.arc")]);
      assert.deepEqual(refused.kind === "released" && refused.answers.map(({ answer }) => answer), ["not-allowed"]);
    }
    agent.granted = { kind: "none" };
    agent.cleaner.release(by, [asked("a.arc")]);
    await agent.live(1);
    agent.granted = grantOf();
    agent.retentions = [{ ...retention, releasedBy: ["engine"] }];
    agent.cleaner.reloaded();
    await agent.live(15);
    assert.deepEqual(agent.lies(retention), ["a.arc"]);
  });

  test("where the store keeps nothing it is refused, and nothing goes", async () => {
    const store = (real: CleanerTest["store"]) =>
      new Proxy(real, {
        get(target, name) {
          if (name === "commit") return () => ({ kind: "refused", code: "full", message: "full" });
          const value: unknown = Reflect.get(target, name);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    await using agent = await started({ retentions: [retention], store }, (each) => each.put(retention, "a.arc"));
    assert.deepEqual(agent.cleaner.release(by, [asked("a.arc")]), { kind: "refused", message: "full" });
    await agent.live(15);
    assert.deepEqual(agent.lies(retention), ["a.arc"]);
  });
});

describe("a kept plan", () => {
  for (const [where, cleanup] of [
    ["in the state folder", {}],
    ["in memory, where the state folder is full", { keepPlan: () => ({ kind: "refused", message: "full" }) as const }],
  ] as const) {
    test(`${where} is applied by its first 12 digits: exactly what it holds`, async () => {
      const retention = retentionOf();
      await using agent = await started({ retentions: [retention], cleanup }, (each) => each.put(retention, "a.arc"));
      const [cleaning] = agent.cleaner.all;
      const hash = cleaning?.plan?.hash.slice(0, 12) ?? "";
      agent.put(retention, "later.arc");
      const { applyPlan } = viewOf(agent);
      const applied = await applyPlan(hash);
      assert.equal(applied.kind, "applied", JSON.stringify(applied));
      assert.deepEqual(agent.lies(retention), ["later.arc"]);
      assert.equal(applied.kind === "applied" && applied.row.run?.because, "by-hand");
    });
  }

  test("is refused where the Grant lets nothing go, where nobody knows it, and when its hour is over", async () => {
    const retention = retentionOf();
    await using agent = await started({ retentions: [retention] }, (each) => each.put(retention, "a.arc"));
    const hash = agent.cleaner.all[0]?.plan?.hash ?? "";
    const { applyPlan } = viewOf(agent);
    agent.granted = { kind: "none" };
    const refusals = [await applyPlan(hash), await applyPlan("0123456789ab"), await applyPlan("0")];
    agent.granted = grantOf();
    agent.clock.now += 3_600_000;
    refusals.push(await applyPlan(hash));
    assert.deepEqual(
      refusals.map((each) => each.kind === "refused" && each.code),
      ["not-granted", "unknown", "unknown", "unknown"],
    );
    assert.deepEqual(agent.lies(retention), ["a.arc"]);
  });
});

describe("what is told", () => {
  test("a plan where its hash is a new one, outcomes once, and nothing twice by the next process", async () => {
    const folder = mkdtempSync(join(tmpdir(), "rcw-cleaner-"));
    const retention = automatic({ keep: { newest: 1, youngerThanMs: 3_600_000 } });
    const disk = new Map<string, Map<string, Seen>>();
    try {
      {
        await using agent = await started({ retentions: [retention], folder, disk }, (each) => {
          each.put(retention, "a.arc", "b.arc", "c.arc");
        });
        await agent.live(15);
        await agent.live(15);
        assert.deepEqual(agent.told(), [
          ...["cleanup.planned engine-staging", "cleanup.completed engine-staging", "cleanup.planned engine-staging"],
        ]);
        const completed = agent.events().find(({ type }) => type === "cleanup.completed");
        assert.deepEqual(outcomesIn(completed), ["a.arc removed null", "b.arc removed null"]);
        assert.equal(completed?.account, "oracle");
      }
      await using again = await started({ retentions: [retention], folder, disk });
      assert.equal(again.told().length, 3, `${again.told()}`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("outcomes that the store had no room for, as soon as it has, each once", async () => {
    const retention = automatic();
    let isFull = true;
    await using agent = await started(
      {
        retentions: [retention],
        store: (store) =>
          new Proxy(store, {
            get(target, name) {
              if (name === "commit" && isFull) return () => ({ kind: "refused", code: "full", message: "full" });
              const value: unknown = Reflect.get(target, name);
              return typeof value === "function" ? value.bind(target) : value;
            },
          }),
      },
      (each) => each.put(retention, "a.arc", "b.arc"),
    );
    assert.deepEqual(agent.lies(retention), [], "a full state folder keeps nothing from going");
    assert.deepEqual(agent.told(), []);
    isFull = false;
    agent.keeper.retry();
    await agent.live(1);
    await agent.live(1);
    assert.deepEqual(
      agent.told().filter((each) => each.startsWith("cleanup.completed")),
      ["cleanup.completed engine-staging"],
    );
  });

  test("a journal that refuses: nothing goes, it is said once, and all goes on when it takes records again", async () => {
    const retention = automatic();
    let refuses = true;
    const full = { kind: "refused", code: "full", message: "/state: expected room, found none" } as const;
    await using agent = cleanerTest();
    await using guarded = await started({
      ...{ retentions: [retention], disk: agent.disk },
      cleanup: { openJournal: () => (refuses ? full : agent.cleanup.openJournal()) },
    });
    agent.put(retention, "a.arc");
    await guarded.live(15);
    await guarded.live(15);
    assert.deepEqual(guarded.lies(retention), ["a.arc"]);
    assert.deepEqual(
      guarded.told().filter((each) => each.startsWith("cleanup.refused")),
      ["cleanup.refused engine-staging"],
    );
    refuses = false;
    await guarded.live(15);
    assert.deepEqual(guarded.lies(retention), []);
  });
});

test("what a child left open is settled before anything else goes there, and told", async () => {
  const retention = automatic();
  const folder = mkdtempSync(join(tmpdir(), "rcw-cleaner-"));
  const disk = new Map<string, Map<string, Seen>>();
  try {
    {
      await using agent = cleanerTest({ retentions: [retention], folder, disk });
      agent.put(retention, "a.arc", "b.arc");
      // The file goes, and nobody says so.
      agent.child = (applying: Applying) => {
        applying.intend(applying.decide(rootIdentity));
        disk.get(retention.root)?.delete("a.arc");
        return new Promise<Swept>(() => {});
      };
      agent.cleaner.start();
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual([...(disk.get(retention.root)?.keys() ?? [])], ["b.arc"]);
    await using again = cleanerTest({ retentions: [retention], folder, disk });
    let openAtDecision = -1;
    const { child } = again;
    again.child = (applying, root) => {
      openAtDecision = again.cleaner.journal.journal?.state().openIntents ?? -1;
      return child(applying, root);
    };
    again.cleaner.start();
    await again.settled();
    assert.equal(openAtDecision, 0);
    assert.deepEqual(again.events().flatMap(outcomesIn), [
      "a.arc gone-unconfirmed gone",
      "b.arc kept not-begun",
      "b.arc removed null",
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a child that ends in the midst is settled at once, and the rest goes with the next run", async () => {
  const retention = automatic();
  await using agent = cleanerTest({ retentions: [retention] });
  agent.put(retention, "a.arc", "b.arc");
  const { child } = agent;
  agent.child = (applying) => {
    const [first] = applying.decide(rootIdentity);
    if (first !== undefined) applying.intend([first]);
    return failure;
  };
  agent.cleaner.start();
  await agent.settled();
  assert.equal(agent.cleaner.journal.journal?.state().openIntents, 0);
  assert.equal(agent.cleaner.all[0]?.refused?.code, "unfinished");
  agent.child = child;
  await agent.live(15);
  assert.deepEqual(agent.lies(retention), []);
  assert.equal(agent.cleaner.all[0]?.refused, null);
});

test("as long as it cannot be settled nothing goes below that root, and it is said", async () => {
  const retention = automatic();
  let answers = false;
  await using other = cleanerTest({ retentions: [retention] });
  await using agent = cleanerTest({
    retentions: [retention],
    cleanup: {
      recover: (...asked) =>
        answers ? other.cleanup.recover(...asked) : Promise.resolve({ kind: "failed", message: "it was killed" }),
    },
  });
  agent.put(retention, "a.arc", "b.arc");
  const { child } = agent;
  agent.child = (applying) => {
    applying.intend(applying.decide(rootIdentity).slice(0, 1));
    return failure;
  };
  agent.cleaner.start();
  await agent.settled();
  agent.child = child;
  await agent.live(15);
  await agent.live(15);
  assert.deepEqual(agent.lies(retention), ["a.arc", "b.arc"]);
  assert.deepEqual(agent.performed.slice(1), ["engine-staging dry", "engine-staging dry"]);
  assert.equal(agent.cleaner.all[0]?.refused?.code, "not-reconciled");
  answers = true;
  await agent.live(15);
  assert.deepEqual(agent.lies(retention), []);
});

test("a release whose run ended in the midst is tried again, without a schedule", async () => {
  const retention = automatic({ plan: never });
  await using agent = cleanerTest({ retentions: [retention] });
  agent.put(retention, "a.arc");
  const { child } = agent;
  agent.cleaner.start();
  await agent.settled();
  agent.child = (applying) => {
    applying.intend(applying.decide(rootIdentity));
    return failure;
  };
  const [cleaning] = agent.cleaner.all;
  if (cleaning !== undefined) cleaning.releasedMs = agent.clock.monotonic;
  await agent.live(1);
  agent.child = child;
  await agent.live(1);
  assert.deepEqual(agent.performed, ["engine-staging dry", "engine-staging release", "engine-staging release"]);
  assert.deepEqual(agent.lies(retention), []);
});

test("what lies below a root that no Retention has any more is settled too", async () => {
  const retention = automatic();
  const folder = mkdtempSync(join(tmpdir(), "rcw-cleaner-"));
  const disk = new Map([[retention.root, new Map([["a.arc", seenOf("a.arc")]])]]);
  try {
    {
      const recover = () => Promise.resolve({ kind: "failed", message: "it was killed" } as const);
      await using agent = cleanerTest({ retentions: [retention], folder, disk, cleanup: { recover } });
      agent.child = (applying: Applying) => {
        applying.intend(applying.decide(rootIdentity));
        return new Promise<Swept>(() => {});
      };
      agent.cleaner.start();
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(agent.cleaner.journal.journal?.state().openIntents, 1);
    }
    await using again = await started({ retentions: [], folder, disk });
    assert.equal(again.cleaner.journal.journal?.state().openIntents, 0);
    assert.deepEqual(again.told().slice(-1), ["cleanup.completed engine-staging"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
