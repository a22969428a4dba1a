/** Callers that want others' names, all the places, or the rights of whoever makes the socket. */
import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Door, door, limits } from "../../agent/status/admission.ts";
import { place } from "../../agent/status/place.ts";
import { agentBehind, askAs, uids, watched } from "./world.ts";

const skip = process.getuid?.() === 0 ? false : "needs root, to call as others and to give folders away";

function calls(entrance: Door, uid: number, standing: Parameters<Door["enter"]>[1]) {
  return entrance.enter({ pid: 1, uid, gid: uid, groups: [] }, standing).admission;
}

test("a user with thousands of uids takes no place of those whom the agent knows", () => {
  const entrance = door(limits);
  const strangers = Array.from({ length: 1_000 }, (_, at) => calls(entrance, 100_000 + at, "stranger"));
  assert.equal(strangers.filter((admission) => admission === "served").length, limits.strangers);
  assert.equal(calls(entrance, 1_000, "known"), "served");
  assert.equal(calls(entrance, 0, "owner"), "served");
  const known = Array.from({ length: 1_000 }, (_, at) => calls(entrance, 200_000 + at, "known"));
  assert.equal(known.filter((admission) => admission === "served").length, limits.others - limits.strangers - 1);
  assert.equal(calls(entrance, 0, "owner"), "served");
});

test("a place that was left is free again, whoever had it", () => {
  const entrance = door({ perUid: 1, others: 2, strangers: 1, refusedAtOnce: 0, waitsPerUid: 1 });
  for (const standing of ["stranger", "known", "owner", "stranger"] as const) {
    const { admission, leave } = entrance.enter({ pid: 1, uid: 7, gid: 7, groups: [] }, standing);
    assert.equal(admission, "served");
    leave();
  }
});

test("an account is told of no other account's files or runs", { skip }, async (t) => {
  const { socket, live } = await agentBehind(t);
  const oracle = { uid: uids.oracle };
  assert.doesNotMatch((await askAs(oracle, socket, "/v1/status")).text, /events were lost/);
  assert.match((await askAs({ uid: 0 }, socket, "/v1/status")).text, /events were lost/);
  live.ready = false;
  for (const name of ["oracle", "postgres"]) {
    const view = live.accounts.get(name);
    assert.ok(view);
    live.accounts.set(name, { ...view, account: watched(name, { measuredAt: null }) });
  }
  assert.doesNotMatch((await askAs(oracle, socket, "/readyz")).text, /postgres/);
  assert.match((await askAs({ uid: 0 }, socket, "/readyz")).text, /postgres/);
});

const folders: readonly (readonly [what: string, make: (folder: string) => void, refused: RegExp | null])[] = [
  ["of another user", (folder) => chownSync(folder, 61_009, 61_009), /found one of uid 61009/],
  ["in which everybody may write", (folder) => chmodSync(folder, 0o777), /found mode 777/],
  [
    "in which a group may write",
    (folder) => {
      chownSync(folder, 0, 61_009);
      chmodSync(folder, 0o775);
    },
    /found mode 775/,
  ],
  ["in which nobody may remove what is another's", (folder) => chmodSync(folder, 0o1777), null],
  ["of root's group", (folder) => chmodSync(folder, 0o775), null],
];
for (const [what, make, refused] of folders)
  for (const where of ["itself", "on the way"] as const)
    test(`a folder ${what}, ${where}, is ${refused === null ? "one" : "none"} for a socket of root's`, {
      skip,
    }, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "rcw-strange-"));
      t.after(() => rmSync(folder, { recursive: true, force: true }));
      mkdirSync(join(folder, "inner"), { mode: 0o755 });
      const at = where === "itself" ? folder : join(folder, "inner");
      make(folder);
      const server = createServer();
      t.after(() => void server.close());
      const placed = await place(server, join(at, "agent.sock"), 0o666);
      assert.equal(placed.kind, refused === null ? "placed" : "refused");
      if (placed.kind === "placed") return placed.remove();
      assert.match(placed.message, refused ?? /never/);
      assert.deepEqual(
        readdirSync(at).filter((name) => name !== "inner"),
        [],
        "nothing was made there",
      );
    });
