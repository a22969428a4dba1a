/** After a crash: what was to go is put back or told, and nothing is removed. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { FileOutcome, OpenIntent } from "../../agent/cleanup/outcome.ts";
import type { Candidate } from "../../agent/cleanup/plan.ts";
import { type Recovered, recoverBelow } from "../../agent/cleanup/recover.ts";
import { makeAccount, noAccounts, type TestAccount } from "../support/accounts.ts";
import { builtSweeper, makeTree, pathOf, type Tree } from "./looking.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-recover-"));

before(async () => {
  await builtSweeper();
});
after(() => rmSync(folder, { recursive: true, force: true }));

const root = { skip: noAccounts };

function plannedOf(tree: Tree, path: string): Candidate {
  const { dev, ino, size, mtimeNs, ctimeNs, uid, nlink } = lstatSync(join(tree.root, path), { bigint: true });
  return {
    path: path.split("/").map((name) => Buffer.from(name).toString("hex")),
    identity: {
      ...{ dev: `${dev}`, ino: `${ino}`, size: `${size}`, mtimeNs: `${mtimeNs}`, ctimeNs: `${ctimeNs}` },
      ...{ uid: Number(uid), links: Number(nlink) },
    },
    content: { kind: "as-seen" },
  };
}

function intentOf(tree: Tree, intent: number, files: readonly Candidate[]): OpenIntent {
  const { dev, ino } = lstatSync(tree.root, { bigint: true });
  const rootIdentity = { dev: `${dev}`, ino: `${ino}` };
  const about = { run: "r", retention: "staging", account: "oracle", root: tree.root, plan: "p" } as const;
  return { ...about, rootIdentity, because: "schedule", intent, files };
}

/** As a sweeper leaves it that was ended after it took the file. */
function taken(tree: Tree, path: string, name: string, { uid, gid }: TestAccount): void {
  const quarantine = tree.folder(".rcwarden-quarantine");
  chmodSync(quarantine, 0o700);
  chownSync(quarantine, uid, gid);
  renameSync(join(tree.root, path), join(quarantine, name));
}

async function recover(tree: Tree, account: TestAccount, intents: readonly OpenIntent[], script?: string) {
  const { name, uid, gid, home } = account;
  const as = { name, uid, gid, home, groups: [gid], shell: "/bin/sh" };
  const sent = { script: script ?? (await builtSweeper()), deadlineMs: 60_000 };
  return await recoverBelow({ root: tree.root }, as, intents, sent);
}

function became(recovered: Recovered, { intent, files }: OpenIntent): Readonly<Record<string, string>> {
  assert.equal(recovered.kind, "recovered", "message" in recovered ? recovered.message : "");
  const outcomes: readonly FileOutcome[] = ("outcomes" in recovered && recovered.outcomes.get(intent)) || [];
  const named = ({ at }: FileOutcome) => pathOf(files[at] ?? { path: [] });
  return Object.fromEntries(outcomes.map((each) => [named(each), `${each.outcome} ${each.code}`]));
}

test("what was taken is back, what was not is kept, and what is neither here nor there is told", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const names = ["kept", "sub/taken", "gone", "renamed-over", "blocked", "swapped", "lost/folder"];
  for (const name of names) tree.file(name, name);
  const files = names.map((name) => plannedOf(tree, name));
  const intent = intentOf(tree, 12, files);
  taken(tree, "sub/taken", "12.1", account);
  rmSync(join(tree.root, "gone"));
  rmSync(join(tree.root, "renamed-over"));
  tree.file("renamed-over", "another");
  taken(tree, "blocked", "12.4", account);
  tree.file("blocked", "new");
  rmSync(join(tree.root, "swapped"));
  writeFileSync(join(tree.root, ".rcwarden-quarantine/12.5"), "another");
  taken(tree, "lost/folder", "12.6", account);
  rmSync(join(tree.root, "lost"), { recursive: true });
  writeFileSync(join(tree.root, ".rcwarden-quarantine/11.0"), "nobody's");
  const recovered = await recover(tree, account, [intent]);
  assert.deepEqual(became(recovered, intent), {
    kept: "kept not-begun",
    "sub/taken": "put-back not-begun",
    gone: "gone-unconfirmed gone",
    "renamed-over": "gone-unconfirmed gone",
    blocked: "in-quarantine not-begun",
    swapped: "in-quarantine changed",
    "lost/folder": "in-quarantine moved",
  });
  assert.equal(readFileSync(join(tree.root, "sub/taken"), "utf8"), "sub/taken");
  assert.equal(readFileSync(join(tree.root, "blocked"), "utf8"), "new");
  assert.equal(readFileSync(join(tree.root, ".rcwarden-quarantine/12.4"), "utf8"), "blocked");
  assert.deepEqual("strangers" in recovered && recovered.strangers, [Buffer.from("11.0").toString("hex")]);
  // A second time finds what the first one left.
  const again = became(await recover(tree, account, [intent]), intent);
  assert.equal(again["sub/taken"], "kept not-begun");
  assert.equal(again.blocked, "in-quarantine not-begun");
});

test("a device with another number since is the same one, another root is not", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  for (const name of ["a", "b"]) tree.file(name);
  const whole = intentOf(
    tree,
    3,
    ["a", "b"].map((name) => plannedOf(tree, name)),
  );
  const files = whole.files.map((file) => ({ ...file, identity: { ...file.identity, dev: "7" } }));
  const earlier = { ...whole, files, rootIdentity: { ...whole.rootIdentity, dev: "7" } };
  taken(tree, "a", "3.0", account);
  const first = await recover(tree, account, [earlier]);
  assert.deepEqual(became(first, earlier), { a: "put-back not-begun", b: "kept not-begun" });
  const other = { ...whole, rootIdentity: { ...whole.rootIdentity, ino: "7" } };
  taken(tree, "a", "3.0", account);
  const second = await recover(tree, account, [other]);
  assert.deepEqual(became(second, other), { a: "gone-unconfirmed moved", b: "gone-unconfirmed moved" });
  assert.equal(lstatSync(join(tree.root, ".rcwarden-quarantine/3.0")).isFile(), true);
});

test(
  "without intents only strangers are told, and a quarantine that is not the account's is refused",
  root,
  async () => {
    await using account = await makeAccount({ home: "empty" });
    using tree = makeTree(account);
    const none = await recover(tree, account, []);
    assert.deepEqual(none, { kind: "recovered", outcomes: new Map(), strangers: [], strangersInAll: 0 });
    chmodSync(tree.folder(".rcwarden-quarantine"), 0o755);
    const refused = await recover(tree, account, []);
    assert.match("message" in refused ? `${refused.kind}: ${refused.message}` : "", /^refused: .* found mode 755$/);
  },
);

test("a sweeper that lies about what it found is not taken at its word", root, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  tree.file("a");
  const intent = intentOf(tree, 5, [plannedOf(tree, "a")]);
  const opened = { opened: { dev: "1", ino: "2" } };
  const lies = [
    [{ done: 5, outcomes: [0] }],
    [{ done: 6, outcomes: [[0, "kept", "not-begun", "", null]] }],
    [{ done: 5, outcomes: [] }],
    [{ done: 5, outcomes: [[1, "kept", "not-begun", "", null]] }],
    [{ done: 5, outcomes: [[0, "kept", "no such word", "", null]] }],
    [{ strangers: [], count: 0 }],
    [opened],
    [{ looked: { dev: "1", ino: "2", unseen: 0, why: "" } }],
  ];
  for (const lie of lies) {
    const script = join(folder, "liar.cjs");
    const said = [opened, ...lie].map((each) => `${JSON.stringify(each)}\n`).join("");
    writeFileSync(script, `process.stdout.write(${JSON.stringify(said)}); setInterval(() => {}, 1000);`);
    const { kind } = await recover(tree, account, [intent], script);
    assert.equal(kind, "failed", said);
  }
});
