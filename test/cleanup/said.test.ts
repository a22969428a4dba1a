/** What a sweeper says is a claim: the door takes what one says, and nothing beside it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { heardOf } from "../../agent/cleanup/said-door.ts";
import { makeAccount, noAccounts } from "../support/accounts.ts";
import { builtSweeper, lookAt, makeTree } from "./looking.ts";

const folder = mkdtempSync(join(tmpdir(), "rcwarden-said-"));

before(async () => {
  await builtSweeper();
});
after(() => rmSync(folder, { recursive: true, force: true }));

const hex = (text: string) => Buffer.from(text, "latin1").toString("hex");
const entry = [hex("a\xff"), "f", "1", "2", "3", "-4", "5", 6, 7, null];
const heard = (said: unknown, depth = 2) => heardOf(Buffer.from(JSON.stringify(said)), depth);

test("entries, a refusal and an end are heard", () => {
  const guarded = [hex("b"), "l", ...entry.slice(2, 9), ["not-a-regular-file", "it is a link"]];
  const answer = heard({ in: [hex("sub")], entries: [entry, guarded] });
  assert.equal(answer.kind, "seen");
  const identity = { dev: "1", ino: "2", size: "3", mtimeNs: "-4", ctimeNs: "5", uid: 6, links: 7 };
  assert.deepEqual("batch" in answer && answer.batch, [
    { path: [hex("sub"), hex("a\xff")], type: "file", identity, guard: null },
    {
      path: [hex("sub"), hex("b")],
      type: "link",
      identity,
      guard: { code: "not-a-regular-file", message: "it is a link" },
    },
  ]);
  assert.deepEqual(heard({ refused: "no" }), { kind: "refused", message: "no" });
  const root = { dev: "1", ino: "2" };
  assert.deepEqual(heard({ looked: { ...root, unseen: 2, why: "EIO" } }), {
    kind: "looked",
    root,
    unseen: "2 folders or files could not be looked at (first: EIO)",
  });
});

test("no path leads out of the root or deeper than was asked, and no number is something else", () => {
  for (const name of ["..", ".", "a/b", "a\0", "", "x".repeat(256)])
    for (const said of [
      { in: [], entries: [[hex(name), ...entry.slice(1)]] },
      { in: [hex(name)], entries: [entry] },
    ])
      assert.equal(heard(said).kind, "odd", JSON.stringify(name));
  assert.equal(heard({ in: ["6A"], entries: [entry] }).kind, "odd");
  assert.equal(heard({ in: [hex("...")], entries: [entry] }).kind, "seen");
  assert.equal(heard({ in: [hex("a"), hex("b")], entries: [entry] }).kind, "odd");
  for (const [at, odd] of [
    [1, "x"],
    [2, 1],
    [3, "0x10"],
    [4, "1e9"],
    [5, "9".repeat(21)],
    [7, -1],
    [8, 0.5],
    [9, ["free", "x"]],
    [9, ["database", "x".repeat(201)]],
    [10, "more"],
  ] as const) {
    const changed: unknown[] = [...entry];
    changed[at] = odd;
    assert.equal(heard({ in: [], entries: [changed] }).kind, "odd", `${at}`);
  }
  assert.equal(heard({ in: [], entries: Array.from({ length: 257 }, () => entry) }).kind, "odd");
  for (const odd of [null, 3, [], {}, { looked: {} }, { refused: "x", looked: {} }])
    assert.equal(heard(odd).kind, "odd");
  assert.equal(heardOf(Buffer.from("{"), 1).kind, "odd");
});

test("a sweeper that lies, is none, or ends early gives no look", { skip: noAccounts }, async () => {
  await using account = await makeAccount({ home: "empty" });
  using tree = makeTree(account);
  const said = async (text: string) => {
    const script = join(folder, "liar.cjs");
    writeFileSync(script, text);
    const { looked, seen } = await lookAt({ root: tree.root }, account, { script });
    assert.deepEqual(seen, []);
    return `${looked.kind}: ${looked.message}`;
  };
  assert.match(await said("process.stdout.write('{}\\n')"), /^failed: .* another shape/);
  assert.match(await said(""), /^failed: the sweeper ended \(0\) and said nothing$/);
  assert.match(await said("process.exit(3)"), /^failed: the sweeper ended \(3\)/);
  assert.match(await said("process.stdout.write('x'.repeat(2 << 20))"), /^failed: a line of it is more than 1 MiB$/);
  const { looked } = await lookAt({ root: tree.root }, account, { script: join(folder, "none.cjs") });
  assert.match(`${looked.kind}: ${looked.message}`, /^failed: ENOENT/);
});
