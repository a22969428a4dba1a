/** The built agent removes what was released, and nothing else, whatever ends or fills in between. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
import { type Engine, startEngine } from "../support/engine/engine.ts";
import { luck } from "../support/nothing-lost.ts";
import { agentFolder } from "../support/nothing-lost-agent.ts";
import { dist } from "../support/rcwarden.ts";
import { noSshd, startSshd } from "../support/sshd.ts";
import {
  answersIn,
  type CleanupNow,
  cleaningDocuments,
  makeStaging,
  outcomesIn,
  quarantine,
  releaseOf,
  type Staging,
  streamOf,
} from "./cleaning.ts";

/** Until these are gone, or were told not to be there any more. */
function gone(agent: TestAgent, staging: Staging, names: readonly string[]): Promise<CleanupNow> {
  return agent.until<CleanupNow>(
    "/v1/cleanup",
    ({ retentions }) => retentions[0]?.state === "waiting" && names.every((name) => !staging.files().includes(name)),
    `${names} to be gone`,
  );
}

/** The rows are settled: every accepted release was answered. */
function answered(agent: TestAgent): Promise<CleanupNow> {
  return agent.until<CleanupNow>(
    "/v1/cleanup",
    ({ retentions }) => retentions.every(({ state, releases }) => state === "waiting" && !releases.accepted),
    "every release to be answered",
  );
}

describe("the story's second half", { skip: noSshd || noAccounts }, () => {
  test("staged over a real sshd, stored, released and removed here; rm -f by ssh beside it hangs", async (context) => {
    await using account = await makeAccount({ files: { ".bashrc": 'rm() { command rm "$@" -i; }\n' } });
    using staging = makeStaging(account);
    await using sshd = await startSshd();
    sshd.keyFor(account.name);
    await using agent = await startAgent({ documents: cleaningDocuments(account, staging) });
    const own = mkdtempSync(join(tmpdir(), "rcw-engine-"));
    try {
      const contents = new Map(["1_64.arc", "1_65.arc", "1_66.arc"].map((name) => [name, `redo of ${name}\n`]));
      for (const [name, content] of contents) {
        writeFileSync(join(own, name), content);
        const staged = await sshd.scp(account.name, join(own, name), `:${join(staging.root, name)}`);
        assert.equal(staged.status, 0, staged.stderr);
      }
      const [first = "", second = "", third = ""] = contents.keys();
      // What the engine would have done.
      const removal = await sshd.ssh(account.name, [`rm -f ${join(staging.root, first)}`], { timeoutMs: 4_000 });
      assert.equal(removal.timedOut, true);
      assert.equal(existsSync(join(staging.root, first)), true);
      // What it does: no rm at all, and no answer from the startup file in question.
      const manifest = [first, second]
        .map((name) => JSON.stringify(releaseOf(name, contents.get(name) ?? "")))
        .join("\n");
      const words = ["cleanup release", `--socket ${agent.socket}`, "--retention staging", "--manifest -"];
      const released = await sshd.ssh(account.name, [`${dist}/rcwarden ${words.join(" ")}`], {
        stdin: { text: `${manifest}\n` },
      });
      assert.equal(released.status, 0, `${released.stderr}${released.stdout}`);
      await gone(agent, staging, [first, second]);
      await answered(agent);
      assert.deepEqual(staging.files(), [third]);
      assert.deepEqual(staging.quarantined(), []);
      const stream = await streamOf(agent);
      assert.deepEqual(
        outcomesIn(stream).map(({ path, outcome }) => `${path} ${outcome}`),
        [`${first} removed`, `${second} removed`],
      );
      assert.deepEqual(
        answersIn(stream)
          .map(({ path, answer }) => `${path} ${answer}`)
          .filter((each) => !each.endsWith("accepted")),
        [`${first} removed`, `${second} removed`],
      );
      context.diagnostic(
        `rm -f by ssh: nothing after ${removal.seconds.toFixed(1)} s; released by ssh in ${released.seconds.toFixed(2)} s`,
      );
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });

  test("a release over the socket is bound to content: another one, none, or nobody's goes nowhere", async () => {
    await using account = await makeAccount();
    using staging = makeStaging(account);
    await using agent = await startAgent({ documents: cleaningDocuments(account, staging) });
    staging.put("same.arc", "stored\n");
    staging.put("changed.arc", "written to since\n");
    staging.put("other.txt", "stored\n");
    const releases = [
      releaseOf("same.arc", "stored\n"),
      releaseOf("changed.arc", "as it was then...\n"),
      releaseOf("absent.arc", "stored\n"),
      releaseOf("other.txt", "stored\n"),
    ];
    const { status, json } = await agent.ask("/v1/releases", { releases });
    assert.equal(status, 200, JSON.stringify(json));
    await gone(agent, staging, ["same.arc"]);
    assert.deepEqual([...staging.files()].sort(), ["changed.arc", "other.txt"]);
    const told = outcomesIn(await streamOf(agent)).map(({ path, outcome }) => `${path} ${outcome}`);
    assert.ok(told.includes("same.arc removed"), `${told}`);
    assert.equal(told.filter((each) => each.endsWith(" removed")).length, 1, `${told}`);
  });
});

test("an engine releases in its answers, where the Grant names its sink, and reads what became of each", {
  skip: noAccounts,
}, async () => {
  await using account = await makeAccount();
  using staging = makeStaging(account);
  await using engine = await startEngine();
  await using stranger = await startEngine();
  const sink = (name: string, { port, authority }: Engine) =>
    `    - { name: ${name}, kind: engine, url: "https://localhost:${port}/events", caFile: ${authority.caFile}, timeout: 5s }\n`;
  const agentYaml = `apiVersion: rcwarden/v1
kind: Agent
metadata: { name: host }
spec:
  sinks:
${sink("engine", engine)}${sink("stranger", stranger)}`;
  staging.put("1.arc", "stored\n");
  staging.put("2.arc", "stored\n");
  engine.releases = [releaseOf("1.arc", "stored\n")];
  stranger.releases = [releaseOf("2.arc", "stored\n")];
  const wish = { retention: { releasedBy: "[engine]" }, releasesFrom: "engine" };
  const documents = { ...cleaningDocuments(account, staging, wish), "agent.yaml": agentYaml };
  await using agent = await startAgent({ documents });
  await gone(agent, staging, ["1.arc"]);
  await answered(agent);
  assert.deepEqual(staging.files(), ["2.arc"]);
  assert.ok(
    !(await agent.ask("/v1/releases", { releases: [releaseOf("2.arc", "stored\n")] })).json.answers.some(isAccepted),
  );
  await engine.until(() =>
    engine.arrivals.some(({ events }) =>
      events.some(
        ({ type, data }) => type.endsWith("cleanup.completed") && JSON.stringify(data).includes('"outcome":"removed"'),
      ),
    ),
  );
  assert.deepEqual(engine.violations, []);
});

function isAccepted({ answer }: { readonly answer: string }): boolean {
  return answer === "accepted";
}

const kills = process.env.RCWARDEN_TEST_LONG === "1" ? 100 : 8;

describe("an agent that is killed while files go", { skip: noAccounts }, () => {
  test("nothing unreleased goes, no intent stays open, and each released file's end is told once", async (context) => {
    const lot = luck();
    context.diagnostic(`RCWARDEN_SEED=${lot.seed}`);
    await using account = await makeAccount();
    using staging = makeStaging(account);
    using state = agentFolder();
    const documents = cleaningDocuments(account, staging, {
      retention: { limits: "{ filesPerSecond: 150 }", plan: "{ every: 1m }" },
    });
    const kept: string[] = [];
    const released: string[] = [];
    for (let life = 0; life < kills; life++) {
      await using agent = await startAgent({ folder: state.path, documents, waitFor: "answers" });
      const releases = Array.from({ length: 60 }, (_, file) => {
        const name = `${life}-${file}.arc`;
        const content = `redo ${name} ${"x".repeat(lot.below(5_000))}\n`;
        staging.put(name, content);
        return { name, release: releaseOf(name, content) };
      }).filter(({ name }) => {
        const isReleased = lot.below(4) > 0;
        (isReleased ? released : kept).push(name);
        return isReleased;
      });
      const { status } = await agent.ask("/v1/releases", { releases: releases.map(({ release }) => release) });
      assert.equal(status, 200);
      await pause(100 + lot.below(1_500));
      await agent.end("SIGKILL");
    }
    await using last = await startAgent({ folder: state.path, documents });
    const now = await answered(last);
    assert.equal(now.journal?.openIntents, 0);
    assert.deepEqual([...staging.files()].sort(), kept.sort());
    assert.deepEqual(staging.quarantined(), []);
    const outcomes = outcomesIn(await streamOf(last));
    const ends = outcomes.filter(({ outcome }) => outcome === "removed" || outcome === "gone-unconfirmed");
    assert.deepEqual(ends.map(({ path }) => path).sort(), released.sort());
    assert.deepEqual(
      outcomes.filter(({ path }) => kept.includes(path)),
      [],
    );
    const words = Map.groupBy(outcomes, ({ outcome, code }) => `${outcome} ${code ?? ""}`.trim());
    context.diagnostic([...words].map(([word, each]) => `${each.length} ${word}`).join(", "));
  });
});

describe("hard times for a clean-up", { skip: noAccounts }, () => {
  test("an agent of the account's own, without root, removes what is released", async () => {
    await using account = await makeAccount();
    using staging = makeStaging(account);
    using place = agentFolder();
    chownSync(place.path, account.uid, account.gid);
    const as = ["/usr/bin/setpriv", "--reuid", `${account.uid}`, "--regid", `${account.gid}`, "--init-groups"];
    const documents = cleaningDocuments(account, staging);
    await using agent = await startAgent({ folder: place.path, as, documents, accounts: [account.name] });
    staging.put("released.arc", "stored\n");
    staging.put("kept.arc", "stored\n");
    const { json } = await agent.ask("/v1/releases", { releases: [releaseOf("released.arc", "stored\n")] });
    assert.deepEqual(json.answers, [{ answer: "accepted", message: "" }], JSON.stringify(json));
    await gone(agent, staging, ["released.arc"]);
    await answered(agent);
    assert.deepEqual(staging.files(), ["kept.arc"]);
    const told = outcomesIn(await streamOf(agent)).map(({ path, outcome }) => `${path} ${outcome}`);
    assert.deepEqual(told, ["released.arc removed"]);
  });

  test("told to end while files go, it ends with no child left, and the next one brings it to its end", async (context) => {
    await using account = await makeAccount();
    using staging = makeStaging(account);
    using place = agentFolder();
    const names = Array.from({ length: 300 }, (_, at) => `${at}.arc`);
    for (const name of names) staging.put(name, "stored\n");
    staging.put("kept.arc", "stored\n");
    const documents = cleaningDocuments(account, staging, { retention: { limits: "{ filesPerSecond: 100 }" } });
    {
      await using agent = await startAgent({ folder: place.path, documents });
      await agent.ask("/v1/releases", { releases: names.map((name) => releaseOf(name, "stored\n")) });
      const some = await agent.until<CleanupNow>(
        "/v1/cleanup",
        ({ retentions }) => retentions[0]?.state === "applying" && staging.files().length < names.length - 20,
        "some of the files to be gone",
      );
      assert.equal(some.retentions[0]?.state, "applying");
      assert.equal(await agent.end("SIGTERM"), 0);
      assert.deepEqual(childrenOf(1, account.uid), []);
    }
    const left = staging.files().length + staging.quarantined().length;
    assert.ok(left > 1, "it was over before it was told to end: the run is void");
    await using agent = await startAgent({ folder: place.path, documents });
    await gone(agent, staging, names);
    const { journal } = await answered(agent);
    assert.equal(journal?.openIntents, 0);
    assert.deepEqual(staging.files(), ["kept.arc"]);
    assert.deepEqual(staging.quarantined(), []);
    const ends = outcomesIn(await streamOf(agent)).filter(
      ({ outcome }) => outcome !== "kept" && outcome !== "put-back",
    );
    assert.deepEqual([...new Set(ends.map(({ path }) => path))].sort(), [...names].sort());
    assert.deepEqual([...new Set(ends.map(({ outcome }) => outcome))].filter(isNoEnd), []);
    context.diagnostic(`${names.length + 1 - left} gone when it ended`);
  });

  test("with the very volume full and the state folder's too, files go, and are told when there is room", async () => {
    await using account = await makeAccount();
    using staging = makeStaging(account);
    using place = agentFolder();
    const state = join(place.path, "state");
    const script = [
      `mkdir ${state}; mount -t tmpfs -o size=32m,mode=700 tmpfs ${state}`,
      `mount -t tmpfs -o size=4m,uid=${account.uid},gid=${account.gid},mode=755 tmpfs ${staging.root}`,
      'exec "$@"',
    ].join("\n");
    await using agent = await startAgent({
      folder: place.path,
      documents: cleaningDocuments(account, staging, { retention: { apply: "by-hand" } }),
      as: ["/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-ec", script, "sh"],
    });
    const inside = (path: string) => join(`/proc/${agent.pid}/root`, path);
    const names = ["1.arc", "2.arc", "3.arc"];
    const content = "x".repeat(1_000_000);
    for (const name of names) {
      writeFileSync(inside(join(staging.root, name)), content);
      chownSync(inside(join(staging.root, name)), account.uid, account.gid);
    }
    const { json } = await agent.ask("/v1/releases", {
      releases: names.slice(0, 2).map((name) => releaseOf(name, content)),
    });
    assert.equal(json.answers.length, 2, JSON.stringify(json));
    const planned = await agent.until<CleanupNow>(
      "/v1/cleanup",
      ({ retentions }) => retentions[0]?.plan?.files === 2 && retentions[0].state === "waiting",
      "a plan of two files",
    );
    for (const [folder, file] of [
      [staging.root, "filler"],
      [state, "filler"],
    ] as const)
      fill(inside(join(folder, file)));
    const applied = await agent.ask("/v1/cleanup/apply", { plan: planned.retentions[0]?.plan?.hash });
    assert.equal(applied.status, 200, JSON.stringify(applied.json));
    const lie = () => readdirSync(inside(staging.root)).filter((name) => name.endsWith(".arc"));
    assert.deepEqual(lie(), ["3.arc"]);
    assert.deepEqual(readdirSync(inside(join(staging.root, quarantine))), []);
    rmSync(inside(join(state, "filler")));
    const told = await untilTold(agent, 2);
    assert.deepEqual([...told].sort(), ["1.arc removed", "2.arc removed"]);
  });

  test("a file system that does not answer leaves the agent answering, with one child, and goes on when it thaws", async (context) => {
    await using account = await makeAccount();
    using frozen = freezable(account);
    await using agent = await startAgent({ documents: cleaningDocuments(account, frozen) });
    await agent.until<CleanupNow>("/v1/cleanup", ({ retentions }) => retentions[0]?.plan !== null, "a first plan");
    writeFileSync(join(frozen.root, "1.arc"), "stored\n");
    chownSync(join(frozen.root, "1.arc"), account.uid, account.gid);
    frozen.freeze();
    await agent.ask("/v1/releases", { releases: [releaseOf("1.arc", "stored\n")] });
    let slowestMs = 0;
    const frozenMs = performance.now();
    const deadline = performance.now() + 60_000;
    for (let state = ""; state !== "stuck"; ) {
      assert.ok(performance.now() < deadline, `still ${state}`);
      const asked = performance.now();
      const { json } = await agent.ask("/v1/cleanup");
      await agent.ask("/v1/status");
      slowestMs = Math.max(slowestMs, performance.now() - asked);
      state = (json as CleanupNow).retentions[0]?.state ?? "";
      assert.ok(childrenOf(agent.pid, account.uid).length <= 1);
      await pause(200);
    }
    assert.ok(slowestMs < 5_000, `${slowestMs} ms`);
    await agent.ask("/v1/releases", { releases: [releaseOf("1.arc", "stored\n")] });
    await pause(1_000);
    assert.equal(childrenOf(agent.pid, account.uid).length, 1);
    context.diagnostic(
      `stuck after ${((performance.now() - frozenMs) / 1000).toFixed(1)} s; slowest answer ${Math.round(slowestMs)} ms`,
    );
    frozen.thaw();
    await answered(agent);
    const now = await agent.ask("/v1/cleanup");
    assert.equal(now.json.journal.openIntents, 0);
    assert.deepEqual(
      readdirSync(frozen.root).filter((name) => name.endsWith(".arc")),
      [],
    );
    assert.equal(now.json.retentions[0].problem, "");
  });
});

function isNoEnd(outcome: string): boolean {
  return outcome !== "removed" && outcome !== "gone-unconfirmed";
}

/** Writes until there is no room. */
function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (let bytes = 1 << 20; bytes >= 1; ) {
      try {
        if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes >>= 1;
      } catch {
        bytes >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}

async function untilTold(agent: TestAgent, count: number): Promise<readonly string[]> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const told = outcomesIn(await streamOf(agent)).map(({ path, outcome }) => `${path} ${outcome}`);
    if (told.length >= count) return told;
    assert.ok(performance.now() < deadline, `${told}`);
    await pause(200);
  }
}

/** Direct and indirect children of a process that run as this uid. */
function childrenOf(pid: number, uid: number): readonly number[] {
  const status = (of: string) => {
    try {
      return readFileSync(`/proc/${of}/status`, "utf8");
    } catch {
      return "";
    }
  };
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => new RegExp(`^PPid:\t${pid}$[^]*^Uid:\t${uid}\t`, "m").test(status(entry)))
    .map(Number);
}

interface Freezable extends Disposable {
  readonly above: string;
  readonly root: string;
  freeze(): void;
  thaw(): void;
}

/** A file system in a file, thawed and unmounted when this process ends, however it does. */
function freezable(account: { readonly uid: number; readonly gid: number }): Freezable {
  const above = mkdtempSync(`/run/rcw-frozen-${process.pid}-`);
  chmodSync(above, 0o755);
  const [image, mount, root] = [join(above, "image"), join(above, "mount"), join(above, "mount/staging")];
  writeFileSync(image, "");
  truncateSync(image, 16 << 20);
  mkdirSync(mount);
  execFileSync("mkfs.ext4", ["-q", "-F", image]);
  execFileSync("mount", ["-o", "loop,noatime", image, mount]);
  const undo = `cat >/dev/null; fsfreeze -u ${mount}; umount -l ${mount}; rm -rf ${above}`;
  const guard = spawn("/bin/sh", ["-c", undo], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  mkdirSync(root);
  chownSync(root, account.uid, account.gid);
  return {
    ...{ above: mount, root },
    freeze: () => void execFileSync("fsfreeze", ["-f", mount]),
    thaw: () => void execFileSync("fsfreeze", ["-u", mount]),
    [Symbol.dispose]: () => void guard.stdin.end(),
  };
}
