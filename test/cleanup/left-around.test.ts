/** Files that an engine left while every permission is fine: what a real look of the account itself makes of them. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, closeSync, linkSync, openSync, statSync } from "node:fs";
import { before, test } from "node:test";
import { logBacklog } from "../../agent/checks/log-backlog.ts";
import { backlogOf, noHistory } from "../../agent/cleanup/backlog.ts";
import { decide } from "../../agent/cleanup/decide.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { judge, only } from "../support/judging.ts";
import { builtSweeper, lookAt, makeTree } from "./looking.ts";
import { minuteMs, retentionOf } from "./support.ts";

before(async () => {
  await builtSweeper();
});

const dayMs = 24 * 60 * minuteMs;

test("they are counted, by why each stays, and after a day of nothing reclaimed the rule says so", {
  skip: noAccounts,
}, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (const name of ["1.arc", "2.arc", "3.arc"]) tree.file(name, "x".repeat(4096));
  const held = openSync(tree.file("open.arc", "x".repeat(2048)), "a");
  chownSync(tree.file("theirs.arc", "x".repeat(1024)), 0, 0);
  linkSync(tree.file("first.arc", "x"), `${tree.root}/second.arc`);
  tree.file("PG.log", "no archive");
  tree.file("app.pid.arc.lock", "no archive, either");
  tree.folder("folder.arc");
  // The engine's permissions are fine: nothing but a release is missing.
  for (const name of ["1.arc", "open.arc"]) chmodSync(`${tree.root}/${name}`, 0o600);
  const before = statSync(`${tree.root}/1.arc`, { bigint: true }).ctimeNs;
  const retention = retentionOf({
    account: account.name,
    root: tree.root,
    after: "release",
    releasedBy: ["engine"],
    keep: { newest: 0, youngerThanMs: null },
  });
  try {
    const looks = [0, 26].map((hours) => ({ atMs: Date.now() + (hours * dayMs) / 24, steadyMs: (hours * dayMs) / 24 }));
    let history = noHistory;
    let backlog = null;
    for (const times of looks) {
      const { looked, seen } = await lookAt({ root: tree.root, match: retention.match }, account);
      assert.ok(looked.kind === "looked");
      const decision = decide(retention, seen, [], { nowMs: times.atMs, clock: "trusted" }, looked.root);
      const space = { free: 2 ** 30, total: 2 ** 40 };
      const removed = { files: 0, bytes: 0n };
      const look = { retention, decision, removed, ...times, ...space, history, lastReclaimedMs: null };
      ({ backlog, history } = backlogOf(look));
    }
    assert.ok(backlog !== null);
    const about = { retention: retention.name, account: account.name, root: tree.root, applied: "plan-only" } as const;
    const facts = { ...about, backlog, sinceSeconds: 0, everySeconds: 900, problem: "" };
    assert.partialDeepStrictEqual(only(judge(logBacklog, { backlog: [facts] })), {
      subject: "engine-staging",
      status: "fail",
      message:
        `7 files (15.0 KiB) below ${tree.root} wait: 3 for the engine's release, 1 held open by a process, ` +
        "1 of another owner, 2 with several links; nothing was reclaimed for 26 h; " +
        "nothing may be removed here, for no Grant lets it go",
    });
    assert.equal(statSync(`${tree.root}/1.arc`, { bigint: true }).ctimeNs, before, "nothing was touched");
  } finally {
    closeSync(held);
  }
});
