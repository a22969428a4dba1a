import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { identityNow } from "../../agent/host/identity.ts";
import { watching } from "./watching.ts";

/** What a watch could leave behind: handles of inotify, timers, requests. */
function left(): string[] {
  return process.getActiveResourcesInfo().filter((name) => /FSEVENT|Timeout|Immediate|FSReq/i.test(name));
}

async function homes(watched: ReturnType<typeof watching>, count: number): Promise<string[]> {
  return Array.from({ length: count }, (_, at) => {
    mkdirSync(watched.path(`home${at}`));
    const path = watched.path(`home${at}`, ".bashrc");
    writeFileSync(path, "x");
    return path;
  });
}

/** Each resolves at the moment at which it is to end, with what goes on then. */
const moments: Readonly<
  Record<string, (watched: ReturnType<typeof watching>, paths: string[]) => Promise<{ goesOn: Promise<unknown> }>>
> = {
  "before anything was covered": async () => ({ goesOn: Promise.resolve() }),
  "while folders are being watched": async (watched, paths) => {
    const goesOn = watched.watch.cover(paths);
    await watched.until(() => watched.watch.state().watches > 0, "some are watched");
    return { goesOn };
  },
  "while it sweeps": async (watched, paths) => {
    await watched.watch.cover(paths);
    void watched.watch.sweep();
    return { goesOn: watched.watch.sweep() };
  },
  "while it proves that events arrive": async (watched, paths) => {
    await watched.watch.cover(paths);
    return { goesOn: watched.watch.prove() };
  },
  "while events arrive": async (watched, paths) => {
    await watched.watch.cover(paths);
    for (const path of paths) appendFileSync(path, "y");
    await watched.until(() => watched.told.length > 0, "told");
    for (const path of paths) appendFileSync(path, "y");
    return { goesOn: Promise.resolve() };
  },
};

for (const [when, reach] of Object.entries(moments)) {
  test(`ends with nothing left and nothing told: ${when}`, async () => {
    const before = left().filter((name) => !/FSEVENT/i.test(name));
    const watched = watching();
    const { goesOn } = await reach(watched, await homes(watched, when === "while events arrive" ? 1 : 100));
    await watched[Symbol.asyncDispose]();
    await goesOn;
    const told = watched.told.length;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    assert.deepEqual(left(), before);
    assert.equal(watched.told.length, told);
  });
}

test("ends while nobody answers about a path elsewhere", async () => {
  const mountinfo = (): string => "1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / /rcwarden-elsewhere rw - nfs4 x rw\n";
  const watched = watching({ lookElsewhere: () => new Promise(() => {}) }, identityNow, mountinfo);
  const covering = watched.watch.cover(["/rcwarden-elsewhere/home/.bashrc"]);
  await watched.until(() => watched.watch.state().paths === 1, "covered");
  await watched[Symbol.asyncDispose]();
  await covering;
});

test("the environment does not make it poll", async () => {
  process.env.CHOKIDAR_USEPOLLING = "1";
  process.env.CHOKIDAR_INTERVAL = "nonsense";
  try {
    await using watched = watching();
    const [path = ""] = await homes(watched, 1);
    await watched.watch.cover([path]);
    assert.ok(process.getActiveResourcesInfo().some((name) => /FSEVENT/i.test(name)));
    await watched.sees(() => appendFileSync(path, "y"), path);
  } finally {
    delete process.env.CHOKIDAR_USEPOLLING;
    delete process.env.CHOKIDAR_INTERVAL;
  }
});
