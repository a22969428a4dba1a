/** The built agent removes what was released, and nothing else, whatever ends or fills in between. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { startAgent, type TestAgent } from "../support/agent.ts";
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
